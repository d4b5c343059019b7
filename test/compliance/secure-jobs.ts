/**
 * What jobs on secure devices have to give, wherever they run: the results of plain arithmetic within their accuracy,
 * at every party the same, for the declared cost. Run by secure-simulated.long.test.ts and secure-mtls.test.ts;
 * everything else is tried in memory.
 */
import assert from 'node:assert/strict';
import { type Cost, inParallel, inSequence } from '../../src/secure/cost.ts';
import { catalogue } from '../../src/secure/ops/catalogue.ts';
import type { Range, Sample, Sizes } from '../../src/secure/ops/operation.ts';
import { revealCost, shareCost } from '../../src/secure/ops/sharing.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
import { fitted, type Way, wayOf } from '../parts/operation-calls.ts';
import { runSecure } from '../parts/secure-parties.ts';
import type { Called } from './jobs/operations.ts';
import { checkResult, numbersOver } from './operation-values.ts';

export interface SecureJob {
  readonly name: string;
  readonly parties: readonly string[];
  readonly protocol: 'rep3' | 'semi2k';
  readonly members: number;
  /** What is called. */
  readonly ways: readonly Way[];
}

const sizes: Sizes = { count: 6, rows: 2, axis: 3, side: 2, keys: 2, groups: 2 };

/** All operations with rep3, and with semi2k in turns. */
export function secureJobsOf(
  pick: (ways: readonly Way[], turn: number) => readonly Way[] = (ways) => ways,
): readonly SecureJob[] {
  const every = catalogue.map((operation) => wayOf(operation, operation.samples(sizes)[0] as Sample));
  const [two, three] = [
    ['alice', 'bob'],
    ['alice', 'bob', 'carol'],
  ] as const;
  return [
    { name: 'rep3', protocol: 'rep3', members: 3, parties: three, ways: every },
    { name: 'semi2k-two', protocol: 'semi2k', members: 2, parties: two, ways: pick(every, 0) },
    {
      name: 'semi2k-two-dealer',
      protocol: 'semi2k',
      members: 2,
      parties: [...two, 'frank'],
      ways: pick(every, 1),
    },
    {
      name: 'semi2k-three-dealer',
      protocol: 'semi2k',
      members: 3,
      parties: [...three, 'frank'],
      ways: pick(every, 2),
    },
    {
      name: 'semi2k-five-dealer',
      protocol: 'semi2k',
      members: 5,
      parties: [...three, 'dave', 'erin', 'frank'],
      ways: pick(every, 3),
    },
  ];
}
/** What one party has to show at the end of a run. */
export interface Shown {
  readonly result: unknown;
  readonly rounds: number;
  /** Payload bytes sent, by operation. */
  readonly bytes: ReadonlyMap<string, number>;
}

/** Sums over exchanges, or takes the sum of a report. */
export function shownOf(
  result: unknown,
  costs: readonly {
    readonly rounds: number;
    readonly operations: readonly { readonly operation: string; readonly bytes: number }[];
  }[],
): Shown {
  const bytes = new Map<string, number>();
  for (const { operations } of costs)
    for (const { operation, bytes: sent } of operations)
      bytes.set(operation, (bytes.get(operation) ?? 0) + sent);
  return { result, rounds: costs.reduce((sum, { rounds }) => sum + rounds, 0), bytes };
}

interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const rangesOf = ({ sample }: Way): readonly Range[] => sample.over[0] ?? [];

/** What the job is given: plain data. */
export const calledBy = ({ ways }: SecureJob): readonly Called[] =>
  ways.map((way) => {
    const { operands, params } = way.sample;
    const range = (i: number): Range => rangesOf(way)[i] ?? [0, 1];
    const numbers = operands.map((form, i) => numbersOver(form, range(i), i, operands.length - 1, false));
    const fit = fitted(way.sample, numbers);
    return {
      name: way.operation.name,
      params,
      operands: operands.map(({ dtype, shape, secret }, i) => {
        const [from, to] = range(i);
        const [min, max] = [Math.min(from, to), Math.max(from, to)];
        const values = fit[i] ?? [];
        return { dtype, shape, secret, values, ...(dtype !== 'boolean' && { range: { min, max } }) };
      }),
    };
  });

/**
 * Holds what the parties of a run have to show to plain arithmetic and to the declared costs. `shown` has every member,
 * by name.
 */
export async function checkSecureJob(job: SecureJob, shown: ReadonlyMap<string, Shown>): Promise<void> {
  const members = job.parties.slice(0, job.members);
  const [first] = members.map((name) => shown.get(name)?.result) as [Value[]];
  for (const name of job.parties) assert.deepEqual(shown.get(name)?.result, first, name);
  assert.equal(first.length, job.ways.length);
  for (const [i, one] of calledBy(job).entries()) checkValue(one, job.ways[i] as Way, first[i]);
  const [costs] = await runSecure(
    job.protocol,
    job.members,
    async ({ protocol, session }) => ({ costs: protocol.costs, rounds: session.report().rounds }),
    { dealer: job.parties.length > job.members },
  );
  assert.ok(costs);
  for (const [rank, name] of members.entries())
    checkCosts(job.ways, shown.get(name), rank, costs.rounds, costs.costs);
}

function checkValue({ operands }: Called, way: Way, value: Value | undefined): void {
  assert.ok(value);
  const { operation, call, dtype } = way;
  const unit = dtype === 'fixed' ? 2 ** call.fracBits : 1;
  const words = BigUint64Array.from(value.data, (number) => BigInt.asUintN(64, BigInt(number * unit)));
  const result = { kind: 'public', dtype, shape: value.shape, fracBits: call.fracBits, words } as const;
  const given = operands.map(({ values }, i) => ({ values, range: rangesOf(way)[i] ?? ([0, 1] as const) }));
  checkResult(operation, call, given, result, dtype);
}

function checkCosts(
  ways: readonly Way[],
  shown: Shown | undefined,
  rank: number,
  opening: number,
  costs: ProtocolCosts,
): void {
  assert.ok(shown);
  const parts = ways.map((way) => partsOf(way, costs));
  for (const [i, { own }] of parts.entries()) {
    const { name } = (ways[i] as Way).operation;
    assert.equal(shown.bytes.get(name) ?? 0, own.bytes[rank], name);
  }
  const sum = (of: readonly Cost[]): number => inSequence(...of).bytes[rank] ?? 0;
  assert.equal(shown.bytes.get('share') ?? 0, sum(parts.map(({ shares }) => shares)));
  assert.equal(shown.bytes.get('reveal'), sum(parts.map(({ reveal }) => reveal)));
  const all = inSequence(...parts.flatMap(({ shares, own, reveal }) => [shares, own, reveal]));
  assert.equal(shown.rounds, opening + all.rounds);
}

/** What one operation of the job costs: its operands are shared at once, by the members in turn. */
function partsOf({ operation, sample, call, dtype }: Way, costs: ProtocolCosts) {
  const members = costs.mulSS(1).bytes.length;
  const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
  // Of two keys there is one comparison, whatever their order.
  const own = operation.cost(costs, { ...call, ...(operation.opens && { comparisons: [1] }) });
  const shares = sample.operands.flatMap((form, i) =>
    form.secret ? [shareCost(costs, i % members, elements(form.shape), form.dtype)] : [],
  );
  return { own, shares: inParallel(...shares), reveal: revealCost(costs, elements(call.shape), dtype) };
}
