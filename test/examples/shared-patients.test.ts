import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { itLong } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

/** One run takes a few seconds; this is for a machine that does much else. */
const RUN_TIMEOUT_MS = 60_000;

type Row = Readonly<Record<string, string>>;
interface Result {
  readonly patients: { readonly atAlice: number; readonly atBob: number; readonly shared: number };
  readonly means: Readonly<Record<'alice' | 'bob', Readonly<Record<string, number>>>>;
}
interface RunEvent {
  readonly event: string;
  readonly party: string;
  readonly value?: unknown;
  readonly outcome?: string;
  readonly code?: string | null;
}

const example = join(projectRoot, 'examples/shared-patients');

/** The files have no quotes and no commas in values; an independent, simple reader is the point. */
function readRows(path: string): Row[] {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = header.trim().split(',');
  return lines.map((line) => {
    const cells = line.trim().split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

const ids = (rows: readonly Row[]): string[] => rows.map((row) => row.patient_id ?? '');

function meansOf(rows: readonly Row[]): Map<string, number> {
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== 'patient_id');
  return new Map(
    names.map((name) => [name, rows.reduce((sum, row) => sum + Number(row[name]), 0) / rows.length]),
  );
}

describe('examples/shared-patients', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'privity-example-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const inputs = (party: string, table: string): string[] => [
    '--inputs',
    `${party}.table=${table}`,
    '--inputs',
    `${party}.output=${join(folder, `${party}.csv`)}`,
  ];

  function run(tables: { alice: string; bob: string }): {
    code: number | null;
    events: RunEvent[];
    stderr: string;
  } {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(projectRoot, 'dist/src/cli/main.js'),
        'local',
        join(example, 'job.ts'),
        ...inputs('alice', tables.alice),
        ...inputs('bob', tables.bob),
        '--json',
        '--report',
        join(folder, 'reports'),
      ],
      { encoding: 'utf8', timeout: RUN_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
    );
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    return { code: status, events, stderr };
  }

  it('finds the shared patients and the means that a plain computation finds, and tells all three', () => {
    const tables = { alice: join(example, 'data/alice.csv'), bob: join(example, 'data/bob.csv') };
    const { code, events, stderr } = run(tables);
    assert.equal(code, 0, stderr);

    const alice = readRows(tables.alice);
    const bob = readRows(tables.bob);
    const atBob = new Set(ids(bob));
    const shared = new Set(ids(alice).filter((id) => atBob.has(id)));
    assert.equal(shared.size, 460);

    const results = events.filter(({ event }) => event === 'result');
    assert.deepEqual(results.map(({ party }) => party).sort(), ['alice', 'bob', 'carol']);
    for (const { value } of results) {
      const { patients, means } = value as Result;
      assert.deepEqual(patients, { atAlice: alice.length, atBob: bob.length, shared: shared.size });
      for (const [party, rows] of [
        ['alice', alice],
        ['bob', bob],
      ] as const) {
        const expected = meansOf(rows.filter((row) => shared.has(row.patient_id ?? '')));
        assert.deepEqual(Object.keys(means[party]), [...expected.keys()]);
        for (const [name, mean] of expected) {
          assert.ok(Math.abs((means[party][name] ?? Number.NaN) - mean) < 1e-9, `${party}.${name}`);
        }
      }
    }

    // Each side has its own rows, in one order that is neither file's.
    const fromAlice = readRows(join(folder, 'alice.csv'));
    const fromBob = readRows(join(folder, 'bob.csv'));
    assert.deepEqual(new Set(ids(fromAlice)), shared);
    assert.deepEqual(ids(fromAlice), ids(fromBob));
    assert.notDeepEqual(
      ids(fromAlice),
      ids(alice).filter((id) => shared.has(id)),
    );
    assert.notDeepEqual(
      ids(fromBob),
      ids(bob).filter((id) => shared.has(id)),
    );
    assert.ok(!('x16' in (fromAlice[0] ?? {})), "alice's file has bob's columns");
  });

  it('carol sends nothing, and nobody reveals rows or ids', () => {
    const report = (party: string) =>
      JSON.parse(readFileSync(join(folder, 'reports', `${party}.json`), 'utf8')) as {
        disclosures: { name: string; kind: string; to: string[] }[];
      };
    assert.deepEqual(report('carol').disclosures, []);
    const kinds = new Set(
      ['alice', 'bob'].flatMap((party) => report(party).disclosures.map(({ kind }) => kind)),
    );
    assert.deepEqual([...kinds].sort(), ['psi', 'reveal']);
  });

  itLong('a missing table ends the run at all three with the same code', () => {
    const { code, events } = run({
      alice: join(example, 'data/alice.csv'),
      bob: join(folder, 'nowhere.csv'),
    });
    const verdicts = events.filter(({ event }) => event === 'verdict');
    assert.deepEqual(verdicts.map(({ party }) => party).sort(), ['alice', 'bob', 'carol']);
    assert.deepEqual(new Set(verdicts.map((verdict) => verdict.code)), new Set(['INPUT_MISSING']));
    assert.equal(code, 66);
  });
});

describe('npm run demo:failure', () => {
  itLong('kills a program and finds that everyone knows, agrees, and leaves nothing', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(projectRoot, 'scripts/demo-failure.mjs')],
      {
        encoding: 'utf8',
        timeout: RUN_TIMEOUT_MS,
      },
    );
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    for (const party of ['alice', 'bob', 'carol']) {
      assert.match(stdout, new RegExp(`^ +${party} +PROCESS_KILLED at bob.*, exit code 71;`, 'm'));
    }
  });
});
