/** What the parties of an intersection by rr22 say to each other. */
import type { Random } from '../../src/contracts/random.ts';
import { decodeMessage, encodeMessage } from '../../src/psi/messages.ts';
import { readResult } from '../../src/psi/protocols/rr22/bucket-work.ts';
import {
  DueMessage,
  type PartName,
  PIECE_BYTES,
  parts,
  RR22_MESSAGE_BOUND,
} from '../../src/psi/protocols/rr22/messages.ts';
import { BUCKET_ROWS, planBuckets } from '../../src/psi/protocols/rr22/plan.ts';
import { sizesOf } from '../../src/psi/protocols/rr22/sizes.ts';
import { planBins } from '../../src/psi/shares/plan.ts';
import { SHARES_COLUMNS_MAX } from '../../src/psi/shares/sizes.ts';
import { tagBytes } from '../../src/psi/tags.ts';
import { voleShape } from '../../src/psi/vole/parameters.ts';
import { VoleSeeds } from '../../src/psi/vole/seeds.ts';
import {
  SETUP_ANSWER_BYTES,
  SETUP_OPENING_BYTES,
  SETUP_TREES_BYTES,
  VOLE_SETUP_BOUND,
  VoleSetupReceiver,
  VoleSetupSender,
} from '../../src/psi/vole/setup.ts';
import {
  firstBytes,
  secondBytes,
  VOLE_MESSAGE_BOUND,
  VoleReceiver,
  VoleSender,
} from '../../src/psi/vole/vole.ts';
import { loadVoleKernels } from '../../src/psi/vole/vole-kernels.ts';
import { loadOtKernels } from '../../src/secure/correlation/ot-kernels.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { type Decoder, repeated, someBytes } from './decoder.ts';

const randomness = (seed: number): Random => {
  const prng = new SeededRandom(seed, 'rr22 decoders');
  return { bytes: (length) => someBytes(prng, length) };
};

/** The largest lists whose buckets are of full size, so that every message is as long as it can be. */
const plan = planBuckets([8 * BUCKET_ROWS, 8 * BUCKET_ROWS], undefined, BUCKET_ROWS);
const sizes = sizesOf(plan, 0, tagBytes(8 * BUCKET_ROWS, 8 * BUCKET_ROWS));
const RESULT_TAGS = 250;
const lengths: Readonly<Record<PartName, number>> = {
  setup: SETUP_ANSWER_BYTES,
  first: sizes.first,
  second: sizes.second,
  vector: sizes.vector,
  tags: sizes.tagsBytes,
  result: Math.ceil(RESULT_TAGS / 8),
  hints: planBins(8 * BUCKET_ROWS, 8 * BUCKET_ROWS, SHARES_COLUMNS_MAX).sizes.hintsBytes,
};
const names = Object.keys(parts) as readonly PartName[];

/** A first piece that is taken, of a message of this kind. */
const firstPiece = (name: PartName, body: (bytes: number) => Uint8Array): Uint8Array =>
  encodeMessage({
    kind: 'part',
    part: parts[name],
    index: 0,
    body: body(Math.min(lengths[name], PIECE_BYTES)),
  });

/** Every second tag stands for an id. */
const resultRows = Uint32Array.from({ length: RESULT_TAGS }, (_, place) =>
  place % 2 === 0 ? place : 2 ** 32 - 1,
);

const piece: Decoder = {
  name: 'piece of an intersection by rr22',
  author: 'a peer',
  functions: ['psi/protocols/rr22/messages.ts DueMessage', 'psi/protocols/rr22/bucket-work.ts readResult'],
  bound: RR22_MESSAGE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_PROTOCOL', 'PRIVITY_PSI_MISMATCH'],
  // What is put together of these is the same, and the rest is bytes that nobody looks at.
  inputBytesMax: 2_000,
  valid: (random) => firstPiece('result', (bytes) => new Uint8Array(bytes).fill(random.pick([0, 1, 4]))),
  decode(bytes) {
    const message = decodeMessage(bytes);
    if (message.kind !== 'part') return message;
    const name = names.find((each) => parts[each] === message.part) ?? 'result';
    const due = new DueMessage(name, lengths[name]);
    due.take(message);
    if (name !== 'result' || due.body === undefined) return due;
    return readResult(due.body, new Uint8Array(RESULT_TAGS * 8), resultRows, 8);
  },
  hostile: (bytes) => [
    // Room for the whole is made with a first piece.
    ...names.map((name) => firstPiece(name, (length) => new Uint8Array(length))),
    firstPiece('result', (length) => new Uint8Array(length).fill(0x55)),
    firstPiece('vector', () => new Uint8Array(bytes)),
  ],
};

const CONTEXT = Uint8Array.of(7);
/** One byte says which message it is: behind it is the message. */
const [OPENING, ANSWER, TREES] = [0, 1, 2] as const;
const withKind = (kind: number, body: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(kind), body]);

const receiverOf = (seed: number): Promise<VoleSetupReceiver> =>
  VoleSetupReceiver.open(randomness(seed), CONTEXT);
const senderOf = async (seed: number): Promise<VoleSetupSender> =>
  VoleSetupSender.open(randomness(seed), CONTEXT, (await receiverOf(1)).opening);
const honest = await (async () => {
  const receiver = await receiverOf(1);
  const { opening } = receiver;
  const sender = await senderOf(2);
  const { answer } = sender;
  const { seeds, trees } = receiver.finish(answer);
  return { opening, answer, trees, receiving: seeds.encode(), sending: sender.finish(trees).encode() };
})();

const setup: Decoder = {
  name: 'setup of an intersection by rr22',
  author: 'a peer',
  functions: ['psi/vole/setup.ts VoleSetupReceiver', 'psi/vole/setup.ts VoleSetupSender'],
  bound: VOLE_SETUP_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_PROTOCOL'],
  inputBytesMax: 2_000,
  valid: (random) => random.pick([withKind(OPENING, honest.opening), withKind(TREES, honest.trees)]),
  async decode(bytes) {
    const body = new Uint8Array(bytes.subarray(1));
    if (bytes[0] === OPENING) return VoleSetupSender.open(randomness(3), CONTEXT, body);
    if (bytes[0] === ANSWER) return (await receiverOf(1)).finish(body);
    return (await senderOf(2)).finish(body);
  },
  hostile: (bytes) => [
    withKind(OPENING, honest.opening),
    withKind(ANSWER, honest.answer),
    withKind(ANSWER, repeated(honest.opening, SETUP_ANSWER_BYTES)),
    withKind(ANSWER, new Uint8Array(SETUP_ANSWER_BYTES)),
    withKind(TREES, honest.trees),
    withKind(TREES, new Uint8Array(SETUP_TREES_BYTES)),
    withKind(OPENING, new Uint8Array(SETUP_OPENING_BYTES)),
    ...[OPENING, ANSWER, TREES].map((kind) => withKind(kind, new Uint8Array(bytes))),
  ],
};

/** Small: what a bucket costs once stands out. */
const shape = voleShape(1);
const [kernels, otKernels] = [await loadVoleKernels(), await loadOtKernels()];
const toolsOf = (seeds: Uint8Array) => ({
  shape,
  seeds: VoleSeeds.decode(seeds).fork(0),
  kernels,
  otKernels,
});
const [FIRST, SECOND] = [0, 1] as const;

const vole: Decoder = {
  name: 'vector OLE of an intersection by rr22',
  author: 'a peer',
  functions: ['psi/vole/vole.ts VoleReceiver', 'psi/vole/vole.ts VoleSender'],
  bound: VOLE_MESSAGE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_PROTOCOL'],
  inputBytesMax: 2_000,
  valid: (random) => withKind(random.pick([FIRST, SECOND]), someBytes(random, 32)),
  decode(bytes) {
    const body = new Uint8Array(bytes.subarray(1));
    if (bytes[0] === FIRST) {
      const sender = new VoleSender(toolsOf(honest.sending), randomness(4));
      return [sender.answer(body), sender.expand()];
    }
    return new VoleReceiver(toolsOf(honest.receiving)).finish(body);
  },
  hostile: (bytes) =>
    [0, 255].flatMap((value) => [
      withKind(FIRST, new Uint8Array(firstBytes(shape)).fill(value)),
      withKind(SECOND, new Uint8Array(secondBytes(shape)).fill(value)),
      withKind(FIRST, new Uint8Array(bytes).fill(value)),
      withKind(SECOND, new Uint8Array(bytes).fill(value)),
    ]),
};

export const rr22Decoders: readonly Decoder[] = [piece, setup, vole];
