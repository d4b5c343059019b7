/** A run that is kept, as its folder says. */
import type { RecordFacts } from './record-file.ts';

/** One party's record of a run. */
export interface StoredParty {
  readonly folder: string;
  readonly party: string;
  /** Undefined if nothing can be read: it was killed while it began, or another version wrote it. */
  readonly facts: RecordFacts | undefined;
  readonly state: RecordState;
  readonly bytes: number;
  /** When a file in it was last written, in milliseconds since the epoch. */
  readonly writtenMs: number;
}

/** A run, with the records of all parties that keep them on this machine. */
export interface StoredRun {
  /** Name of its folder: its id, for later runs of the same id with a number, or its beginning if it never had one. */
  readonly name: string;
  readonly folder: string;
  readonly runId: string;
  readonly parties: readonly StoredParty[];
  readonly startedMs: number;
  readonly bytes: number;
}

/**
 * `unknown`: its supervisor is or was on another machine, or in another container, whose processes cannot be seen from
 * here. `killed` covers all that ends a process without a word: a kill, a crash, a machine that went down.
 */
export type RecordState = 'running' | 'ended' | 'refused' | 'killed' | 'unknown';
