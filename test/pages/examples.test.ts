/** Every example of a docstring compiles as it stands, in a place where its names are known, and does what it shows. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { replay } from '../../src/testing/index.ts';
import { shareOf } from '../effort.ts';
import { compile } from '../tidy/compile-blocks.ts';
import type { Block } from '../tidy/pages.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { isWhole, pages, readSurface } from '../tidy/reference.ts';

/** Where examples stand in the module that a page shows. */
const PLACE = '// the example';
/** An example that stands for what goes wrong. */
const FAILS: ReadonlySet<string> = new Set(['PublicError']);
/** Only compiled: hundreds of runs. */
const LONG: ReadonlySet<string> = new Set(['explore']);
/** Whatever any example declares. */
const SETTINGS = { alice: { table: 'alice.csv' }, bob: { table: 'bob.csv' } };

const surface = readSurface();

interface Example {
  readonly name: string;
  /** As a reader has it: the example alone, or in place of the comment of the module that its page shows. */
  readonly module: string;
  readonly isJob: boolean;
}

const around = new Map(
  pages.map(({ file }) => {
    const page = readFileSync(join(projectRoot, `docs/reference/${file}.md`), 'utf8');
    const shown = [...page.matchAll(/```typescript\n([\s\S]*?)\n```/g)].map(([, text = '']) => text);
    return [file, shown.find((text) => text.includes(PLACE)) ?? ''];
  }),
);

function exampleOf(page: string, name: string, text: string): Example {
  const module = isWhole(text) ? text : (around.get(page) ?? '').replace(PLACE, () => text);
  return { name, isJob: module.includes('export default job('), module };
}

const examples = pages.flatMap(({ file, from, names }) =>
  names.flatMap((name) => {
    const { doc, members } = surface[from].get(name) ?? assert.fail(name);
    return [
      ...doc.examples.map((text) => exampleOf(file, name, text)),
      ...members.flatMap((member) =>
        member.doc.examples.map((text) => exampleOf(file, `${name}.${member.name}`, text)),
      ),
    ];
  }),
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
    const planted = exampleOf('tables', 'planted', 'const bytes: string = await table.toArrow();');
    messages = compile([...shareOf(examples).map(block), block(planted)]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('stand on every page about writing a job', () => {
    const has = pages.filter(({ names }) =>
      examples.some(({ name }) => names.includes(name.split('.')[0] ?? '')),
    );
    const files = has.map(({ file }) => file);
    for (const file of ['job', 'settings', 'parties', 'values', 'flow', 'tables', 'psi', 'secrets'])
      assert.ok(files.includes(file), file);
  });

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
        const { run, violations } = await replay({ job: file, settings: SETTINGS });
        assert.deepEqual(violations, []);
        for (const party of run.parties) assert.equal(party.report?.outcome, 'completed', party.name);
        return;
      }
      const compiled = file.replace(/ts$/, 'mjs');
      const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
      writeFileSync(compiled, ts.transpileModule(here, { compilerOptions }).outputText);
      const running: Promise<unknown> = import(pathToFileURL(compiled).href);
      if (FAILS.has(name)) await assert.rejects(running);
      else await running;
    });
  }
});
