/**
 * Rehearses a job that nobody has approved yet, in a sandbox, without keys and data. All that it says can have been
 * said by the code of the job.
 */
import { readFileSync } from 'node:fs';
import { reportOf } from '../../record/error-report.ts';
import { rehearse } from '../../simulation/rehearse/rehearse.ts';
import type { RehearsalRequest } from './words.ts';

/** By its number: the stream of that name would make it non-blocking. */
const STANDARD_INPUT = 0;

process.once('disconnect', () => process.exit(1));
const request = JSON.parse(readFileSync(STANDARD_INPUT, 'utf8')) as RehearsalRequest;
const answer = await rehearse(request).then(
  ({ contract, warnings }) => ({ type: 'rehearsed', contract, warnings }),
  (error: unknown) => {
    const { error: code, message } = reportOf(error);
    return { type: 'failed', message: `${code}: ${message}` };
  },
);
process.send?.(answer, () => process.exit(0));
