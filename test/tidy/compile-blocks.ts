import assert from 'node:assert/strict';
import { join } from 'node:path';
import ts from 'typescript';
import type { Block } from './pages.ts';
import { projectRoot } from './project-files.ts';

/** Messages of the compiler for blocks that are TypeScript modules, as if they stood beside their page. */
export function compile(snippets: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, projectRoot);
  const texts = new Map(
    snippets.map((block, index) => [
      join(projectRoot, `${block.path}-${index}.ts`),
      { block, text: `${block.text}\nexport {};\n` },
    ]),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const own = texts.get(path);
    return own === undefined
      ? getSourceFile(path, ...rest)
      : ts.createSourceFile(path, own.text, rest[0], true, ts.ScriptKind.TS);
  };
  const program = ts.createProgram({
    rootNames: [...texts.keys()],
    options: {
      ...options,
      noEmit: true,
      incremental: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      // A page shows what matters; a top-level await or a loose handle is fine in it.
      declaration: false,
    },
    host,
  });
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    assert.ok(source, `${path} was not compiled`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (found) => {
        const block = texts.get(path)?.block;
        const line = source.getLineAndCharacterOfPosition(found.start ?? 0).line + 1 + (block?.line ?? 0);
        return `${block?.path}:${line}: ${ts.flattenDiagnosticMessageText(found.messageText, '\n')}`;
      },
    );
  });
}
