/**
 * Contracts of disclosures in the simulated world: an honest job rehearsed, and the same job with something planted
 * into it that tells more. Each of these is seen to leave without the contract, and to be stopped by it before its
 * first byte.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { compareContracts } from '../../src/observe/contract/compare.ts';
import type { Contract } from '../../src/observe/contract/contract.ts';
import type { SimulatedRun } from '../../src/simulation/index.ts';
import { type RehearseOptions, rehearse } from '../../src/simulation/rehearse/rehearse.ts';
import { shareOf } from '../effort.ts';
import { runUnder } from '../parts/contract-world.ts';

/** What nobody but alice may see of her table. */
const CANARY = 'canary-of-alice';

const HONEST = `
import { job, psi, PublicError, readTable, secure, z } from 'privity';
const file = z.object({ table: z.string() });
let kept = '';
export default job(
  { parties: ['alice', 'bob', 'carol'], settings: { alice: file, bob: file } },
  async ({ alice, bob, carol, attempt, reveal }) => {
    const loans = alice.run('load', ({ settings }) => readTable(settings.table));
    const clicks = bob.run('load', ({ settings }) => readTable(settings.table));
    const both = psi({ on: 'id' }, loans, clicks);
    const count = alice.run('count', { rows: both.alice }, ({ rows }) => rows.rowCount);
    await bob.run('take', { count: count.to(bob) }, () => undefined);
    const mean = await reveal(alice.run('mean', { rows: both.alice }, async ({ rows }) => {
      kept = (await rows.strings('word'))[0] ?? '';
      if (rows.rowCount < 2) throw new PublicError('too few rows');
      return { income: ((await rows.mean(['income'])).income) ?? 0 };
    }));
    const some = alice.run('part', { rows: both.alice }, ({ rows }) => rows.select(['id']));
    await bob.run('take', { some: some.to(bob) }, () => undefined);
    const sizes = alice.run('sizes', { rows: both.alice }, ({ rows }) => new Float64Array(3));
    await bob.run('take', { sizes: sizes.to(bob) }, () => undefined);
    const word = await reveal(alice.run('word', { rows: both.alice }, () => 'yes'));
    for (let round = 0; round < 2; round++) await reveal(alice.run('round', () => round));
    const spu = secure([alice, bob, carol], { protocol: 'rep3' });
    const secret = alice.run('secret', () => Float64Array.of(1, 2)).to(spu, { shape: [2], min: 0, max: 4 });
    const opened = secret.sum().as('total').to(bob);
    await bob.run('take', { opened }, () => undefined);
    const tried = await attempt(async () => 1);
    return { mean, word, tried: tried.ok };
  },
);
`;

interface Planted {
  readonly name: string;
  readonly from: string;
  readonly into: string;
  /** Whether it left: the ledger of alice, what others were told. */
  readonly left: (run: SimulatedRun) => boolean;
  /** Of the verdict. */
  readonly says: RegExp;
}

const reportOf = (run: SimulatedRun, party: string) =>
  run.parties.find(({ name }) => name === party)?.report ?? assert.fail(`${party} has no report`);

/** Whether alice has told these, by her ledger and by what was on the wire. */
function told(run: SimulatedRun, name: string, to: string, times = 1): boolean {
  const { disclosures, steps } = reportOf(run, 'alice');
  const listed = disclosures.filter((entry) => entry.name === name && entry.to.includes(to));
  const ids = new Set(steps.filter((step) => step.name === name).map(({ stepId }) => stepId));
  const sent = run.wire.filter((one) => one.from === 'alice' && one.to === to && ids.has(one.stepId));
  // What is opened goes with other numbers in the messages of an exchange.
  if (listed.every(({ type }) => !type.startsWith('opened')))
    assert.equal(sent.length, listed.length, 'the ledger is what was on the wire');
  return listed.length >= times;
}
const ofType = (run: SimulatedRun, name: string, type: string, shape?: readonly number[]): boolean =>
  reportOf(run, 'alice').disclosures.some(
    (entry) => entry.name === name && entry.type === type && `${entry.shape}` === `${shape}`,
  );
/** Whether bob was told a text, or has it in his report. */
const heard = (run: SimulatedRun, text: string): boolean =>
  JSON.stringify(reportOf(run, 'bob')).includes(text);

const SELECTED = "({ rows }) => rows.select(['id'])";
const planted: readonly Planted[] = [
  {
    name: 'another receiver',
    from: 'count: count.to(bob)',
    into: 'count: count.to(bob, carol)',
    left: (run) => told(run, 'count', 'carol'),
    says: /step "count" \(transfer\), from alice to bob and carol: entry \d+ lets bob learn it, and nobody else/,
  },
  {
    name: 'a row in place of a mean',
    from: 'return { income: ((await rows.mean(',
    into: 'return rows; return { income: ((await rows.mean(',
    left: (run) => ofType(run, 'mean', 'table', [0, 0]) || told(run, 'mean', 'carol'),
    says: /step "mean" \(reveal\), from alice to bob and carol: the value has another form than entry \d+ \(\{ income: number \}\)/,
  },
  {
    name: 'one more opening in a loop',
    from: 'round < 2',
    into: 'round < 3',
    left: (run) => told(run, 'round', 'bob', 3),
    says: /step "round" \(reveal\).*: more often than entry \d+ allows \(2\)/,
  },
  {
    name: 'a column more',
    from: SELECTED,
    into: "({ rows }) => rows.select(['id', 'income'])",
    left: (run) => told(run, 'part', 'bob'),
    says: /step "part" \(transfer\), from alice to bob: the value has another form than entry \d+ \(table\(id VARCHAR\) \[shared, 1\]\)/,
  },
  {
    name: 'a table of as many rows as somebody earns',
    from: SELECTED,
    into: "({ rows }) => rows.query('SELECT id FROM rows LIMIT 3')",
    left: (run) => told(run, 'part', 'bob'),
    says: /step "part" \(transfer\), from alice to bob: a size is not the "shared" of before in entry/,
  },
  {
    name: 'a length that is made of data',
    from: 'new Float64Array(3)',
    into: 'new Float64Array(rows.rowCount)',
    left: (run) => told(run, 'sizes', 'bob'),
    says: /step "sizes" \(transfer\), from alice to bob: a size is not 3 in entry/,
  },
  {
    name: 'a step whose name is made of data',
    from: 'const tried = await',
    into: "if (kept !== '') alice.run(kept, () => 1); const tried = await",
    left: (run) => reportOf(run, 'alice').steps.some(({ name }) => name.includes(CANARY)),
    says: /^a step of kind task has a name that the contract does not list$/,
  },
  {
    name: 'a value whose step has a name made of data',
    from: 'const tried = await',
    into: "if (kept !== '') await reveal(alice.run(kept, () => 1)); const tried = await",
    left: (run) => reportOf(run, 'alice').steps.some(({ name }) => name.includes(CANARY)),
    says: /^a step of kind task has a name that the contract does not list$/,
  },
  {
    name: 'a key that is made of data',
    from: "() => 'yes'",
    into: "() => ({ [kept]: 'yes' })",
    left: (run) => told(run, 'word', 'bob'),
    says: /step "word" \(reveal\), from alice to bob and carol: the value has another form than entry \d+ \(text up to 16 bytes\)/,
  },
  {
    name: 'a second value in a record',
    from: '.income) ?? 0 }',
    into: '.income) ?? 0, most: 7 }',
    left: (run) => told(run, 'mean', 'bob'),
    says: /step "mean" .*: the value has another form than entry \d+ \(\{ income: number \}\)/,
  },
  {
    name: 'one party more in a reveal of a secret',
    from: "const opened = secret.sum().as('total').to(bob);",
    into: "await reveal(secret.sum().as('total')); const opened = secret.sum().as('total').to(bob);",
    left: (run) => told(run, 'total', 'carol'),
    says: /step "total" \(reveal\), from alice to bob and carol: entry \d+ lets bob learn it, and nobody else/,
  },
  {
    name: 'a longer text',
    from: "() => 'yes'",
    into: "() => 'yes, and ' + kept",
    left: (run) => told(run, 'word', 'bob'),
    says: /step "word" \(reveal\).*: a text is longer than 16 bytes in entry/,
  },
  {
    name: 'something in an attempt, which would outlive it',
    from: 'async () => 1)',
    into: "async () => reveal(alice.run('word', () => [kept])))",
    left: (run) => told(run, 'word', 'bob', 2),
    says: /step "word" \(reveal\).*: the value has another form/,
  },
  {
    name: 'something whose refusal is caught',
    from: 'const tried = await',
    into: "try { alice.run(kept + '!', () => 1); } catch {} const tried = await",
    left: (run) => reportOf(run, 'alice').steps.some(({ name }) => name.endsWith('!')),
    says: /^a step of kind task has a name that the contract does not list$/,
  },
  {
    name: 'a secret of another bound',
    from: 'min: 0, max: 4',
    into: 'min: 1, max: 2',
    left: (run) => ofType(run, 'secret', 'secret fixed tensor, all within 1 to 2', [2]),
    says: /step "secret" \(share\), from alice to bob and carol: the value has another form than entry/,
  },
];

const column = (name: string, type: 'VARCHAR' | 'DOUBLE') => ({ name, type, gaps: false });

describe('a contract of disclosures', () => {
  let folder = '';
  let contract: Contract;
  let settings: Record<string, Record<string, string>>;
  const jobOf = (name: string, source: string): string => {
    const path = join(folder, `${name.replaceAll(/\W/g, '-')}.ts`);
    writeFileSync(path, source);
    return path;
  };
  const run = (job: string, under?: Contract, errorDetail: 'redacted' | 'full' = 'redacted') => {
    const own = mkdtempSync(join(folder, 'run-'));
    return runUnder({ job, settings, contract: under, folder: own, errorDetail });
  };
  const tables: RehearseOptions['tables'] = {
    alice: {
      table: {
        schema: { columns: [column('id', 'VARCHAR'), column('word', 'VARCHAR'), column('income', 'DOUBLE')] },
        file: 'alice.csv',
      },
    },
    bob: {
      table: { schema: { columns: [column('id', 'VARCHAR'), column('age', 'DOUBLE')] }, file: 'bob.csv' },
    },
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'privity-contracts-'));
    mkdirSync(folder, { recursive: true });
    const ids = Array.from({ length: 12 }, (_, index) => `id-${index}`);
    const alice = ids.map((id, index) => `${id},${CANARY},${index}.5`);
    writeFileSync(join(folder, 'alice.csv'), `id,word,income\n${alice.join('\n')}\n`);
    writeFileSync(
      join(folder, 'bob.csv'),
      `id,age\n${ids
        .slice(3)
        .map((id) => `${id},1.5`)
        .join('\n')}\n`,
    );
    settings = { alice: { table: join(folder, 'alice.csv') }, bob: { table: join(folder, 'bob.csv') } };
    const made = await rehearse({ job: jobOf('honest', HONEST), tables });
    contract = made.contract;
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('that was rehearsed lets the job run, with the result that it has without one', async () => {
    const job = jobOf('honest', HONEST);
    const results = [await run(job), await run(job, contract)].map(({ parties }) =>
      parties.map(({ report, events }) => ({
        outcome: report?.outcome,
        result: events.flatMap((event) => (event.event === 'result' ? [event.value] : [])),
        disclosures: report?.disclosures,
      })),
    );
    assert.deepEqual(results[1], results[0]);
    assert.deepEqual(
      results[1]?.map(({ outcome }) => outcome),
      ['completed', 'completed', 'completed'],
    );
  });

  for (const { name, from, into, left, says } of shareOf(planted)) {
    it(`stops ${name} before it leaves`, async () => {
      const source = HONEST.replace(from, () => into);
      assert.notEqual(source, HONEST);
      const job = jobOf(name, source);
      const free = await run(job);
      assert.ok(left(free), 'it leaves, where there is no contract');
      const bound = await run(job, contract);
      assert.equal(left(bound), false, 'it has left');
      for (const { report } of bound.parties) {
        assert.equal(report?.code, 'POLICY_DENIED');
        assert.match(report?.verdict.failure?.facts ?? '', says);
      }
      for (const party of ['bob', 'carol'])
        assert.doesNotMatch(
          JSON.stringify(reportOf(bound, party)),
          new RegExp(CANARY),
          'what others are told',
        );
    });
  }

  it('keeps texts of failures that it does not list at their party, whatever its policy is', async () => {
    const failing = HONEST.replace('rows.rowCount < 2', 'true');
    const listed = jobOf('listed text', failing);
    assert.ok(heard(await run(listed), 'too few rows'));
    assert.ok(contract.errors.some(({ text }) => text === 'too few rows') || contract.errors.length === 0);
    const bare: Contract = { ...contract, errors: [{ step: 'mean', from: 'alice', text: 'too few rows' }] };
    assert.ok(heard(await run(listed, bare), 'too few rows'), 'what is listed crosses');
    const data = jobOf(
      'text of data',
      failing.replace(
        "PublicError('too few rows')",
        "PublicError('too few: ' + kept, { details: { first: kept } })",
      ),
    );
    assert.ok(heard(await run(data), CANARY), 'it crosses, where there is no contract');
    for (const detail of ['redacted', 'full'] as const) {
      const bound = await run(data, bare, detail);
      assert.equal(reportOf(bound, 'bob').code, 'TASK_FAILED');
      assert.equal(heard(bound, CANARY), false);
    }
  });

  it('is compared with that of the changed job', async () => {
    const changed = HONEST.replace('count: count.to(bob)', 'count: count.to(bob, carol)').replace(
      'round < 2',
      'round < 3',
    );
    const made = await rehearse({ job: jobOf('changed', changed), tables });
    const { more, less } = compareContracts(contract, made.contract);
    assert.deepEqual(
      more.map(({ step, text }) => [step, text]),
      [
        ['count', 'bob and carol will learn from alice, in step "count": one number, and carol did not'],
        [
          'round',
          'bob and carol will learn from alice, in step "round": one number, 3 times, more often than 2',
        ],
      ],
    );
    assert.deepEqual(
      less.map(({ step }) => step),
      [],
    );
    assert.deepEqual(compareContracts(contract, contract), { more: [], less: [] });
  });
});
