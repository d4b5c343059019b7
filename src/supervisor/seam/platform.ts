/**
 * What a party's two processes need of the machine under them: time, randomness, folders, planes, each other.
 * Everything else in this room is the same on a real machine (system-supervisor.ts, system-program.ts) and in the
 * simulated world of src/testing, which tests it.
 */
import type { Socket } from 'node:net';
import type { Clock, LinkHandlers, Random, Timer } from '../../contracts/index.ts';
import type { JobFacts } from '../../coordination/hello-facts.ts';
import type { CoreConfig, Signer, TrailEntry } from '../../coordination/types.ts';
import type { SpillStore } from '../../program/data-plane/spill.ts';
import type { LoadedJob } from '../../program/loading/load-job.ts';
import type { RuntimeLimits } from '../../program/runtime.ts';
import type { Witness } from '../../program/state/witness.ts';
import type { ManagedLink, OpenSocket, RunIdentity } from '../../transport/index.ts';
import type { FromProgram, ToProgram } from './ipc.ts';
import type { FederationMember, PartyOptions, RunName } from './options.ts';
import type { ProgramExit } from './program-exit.ts';

/** Time, randomness and the event loop. */
export interface EventLoop {
  readonly clock: Clock;
  readonly random: Random;
  /** Calls back after what is under way in this turn of the event loop. */
  later(callback: () => void): void;
  /** Like `clock.after`, and keeps the process alive until then. */
  hold(delayMs: number, callback: () => void): Timer;
}

/** What a supervisor hears of its program process. */
export interface ProgramHandlers {
  onMessage(message: FromProgram): void;
  /** A line that the job or a library wrote to its standard output or error. */
  onLine(line: string): void;
  onExit(exit: ProgramExit): void;
}

/** What a program is let see and do in its sandbox. */
export interface SandboxRequest {
  /** Of bubblewrap. */
  readonly path: string;
  readonly jobFile: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Paths of all code that it may load: nothing else is there. Default: what its source names. */
  readonly code?: readonly string[] | undefined;
  /** A folder that it may write to, beside its temporary one. */
  readonly resultsDir?: string | undefined;
  /** Whose addresses are dialled for it. */
  readonly federation: readonly FederationMember[];
}

/** A program process as its supervisor sees it. */
export interface ProgramChild {
  readonly pid: number;
  /** The folder for its temporary files. Absent: the folder of the run; in a sandbox it is a folder in that. */
  readonly tempDir?: string;
  readonly exited: Promise<ProgramExit>;
  send(message: ToProgram): void;
  /** Ends the process and everything that it has started; also what is left of the group after it has exited. */
  killTree(): void;
  /** Bytes that the process and those that it has started hold; undefined where nobody can tell. */
  memory(): number | undefined;
  /** Resolves to the processes that are still there after the tree was killed: none, normally. */
  treeGone(): Promise<readonly number[]>;
}

/** What a stand-in has to know. */
export interface LastWord {
  readonly party: string;
  readonly federation: readonly FederationMember[];
  readonly identity: PartyOptions['identity'];
  /** The port of the run's own, or its door behind one; null: neither, and nobody who dials is told. */
  readonly listen: PartyOptions['listen'] | { readonly door: string } | null;
  readonly runId?: PartyOptions['runId'];
  /** After this time peers have given the party up by themselves. */
  readonly lostAfterMs: number;
  /** The run has not begun: peers may be about to start, and are dialled again until it is too late. */
  readonly isJoining?: boolean;
}

/** A process that tells the peers when this one is gone. */
export interface StandIn {
  readonly pid: number;
  /** The run has begun: peers that are not there now will not come. */
  begun(): void;
  /** It is not needed any more. */
  end(): Promise<void>;
}

export type Connect = (peer: string, handlers: LinkHandlers) => ManagedLink;

/** The port of a party and its control links. */
export interface Planes<Child> {
  readonly connect: Connect;
  /**
   * The run has begun: from now on data connections of its parties go to this process, also those that have been
   * waiting for it, and nobody else's.
   */
  handDataTo(program: Child, run: RunName): void;
  close(): Promise<void>;
}

/** The temporary folder of a run, with this supervisor's claim on it (claim.ts). */
export interface TempFolder {
  readonly path: string;
  /** Completes the claim, as soon as it is known. */
  runIs(runId: string): void;
  programIs(pid: number): void;
  remove(): Promise<void>;
}

export interface SupervisorPlatform<Child extends ProgramChild = ProgramChild> extends EventLoop {
  readonly pid: number;
  /** Clears what earlier runs on this machine could not, because they were killed. */
  clearOrphans(warn: (message: string) => void): Promise<void>;
  /** A new folder that only this party can enter. @throws {EnvironmentError} PRIVITY_TEMPORARY_FOLDER */
  tempFolder(options: PartyOptions): Promise<TempFolder>;
  /**
   * `warn`: who was turned away, with the party that it claims to be.
   * @throws {EnvironmentError} PRIVITY_PORT_IN_USE
   * @throws {UsageError} this party's own certificate is not what the federation pins
   */
  openPlanes(options: PartyOptions, warn: (message: string, about?: string) => void): Promise<Planes<Child>>;
  /** `memoryMaxBytes` bounds its heap. @throws {EnvironmentError} PRIVITY_PROGRAM_NOT_STARTED */
  spawnProgram(
    cwd: string,
    tempDir: string,
    handlers: ProgramHandlers,
    memoryMaxBytes: number | undefined,
    sandbox: SandboxRequest | undefined,
  ): Promise<Child>;
  /** `lost`: it has ended before it was asked to. @throws {EnvironmentError} PRIVITY_PROGRAM_NOT_STARTED */
  startStandIn(word: LastWord, tempDir: string, lost: () => void): Promise<StandIn>;
  /** A key of this run for the program process, which is not to have the party's. */
  createRunIdentity(identity: PartyOptions['identity']): RunIdentity;
  /** What a program may hold if its party says nothing, in bytes; undefined: as much as it likes. */
  defaultMemoryMax(): number | undefined;
  /** `expected`: texts that are likely to be signed when time matters. */
  createSigner(keyPem: string, federation: readonly FederationMember[], expected?: readonly string[]): Signer;
  /** Makes the first failure as fast as the tenth (rehearsal.ts). */
  rehearse(config: CoreConfig): void;
}

/** The data plane inside the program process. */
export interface DataPlane {
  readonly connect: Connect;
  /** Takes over a raw accepted socket; `head` are the bytes that were read from it already. */
  handleSocket(socket: Socket, head: Uint8Array): void;
  close(): Promise<void>;
}

/** The versions that the results of a job may depend on, beside the job itself. */
export type Surroundings = Pick<JobFacts, 'node' | 'duckdb' | 'lockfile'>;

export interface ProgramPlatform extends EventLoop {
  /** Worker threads that a protocol may use. */
  readonly threads: number;
  readonly limits?: Partial<RuntimeLimits>;
  /** Where early and large values go. Default: files in the run's temporary folder. */
  readonly spill?: SpillStore;
  /** Called in place of a task's code, just before it; what it throws is the task's error. */
  readonly beforeTask?: (entry: TrailEntry) => void;
  /** What a rehearsal sees of the run. */
  readonly witness?: Witness;
  /** Tells the supervisor; nothing happens if it is gone. */
  send(message: FromProgram): void;
  /** Ends the process, orderly, once all that was sent has been taken. */
  finish(): void;
  /** A line for this party's log. */
  print(line: string): void;
  loadJob(file: string, code?: readonly string[]): Promise<LoadedJob>;
  /** Under what the job is run here. */
  surroundings(jobFile: string): Surroundings;
  openDataPlane(
    party: string,
    run: RunName,
    federation: readonly FederationMember[],
    identity: PartyOptions['identity'],
    warn: (message: string) => void,
    /** Where the process has no network of its own. */
    openSocket?: OpenSocket,
  ): DataPlane;
  /** The database in which this party's tables live. */
  readonly database: {
    /** Gives what is left of the memory for a step beside the tables; undefined: nobody has said. */
    configure(tempDir: string, memoryMaxBytes: number | undefined): number | undefined;
    close(): Promise<void>;
  };
}
