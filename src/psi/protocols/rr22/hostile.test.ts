import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../../../../test/effort.ts';
import {
  body,
  type Change,
  against as deviating,
  ENDED,
  edit,
  empty,
  kindOf,
  type Lists as ListsOfIds,
  longer,
  number,
  point,
  shorter,
  spoilKind,
  twice,
} from '../../../../test/parts/deviating-psi.ts';
import { idBytes, runPlain } from '../../../../test/parts/plain-psi.ts';
import type { ErrorCode } from '../../../base/error-catalogue.ts';
import { PeerError } from '../../../base/errors.ts';
import type { Channel } from '../../../contracts/channel.ts';
import { memoryChannels } from '../../../testing/memory-channel.ts';
import { HEADER_BYTES, PART_HEADER_BYTES } from '../../messages.ts';
import { tagBytes } from '../../tags.ts';
import { type PartName, PIECES_MAX, parts } from './messages.ts';
import { BUCKETS_AT_ONCE } from './plan.ts';
import { rr22Of } from './protocol.ts';

interface Lists extends ListsOfIds {
  readonly bucketRows: number;
}

/** Two buckets in turn: alice is the receiver of the first, bob of the second. */
const TURNS: Lists = { rows: [40, 40], overlap: 40, bucketRows: 20 };
/** One bucket each, of which the one or the other is the receiver. */
const ALICE_RECEIVES: Lists = { rows: [40, 41], overlap: 40, bucketRows: 100 };
const BOB_RECEIVES: Lists = { rows: [41, 40], overlap: 40, bucketRows: 100 };
/** Many buckets, bob is the receiver of all. */
const MANY: Lists = { rows: [300, 100], overlap: 50, bucketRows: 30 };
/** Many buckets, alice is the receiver of all. */
const MANY_RECEIVED: Lists = { rows: [100, 300], overlap: 50, bucketRows: 30 };
/** Bob's vector, or his tags, have more than one piece. */
const VECTOR_IN_PIECES: Lists = { rows: [14_001, 14_000], overlap: 10, bucketRows: 20_000 };
const TAGS_IN_PIECES: Lists = { rows: [10, 30_000], overlap: 10, bucketRows: 40_000 };

const against = (change: Change, lists: Lists) =>
  deviating(runPlain, rr22Of(lists.bucketRows), change, lists);

const DONE = 4;

/** Changes the message of this kind that comes after so many others of it. */
const spoil = (kind: PartName | 'done', change: Change, after = 0): Change =>
  spoilKind(kind === 'done' ? DONE : parts[kind], change, after);

const TAG = tagBytes(40, 41);
/** The first two tags. */
const flipped: Change = (message) => [
  message.map((byte, at) => byte ^ Number(at >= PART_HEADER_BYTES && at < PART_HEADER_BYTES + 2 * TAG)),
];

/** Bob's messages in {@link TURNS}: how many of the kind come before it, and the number of another one. */
const MESSAGES: readonly (readonly [string, PartName, number, number])[] = [
  ['opening', 'setup', 0, 1],
  ['answer', 'setup', 1, 2],
  ['trees', 'setup', 2, 0],
  ['first', 'first', 0, 0],
  ['second', 'second', 0, PIECES_MAX],
  ['vector', 'vector', 0, 0],
  ['tags', 'tags', 0, PIECES_MAX],
  ['result', 'result', 0, 0],
];

const POINTS: readonly (readonly [string, string])[] = [
  ['of zeros, which is of order 4', '00'.repeat(32)],
  ['the neutral element', `01${'00'.repeat(31)}`],
  ['of order 2', `ec${'ff'.repeat(30)}7f`],
  ['of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  ['that is not canonical', `ee${'ff'.repeat(30)}7f`],
  ['that is not on the curve', `02${'00'.repeat(31)}`],
];

async function endsWith(code: ErrorCode, change: Change, lists = TURNS): Promise<void> {
  const [alice] = await against(change, lists);
  assert.ok(alice instanceof PeerError, 'alice has a result');
  assert.equal(alice.code, code, alice.message);
}

/** Nobody can notice: some or all matches are missing, and both have the same ones, in the same order. */
async function losesMatches(change: Change, lists: Lists, least = 0): Promise<void> {
  const [alice, bob] = await against(change, lists);
  assert.ok(!(alice instanceof Error), String(alice));
  assert.ok(!(bob instanceof Error), String(bob));
  const first = lists.rows[0] - lists.overlap;
  assert.deepEqual(
    alice.places.map((place) => place - first),
    bob.places,
  );
  assert.ok(bob.places.every((place) => place < lists.overlap));
  assert.ok(alice.places.length < lists.overlap, `all ${alice.places.length} of them`);
  assert.ok(alice.places.length >= least, `${alice.places.length} of them`);
}

/** Whatever the message is, this is not how it should be. */
const changesTo = (other: number): readonly (readonly [string, Change])[] => [
  ['a byte short', shorter],
  ['a byte long', longer],
  ['empty', empty],
  ['twice', twice],
  ['of an unknown kind', edit(4, 99)],
  ['as a hello', edit(4, 1)],
  ['as the last message', edit(4, DONE)],
  ['with a reserved byte', edit(5, 1)],
  ['with the number of another one', number(other)],
  ['of a bucket behind the last', number(2 * PIECES_MAX)],
  ['with the largest number', number(2 ** 32 - 1)],
  ['with a piece of its own', number(other + 1 + (other % 2))],
];

describe('a peer that breaks the rules of rr22', () => {
  for (const [place, [name, kind, after, other]] of MESSAGES.entries())
    for (const [how, change] of shareOf(changesTo(other), place))
      it(`${name} ${how}`, () => endsWith('PRIVITY_PSI_PROTOCOL', spoil(kind, change, after)));

  it('a part of the protocol in place of the last message, and behind the last bucket', async () => {
    await endsWith('PRIVITY_PSI_PROTOCOL', spoil('done', edit(4, parts.tags)));
    await endsWith(
      'PRIVITY_PSI_PROTOCOL',
      spoil('done', (message, before) => [before.at(-1) ?? message]),
    );
  });

  it('another version of the messages', () => endsWith('PRIVITY_PSI_MISMATCH', spoil('tags', edit(3, 3))));
});

describe('a peer of rr22 that mixes up buckets and pieces', () => {
  const first = (bucket: number): Change => spoil('first', number(bucket * PIECES_MAX));

  it('a bucket that is not due yet, one of the past, one behind the last', async () => {
    const buckets = Math.ceil(MANY.rows[0] / MANY.bucketRows);
    for (const bucket of [BUCKETS_AT_ONCE, buckets - 1, buckets, buckets + 1])
      await endsWith('PRIVITY_PSI_PROTOCOL', first(bucket), MANY);
    await endsWith('PRIVITY_PSI_PROTOCOL', spoil('first', number(0), BUCKETS_AT_ONCE + 1), MANY);
  });

  /** The messages of this kind of the first two buckets, each with the number of the other. */
  const exchanged =
    (kind: PartName): Change =>
    (message) => {
      const bucket = new DataView(message.buffer).getUint32(HEADER_BYTES, true) / PIECES_MAX;
      const isOne = kindOf(message) === parts[kind] && bucket < 2;
      return isOne ? number((1 - bucket) * PIECES_MAX)(message, []) : [message];
    };

  // They have the right size: what does not fit is found when nothing matches, or not.
  for (const [kind, lists] of [
    ['first', MANY],
    ['second', MANY_RECEIVED],
    ['vector', MANY],
    ['tags', MANY_RECEIVED],
  ] as const)
    it(`${kind} of two buckets, exchanged: less is found, and both agree`, async () => {
      const [alice, bob] = await against(exchanged(kind), lists);
      assert.ok(!(alice instanceof Error) && !(bob instanceof Error), `${alice} ${bob}`);
      assert.ok(alice.places.length < lists.overlap);
      assert.equal(alice.places.length, bob.places.length);
    });

  it('results of two buckets, exchanged: the end is not agreed on', async () => {
    const [alice] = await against(exchanged('result'), MANY);
    // Where a bit stands for none of her ids, she notices at once.
    assert.ok(alice instanceof PeerError, 'alice has a result');
    assert.match(alice.code, /^PRIVITY_PSI_(CHECK|PROTOCOL)$/);
  });

  for (const [offset, [kind, lists]] of (
    [
      ['vector', VECTOR_IN_PIECES],
      ['tags', TAGS_IN_PIECES],
    ] as const
  ).entries()) {
    it(`pieces of ${kind} exchanged, repeated, left out, more than there are`, async () => {
      let held: Uint8Array | undefined;
      const exchanged: Change = (message) => {
        if (kindOf(message) !== parts[kind]) return [message];
        const both = held === undefined ? [] : [message, held];
        held ??= message;
        return both;
      };
      const lastTwice: Change = (message) => {
        const next = message.slice();
        const view = new DataView(next.buffer);
        view.setUint32(HEADER_BYTES, view.getUint32(HEADER_BYTES, true) + 1, true);
        return [message, next];
      };
      const all = [
        exchanged,
        spoil(kind, twice),
        spoil(kind, () => []),
        spoil(kind, number(1)),
        spoil(kind, lastTwice, 1),
        spoil(kind, (message) => [...lastTwice(message, []).map((each) => empty(each, [])[0] ?? each)], 1),
      ];
      for (const change of shareOf(all, offset)) await endsWith('PRIVITY_PSI_PROTOCOL', change, lists);
    });
  }
});

describe('a peer of rr22 that sends other contents', () => {
  for (const [what, hex] of shareOf(POINTS)) {
    it(`a point ${what}`, async () => {
      await endsWith('PRIVITY_PSI_PROTOCOL', spoil('setup', point(hex)), BOB_RECEIVES);
      for (const at of [0, 255])
        await endsWith('PRIVITY_PSI_PROTOCOL', spoil('setup', point(hex, at)), ALICE_RECEIVES);
    });
  }

  for (const [what, kind, after] of [
    ['sums of trees', 'setup', 1],
    ['corrections', 'first', 0],
    ['a vector', 'vector', 0],
  ] as const)
    it(`${what} of zeros, or of ones: less is found, and both agree`, async () => {
      await losesMatches(spoil(kind, body(0), after), BOB_RECEIVES);
      await losesMatches(spoil(kind, body(255), after), BOB_RECEIVES);
    });

  it('sums of trees in the answer to corrections of zeros: less is found, and both agree', () =>
    losesMatches(spoil('second', body(0)), ALICE_RECEIVES));

  it('a vector that is changed in one place: matches may be missing, and both agree', async () => {
    const [alice, bob] = await against(spoil('vector', edit(PART_HEADER_BYTES + 32, 7)), BOB_RECEIVES);
    assert.ok(!(alice instanceof Error) && !(bob instanceof Error), `${alice} ${bob}`);
    assert.deepEqual(
      alice.places.map((place) => place - 1),
      bob.places,
    );
  });

  it('tags that are changed: these matches are missing, and no other', () =>
    // One of them may be that of the id that alice has not.
    losesMatches(spoil('tags', flipped), ALICE_RECEIVES, 38));

  it('tags of zeros, and one tag twice, whether it matches or not', async () => {
    await endsWith('PRIVITY_PSI_CHECK', spoil('tags', body(0)), ALICE_RECEIVES);
    const again: Change = (message) => [
      message.copyWithin(PART_HEADER_BYTES + TAG, PART_HEADER_BYTES, PART_HEADER_BYTES + TAG),
    ];
    for (const overlap of [40, 0])
      await endsWith('PRIVITY_PSI_CHECK', spoil('tags', again), { ...ALICE_RECEIVES, overlap });
  });

  it('a result of zeros, or of other bits: the end is not agreed on', async () => {
    await endsWith('PRIVITY_PSI_CHECK', spoil('result', body(0)), BOB_RECEIVES);
    await endsWith('PRIVITY_PSI_CHECK', spoil('result', body(255, 0, 1)), { ...BOB_RECEIVES, overlap: 5 });
  });

  it('a match with a tag that stands for no id, or with none that there is', async () => {
    await endsWith('PRIVITY_PSI_PROTOCOL', spoil('result', body(255)), MANY);
    // 41 tags: seven bits of the last byte stand for nothing.
    await endsWith('PRIVITY_PSI_PROTOCOL', spoil('result', edit(PART_HEADER_BYTES + 5, 0xfe)), BOB_RECEIVES);
  });

  it('another number of matches, or another digest', async () => {
    await endsWith('PRIVITY_PSI_CHECK', spoil('done', number(3)));
    await endsWith('PRIVITY_PSI_CHECK', spoil('done', body(0)));
    for (const change of [shorter, longer, empty])
      await endsWith('PRIVITY_PSI_PROTOCOL', spoil('done', change));
  });
});

describe('a peer of rr22 that takes nothing', () => {
  it('and sends what is wrong: ends there, and nothing is left that rejects', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    for (const [kind, lists] of [
      ['second', ALICE_RECEIVES],
      ['first', BOB_RECEIVES],
    ] as const) {
      // Alice's messages of one kind never leave; meanwhile comes what is wrong.
      const { channels } = memoryChannels(2, { queueMessages: 1000 });
      const [atAlice, atBob] = channels as [Channel, Channel];
      const stop = new AbortController();
      const stuckAt = kind === 'second' ? parts.vector : parts.second;
      const stuck: Channel = {
        ...atAlice,
        async send(to, message) {
          await atAlice.send(to, message);
          if (kindOf(new Uint8Array(message as Uint8Array)) !== stuckAt) return;
          await atBob.send(0, new Uint8Array(PART_HEADER_BYTES));
          await new Promise(() => undefined);
        },
      };
      const protocol = rr22Of(lists.bucketRows);
      const bob = runPlain(atBob, protocol, idBytes(0, lists.rows[1]), { signal: stop.signal });
      await assert.rejects(runPlain(stuck, protocol, idBytes(0, lists.rows[0])), {
        code: 'PRIVITY_PSI_PROTOCOL',
      });
      stop.abort(ENDED);
      await assert.rejects(bob, ENDED);
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  });
});

describe('a peer of rr22 that has no ids of its own', () => {
  for (const [what, lists] of [
    ['the receiver', ALICE_RECEIVES],
    ['the sender', BOB_RECEIVES],
    ['in turns', TURNS],
  ] as const)
    it(`says what it was told, as ${what}`, async () => {
      const { channels } = memoryChannels(2, { queueMessages: 1000 });
      const [atAlice, atBob] = channels as [Channel, Channel];
      let isOver = false;
      const alice = assert
        .rejects(runPlain(atAlice, rr22Of(lists.bucketRows), idBytes(0, lists.rows[0])), {
          code: 'PRIVITY_PSI_PROTOCOL',
        })
        .finally(() => {
          isOver = true;
        });
      const echo = async (): Promise<void> => {
        while (!isOver) await atBob.send(0, new Uint8Array(await atBob.receive(0)));
      };
      void echo();
      await alice;
    });
});
