/** What members of a device say to each other: rounds, oblivious transfer, a dealer, an intersection. */
import type { Random } from '../../src/contracts/random.ts';
import { decodeKeyTypes, KEY_COLUMNS_MAX } from '../../src/psi/key-types.ts';
import { decodeMessage, encodeMessage, requireLength } from '../../src/psi/messages.ts';
import {
  COLUMN_BYTES,
  decodeProfiles,
  encodeProfiles,
  PROFILE_MESSAGE_BOUND,
} from '../../src/psi/profile/messages.ts';
import {
  type ColumnCounts,
  FORMATS_MAX,
  type KeyTrait,
  LENGTH_MAX,
  TRAITS,
} from '../../src/psi/profile/profile.ts';
import {
  CHUNK_IDS,
  POINTS,
  PSI_MESSAGE_BOUND,
  points,
  requireCanonical,
  tags,
} from '../../src/psi/protocols/dh/messages.ts';
import {
  BASE_OT_BOUND,
  BaseOtSender,
  loadEdwards,
  POINT_BYTES,
  receiveBaseOts,
} from '../../src/secure/correlation/base-ot.ts';
import {
  DEALER_MESSAGE_BOUND,
  FRAME_HEADER_BYTES,
  frame,
  orderBody,
  readFrame,
  readMemberMessage,
} from '../../src/secure/correlation/dealer-frames.ts';
import { recipeKinds, recipeOf } from '../../src/secure/correlation/recipes.ts';
import { ROUND_BOUND, Rounds } from '../../src/secure/rounds.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { type Decoder, repeated, someBytes, times } from './decoder.ts';

const randomness = (seed: number): Random => {
  const prng = new SeededRandom(seed, 'device decoders');
  return { bytes: (length) => someBytes(prng, length) };
};

/** Bytes of the one section that the round expects. */
const EXPECTED = 64;

/** The first round of a member that expects 64 bytes of the other one. */
async function firstRound(rank: number, received: Uint8Array): Promise<Uint8Array> {
  const sent: Uint8Array[] = [];
  const rounds = new Rounds({
    rank,
    size: 2,
    signal: new AbortController().signal,
    send: async (_, message) => void sent.push(Buffer.concat([message].flat())),
    receive: async () => received,
  });
  const sizes = rank === 0 ? [0, EXPECTED] : [0, 0];
  const outgoing = rank === 0 ? [undefined, undefined] : [[new Uint8Array(EXPECTED).fill(7)], undefined];
  const [, answer = new Uint8Array()] = await rounds.root.exchange({
    label: 'open',
    outgoing,
    incoming: sizes,
  });
  return rank === 0 ? answer : (sent[0] ?? answer);
}

const honestRound = await firstRound(1, new Uint8Array());

const round: Decoder = {
  name: 'message of a round',
  author: 'a peer',
  functions: ['secure/rounds.ts Rounds'],
  bound: ROUND_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_SECURE_PROTOCOL'],
  valid: () => honestRound,
  decode: (bytes) => firstRound(0, bytes),
  hostile: (bytes) => [
    honestRound,
    Buffer.concat([honestRound, new Uint8Array(bytes)]),
    Buffer.concat([honestRound.subarray(0, 16), Buffer.alloc(8, 255), new Uint8Array(bytes)]),
  ],
};

const curve = await loadEdwards();

/** What the keys are bound to: any bytes. */
const RUN = Uint8Array.of(7);

/** First the opening of a sender, then answers of a receiver. */
const baseOt: Decoder = {
  name: 'oblivious transfer',
  author: 'a peer',
  functions: ['secure/correlation/base-ot.ts BaseOtSender', 'secure/correlation/base-ot.ts receiveBaseOts'],
  bound: BASE_OT_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_SECURE_PROTOCOL'],
  valid: (random) => {
    const { opening } = new BaseOtSender(curve, randomness(random.below(1e6)));
    const { answer } = receiveBaseOts(
      curve,
      randomness(random.below(1e6)),
      Uint8Array.of(0, 1),
      opening,
      RUN,
    );
    return Buffer.concat([opening, answer]);
  },
  decode: (bytes) => {
    // Rounds give exactly as many bytes as are expected.
    const points = Math.min(8, Math.floor(bytes.length / POINT_BYTES));
    const opening = Uint8Array.from({ length: POINT_BYTES }, (_, at) => bytes[at] ?? 0);
    const answer = Uint8Array.from(bytes.subarray(POINT_BYTES, POINT_BYTES * Math.max(1, points)));
    const received = receiveBaseOts(curve, randomness(1), Uint8Array.of(0, 1), opening, RUN);
    return [received, new BaseOtSender(curve, randomness(2)).finish(answer, RUN)];
  },
  hostile: (bytes) => [
    new Uint8Array(bytes),
    repeated(Uint8Array.of(1, ...new Uint8Array(31)), bytes),
    baseOt.valid(new SeededRandom(1)),
  ],
};

const dealer: Decoder = {
  name: 'message of a dealer or member',
  author: 'a peer',
  functions: [
    'secure/correlation/dealer-frames.ts readMemberMessage',
    'secure/correlation/dealer-frames.ts readFrame',
  ],
  bound: DEALER_MESSAGE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_DEALER_PROTOCOL'],
  valid: (random) => {
    const order = {
      kind: random.pick(recipeKinds),
      sizes: times(random.pick([1, 3, 4]), () => 1 + random.below(1e5)),
    };
    const kind = random.pick(['order', 'order', 'release', 'end', 'correction'] as const);
    const body =
      kind === 'order' ? orderBody(order, { path: '1.2/3', drawn: random.below(1e9) }) : Buffer.from('1.2');
    return frame(kind, random.below(3), 0, kind === 'end' ? new Uint8Array() : body);
  },
  decode: (bytes) => {
    if (bytes[4] === 3) return readFrame(bytes, 'correction', 0, 0, EXPECTED);
    const message = readMemberMessage(bytes);
    return [message, message.kind === 'order' && recipeOf(message.order)];
  },
  hostile: (bytes) => {
    const path = '1.'.repeat(Math.min(2_000, bytes / 2));
    return [
      frame('order', 0, 0, orderBody({ kind: 'matmul', sizes: [2 ** 20, 1, 1, 2 ** 7] }, { path, drawn: 0 })),
      frame('release', 0, 0, Buffer.alloc(bytes - FRAME_HEADER_BYTES, '/')),
      frame('correction', 0, 0, new Uint8Array(bytes)),
    ];
  },
};

const psi: Decoder = {
  name: 'message of an intersection',
  author: 'a peer',
  functions: ['psi/messages.ts decodeMessage', 'psi/key-types.ts decodeKeyTypes'],
  bound: PSI_MESSAGE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_PROTOCOL', 'PRIVITY_PSI_MISMATCH'],
  valid: (random) => {
    const body = someBytes(random, POINT_BYTES * random.below(5));
    return random.pick([
      () =>
        encodeMessage({
          kind: 'keys',
          protocols: random.below(4),
          agreement: someBytes(random, 32),
          types: Uint8Array.from({ length: 16 }, (_, at) => (at < 2 ? 1 + random.below(5) : 0)),
        }),
      () => encodeMessage({ kind: 'hello', rows: random.below(1e6) }),
      () => encodeMessage(points(random.below(9), body)),
      () => encodeMessage(tags(random.below(9), body)),
      () => encodeMessage({ kind: 'done', matches: 3, digest: someBytes(random, 32) }),
    ])();
  },
  decode: (bytes) => {
    const message = decodeMessage(bytes);
    if (message.kind === 'keys') return decodeKeyTypes(message.types, 2);
    if (message.kind !== 'part' || message.part !== POINTS) return message;
    requireLength(message.body, Math.floor(message.body.length / POINT_BYTES) * POINT_BYTES, 'points');
    requireCanonical(message.body);
    return message;
  },
  hostile: () => {
    const edge = Uint8Array.of(0xec, ...new Uint8Array(30).fill(255), 0x7f);
    return [encodeMessage(points(0, repeated(edge, CHUNK_IDS * POINT_BYTES)))];
  },
};

const PROFILE_COLUMNS = 2;
/** A step of 1 lets every count through, so that what stands behind counts is looked at. */
const PROFILE_STEP = 1;

const profile: Decoder = {
  name: 'profile of keys',
  author: 'a peer',
  functions: ['psi/profile/messages.ts decodeProfiles'],
  bound: PROFILE_MESSAGE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_PROTOCOL', 'PRIVITY_PSI_MISMATCH'],
  valid: (random) => encodeMessage(encodeProfiles(times(PROFILE_COLUMNS, () => someProfile(random)))),
  decode: (bytes) => {
    const message = decodeMessage(bytes);
    if (message.kind !== 'part') return message;
    // As many as the job that these bytes would be for has.
    const columns = Math.min(KEY_COLUMNS_MAX, Math.ceil(message.body.length / COLUMN_BYTES));
    return decodeProfiles(message, Math.max(1, columns), PROFILE_STEP);
  },
  hostile: () => {
    // As many formats as there can be, none of which differs from another before its last sign.
    const formats = times(FORMATS_MAX.exact + FORMATS_MAX.mixed + FORMATS_MAX.any, (nth) => ({
      signs: '9a'.repeat(29) + nth.toString(2).padStart(6, '0').replaceAll('0', 'A').replaceAll('1', 'U'),
      runs: 'exact' as const,
      rows: 1,
    }));
    const full = { ...someProfile(new SeededRandom(1)), rows: 2 ** 31, formats };
    return [
      encodeMessage(encodeProfiles(times(PROFILE_COLUMNS, () => full))),
      encodeMessage(encodeProfiles(times(KEY_COLUMNS_MAX, () => full))),
    ];
  },
};

function someProfile(random: SeededRandom): ColumnCounts {
  return {
    rows: 1e6,
    traits: Object.fromEntries(TRAITS.map((trait) => [trait, random.below(1e6)])) as Record<KeyTrait, number>,
    lengths: times(LENGTH_MAX + 1, () => random.below(1e4)),
    formats: times(random.below(4), (nth) => ({
      signs: random.pick(['A9', 'a@a.a', '9 9', 'x-x']) + 'P'.repeat(nth),
      runs: random.pick(['exact', 'mixed', 'any'] as const),
      rows: 1 + random.below(1e4),
    })),
  };
}

export const deviceDecoders: readonly Decoder[] = [round, baseOt, dealer, psi, profile];
