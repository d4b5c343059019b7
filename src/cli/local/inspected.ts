/** What the process that looks at a job says, read as from a stranger: it runs the job's code. */
import { z } from 'zod';
import { type ErrorCode, errorCatalogue } from '../../base/error-catalogue.ts';
import { list } from '../../observe/report-schema.ts';
import { PARTY_NAME } from '../../program/model/job.ts';
import type { Check } from '../doctor/check.ts';
import type { JobFacts } from '../shell.ts';

const check: z.ZodType<Check> = z.object({
  name: z.string(),
  status: z.enum(['ok', 'warning', 'failed', 'unknown']),
  text: z.string(),
  remedy: z.string().optional(),
});
const facts: z.ZodType<JobFacts> = z.object({
  parties: list(z.string().regex(PARTY_NAME)).refine((names) => names.length > 0),
  checks: list(check).exactOptional(),
  code: z
    .object({ hash: z.string().regex(/^[0-9a-f]{64}$/), path: z.string(), files: list(z.string()) })
    .exactOptional(),
});
const isErrorCode = (code: unknown): boolean =>
  typeof code === 'string' && Object.hasOwn(errorCatalogue, code);

const messages = z.discriminatedUnion('type', [
  z.object({ type: z.literal('facts'), facts }),
  z.object({ type: z.literal('error'), code: z.custom<ErrorCode>(isErrorCode), message: z.string() }),
]);

/** What the child tells: the facts, or the error that a person can do something about. */
export type InspectMessage = z.output<typeof messages>;

/** undefined: it is neither. */
export function readInspected(message: object): InspectMessage | undefined {
  const read = messages.safeParse(message);
  return read.success ? read.data : undefined;
}
