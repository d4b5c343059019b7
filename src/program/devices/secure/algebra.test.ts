/** Inverses and small counts in jobs: what is refused in the call and later, what stands in ledgers, what is opened. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { useWorlds } from '../../../../test/parts/program-world.ts';
import { closeDatabase } from '../../../data/index.ts';
import type { Secret } from '../../model/at.ts';
import type { AnyDevice } from '../../model/device-types.ts';
import { job } from '../../model/job.ts';
import { secure } from './device.ts';

const world = useWorlds();
after(closeDatabase);

const three = { parties: ['alice', 'bob', 'carol'] } as const;
const COUNTS = [0, 1, 4, 5, 1000];

interface Given {
  readonly matrix: Secret<AnyDevice>;
  readonly counts: Secret<AnyDevice, 'integer'>;
  readonly wide: Secret<AnyDevice>;
}

async function made(body: (given: Given) => unknown, matrix = [2, 1, 1, 2]) {
  const w = await world(
    job(three, async ({ alice, bob, carol, reveal }) => {
      const spu = secure([alice, bob, carol], { protocol: 'rep3' });
      const shared = alice.run('gram', () => Float64Array.from(matrix)).to(spu, { shape: [2, 2], max: 9 });
      const wide = alice
        .run('wide', () => Float64Array.of(1, 0, 0, 1))
        .to(spu, { shape: [2, 2], max: 2 ** 20 });
      const counts = bob
        .run('counts', () => Float64Array.from(COUNTS))
        .to(spu, { shape: [5], dtype: 'integer', min: 0, max: 1000 });
      const result = body({ matrix: shared, counts, wide } as unknown as Given);
      return [...(await reveal(result as Secret<AnyDevice>)).data];
    }),
  );
  return w;
}

/** What every party says of why it failed. */
async function told(
  body: (given: Given) => unknown,
  matrix?: number[],
): Promise<readonly (string | undefined)[]> {
  const w = await made(body, matrix);
  const outcomes = await w.run();
  assert.ok([...outcomes.values()].every(({ status }) => status === 'rejected'));
  return three.parties.map((party) => {
    const found = w.of(party).host.failures[0]?.detail;
    return found && `${found.code} ${found.message}`;
  });
}

describe('an inverse in a job', () => {
  it('opens one bit, which is a line in every ledger', async () => {
    const w = await made(({ matrix }) => matrix.inverse({ condition: 100, max: 10 }));
    const result = (await w.results()).carol as number[];
    for (const [i, due] of [2 / 3, -1 / 3, -1 / 3, 2 / 3].entries())
      assert.ok(Math.abs((result[i] ?? 0) - due) < 1e-4);
    for (const party of three.parties) {
      const lines = w
        .of(party)
        .host.disclosures.filter(({ name, kind }) => kind === 'secure' && name === 'inverse');
      assert.deepEqual(
        lines.map(({ type, to }) => [type, to.length]),
        [['opened bit: whether the matrix is as promised', 2]],
      );
    }
  });

  it('that would be wrong is no number, at any party, and the error says what to do', async () => {
    const all = await told(({ matrix }) => matrix.inverse({ condition: 100, max: 10 }), [1, 1, 1, 1]);
    const own = all.filter((text) => text?.startsWith('PRIVITY_SECURE_CONDITION'));
    assert.ok(own.length > 0);
    for (const text of own)
      assert.match(
        text ?? '',
        /inverse of a \[2, 2\] matrix.*at most 100 .*above 10 .*Standardise.*ridge.*drop/,
      );
  });

  const refused: readonly (readonly [string, (given: Given) => unknown, RegExp])[] = [
    ['a trace that may be too large', ({ wide }) => wide.inverse(), /BOUND.*inverse: the trace.*2\^18/],
    [
      'a max that has no digits left',
      ({ matrix }) => matrix.inverse({ max: 2 ** 19 }),
      /BOUND.*by its max.*2\^18/,
    ],
    [
      'a condition beyond what is checked',
      ({ matrix }) => matrix.inverse({ condition: 2 ** 20 }),
      /INVALID.*at most 1048576/,
    ],
    [
      'a condition below 1',
      ({ matrix }) => matrix.inverse({ condition: 0.5 }),
      /INVALID.*condition is 1 or more/,
    ],
    [
      'an option that is none',
      ({ matrix }) => matrix.inverse({ cond: 5 } as object),
      /INVALID.*takes \{ condition, max \}/,
    ],
    ['what is no square', ({ matrix }) => matrix.slice(0, 1).inverse(), /SHAPE.*square matrix, not \[1,2\]/],
    [
      'a right side of other rows',
      ({ matrix, wide }) => matrix.solve(wide.reshape([4])),
      /SHAPE.*right side of \[4\]/,
    ],
    [
      'a right side that may be too large',
      ({ matrix, wide }) => matrix.solve(wide),
      /BOUND.*sums of products with the inverse/,
    ],
    ['a min that keeps every count', ({ counts }) => counts.atLeast(0), /INVALID.*keeps every count/],
    [
      'a stand-in that looks like a count',
      ({ counts }) => counts.atLeast(5, 3),
      /INVALID.*would look like a count/,
    ],
    [
      'counts of other rows',
      ({ matrix, counts }) => matrix.whereAtLeast(counts, 5),
      /SHAPE.*counts of \[5\]/,
    ],
  ];
  for (const [what, body, text] of refused)
    it(`is refused in the call: ${what}`, async () => {
      for (const one of await told(body)) assert.match(one ?? '', text);
    });
});

describe('small counts', () => {
  it('are opened as -1, which no count is, or as what the job says', async () => {
    const w = await made(({ counts }) => counts.atLeast(5).concat([counts.atLeast(5, 0)]));
    assert.deepEqual((await w.results()).bob, [-1, -1, -1, 5, 1000, 0, 0, 0, 5, 1000]);
  });

  it('take the numbers of their rows with them', async () => {
    const w = await made(({ counts }) => {
      const column = counts.reshape([5, 1]);
      const sums = column.mul(10).concat([column], 1);
      return sums.whereAtLeast(counts, 5);
    });
    assert.deepEqual((await w.results()).alice, [0, 0, 0, 0, 0, 0, 50, 5, 10_000, 1000]);
  });

  it('are known not to be there: what comes after has the bound of the others', async () => {
    // Differences of counts from 5 on, and the stand-in, are products that fit where those of all might not.
    const w = await made(({ counts }) => counts.atLeast(2000).mul(2 ** 52));
    assert.deepEqual((await w.results()).bob, new Array<number>(5).fill(-(2 ** 52)));
  });
});
