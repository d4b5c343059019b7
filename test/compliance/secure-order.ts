/** Sorting and shuffling, whose order is random: part of the suite that every protocol passes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as ops from '../../src/secure/ops/index.ts';
import { sortCost } from '../../src/secure/ops/sort.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { type Dtype, decode } from '../../src/secure/ring/fixed-point.ts';
import type { SecretTensor } from '../../src/secure/secret.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import { withMethods } from '../parts/protocol-methods.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';

/** The same evaluator, and how many elements each of its comparisons has. */
export function watchComparisons(on: Evaluator): readonly [watched: Evaluator, comparisons: number[]] {
  const comparisons: number[] = [];
  const watched = withMethods(on, {
    msbS(fiber, x) {
      comparisons.push(x.length);
      return on.protocol.msbS(fiber, x);
    },
  });
  return [watched, comparisons];
}

async function opened(on: Evaluator, x: SecretTensor): Promise<number[]> {
  const result = await ops.reveal(on, x);
  assert.ok(result);
  return [...decode(result.words, result.dtype, on.fracBits)];
}

interface Keys {
  readonly dtype: Dtype;
  readonly values: readonly number[];
}

const count = 24;
const spread = (from: number, to: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.round(from + ((to - from) * ((i * 7) % count)) / (count - 1)));
const keys: Readonly<Record<string, Keys>> = {
  'a grid over the domain': { dtype: 'fixed', values: spread(1 - 2 ** 26, 2 ** 26 - 1) },
  'random numbers, many equal': {
    dtype: 'fixed',
    values: Array.from({ length: count }, () => Math.floor(6 * Math.random()) - 2.5),
  },
  'whole numbers up to the edge': { dtype: 'integer', values: spread(1 - 2 ** 53, 2 ** 53 - 1) },
  'all equal': { dtype: 'fixed', values: new Array<number>(count).fill(-1) },
  one: { dtype: 'fixed', values: [3] },
};

export function orderCases(protocol: ProtocolName, size: number, setting: SecureRun = {}): void {
  for (const [name, { dtype, values }] of Object.entries(keys)) {
    it(`sort of ${name}, with what goes along, for its declared cost`, async () => {
      const rows = values.length;
      const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
      await runSecure(
        protocol,
        size,
        async (on, rank) => {
          const at = (owner: number, shape: readonly number[], type: Dtype, data: readonly number[]) =>
            ops.share(on, { owner, dtype: type, shape }, rank === owner ? data : undefined);
          const x = await at(0, [rows], dtype, values);
          const positions = Array.from({ length: 2 * rows }, (_, i) => i);
          const along = await at(1, [rows, 2], 'integer', positions);
          const before = on.session.report();
          const [watched, comparisons] = watchComparisons(on);
          const [sorted, moved] = (await ops.sort(watched, x, along)) as [SecretTensor, SecretTensor];
          const after = on.session.report();
          assert.deepEqual(
            await opened(on, sorted),
            order.map((i) => values[i]),
          );
          // Equal keys stay in their order.
          assert.deepEqual(
            await opened(on, moved),
            order.flatMap((i) => [2 * i, 2 * i + 1]),
          );
          const declared = sortCost(on.protocol.costs, rows, 3, { comparisons });
          assert.equal(after.rounds - before.rounds, declared.rounds);
          assert.equal(after.bytesSent - before.bytesSent, declared.bytes[rank]);
        },
        setting,
      );
    });
  }

  it('shuffle of rows, all tensors alike, for its declared cost', async () => {
    const [rows, width] = [9, 2];
    const values = Array.from({ length: rows * width }, (_, i) => i);
    const orders = await runSecure(
      protocol,
      size,
      async (on, rank) => {
        const x = await ops.share(
          on,
          { owner: 0, dtype: 'integer', shape: [rows, width] },
          rank === 0 ? values : undefined,
        );
        const y = ops.reshape(on, ops.slice(on, x, 0, 1, 1), [rows]);
        const before = on.session.report();
        const [a, b] = (await ops.shuffle(on, x, y)) as [SecretTensor, SecretTensor];
        const after = on.session.report();
        const declared = on.protocol.costs.shuffleS(rows, width + 1);
        assert.equal(after.rounds - before.rounds, declared.rounds);
        assert.equal(after.bytesSent - before.bytesSent, declared.bytes[rank]);
        const [pairs, firsts] = [await opened(on, a), await opened(on, b)];
        assert.deepEqual(
          firsts,
          pairs.filter((_, i) => i % width === 0),
        );
        assert.ok(firsts.every((first, row) => pairs[row * width + 1] === first + 1));
        return firsts;
      },
      setting,
    );
    for (const order of orders) assert.deepEqual(order, orders[0]);
    assert.deepEqual(
      orders[0]?.toSorted((a, b) => a - b),
      values.filter((i) => i % width === 0),
    );
  });
}
