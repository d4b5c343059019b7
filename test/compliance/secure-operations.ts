/** Every way of calling every operation of the catalogue: part of the suite that every protocol passes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import * as ops from '../../src/secure/ops/index.ts';
import type { Sizes } from '../../src/secure/ops/operation.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import type { Evaluator } from '../../src/secure/session.ts';
import { callWay, fitted, operandsOf, type Way, waysOf } from '../parts/operation-calls.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';
import { checkResult, numbersOver } from './operation-values.ts';
import { watchComparisons } from './secure-order.ts';

const sizes: Sizes = { count: 200, rows: 6, axis: 7, side: 6, keys: 24, groups: 3 };

/** Those of similar cases that are tried. */
export type Pick = <T>(cases: readonly T[]) => readonly T[];

export function operationCases(
  protocol: ProtocolName,
  size: number,
  setting: SecureRun = {},
  pick: Pick = (all) => all,
): void {
  for (const way of pick(waysOf(sizes))) {
    it(`${way.name} keeps its domain, accuracy, bound and cost`, () =>
      checkWay(protocol, size, setting, way));
  }
}

/** On a grid over each of its domains, and at random. */
async function checkWay(protocol: ProtocolName, size: number, setting: SecureRun, way: Way): Promise<void> {
  const { operands, over } = way.sample;
  const trials = over.flatMap((ranges) =>
    [false, true].map((random) => {
      const values = operands.map((form, i) =>
        numbersOver(form, ranges[i] ?? [0, 1], i, operands.length - 1, random),
      );
      return fitted(way.sample, values).map((fit, i) => ({
        range: ranges[i] ?? ([0, 1] as const),
        values: fit,
      }));
    }),
  );
  await runSecure(
    protocol,
    size,
    async (on, rank) => {
      for (const known of trials) {
        const tensors = await operandsOf(on, way, (_, i, position) => known[i]?.values[position] ?? 0);
        const [watched, comparisons] = watchComparisons(on);
        const before = on.session.report();
        const result = await callWay(watched, way, tensors);
        const after = on.session.report();
        checkResult(way.operation, way.call, known, await opened(on, result), way.dtype);
        const order = way.operation.opens ? { comparisons } : {};
        const declared = way.operation.cost(on.protocol.costs, { ...way.call, ...order });
        assert.deepEqual(
          { rounds: after.rounds - before.rounds, bytes: after.bytesSent - before.bytesSent },
          { rounds: declared.rounds, bytes: declared.bytes[rank] },
          way.name,
        );
      }
    },
    setting,
  );
}

async function opened(on: Evaluator, x: Parameters<typeof ops.reveal>[1]) {
  const result = await ops.reveal(on, x);
  assert.ok(result);
  return result;
}
