/** The flows of illegal-flows.ts are checked by tsc; this sees to it that the check would notice, and names what it relies on. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';

const root = new URL('../../../', import.meta.url);
const path = (name: string): string => new URL(`test/types/${name}`, root).pathname;

/** Type errors of one file with its text changed; everything else is read from disk. */
function errorsOf(name: string, change: (text: string) => string): readonly ts.Diagnostic[] {
  const config = ts.readConfigFile(new URL('tsconfig.json', root).pathname, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config.config, ts.sys, root.pathname);
  const options = { ...parsed.options, noEmit: true, incremental: false };
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const { readFile } = host;
  host.readFile = (file) => {
    const text = readFile(file);
    return file === path(name) && text !== undefined ? change(text) : text;
  };
  const getSourceFile = host.getSourceFile.bind(host);
  host.getSourceFile = (file, version, ...rest) =>
    file === path(name)
      ? ts.createSourceFile(file, host.readFile(file) ?? '', version, true)
      : getSourceFile(file, version, ...rest);
  const program = ts.createProgram([path(name)], options, host);
  const source = program.getSourceFile(path(name));
  assert.ok(source);
  return program.getSemanticDiagnostics(source);
}

describe('illegal flows', () => {
  const text = readFileSync(path('illegal-flows.ts'), 'utf8');
  const markers = text.match(/^\s*\/\/ @ts-expect-error$/gm) ?? [];

  it('are more than thirty', () => {
    assert.ok(markers.length >= 30, `${markers.length}`);
  });

  const bare = errorsOf('illegal-flows.ts', (marked) => marked.replaceAll('@ts-expect-error', 'expected'));

  it('are each an error of their own, for no other reason than the flow', () => {
    const lines = new Set(
      bare.map(({ file, start }) => file?.getLineAndCharacterOfPosition(start ?? 0).line),
    );
    assert.ok(lines.size >= markers.length, `${lines.size} lines with errors for ${markers.length} markers`);
    // Errors of loading or syntax would make every marker pass.
    for (const { code, messageText } of bare) {
      assert.ok(
        code >= 2300 && code !== 2307 && code !== 2304,
        ts.flattenDiagnosticMessageText(messageText, '\n'),
      );
    }
  });

  it('are explained in words', () => {
    const words = bare
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
      .join('\n');
    for (const expected of [
      'NotAt<"bob", "alice">',
      'NotAHandle',
      'this value cannot be sent',
      'psi takes tables of two different parties',
      'psi takes tables that exist at one party each',
    ]) {
      assert.ok(words.includes(expected), expected);
    }
  });

  it('would be noticed if they compiled', () => {
    const legal = (marked: string): string =>
      marked.replace("bob.run('use', { x }", "alice.run('use', { x }");
    assert.deepEqual(
      errorsOf('illegal-flows.ts', legal).map(({ code }) => code),
      [2578],
    );
  });
});
