/** Every example of a docstring compiles as it stands, in a place where its names are known, and does what it shows. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { replay } from '../../src/testing/index.ts';
import { shareOf } from '../effort.ts';
import { compile } from '../tidy/compile-blocks.ts';
import type { Block } from '../tidy/pages.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { readSurface } from '../tidy/reference.ts';
import { FAILS, LONG, SETUPS, secretsIn } from './example-setups.ts';

const surface = readSurface();
const CONTEXT = [
  'alice',
  'bob',
  'carol',
  'reveal',
  'parallel',
  'attempt',
  'retry',
  'deadline',
  'conclave',
  'quorum',
];

interface Example {
  readonly name: string;
  readonly text: string;
  /** A module with the example in it. */
  readonly module: string;
  readonly isJob: boolean;
}

const has = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);

function importsOf(text: string): string {
  const seen = new Set<string>();
  return Object.entries(surface)
    .map(([from, entries]) => {
      const used = [...entries.values()].filter(({ name }) => has(text, name) && !seen.has(name));
      for (const { name } of used) seen.add(name);
      const names = used.map(({ name, kind }) => (kind === 'type' ? `type ${name}` : name));
      return names.length === 0 ? '' : `import { ${names.join(', ')} } from '${from}';\n`;
    })
    .join('');
}

/** The example in a module: as it is, in a job of three parties, or in a function of its own. */
function exampleOf(name: string, text: string): Example {
  const owner = name.split('.')[0] ?? '';
  const setup = SETUPS[name] ?? (owner.startsWith('Secret') ? secretsIn(text) : SETUPS[owner]) ?? '';
  const isWhole = /^export default /m.test(text);
  const given = CONTEXT.filter((word) => has(`${setup}${text}`, word));
  const isJob = isWhole || given.length > 0;
  const inner = `await (async () => {\n${text}\n})();`;
  const body = isWhole
    ? `${setup}\n${text}`
    : isJob
      ? `export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ ${given.join(', ')} }) => {\n${setup}\n${inner}\nreturn null;\n});`
      : `export async function example() {\n${setup}\n${inner}\n}`;
  return { name, text, isJob, module: `${importsOf(body)}${body}` };
}

const examples = Object.values(surface).flatMap((entries) =>
  [...entries.values()].flatMap(({ name, doc, members }) => [
    ...doc.examples.map((text) => exampleOf(name, text)),
    ...members.flatMap((member) =>
      member.doc.examples.map((text) => exampleOf(`${name}.${member.name}`, text)),
    ),
  ]),
);

const block = ({ name, module }: Pick<Example, 'name' | 'module'>): Block => ({
  path: `test/pages/${name}`,
  line: 0,
  language: 'ts',
  info: '',
  text: module,
});

describe('examples of docstrings', () => {
  let folder = '';
  let messages: readonly string[] = [];
  before(() => {
    // Inside the project, where its own name leads to what is built.
    folder = mkdtempSync(join(projectRoot, 'dist-examples-'));
    writeFileSync(
      join(folder, 'job.ts'),
      `import { job } from 'privity';\nexport default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => reveal(alice.run('x', () => 1)));\n`,
    );
    writeFileSync(join(folder, 'loans.csv'), 'id,amount\n007,12\n');
    const planted = exampleOf('planted', 'const bytes: string = await table.toArrow();');
    messages = compile([...examples.map(block), block(planted)]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('compile', () => {
    assert.ok(examples.length > 25, `only ${examples.length}`);
    assert.deepEqual(
      messages.filter((message) => !message.includes('/planted:')),
      [],
    );
    assert.ok(messages.some((message) => message.includes('/planted:')));
  });

  for (const [index, { name, module, isJob }] of shareOf([...examples.entries()])) {
    if (LONG.has(name)) continue;
    it(`${name} ${FAILS.has(name) ? 'fails as it says' : 'runs'} (${index})`, async () => {
      const file = join(folder, `example-${index}.ts`);
      const here = module.replaceAll(/'(loans|result)\.csv'/g, (_, csv) =>
        JSON.stringify(join(folder, `${csv}.csv`)),
      );
      if (isJob) {
        writeFileSync(file, here);
        const { run, violations } = await replay({ job: file, settings: { alice: { file: 'alice.csv' } } });
        assert.deepEqual(violations, []);
        for (const party of run.parties) assert.equal(party.report?.outcome, 'completed', party.name);
        return;
      }
      const compiled = file.replace(/ts$/, 'mjs');
      const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
      writeFileSync(compiled, ts.transpileModule(here, { compilerOptions }).outputText);
      const { example } = (await import(pathToFileURL(compiled).href)) as { example(): Promise<void> };
      if (FAILS.has(name)) await assert.rejects(example());
      else await example();
    });
  }
});
