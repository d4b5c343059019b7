/** What a node and the process that rehearses a job for it say to each other. */
import { z } from 'zod';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { type Contract, tryContract } from '../../observe/contract/contract.ts';
import { list } from '../../observe/report-schema.ts';
import type { RehearseOptions } from '../../simulation/rehearse/rehearse.ts';
import { TRIED, type Tried } from '../../supervisor/sandbox/policy.ts';
import { NODE_LIMITS } from '../model/limits.ts';

/** By standard input. */
export interface RehearsalRequest extends Pick<RehearseOptions, 'args' | 'tables' | 'outputs'> {
  readonly job: string;
  readonly rows: readonly number[];
  readonly seeds: number;
}

/** Warnings of a rehearsal that are passed on, and characters of each: code of the job can have written them. */
const WARNINGS_MAX = 20;
const WARNING_CHARS_MAX = 500;
const text = z.string().transform((words) => words.slice(0, WARNING_CHARS_MAX));

/** Read as from a stranger: the code of the job is in that process, and can speak for it. */
const messages = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('rehearsed'),
    contract: z.unknown(),
    warnings: list(text).transform((all) => all.slice(0, WARNINGS_MAX)),
  }),
  z.object({ type: z.literal('failed'), message: text }),
  z.object({ type: z.literal('tried'), what: z.enum(Object.keys(TRIED) as [Tried, ...Tried[]]) }),
]);

/** As it is counted on the channel: rehearsalAnswerBytesMax of JSON. */
export const REHEARSAL_ANSWER_BOUND: DecodeBound = {
  bytesMax: NODE_LIMITS.rehearsalAnswerBytesMax,
  memory: { perByte: 256, once: 4 * 1024 * 1024 },
  // Each item of a list that is wrong is a finding of its own.
  steps: { perByte: 240, once: 50_000 },
};

export type FromRehearsal =
  | { readonly type: 'rehearsed'; readonly contract: Contract; readonly warnings: readonly string[] }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'tried'; readonly what: Tried };

/** undefined: it is none of them. */
export function readFromRehearsal(message: object): FromRehearsal | undefined {
  const read = messages.safeParse(message);
  if (!read.success) return undefined;
  if (read.data.type !== 'rehearsed') return read.data;
  const made = tryContract(read.data.contract);
  return 'contract' in made ? { ...read.data, contract: made.contract } : undefined;
}
