/** What the summary of a run is made of. */

import type { RunReport } from '../../observe/report.ts';
import type { RunBoard } from './run-board.ts';

export interface SummaryInput {
  readonly jobFile: string;
  /** The parties whose supervisors this command ran: all for `local`, one for `run`. */
  readonly own: readonly string[];
  readonly board: RunBoard;
  readonly reports: ReadonlyMap<string, RunReport>;
  /** Where the reports stay, if they were asked for. */
  readonly reportPaths: readonly string[];
  /** Where the record of the run is, and the name by which `privity runs` knows it, if one is kept. */
  readonly record?: { readonly folder: string; readonly name: string } | undefined;
  readonly exitCode: number;
  readonly durationMs: number;
}
