/** The suite that every protocol passes, for each number of members that it takes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cost } from '../../src/secure/cost.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import type { Evaluator, Session } from '../../src/secure/session.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';
import { primitives } from './secure-cases.ts';
import { operationCases, type Pick } from './secure-operations.ts';
import { orderCases } from './secure-order.ts';
import { tensorCases } from './secure-tensors.ts';

interface Measured {
  rounds: number;
  readonly bytes: number[];
}

/** Runs `body` at all members between two looks at the counters. */
async function measure<T>(
  protocol: ProtocolName,
  size: number,
  prepare: (on: Evaluator, rank: number) => Promise<T>,
  body: (on: Evaluator, prepared: T) => Promise<unknown>,
  run: SecureRun,
): Promise<Measured> {
  const measured: Measured = { rounds: 0, bytes: [] };
  await runSecure(
    protocol,
    size,
    async (on, rank) => {
      const prepared = await prepare(on, rank);
      const before = on.session.report();
      await body(on, prepared);
      const after = on.session.report();
      measured.rounds = after.rounds - before.rounds;
      measured.bytes[rank] = after.bytesSent - before.bytesSent;
    },
    run,
  );
  return measured;
}

const sameCost = (measured: Measured, declared: Cost): void =>
  assert.deepEqual(measured, { rounds: declared.rounds, bytes: declared.bytes });

async function declared(
  protocol: ProtocolName,
  size: number,
  of: (session: Session) => Cost,
  run: SecureRun,
): Promise<Cost> {
  const [cost] = await runSecure(protocol, size, async (on) => of(on.session), run);
  assert.ok(cost);
  return cost;
}

/** @param pick of the ways of calling operations, those that are tried */
export function secureSuite(
  protocol: ProtocolName,
  size: number,
  setting: SecureRun = {},
  pick?: Pick,
): void {
  describe(`${protocol}, ${size} members${setting.dealer === true ? ' and a dealer' : ''}`, () => {
    for (const length of [1, 130]) {
      for (const { name, run, cost } of primitives) {
        const elements = name.startsWith('matmul') ? Math.max(length, 12) : length;
        it(`${name} of ${elements} costs what it declares`, async () => {
          const measured = await measure(
            protocol,
            size,
            async (on, rank) => {
              const { protocol: p, fiber } = on;
              const words =
                rank === 0 ? new BigUint64Array(elements).map((_, i) => BigInt(i * i)) : undefined;
              const x = await p.shareA(fiber, 0, elements, words);
              return [x, await p.shareA(fiber, 0, elements, words), await p.a2b(fiber, x, 7)] as const;
            },
            (on, [x, y, bits]) => run(on, x, y, bits),
            setting,
          );
          sameCost(
            measured,
            await declared(protocol, size, (session) => cost(session.protocol.costs, elements), setting),
          );
        });
      }
    }

    for (let owner = 0; owner < size; owner++) {
      it(`sharing by member ${owner} costs what it declares`, async () => {
        const words = new BigUint64Array(3);
        const measured = await measure(
          protocol,
          size,
          async () => undefined,
          ({ protocol: p, fiber }) => p.shareA(fiber, owner, 3, p.rank === owner ? words : undefined),
          setting,
        );
        sameCost(
          measured,
          await declared(protocol, size, (session) => session.protocol.costs.shareA(owner, 3), setting),
        );
      });
    }

    tensorCases(protocol, size, setting);
    orderCases(protocol, size, setting);
    operationCases(protocol, size, setting, pick);
  });
}
