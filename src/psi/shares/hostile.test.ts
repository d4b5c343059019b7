import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../../../test/effort.ts';
import { type BinsOptions, runSide } from '../../../test/parts/bins-parties.ts';
import { type Change, deviating, ENDED, type End as EndOf } from '../../../test/parts/deviating-psi.ts';
import { idBytes } from '../../../test/parts/plain-psi.ts';
import { PeerError } from '../../base/errors.ts';
import type { Channel } from '../../contracts/channel.ts';
import { memoryChannels } from '../../testing/memory-channel.ts';
import { HEADER_BYTES, PART_HEADER_BYTES } from '../messages.ts';
import { type PartName, PIECE_BYTES, PIECES_MAX, parts } from '../protocols/rr22/messages.ts';
import { BUCKETS_AT_ONCE } from '../protocols/rr22/plan.ts';
import type { Bins } from './bins.ts';
import { planBins } from './plan.ts';

const ROWS = 40;
const COLUMNS = 1;
const MIB = 2 ** 20;

type End = EndOf<Bins>;

interface Setup {
  /** Whether alice, who is honest, has the bins. */
  readonly aliceHolds: boolean;
  readonly rows?: number;
  readonly bucketRows?: number;
}

/** Of what bob sends `change` makes something else. One party that fails ends the other, as a run would. */
async function against(change: Change, setup: Setup): Promise<readonly [End, End]> {
  const { aliceHolds, rows = ROWS, bucketRows = 20 } = setup;
  const stop = new AbortController();
  const { channels } = memoryChannels(2, { signal: stop.signal, queueMessages: 1000 });
  const [atAlice, atBob] = channels as [Channel, Channel];
  const side = (holds: boolean) => ({
    ids: idBytes(0, rows),
    holds,
    peerRows: rows,
    columns: COLUMNS,
    payload: holds ? [] : [new BigUint64Array(rows).fill(7n)],
  });
  const options: BinsOptions = { bucketRows };
  const runs = [
    runSide(atAlice, side(aliceHolds), options),
    runSide(deviating(atBob, change), side(!aliceHolds), options),
  ].map(async (run): Promise<End> => {
    try {
      return await run;
    } catch (error) {
      setImmediate(() => stop.abort(ENDED));
      if (error instanceof PeerError || error === ENDED) return error as End;
      throw error;
    }
  });
  return (await Promise.all(runs)) as [End, End];
}

async function endsWithViolation(change: Change, setup: Setup): Promise<void> {
  const [alice] = await against(change, setup);
  assert.ok(alice instanceof PeerError, 'alice has a result');
  assert.equal(alice.code, 'PRIVITY_PSI_PROTOCOL', alice.message);
}

/** Changes the message of this kind that comes after so many others of it. */
function spoil(kind: PartName, change: Change, after = 0): Change {
  let left = after;
  return (message, before) =>
    message[4] === parts[kind] && left-- === 0 ? change(message, before) : [message];
}

const edit =
  (at: number, ...values: readonly number[]): Change =>
  (message) => {
    message.set(values, at);
    return [message];
  };
const number =
  (index: number): Change =>
  (message) => {
    new DataView(message.buffer).setUint32(HEADER_BYTES, index, true);
    return [message];
  };
const filled =
  (value: number): Change =>
  (message) => [message.fill(value, PART_HEADER_BYTES)];

/** Whatever the message is, this is not how it should be. */
const changesTo = (other: number): readonly (readonly [string, Change])[] => [
  ['a byte short', (message) => [message.subarray(0, message.byteLength - 1)]],
  ['a byte long', (message) => [Uint8Array.from([...message, 0])]],
  ['empty', (message) => [message.subarray(0, PART_HEADER_BYTES)]],
  ['twice', (message) => [message, message]],
  ['of an unknown kind', edit(4, 99)],
  ['as tags', edit(4, parts.tags)],
  ['as a hello', edit(4, 1)],
  ['with a reserved byte', edit(5, 1)],
  ['with the number of another one', number(other)],
  ['of a bucket behind the last', number(2 * PIECES_MAX)],
  ['with the largest number', number(2 ** 32 - 1)],
  ['with a piece of its own', number(other + 1)],
  ['in place of the one before it', (message, before) => [before.at(-1) ?? message, message]],
];

/** Of the first of two buckets: who sends it, how many of its kind come before it, and the number of another one. */
const MESSAGES: readonly (readonly [string, PartName, 'holder' | 'other', number, number])[] = [
  ['opening', 'setup', 'holder', 0, 1],
  ['answer', 'setup', 'other', 0, 2],
  ['trees', 'setup', 'holder', 1, 4],
  ['first', 'first', 'holder', 0, 3 * PIECES_MAX],
  ['second', 'second', 'other', 0, PIECES_MAX],
  ['vector', 'vector', 'holder', 0, PIECES_MAX],
  ['hints', 'hints', 'other', 0, PIECES_MAX],
];

describe('a peer that breaks the rules of an intersection into shares', () => {
  for (const [place, [name, kind, by, after, other]] of MESSAGES.entries())
    for (const [how, change] of shareOf(changesTo(other), place))
      it(`${name} ${how}`, () =>
        endsWithViolation(spoil(kind, change, after), { aliceHolds: by === 'other' }));

  it('points that are none', async () => {
    for (const aliceHolds of [true, false])
      await endsWithViolation(spoil('setup', edit(PART_HEADER_BYTES, ...new Uint8Array(32))), { aliceHolds });
  });

  it('a bucket that is not due yet, one of the past, one behind the last', async () => {
    const many = { aliceHolds: false, rows: 200, bucketRows: 20 };
    for (const bucket of [BUCKETS_AT_ONCE, 9, 10, 11])
      await endsWithViolation(spoil('first', number(bucket * PIECES_MAX)), many);
    await endsWithViolation(spoil('first', number(0), BUCKETS_AT_ONCE + 1), many);
  });

  it('both have the bins', async () => {
    const { channels } = memoryChannels(2, {});
    const side = { ids: idBytes(0, ROWS), holds: true, peerRows: ROWS, columns: COLUMNS };
    for (const end of await Promise.allSettled(channels.map((channel) => runSide(channel, side))))
      assert.equal(end.status === 'rejected' && end.reason.code, 'PRIVITY_PSI_PROTOCOL');
  });

  it('pieces of hints exchanged, repeated, left out', async () => {
    const pieces = { aliceHolds: true, rows: 15_000, bucketRows: 20_000 };
    let held: Uint8Array | undefined;
    const exchanged: Change = (message) => {
      if (message[4] !== parts.hints) return [message];
      const both = held === undefined ? [] : [message, held];
      held ??= message;
      return both;
    };
    for (const change of shareOf([
      exchanged,
      spoil('hints', (message) => [message, message]),
      spoil('hints', () => []),
      spoil('hints', number(1)),
    ]))
      await endsWithViolation(change, pieces);
  });
});

describe('a peer of an intersection into shares that sends other contents', () => {
  for (const [what, kind, aliceHolds] of [
    ['sums of trees', 'second', true],
    ['hints', 'hints', true],
    ['corrections', 'first', false],
    ['a vector', 'vector', false],
  ] as const)
    it(`${what} of zeros, or of ones: rows match less, and nobody notices`, async () => {
      for (const value of [0, 255]) {
        const [alice, bob] = await against(spoil(kind, filled(value)), { aliceHolds });
        assert.ok(!(alice instanceof Error) && !(bob instanceof Error), `${alice} ${bob}`);
        const equal = alice.words.filter((word, bin) => word === bob.words[bin]);
        assert.ok(equal.length < ROWS, `${equal.length} bins`);
      }
    });
});

describe('a peer of an intersection into shares that has many rows by what it says', () => {
  it('makes no room at this party that it does not fill', async () => {
    const claimed = 10_000_000;
    const { hintsBytes } = planBins(claimed, claimed, COLUMNS).sizes;
    assert.ok(hintsBytes > 50 * PIECE_BYTES, 'a message of many pieces is due');
    // Of the party without bins: how many rows the holder has is known to both before they begin.
    const stop = new AbortController();
    const { channels } = memoryChannels(2, { signal: stop.signal, queueMessages: 1000 });
    const [atAlice, atBob] = channels as [Channel, Channel];
    const before = process.memoryUsage().arrayBuffers;
    let [most, sent] = [0, 0];
    const watched: Channel = {
      ...atAlice,
      send(to, message) {
        sent++;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        return atAlice.send(to, message);
      },
    };
    const ids = idBytes(0, ROWS);
    const ends = await Promise.allSettled(
      [
        runSide(watched, { ids, holds: true, peerRows: claimed, columns: COLUMNS }),
        runSide(atBob, { ids, holds: false, peerRows: ROWS, payload: [new BigUint64Array(ROWS)] }),
      ].map((run) =>
        run.catch((error: unknown) => {
          setImmediate(() => stop.abort(ENDED));
          throw error;
        }),
      ),
    );
    assert.ok(ends.some(({ status }) => status === 'rejected'));
    assert.ok(sent > 2, 'the setup is over');
    assert.ok(most < 48 * MIB, `${most} bytes`);
  });
});
