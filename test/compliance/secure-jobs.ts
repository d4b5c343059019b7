/**
 * What jobs on secure devices have to give, wherever they run: the results of the plaintext twin within their accuracy, at every party the
 * same, for the declared cost. Run by secure-simulated.test.ts and secure-mtls.test.ts; everything else is tried in memory.
 */
import assert from 'node:assert/strict';
import { perform } from '../../src/program/devices/secure/perform.ts';
import { type Cost, inParallel, inSequence } from '../../src/secure/cost.ts';
import type { BoundedOperation } from '../../src/secure/ops/bounds.ts';
import { opCosts } from '../../src/secure/ops/costs.ts';
import * as ops from '../../src/secure/ops/index.ts';
import { tensorCosts as t } from '../../src/secure/ops/tensor-costs.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
import { decode } from '../../src/secure/ring/fixed-point.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import { runSecure } from '../parts/secure-parties.ts';
import { inputs, type Operation, operations } from './jobs/operations.ts';

/** One of the files in jobs/. */
export interface SecureJob {
  readonly file: string;
  readonly parties: readonly string[];
  readonly protocol: 'rep3' | 'semi2k';
  readonly members: number;
}

const described = (
  file: string,
  protocol: SecureJob['protocol'],
  members: number,
  parties: string,
): SecureJob => ({
  file,
  protocol,
  members,
  parties: parties.split(' '),
});

export const secureJobs: readonly SecureJob[] = [
  described('rep3', 'rep3', 3, 'alice bob carol'),
  described('semi2k-two', 'semi2k', 2, 'alice bob'),
  described('semi2k-two-dealer', 'semi2k', 2, 'alice bob frank'),
  described('semi2k-three-dealer', 'semi2k', 3, 'alice bob carol frank'),
  described('semi2k-five-dealer', 'semi2k', 5, 'alice bob carol dave erin frank'),
];

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

const f = 18;
const matrix = { batch: 1, rows: 2, inner: 3, columns: 2 };
/** By the names of operations; 6 elements where nothing else is said. */
const declared: Readonly<Record<string, (c: ProtocolCosts) => Cost>> = {
  add: (c) => opCosts.add(c, 6, f),
  mul: (c) => opCosts.mul(c, 6, f),
  matmul: (c) => t.matmul(c, matrix, f),
  dot: (c) => t.dot(c, 1, 2, f),
  mean: (c) => t.mean(c, 2, 3, f),
  lt: (c) => opCosts.lt(c, 6, f),
  eq: (c) => opCosts.eq(c, 6),
  relu: (c) => opCosts.relu(c, 6, f),
  max: (c) => t.max(c, 2, 3),
  argmax: (c) => t.argmax(c, 1, 6),
  select: (c) => t.select(c, 6, 6),
  and: (c) => t.and(c, 6),
  cast: (c) => t.cast(c, 6, 'fixed', 'integer', f),
  shift: (c) => t.shift(c, 6, -2),
  div: (c) => opCosts.div(c, 6, f),
  sqrt: (c) => opCosts.sqrt(c, 6, f),
  log: (c) => opCosts.log(c, 6, f),
  exp: (c) => opCosts.exp(c, 6, f),
  sigmoid: (c) => opCosts.sigmoid(c, 6, f),
  softmax: (c) => t.softmax(c, 2, 3, f),
  // Of two keys there is one comparison, whatever their order.
  sort: (c) => t.sort(c, 2, [1]),
  groupSum: local,
  concat: local,
  gather: local,
};

function local(c: ProtocolCosts): Cost {
  return opCosts.neg(c, 1, f);
}

interface Value {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Holds what the parties of a run have to show to the twin and to the declared costs. `shown` has every member, by name. */
export async function checkSecureJob(job: SecureJob, shown: ReadonlyMap<string, Shown>): Promise<void> {
  const members = job.parties.slice(0, job.members);
  const [first] = members.map((name) => shown.get(name)?.result) as [Value[]];
  for (const name of job.parties) assert.deepEqual(shown.get(name)?.result, first, name);
  assert.equal(first.length, operations.length);
  const due = await twin(first.map(({ shape }) => shape));
  for (const [i, operation] of operations.entries()) checkResult(operation, first[i], due[i]);
  const [costs] = await runSecure(
    job.protocol,
    job.members,
    async ({ protocol, session }) => ({ costs: protocol.costs, rounds: session.report().rounds }),
    { dealer: job.parties.length > job.members },
  );
  assert.ok(costs);
  for (const [rank, name] of members.entries())
    checkCosts(shown.get(name), rank, costs.rounds, costs.costs, first);
}

function checkResult(
  { name, error = 0 }: Operation,
  actual: Value | undefined,
  due: Value | undefined,
): void {
  assert.deepEqual(actual?.shape, due?.shape, name);
  for (const [i, value] of (due?.data ?? []).entries()) {
    const off = Math.abs((actual?.data[i] ?? Number.NaN) - value);
    assert.ok(off <= error, `${name}: element ${i} is off by ${off}, allowed ${error}`);
  }
}

function checkCosts(
  shown: Shown | undefined,
  rank: number,
  opening: number,
  costs: ProtocolCosts,
  results: readonly Value[],
): void {
  assert.ok(shown);
  const of = (name: string): Cost => declared[name]?.(costs) ?? assert.fail(`no cost of ${name}`);
  for (const { name } of operations) assert.equal(shown.bytes.get(name) ?? 0, of(name).bytes[rank], name);
  const shares = inParallel(
    ...Object.values(inputs).map(({ dtype, values }, i) =>
      t.share(costs, i % of('add').bytes.length, values.length, dtype),
    ),
  );
  assert.equal(shown.bytes.get('share') ?? 0, shares.bytes[rank]);
  const reveals = inSequence(
    ...operations.map(({ name }, i) =>
      t.reveal(costs, results[i]?.data.length ?? 0, booleans.has(name) ? 'boolean' : 'fixed'),
    ),
  );
  assert.equal(shown.bytes.get('reveal'), reveals.bytes[rank]);
  const all = inSequence(shares, reveals, ...operations.map(({ name }) => of(name)));
  assert.equal(shown.rounds, opening + all.rounds);
}

const booleans: ReadonlySet<string> = new Set(['lt', 'eq', 'and']);

/** The same operations of the plaintext twin. */
async function twin(shapes: readonly (readonly number[])[]): Promise<readonly Value[]> {
  const [results] = await runSecure('ref', 2, async (on, rank) => {
    const secrets: Record<string, SecretTensor> = {};
    for (const [name, { dtype, shape, values }] of Object.entries(inputs))
      secrets[name] = await ops.share(on, { owner: 0, dtype, shape }, rank === 0 ? values : undefined);
    const values: Value[] = [];
    for (const [i, { name, on: first, others = [], params = [] }] of operations.entries()) {
      const operands = [first, ...others].map((operand) => secrets[operand] as SecretTensor);
      const opened = await ops.reveal(
        on,
        await perform(on, name as BoundedOperation, operands, params, shapes[i] ?? []),
      );
      assert.ok(opened);
      values.push({ shape: opened.shape, data: [...decode(opened.words, opened.dtype, f)] });
    }
    return values;
  });
  return results ?? [];
}
