/** What the process that reads a dataset is asked, and what it answers: a line of JSON each. */
import { z } from 'zod';
import { absolutePath } from '../datasets/credential.ts';
import { publishOptions } from '../datasets/describe.ts';
import { SOURCE_LIMITS } from '../datasets/kind.ts';
import { datasetSource } from '../datasets/source.ts';
import { publishedSchema } from '../published-schema.ts';

/** Bytes of a request: a published schema of thousands of columns fits. */
export const REQUEST_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of all answers. */
export const ANSWER_BYTES_MAX = 128 * 1024 * 1024;

export const STAGING_LIMITS = {
  /** From start to end. Ten million rows over a slow network take minutes. */
  deadlineMs: 3_600_000,
  /** Memory of its database in megabytes, before it spills to disk; the process has some 150 beside it. */
  memoryLimitMb: 512,
  /** Threads of its database: runs go on beside it. */
  threads: 2,
  /** JavaScript objects of the process in megabytes: it holds no rows. */
  heapMb: 256,
} as const;

/** Earlier uses that one is compared with: each is read as a whole. */
const MEMORY_FILES_MAX = 1_000;

const limits = z.strictObject({
  connectTimeoutMs: z.int().min(1).default(SOURCE_LIMITS.connectTimeoutMs),
  requestTimeoutMs: z.int().min(1).default(SOURCE_LIMITS.requestTimeoutMs),
  statementTimeoutMs: z.int().min(1).default(SOURCE_LIMITS.statementTimeoutMs),
});

const world = {
  /** Of the process alone; its parent removes it. */
  folder: absolutePath,
  extensionsFolder: absolutePath.optional(),
  limits,
  memoryLimitMb: z.int().min(64),
  threads: z.int().min(1).max(256),
};

/** As {@link StageInput}. */
export const stageRequest = z.strictObject({
  schema: publishedSchema,
  columns: z.array(z.string().min(1)).min(1),
  rows: z.string().optional(),
  minimumRows: z.int().min(0).default(0),
  target: absolutePath,
  memory: z
    .strictObject({
      keyFile: absolutePath,
      file: absolutePath,
      previous: z.array(absolutePath).max(MEMORY_FILES_MAX).default([]),
    })
    .optional(),
});

export const request = z.discriminatedUnion('operation', [
  z.strictObject({
    operation: z.literal('describe'),
    source: datasetSource,
    publish: publishOptions,
    ...world,
  }),
  z.strictObject({ operation: z.literal('try'), source: datasetSource, rows: z.string(), ...world }),
  z.strictObject({ operation: z.literal('stage'), source: datasetSource, stage: stageRequest, ...world }),
  z.strictObject({ operation: z.literal('changed'), previous: absolutePath, now: absolutePath, ...world }),
]);
export type Request = z.output<typeof request>;

export const PHASES = ['opening', 'reading', 'writing', 'remembering'] as const;

export interface StageProgress {
  readonly phase: (typeof PHASES)[number];
  /** How much of the phase is done, as far as that is known: 0 to 100. */
  readonly percent?: number | undefined;
}

export const answer = z.union([
  z.strictObject({
    progress: z.strictObject({ phase: z.enum(PHASES), percent: z.number().optional() }),
  }),
  z.strictObject({ done: z.unknown() }),
  z.strictObject({ failed: z.strictObject({ blame: z.string(), code: z.string(), message: z.string() }) }),
]);
