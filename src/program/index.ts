/** The program room as the program process uses it. Jobs see public.ts. */
export { describeVerdict, RunAbortedError, type VerdictInfo } from './abort.ts';
export { type CapturedFailure, type CaptureContext, capture, type ErrorDetail, isConsequence } from './capture.ts';
export type { DisclosureInfo, DivergenceInfo, ProgramHost, StepOutcome, WaitInfo } from './host.ts';
export { isJob, type Job } from './job.ts';
export { type LoadedJob, loadJob } from './load-job.ts';
export { PublicError } from './public-error.ts';
export { resultToJson } from './result.ts';
export { type Prepared, type Released, type RunResult, Runtime, type RuntimeLimits, type RuntimeOptions } from './runtime.ts';
