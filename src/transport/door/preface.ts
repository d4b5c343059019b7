/**
 * What a process says first on a local socket of another of the same party: why it comes. One line of JSON; behind it,
 * for a connection that the gate passes on, everything that the stranger has sent.
 */
import { z } from 'zod';
import { parseJson } from '../../base/bounded-json.ts';
import type { DecodeBound } from '../../base/decode-bound.ts';

/** Server names have at most 255 characters; the rest are words. */
export const PREFACE_BYTES_MAX = 2_048;

const PREFACE_VALUES_MAX = 20;

export const PREFACE_BOUND: DecodeBound = {
  bytesMax: PREFACE_BYTES_MAX,
  memory: { perByte: 256, once: 512 * 1024 },
  steps: { perByte: 100, once: 20_000 },
};

const preface = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('passed-on'),
    plane: z.enum(['control', 'data']),
    party: z.string().max(63),
    run: z.string().max(63),
    pass: z.string().max(63).optional(),
    /** Address of the stranger. */
    from: z.string().max(100),
  }),
  /** The node of this party: lines of JSON in both directions from now on. */
  z.strictObject({ kind: z.literal('node') }),
]);
export type Preface = Readonly<z.output<typeof preface>>;

export const prefaceLine = (said: Preface): string => `${JSON.stringify(said)}\n`;

/** `incomplete`: no line yet. undefined: none that anybody says here. `bytes`: of the line with its end. */
export function readPreface(
  head: Uint8Array,
): { readonly said: Preface; readonly bytes: number } | 'incomplete' | undefined {
  const end = head.indexOf(10);
  if (end < 0) return head.length > PREFACE_BYTES_MAX ? undefined : 'incomplete';
  if (end > PREFACE_BYTES_MAX) return undefined;
  try {
    const read = preface.safeParse(
      parseJson(Buffer.from(head.subarray(0, end)).toString('utf8'), PREFACE_VALUES_MAX),
    );
    return read.success ? { said: read.data, bytes: end + 1 } : undefined;
  } catch {
    return undefined;
  }
}
