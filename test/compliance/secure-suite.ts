/** The suite that every protocol passes, for each number of members that it takes. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cost } from '../../src/secure/cost.ts';
import { opCosts } from '../../src/secure/ops/costs.ts';
import * as ops from '../../src/secure/ops/index.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { decode } from '../../src/secure/ring/fixed-point.ts';
import type { Evaluator, Session } from '../../src/secure/session.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';
import { type OperationCase, operations, primitives } from './secure-cases.ts';
import { gridCases } from './secure-grids.ts';
import { orderCases } from './secure-order.ts';
import { tensorCases } from './secure-tensors.ts';

const fracBits = 18;

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

/** Numbers that fixed point represents exactly, so that the error is the operation's own. */
function grid([from, to, kind]: OperationCase['x'], count: number, random: boolean): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const at = random ? Math.random() : i / (count - 1);
    const value = kind === 'geometric' ? from * (to / from) ** at : from + (to - from) * at;
    return Math.min(
      Math.max(Math.round(value * 2 ** fracBits) / 2 ** fracBits, Math.min(from, to)),
      Math.max(from, to),
    );
  });
}

export function secureSuite(protocol: ProtocolName, size: number, setting: SecureRun = {}): void {
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
    gridCases(protocol, size, setting);

    operations.forEach((operation, index) => {
      it(`${operation.name} (${index}) keeps its domain, accuracy and cost`, () =>
        checkOperation(protocol, size, operation, setting));
    });
  });
}

async function checkOperation(
  protocol: ProtocolName,
  size: number,
  operation: OperationCase,
  setting: SecureRun,
): Promise<void> {
  const { name, run, plain, error } = operation;
  const count = 400;
  for (const random of [false, true]) {
    const xs = grid(operation.x, count, random);
    const ys = grid(operation.y ?? operation.x, count, random);
    const results: Float64Array[] = [];
    const measured = await measure(
      protocol,
      size,
      (on, rank) =>
        on.all(
          (at) => ops.share(at, { owner: 0, dtype: 'fixed', shape: [count] }, rank === 0 ? xs : undefined),
          (at) => ops.share(at, { owner: 1, dtype: 'fixed', shape: [count] }, rank === 1 ? ys : undefined),
        ),
      async (on, [x, y]) => {
        const result = await run(on, x, y);
        const report = on.session.report();
        const opened = await ops.reveal(on, result);
        assert.ok(opened);
        results[on.protocol.rank] = decode(opened.words, opened.dtype, fracBits);
        // The opening is not part of what is measured.
        const opening = on.session.report();
        costOfOpening[on.protocol.rank] = {
          rounds: opening.rounds - report.rounds,
          bytes: [opening.bytesSent - report.bytesSent],
        };
      },
      setting,
    );
    for (const result of results) {
      result.forEach((value, i) => {
        const want = plain(xs[i] as number, ys[i] as number);
        const off = Math.abs(value - want);
        assert.ok(
          off <= error(want),
          `${name}(${xs[i]}, ${ys[i]}) = ${value}, off by ${off}, allowed ${error(want)}`,
        );
      });
    }
    const own: Measured = {
      rounds: measured.rounds - (costOfOpening[0]?.rounds ?? 0),
      bytes: measured.bytes.map((bytes, rank) => bytes - (costOfOpening[rank]?.bytes[0] ?? 0)),
    };
    sameCost(
      own,
      await declared(
        protocol,
        size,
        (session) => opCosts[name](session.protocol.costs, count, fracBits),
        setting,
      ),
    );
  }
}

/** By rank; written by each run of {@link checkOperation} before it is read. */
const costOfOpening: Measured[] = [];
