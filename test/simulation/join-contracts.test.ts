/** Joins of all kinds under contracts: rehearsed, read, run, and stopped where they tell more. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Contract } from '../../src/observe/contract/contract.ts';
import { contractSentences } from '../../src/observe/contract/sentences.ts';
import type { SimulatedRun } from '../../src/simulation/index.ts';
import { type RehearseOptions, rehearse } from '../../src/simulation/rehearse/rehearse.ts';
import { runUnder } from '../parts/contract-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'privity-join-contracts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 20;
let jobs = 0;

function jobOf(options: string): string {
  const path = join(folder, `job-${++jobs}.ts`);
  writeFileSync(
    path,
    `
import { job, psi, readTable, secure, z } from 'privity';
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file, bob: file } }, async ({ alice, bob }) => {
  const a = alice.run('load', ({ settings }) => readTable(settings.table, { types: { id: 'VARCHAR' } }));
  const b = bob.run('load', ({ settings }) => readTable(settings.table, { types: { id: 'VARCHAR' } }));
  psi({ on: 'id', ${options} }, a, b);
});
`,
  );
  return path;
}

const column = (name: string, type: 'VARCHAR' | 'DOUBLE') => ({ name, type, gaps: false });
const tables: RehearseOptions['tables'] = {
  alice: {
    table: { schema: { columns: [column('id', 'VARCHAR'), column('x', 'DOUBLE')] }, file: 'alice.csv' },
  },
  bob: { table: { schema: { columns: [column('id', 'VARCHAR'), column('y', 'VARCHAR')] }, file: 'bob.csv' } },
};

const settings = Object.fromEntries(
  (['alice', 'bob'] as const).map((party) => {
    const path = join(folder, `${party}.csv`);
    const name = party === 'alice' ? 'x' : 'y';
    const lines = Array.from({ length: ROWS }, (_, i) => {
      const id = `030 ${100_000 + (party === 'alice' ? i : i + 5)}`;
      return party === 'alice' ? `${id},${i}.5` : `${id},canary-${i}`;
    });
    writeFileSync(path, `id,${name}\n${lines.join('\n')}\n`);
    return [party, { table: path }];
  }),
);

async function contractOf(options: string): Promise<Contract> {
  const { contract, warnings } = await rehearse({ job: jobOf(options), tables });
  assert.deepEqual(warnings, []);
  return contract;
}

function run(options: string, contract: Contract): Promise<SimulatedRun> {
  const own = join(folder, `run-${++jobs}`);
  mkdirSync(own);
  return runUnder({ job: jobOf(options), settings, contract, folder: own });
}

const psiLines = (contract: Contract): readonly string[] =>
  contractSentences(contract).filter((line) => line.includes('psi on id'));
const outcomes = ({ parties }: SimulatedRun) => parties.map(({ report }) => report?.outcome);

const DEVICE = "into: { device: secure([alice, bob], { protocol: 'semi2k' }), rows: 200 }";

const A = '(rows(alice.table))';
const B = '(rows(bob.table))';
const cases: readonly (readonly [string, readonly string[]])[] = [
  [
    "receivers: 'alice'",
    [
      `which keys both have, their types, and how many rows bob has ${B}`,
      `the types of keys, and how many rows alice has ${A}`,
    ],
  ],
  [
    "receivers: 'bob', minimumRows: 3",
    [
      `the types of keys, whether at least 3 rows match, and how many rows bob has ${B}`,
      `which keys both have, their types, and how many rows alice has ${A}`,
    ],
  ],
  [
    "cardinality: true, receivers: 'alice', duplicates: { upTo: 2 }",
    [
      `how many rows match, up to 2 of each key, the types of keys, and how many rows bob has ${B}`,
      `the types of keys, and how many rows alice has ${A}`,
    ],
  ],
  [
    'duplicates: { upTo: 2 }',
    [
      `which keys both have, their types, of each key the smaller of both numbers of rows (up to 2), and how many rows bob has ${B}`,
      `which keys both have, their types, of each key the smaller of both numbers of rows (up to 2), and how many rows alice has ${A}`,
    ],
  ],
  [
    "payload: { alice: 'x', bob: ['y'] }",
    [
      `which keys both have, their types, and how many rows bob has ${B}`,
      'as many rows as shared says of a table, each with y',
      `which keys both have, their types, and how many rows alice has ${A}`,
      'as many rows as shared says of a table, each with x',
    ],
  ],
  [
    "join: 'left', payload: { bob: 'y' }, normalise: { id: [{ phone: '+49' }] }, nulls: 'leave out'",
    [
      `which keys both have, their types, and how many rows bob has (n2)`,
      'as many rows as shared says of a table, each with y',
      `which keys both have, their types, and how many rows alice has (n1)`,
    ],
  ],
  [
    `${DEVICE}, payload: { alice: 'x' }`,
    [
      `the types of keys, and how many rows bob has ${B}`,
      'the form of a secret, and that it is within bounds (bins of an intersection [200])',
      'the types of keys, and that alice has at most 200 rows',
      'the form of a secret, and that it is within bounds (bins of an intersection; x: secret fixed tensor, all within -4096 to 4096 [200])',
    ],
  ],
];

describe('a contract of a join', () => {
  for (const [options, expected] of cases)
    it(`${options}: is rehearsed, says it in sentences, and lets the job run`, async () => {
      const contract = await contractOf(options);
      const lines = psiLines(contract).filter((line) => line.startsWith('- '));
      assert.deepEqual(
        lines.map((line) => line.replace(/^.*?": /, '')),
        expected,
      );
      const done = await run(options, contract);
      assert.deepEqual(outcomes(done), ['completed', 'completed']);
    });

  it('is rehearsed to the end, however few of the made-up rows match', async () => {
    const { rehearsed } = await contractOf('minimumRows: 1_000_000');
    assert.equal(rehearsed?.completed, rehearsed?.runs);
  });

  const more: readonly (readonly [string, string, RegExp])[] = [
    ['', "payload: { bob: 'y' }", /step "psi on id" \(psi\), from bob to alice: the value has another form/],
    [
      "payload: { alice: 'x' }",
      "payload: { alice: 'x', bob: 'y' }",
      /from bob to alice: the value has another form/,
    ],
    ['cardinality: true', '', /the value has another form than entry 1 \(size of the intersection/],
    ["receivers: 'alice'", '', /from alice to bob: the value has another form than entry 1 \(key types/],
    ['duplicates: { upTo: 2 }', 'duplicates: { upTo: 3 }', /the value has another form/],
    ["minimumRows: 3, receivers: 'bob'", "minimumRows: 2, receivers: 'bob'", /the value has another form/],
  ];
  for (const [agreed, wanted, says] of more)
    it(`of { ${agreed} } stops { ${wanted} } before anything leaves`, async () => {
      const stopped = await run(wanted, await contractOf(agreed));
      const failures = stopped.parties.map(({ report }) => report?.verdict.failure);
      for (const failure of failures) {
        assert.equal(failure?.code, 'POLICY_DENIED');
        assert.match(failure?.facts ?? '', says);
      }
      const [denied] = failures;
      const kinds = stopped.parties.find(({ name }) => name === denied?.origin)?.report?.disclosures;
      assert.deepEqual(kinds, []);
    });
});
