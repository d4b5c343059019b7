import type { Clock } from '../contracts/clock.ts';
import type { Given } from '../control/driving.ts';
import type { TextSink } from '../record/text-sink.ts';
import type { RunParty } from '../supervisor/seam/options.ts';
import type { PrivateSettings } from './arguments.ts';
import type { Check } from './doctor/check.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** What a job says about itself when it is loaded: read in a process of its own, never in the one that prints. */
export interface JobFacts {
  readonly parties: readonly string[];
  /** If it was asked to look at what the job will need. */
  readonly checks?: readonly Check[];
  /** If it is to be proposed. */
  readonly code?: JobCode;
}

/** The code of a job, as its parties compare it. */
export interface JobCode {
  readonly hash: string;
  /** Absolute. */
  readonly path: string;
  /** The job's own files, relative to its folder; the job file first. */
  readonly files: readonly string[];
}

/** What is to be checked against a job: what its parties would be given. */
export type JobRequest = DoctorRequest | LocalRequest | ProposeRequest | RunRequest;

/** What `local` was given for all parties, as it was typed: whose it is, is known when the job is loaded. */
export interface LocalRequest {
  readonly asks: 'local';
  readonly args: Readonly<Record<string, unknown>>;
  readonly typed: PrivateSettings;
  /** By party, of a program that drives `local`; on top of what was typed. */
  readonly settings: Given['settings'];
  readonly cwd: string;
}

/** What a proposal would give to all parties. */
export interface ProposeRequest {
  readonly asks: 'propose';
  readonly args: Readonly<Record<string, unknown>>;
  /** By party: of tables and results their names, as a run has their paths. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** What one party is given, by its party file and the command line together. */
export interface RunRequest {
  readonly asks: 'run';
  readonly party: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What the doctor has for a job: what a run of this party would be given. */
export interface DoctorRequest {
  readonly asks: 'doctor';
  /** Null if nobody said which party this is. */
  readonly party: string | null;
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * Everything that a command sees of the world. Commands get it as a parameter, so that a test can run any of them with
 * a fake supervisor, and so that this folder has one place that touches `process`.
 */
export interface Shell {
  readonly out: TextSink;
  readonly err: TextSink;
  /** A person watches standard output: redraw progress in place. */
  readonly interactive: boolean;
  readonly colour: { readonly out: boolean; readonly err: boolean };
  readonly cwd: string;
  /** Where records of runs lie, if there is a place for them, and what the environment says of them. */
  readonly records: { readonly folder: string | undefined; readonly setting: string | undefined };
  readonly clock: Clock;
  /** The module to start with `node` for another privity process of the same kind. */
  readonly entry: string;
  readonly version: string;
  /** Loaded when a run begins, so that `--help` does not wait for the transport. */
  readonly loadRunParty: () => Promise<RunParty>;
  /** Loads a job's module into this process. Only for the short-lived process that `local` starts. */
  readonly loadJobFacts: (file: string, request: JobRequest | undefined) => Promise<JobFacts>;
  /** What the starting process has written to standard input, to its end. */
  readonly readInput: () => Promise<string>;
  /** Calls back for every stop signal until the returned function is called. */
  readonly onStopSignal: (callback: (signal: StopSignal) => void) => () => void;
  /**
   * Calls back for each line that the starting process says over standard input, and with null when its end of it
   * closes.
   */
  readonly onParent: (callback: (line: string | null) => void) => void;
  /** Tells the process that started this one something over the channel between them. */
  readonly tellParent: (message: unknown) => Promise<void>;
  /** Ends the process at once, without any clean-up. The last resort of a person or of a bound. */
  readonly exitNow: (code: number) => void;
}
