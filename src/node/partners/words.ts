/**
 * What nodes say to each other. A message has a name under which its receiver knows it when it comes again, and is
 * acknowledged when the receiver has stored what follows from it.
 */
import { z } from 'zod';
import { parseJson } from '../../base/bounded-json.ts';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { publishedSchema } from '../../data/published-schema.ts';
import { START_KINDS } from '../life/life-types.ts';
import { datasetName } from '../model/dataset.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import { decisionDocument, proposalDocument, withdrawalDocument } from '../model/proposal.ts';

/** Raised whenever nodes of two versions could misunderstand each other. */
export const NODE_PROTOCOL = 1;

const signature = z.string().max(500);
const proposal = z.string().max(64);
const nth = { proposal, occurrence: z.int().min(1), attempt: z.int().min(1) };
const text = z.string().max(NODE_LIMITS.textCharsMax);

const MESSAGES = {
  /** The first word on every link, of which newer versions may say more. */
  node: z.object({
    kind: z.literal('node'),
    protocol: z.int().min(1),
    privity: z.string().max(100),
    /** Digest of the federation as this node has it. */
    federation: z.string().max(100),
    /** Whether it answers samples. */
    samples: z.boolean().optional(),
  }),
  /** Measures the link, by the bytes behind it; never stored. Told to nodes only that have said `samples`. */
  sample: z.strictObject({ kind: z.literal('sample'), nth: z.int().min(1) }),
  /** The sample has come, whole. */
  taken: z.strictObject({ kind: z.literal('taken'), nth: z.int().min(1) }),
  /** Datasets of which the receiver has a grant. */
  published: z.strictObject({
    kind: z.literal('published'),
    datasets: z
      .array(z.strictObject({ name: datasetName, description: text, schema: publishedSchema }))
      .max(1_000),
  }),
  /** The files of the job come behind it. */
  proposal: z.strictObject({ kind: z.literal('proposal'), document: proposalDocument, signature }),
  decision: z.strictObject({ kind: z.literal('decision'), document: decisionDocument, signature }),
  withdrawal: z.strictObject({ kind: z.literal('withdrawal'), document: withdrawalDocument, signature }),
  /** On the way to an attempt; may be lost. */
  start: z.strictObject({ kind: z.literal('start'), word: z.enum(START_KINDS), ...nth }),
  go: z.strictObject({ kind: z.literal('go'), ...nth }),
  /** The attempt cannot begin: a code of the catalogue. */
  unable: z.strictObject({
    kind: z.literal('unable'),
    ...nth,
    /** At which party. */
    origin: z.string().max(63),
    code: z.string().max(80),
    message: text,
  }),
  /** The sender's supervisor of an attempt has ended without a verdict, and will not come again. */
  gone: z.strictObject({ kind: z.literal('gone'), ...nth }),
  /** Of a message that has a name. `refused`: it will not be taken, however often it comes. */
  ack: z.strictObject({
    kind: z.literal('ack'),
    id: z.string().max(100),
    refused: z.strictObject({ code: z.string().max(80), message: text }).optional(),
  }),
};

export type NodeMessage = z.output<(typeof MESSAGES)[keyof typeof MESSAGES]>;
export type MessageKind = NodeMessage['kind'];

/** Values in one: a schema of 2,000 columns has some 15,000, a contract of 5,000 entries some 100,000. */
const MESSAGE_VALUES_MAX = 500_000;

/** The header of a message on a link. */
export const NODE_MESSAGE_BOUND: DecodeBound = {
  bytesMax: NODE_LIMITS.proposalBytesMax,
  memory: { perByte: 256, once: 2048 * 1024 },
  steps: { perByte: 60, once: 50_000 },
};

const envelope = z.strictObject({
  id: z.string().max(100).optional(),
  said: z.record(z.string(), z.unknown()),
});

/** A message with its name, if it is to be acknowledged. */
export interface Envelope {
  readonly id?: string | undefined;
  readonly said: NodeMessage;
}

export const writeEnvelope = (message: Envelope): Uint8Array => Buffer.from(JSON.stringify(message));

/** undefined: nothing that a node of this version says. `id`: of a message that can be refused by its name. */
export function readEnvelope(
  bytes: Uint8Array,
): { readonly id?: string | undefined; readonly said: NodeMessage | undefined } | undefined {
  if (bytes.length > NODE_MESSAGE_BOUND.bytesMax) return undefined;
  try {
    const outer = envelope.safeParse(parseJson(Buffer.from(bytes).toString('utf8'), MESSAGE_VALUES_MAX));
    if (!outer.success) return undefined;
    const { id, said } = outer.data;
    const kind = said.kind;
    const schema =
      typeof kind === 'string' && Object.hasOwn(MESSAGES, kind) ? MESSAGES[kind as MessageKind] : undefined;
    const read = schema?.safeParse(said);
    return { id, said: read?.success ? read.data : undefined };
  } catch {
    return undefined;
  }
}
