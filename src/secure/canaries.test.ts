/**
 * What an owner puts in stands in no frame of any operation: neither as numbers, nor as ring elements or bits, nor in
 * parts or turned round.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { oneOfEach } from '../../test/effort.ts';

import {
  callWay,
  crossings,
  fittedAt,
  type OperandTensor,
  operandsOf,
  shareInputs,
  type ValueAt,
  waysOf,
} from '../../test/parts/operation-calls.ts';
import { runSecure, type SecureRun } from '../../test/parts/secure-parties.ts';
import type { ProtocolName } from './protocols/table.ts';
import type { Evaluator } from './session.ts';

/** 42 bits: a whole number, a fixed number when divided by 2^18, 64 booleans when read as bits. */
const CANARY = 0x2bad_cafe_f05n;
const LENGTH = 64;
const value = Number(CANARY);
const valueAt: ValueAt = (dtype, _, position) => {
  if (dtype === 'boolean') return Number((CANARY >> BigInt(position % LENGTH)) & 1n);
  return dtype === 'fixed' ? value / 2 ** 18 : value;
};

const halves = [CANARY & 0xffff_ffffn, CANARY >> 32n] as const;
const word = (low: bigint, high: bigint): Buffer =>
  Buffer.from(BigUint64Array.of(low | (high << 32n)).buffer);
const needles: readonly Buffer[] = [
  word(...halves),
  Buffer.from(word(...halves)).reverse(),
  word(halves[1], halves[0]),
  // All inputs are alike, so that columns of half-words repeat them.
  word(halves[0], halves[0]),
  word(halves[1], halves[1]),
  Buffer.from(Float64Array.of(value).buffer),
  Buffer.from(Float64Array.of(value / 2 ** 18).buffer),
];

const ways = waysOf({ count: LENGTH, rows: LENGTH, axis: 2, side: 8, keys: LENGTH, groups: 4 });

const all = async (on: Evaluator): Promise<void> => {
  const inputs = await shareInputs(on, LENGTH, valueAt);
  const operands = await on.all<(readonly OperandTensor[])[]>(
    ...ways.map((way) => (at: Evaluator) => operandsOf(at, way, fittedAt(way, valueAt))),
  );
  await on.all<unknown[]>(
    ...ways.map((way, i) => (at: Evaluator) => callWay(at, way, operands[i] as readonly OperandTensor[])),
    ...Object.values(crossings).map((call) => async (at: Evaluator) => call(at, inputs)),
  );
};

/** Whether the canary stands in a frame. */
async function shows(
  protocol: ProtocolName,
  size: number,
  setting: SecureRun,
  body: (on: Evaluator) => Promise<void> = all,
): Promise<boolean> {
  let found = false;
  await runSecure(protocol, size, body, {
    ...setting,
    tap(_from, _to, bytes) {
      const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      found ||= needles.some((needle) => frame.includes(needle));
      return bytes;
    },
  });
  return found;
}

describe('frames', () => {
  for (const [protocol, size, setting] of oneOfEach(
    [
      ['rep3', 3, {}],
      ['semi2k', 2, { dealer: true }],
      ['semi2k', 3, { dealer: true }],
      ['semi2k', 2, {}],
    ] as const,
    ([protocol]) => protocol,
  )) {
    const dealer = 'dealer' in setting ? ' and a dealer' : '';
    it(`never contain what an owner put in: ${protocol}, ${size} members${dealer}`, async () => {
      assert.equal(await shows(protocol, size, setting), false);
    });
  }

  it('would be found to contain it: the plaintext twin hides nothing', async () => {
    assert.equal(await shows('ref', 3, {}), true);
  });

  for (const [index, needle] of needles.entries()) {
    it(`would be found to contain it, form ${index}`, async () => {
      const told = async (on: Evaluator): Promise<void> => {
        const { rank } = on.protocol;
        await on.fiber.exchange({
          label: 'leaky',
          outgoing: [1, 0, 0].map((_, to) => (rank === 0 && to === 1 ? [needle] : undefined)),
          incoming: [1, 0, 0].map((_, from) => (rank === 1 && from === 0 ? needle.byteLength : 0)),
        });
      };
      assert.equal(await shows('rep3', 3, {}, told), true);
    });
  }
});
