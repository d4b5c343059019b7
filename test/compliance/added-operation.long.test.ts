/**
 * A new operation is one file and one line in the catalogue: in a copy of what is built, one is added so, and has to be
 * seen in jobs, in the tables of the pages, in compliance and in leak tests; and its line of types is missed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { times } from '../../src/secure/cost.ts';
import type { Operation } from '../../src/secure/ops/operation.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { floor } from './added/floor.ts';

const built = join(projectRoot, 'dist');
let copy = '';

/** Adds the file to the operations, and its line to the catalogue. */
function add(): void {
  const ops = join(copy, 'src/secure/ops');
  const file = readFileSync(join(built, 'test/compliance/added/floor.js'), 'utf8');
  const moved = file.replaceAll('../../../src/secure/ops/', './').replaceAll('../../../src/secure/', '../');
  writeFileSync(join(ops, 'floor.js'), moved);
  const catalogue = readFileSync(join(ops, 'catalogue.js'), 'utf8');
  const last = '...casts,';
  assert.ok(catalogue.includes(last));
  const added = catalogue.replace(last, `${last} floor,`);
  writeFileSync(join(ops, 'catalogue.js'), `import { floor } from './floor.js';\n${added}`);
}

const load = <T>(file: string): Promise<T> => import(pathToFileURL(join(copy, file)).href) as Promise<T>;

type Jobs = typeof import('./secure-jobs.ts');
type Simulated = typeof import('./simulated-job.ts');

/** Another cost than it has. */
const twice =
  ({ cost }: Operation): Operation['cost'] =>
  (costs, call) =>
    times(2, cost(costs, call));

/** Runs those tests of a file whose name has these words, and gives what the run said. */
function tests(file: string, words: string): string {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const flags = ['--test', '--test-reporter=tap', `--test-name-pattern=${words}`];
  const { stdout } = spawnSync(process.execPath, [...flags, join(copy, file)], {
    encoding: 'utf8',
    env: { ...env, PRIVITY_TEST_EFFORT: '1' },
  });
  return stdout;
}

describe('an operation that is added to the catalogue', () => {
  before(() => {
    copy = mkdtempSync(join(projectRoot, 'dist-added-'));
    const isCode = (path: string): boolean => !/\.(map|d\.ts|tsbuildinfo)$/.test(path);
    for (const part of ['src', 'test'])
      cpSync(join(built, part), join(copy, part), { recursive: true, filter: isCode });
    add();
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  it('is a method of secrets in the simulated world, as accurate and as dear as it says', async () => {
    const { catalogue } = await load<{ catalogue: readonly Operation[] }>('src/secure/ops/catalogue.js');
    const { secureJobsOf } = await load<Jobs>('test/compliance/secure-jobs.js');
    const { checkSimulated } = await load<Simulated>('test/compliance/simulated-job.js');
    assert.equal(catalogue.at(-1)?.name, floor.name);
    const [job] = secureJobsOf();
    const ways = job?.ways.filter(({ operation }) => operation.name === floor.name) ?? [];
    assert.ok(job && ways.length > 0);
    await checkSimulated({ ...job, ways });
    const dearer = ways.map((way) => ({
      ...way,
      operation: { ...way.operation, cost: twice(way.operation) },
    }));
    await assert.rejects(checkSimulated({ ...job, ways: dearer }), /floor/);
  });

  it('stands in the tables of the pages', async () => {
    const script = pathToFileURL(join(projectRoot, 'scripts/gen-protocols.mjs')).href;
    const generator = (await import(script)) as Record<string, (...given: unknown[]) => string> & {
      declaredOperations(): Promise<object>;
      declaredCosts(): Promise<object>;
    };
    const declared = {
      ...(await generator.declaredOperations()),
      ...(await load<object>('src/secure/ops/catalogue.js')),
    };
    const rendered = (name: string, ...given: unknown[]): string => generator[name]?.(...given) ?? '';
    const costs = rendered(
      'renderOperations',
      rendered('operationRows', declared),
      await generator.declaredCosts(),
    );
    assert.match(costs, /^\| `floor` \| to a whole number \| 11; 24\.88 \|/m);
    assert.match(rendered('renderBounds', declared), /^\| `floor` \| below 2\^\(62-f\) \|/m);
    assert.match(rendered('renderNames', declared), /`floor`/);
  });

  it('is a case of compliance for every protocol', () => {
    const found = tests('test/compliance/secure.test.js', 'floor');
    const passed = found.match(/^ +ok \d+ - floor: to a whole number keeps its domain/gm) ?? [];
    assert.equal(passed.length, found.match(/^# Subtest: \w+, \d+ members/gm)?.length, found);
    assert.ok(passed.length >= 8);
  });

  it('is tried for leaks with every protocol', () => {
    const found = tests('src/secure/secure-leaks.test.js', 'uniform in floor');
    assert.equal(found.match(/^ +ok \d+ - are uniform in floor: to a whole number/gm)?.length, 4, found);
  });

  it('is missed in the types, where it is not', () => {
    const found = tests('src/program/devices/secure/catalogue.test.js', 'stands in the types');
    assert.match(found, /^ +not ok \d+ - stands in the types/m);
    assert.match(found, /floor/);
  });
});
