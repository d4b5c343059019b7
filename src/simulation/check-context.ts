/** What a checker is given. */

import type { FailureCode } from '../base/failure-codes.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';

export interface CheckContext {
  readonly bounds: Bounds;
  /** How long the run takes when nothing goes wrong, in virtual milliseconds. */
  readonly lengthMs: number;
  /** Failures that the job makes by itself then, and handles: beside a fault they may be too much for it. */
  readonly handled: ReadonlySet<FailureCode>;
}
