/** Every message of dh in every way in which one can be wrong; what else a peer can do is in hostile.test.ts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../../../../test/effort.ts';
import {
  against,
  body,
  type Change,
  edit,
  empty,
  kindOf,
  type Lists,
  longer,
  number,
  point,
  type Run,
  shorter,
  spoilKind,
  twice,
} from '../../../../test/parts/deviating-psi.ts';
import { LOW_ORDER } from '../../../../test/parts/low-order.ts';
import { runPlain, runPlainCount } from '../../../../test/parts/plain-psi.ts';
import type { ErrorCode } from '../../../base/error-catalogue.ts';
import { PeerError } from '../../../base/errors.ts';
import { HEADER_BYTES } from '../../messages.ts';
import { ANSWERS, CHUNK_IDS, POINTS, TAGS } from './messages.ts';
import { dh } from './protocol.ts';

const LISTS: Lists = { rows: [40, 40], overlap: 40 };
/** Two full chunks, and a third. */
const CHUNKS: Lists = { rows: [2 * CHUNK_IDS + 10, 2 * CHUNK_IDS + 10], overlap: 20 };
const [HELLO, DONE, KEYS] = [1, 4, 5];

type Counts = readonly [what: string, run: Run<object | number>];
const WHICH: Counts = ['which', runPlain];
const COUNT: Counts = ['counting', runPlainCount];

async function endsWith(
  code: ErrorCode,
  change: Change,
  [, run]: Counts = WHICH,
  lists = LISTS,
): Promise<void> {
  const [alice] = await against(run, dh, change, lists);
  assert.ok(alice instanceof PeerError, 'alice has a result');
  assert.equal(alice.code, code, alice.message);
}

/** Of bob's messages all that have one body in both ways, and the number of another one. */
const MESSAGES: readonly (readonly [string, number, Counts])[] = [
  ['keys', KEYS, WHICH],
  ['hello', HELLO, WHICH],
  ['points', POINTS, WHICH],
  ['tags', TAGS, WHICH],
  ['done', DONE, WHICH],
  ['points', POINTS, COUNT],
  ['credits', TAGS, COUNT],
  ['answers', ANSWERS, COUNT],
  ['done', DONE, COUNT],
];

/** Whatever the message is, this is not how it should be. */
const CHANGES: readonly (readonly [string, Change])[] = [
  ['a byte short', shorter],
  ['a byte long', longer],
  ['without a body', empty],
  ['of an unknown kind', edit(4, 99)],
  ['with a reserved byte', edit(5, 1)],
];
/** Of parts alone: others have no number. */
const NUMBERS: readonly (readonly [string, Change])[] = [
  ['with the number of the next', number(1)],
  ['with the largest number', number(2 ** 32 - 1)],
];
const PARTS = [POINTS, TAGS, ANSWERS];
/** Nothing of these is behind their header and a number. */
const WITHOUT_BODY = (name: string): boolean => name === 'hello' || name === 'credits';

describe('a message of dh', () => {
  for (const [place, [name, kind, counts]] of MESSAGES.entries()) {
    const all = [...CHANGES, ...(PARTS.includes(kind) ? NUMBERS : [])];
    const fitting = all.filter(([, change]) => change !== empty || !WITHOUT_BODY(name));
    for (const [how, change] of shareOf(fitting, place))
      it(`${counts[0]}, ${name} ${how}`, () =>
        endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(kind, change), counts));
  }
});

describe('a message of dh that comes again', () => {
  for (const [name, kind, counts] of MESSAGES.filter(([name]) => name !== 'done'))
    it(`${counts[0]}, ${name}: at once, or in place of the next one`, async () => {
      // After the last message of a protocol nobody takes another one: several chunks are under way.
      await endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(kind, twice), counts, CHUNKS);
      if (!PARTS.includes(kind)) return;
      let first: Uint8Array | undefined;
      const again: Change = (message) => {
        if (kindOf(message) !== kind) return [message];
        first ??= message;
        return [first];
      };
      await endsWith('PRIVITY_PSI_PROTOCOL', again, counts, CHUNKS);
    });

  it('with the number of the next one: points twice, a tag for two of this party', async () => {
    const repeated = (kind: number): Change => {
      let first: Uint8Array | undefined;
      return (message) => {
        if (kindOf(message) !== kind) return [message];
        first ??= message.slice();
        const index = new DataView(message.buffer).getUint32(HEADER_BYTES, true);
        return index < 2 ? number(index)(first.slice(), []) : [message];
      };
    };
    await endsWith('PRIVITY_PSI_CHECK', repeated(POINTS), WHICH, CHUNKS);
    await endsWith('PRIVITY_PSI_CHECK', repeated(TAGS), WHICH, CHUNKS);
    await endsWith('PRIVITY_PSI_CHECK', repeated(POINTS), COUNT, CHUNKS);
    await endsWith('PRIVITY_PSI_CHECK', repeated(ANSWERS), COUNT, CHUNKS);
  });

  it('with the contents of another chunk: tags, exchanged', async () => {
    let held: Uint8Array | undefined;
    const exchanged: Change = (message) => {
      const index = new DataView(message.buffer).getUint32(HEADER_BYTES, true);
      if (kindOf(message) !== TAGS || index > 1) return [message];
      if (index === 0) {
        held = message;
        return [];
      }
      assert.ok(held);
      return [...number(0)(message.slice(), []), ...number(1)(held, [])];
    };
    // Matches of these chunks come to stand for other rows: the order of the result does not tell, nor do lies.
    const [alice, bob] = await against(runPlain, dh, exchanged, CHUNKS);
    assert.ok(!(alice instanceof Error) && !(bob instanceof Error), `${alice} ${bob}`);
    assert.equal(alice.places.length, bob.places.length);
  });
});

describe('a message of dh of zeros, and points of low order', () => {
  for (const counts of [WHICH, COUNT])
    for (const [place, low] of LOW_ORDER.entries())
      it(`${counts[0]}, point ${place} of low order, as the first and as the last`, async () => {
        for (const at of [0, 39])
          await endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(POINTS, point(low.toString('hex'), at)), counts);
      });

  it('keys, rows, points, tags, answers, results', async () => {
    const zeros: Change = (message) => [message.fill(0)];
    for (const kind of [KEYS, HELLO, POINTS, TAGS, DONE])
      await endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(kind, zeros));
    await endsWith('PRIVITY_PSI_MISMATCH', spoilKind(KEYS, number(0)));
    await endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(HELLO, number(0)));
    await endsWith('PRIVITY_PSI_PROTOCOL', spoilKind(POINTS, body(0)));
    await endsWith('PRIVITY_PSI_CHECK', spoilKind(TAGS, body(0)));
    await endsWith('PRIVITY_PSI_CHECK', spoilKind(DONE, body(0)));
    await endsWith('PRIVITY_PSI_CHECK', spoilKind(DONE, number(0)));
    await endsWith('PRIVITY_PSI_CHECK', spoilKind(ANSWERS, body(0)), COUNT);
    await endsWith('PRIVITY_PSI_CHECK', spoilKind(DONE, number(0)), COUNT);
  });
});
