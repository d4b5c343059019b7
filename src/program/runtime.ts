/** One party's execution of one job: what runs in the program process. */
import { UsageError } from '../base/errors.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Link, LinkHandlers } from '../contracts/link.ts';
import type { Random } from '../contracts/random.ts';
import type { Failure, TrailEntry } from '../coordination/failure.ts';
import type { ErrorDetail } from '../coordination/public-details.ts';
import type { TaskEngine } from '../engine/task-engine.ts';
import type { Contract } from '../observe/contract/contract.ts';
import { encodeValue, snapshotValue } from '../wire/value-codec.ts';
import { Exchange } from './data-plane/exchange.ts';
import {
  MAILBOX_BYTES_MAX,
  MAILBOX_MESSAGES_MAX,
  MAILBOX_SPILL_BYTES_MAX,
  Mailbox,
} from './data-plane/mailbox.ts';
import { FileSpillStore, type SpillStore } from './data-plane/spill.ts';
import type { Attempts } from './flow/attempt.ts';
import { createJobContext, type TaskServices } from './job-context.ts';
import type { VerdictInfo } from './model/abort.ts';
import type { Job } from './model/job.ts';
import { parseArgs, parseSettings } from './model/schema.ts';
import { digestOf } from './state/branch.ts';
import type { ProgramHost, WaitInfo } from './state/host.ts';
import { RunState } from './state/run-state.ts';
import type { Witness } from './state/witness.ts';
import { Lockstep } from './steps/lockstep.ts';

export interface RuntimeLimits {
  /** Memory for messages that wait for their step. Default {@link MAILBOX_BYTES_MAX}. */
  readonly mailboxBytesMax: number;
  /** Temporary files for what does not fit there. Default {@link MAILBOX_SPILL_BYTES_MAX}. */
  readonly mailboxSpillBytesMax: number;
  /** Messages that wait. Default {@link MAILBOX_MESSAGES_MAX}. */
  readonly mailboxMessagesMax: number;
}

export interface RuntimeOptions {
  readonly party: string;
  /** The parties of the run in federation order: exactly the parties of the job. */
  readonly parties: readonly string[];
  readonly job: Job;
  /** Public arguments as given; parsed by the job's schema. */
  readonly args: Readonly<Record<string, unknown>>;
  /** This party's private settings as given. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly clock: Clock;
  readonly random: Random;
  /** An existing folder of this run; its owner removes it. */
  readonly tempDir: string;
  /** Worker threads that a protocol may use. */
  readonly threads: number;
  /** Memory that a step may take beside the tables. Default: what the step says. */
  readonly stepMemoryBytes?: number | undefined;
  /** Runs the code of tasks. Default: here, as soon as their inputs are there. */
  readonly engine?: TaskEngine | undefined;
  readonly limits?: Partial<RuntimeLimits>;
  /** Where what does not fit into memory goes. Default: files in `tempDir`. */
  readonly spill?: SpillStore;
  readonly host: ProgramHost;
  readonly errorDetail: ErrorDetail;
  /** Secure devices compute on plaintext, which every member has: for trying a job with all data on one machine. */
  readonly plaintext?: boolean | undefined;
  /** All that may be disclosed in this run. Default: anything. */
  readonly contract?: Contract | undefined;
  /** An intersection with fewer rows fails at this party. Default: 0. */
  readonly minimumRows?: number | undefined;
  /** Names of the protocols by which this party runs intersections. Default: all. */
  readonly psiProtocols?: readonly string[] | undefined;
  /** A rehearsal, which sees what a contract is made of. */
  readonly witness?: Witness | undefined;
  /** Called in place of a task's code, just before it; what it throws is the task's error. For simulations. */
  readonly beforeTask?: ((entry: TrailEntry) => void) | undefined;
}

export interface RunResult {
  /** Steps of the job's main branch. */
  readonly steps: number;
  /** Digest of the main branch after the last step: 32 hex digits, equal at all parties. */
  readonly digest: string;
  /** What the job function returned. Checked to be plain public data. */
  readonly result: unknown;
}

export interface Prepared {
  /** SHA-256 of the parsed public arguments, in hex; has to be equal at all parties. */
  readonly argsDigest: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What {@link Runtime.close} released, by kind. */
export type Released = Readonly<Record<'spillFiles' | 'mailboxMessages' | 'pendingSends', number>>;

export class Runtime {
  readonly #options: RuntimeOptions;
  readonly #state: RunState;
  readonly #spill: SpillStore;
  readonly #exchange: Exchange;
  readonly #divergedPeers = new Set<string>();
  #services: (TaskServices & { readonly lockstep: Lockstep; readonly argsDigest: string }) | undefined;
  #attempts: Attempts | undefined;
  /** What was told of scopes and parties before this party's job has begun: others may be ahead. */
  #early: ((attempts: Attempts) => void)[] = [];
  #abandoned: ReturnType<Exchange['close']> | undefined;

  constructor(options: RuntimeOptions) {
    this.#options = options;
    checkParties(options);
    checkContract(options);
    this.#state = new RunState(options);
    const { limits = {} } = options;
    this.#spill =
      options.spill ??
      new FileSpillStore(options.tempDir, limits.mailboxSpillBytesMax ?? MAILBOX_SPILL_BYTES_MAX);
    const mailboxLimits = {
      bytesMax: limits.mailboxBytesMax ?? MAILBOX_BYTES_MAX,
      messagesMax: limits.mailboxMessagesMax ?? MAILBOX_MESSAGES_MAX,
    };
    this.#exchange = new Exchange({
      parties: options.parties,
      party: options.party,
      clock: options.clock,
      mailbox: new Mailbox(mailboxLimits, this.#spill, (error) => this.#state.fail(error)),
      whereIs: (stepId) => this.#services?.lockstep.whereIs(stepId) ?? 'future',
      diverged: (peer, branch, position, stepId) => {
        // The first difference with a peer is the one that matters; what follows from it would only add noise.
        if (this.#divergedPeers.has(peer)) return;
        this.#divergedPeers.add(peer);
        options.host.diverged({ peer, branch, position, stepId });
      },
      failed: (error) => this.#state.fail(error),
      linkLost: (peer, error) => options.host.linkLost?.(peer, error),
    });
  }

  /** Fires with a RunAbortedError when the run ends before its time. */
  get signal(): AbortSignal {
    return this.#state.signal;
  }

  /** What the link to a peer delivers goes here. */
  handlersFor(peer: string): LinkHandlers {
    return this.#exchange.handlersFor(peer);
  }

  /** What the run is; see `runBinding`. Before {@link run}. */
  bind(binding: Uint8Array): void {
    this.#exchange.bind(binding);
  }

  attach(peer: string, link: Link): void {
    this.#exchange.attach(peer, link);
  }

  /**
   * Checks arguments and settings. Done by {@link run} if not before; doing it earlier lets the parties compare
   * arguments.
   * @throws {UsageError} PRIVITY_ARGS_INVALID, PRIVITY_SETTINGS_INVALID, PRIVITY_SETTING_MISSING
   */
  async prepare(): Promise<Prepared> {
    if (this.#services !== undefined) return this.#services;
    const { job, party, parties } = this.#options;
    const args = await parseArgs(job.args, this.#options.args);
    const settings = await parseSettings(party, job.settings[party], this.#options.settings);
    const body = (await encodeValue(args, 'The public arguments')).body();
    if (Symbol.asyncIterator in body)
      throw new UsageError('PRIVITY_ARGS_INVALID', 'The public arguments contain a Blob.');
    const digest = digestOf(['privity arguments 1', Buffer.concat([...body])]);
    const lockstep = new Lockstep(digestOf(['privity lockstep 1', parties, digest]), this.#state.scope);
    this.#services ??= { args, settings, lockstep, argsDigest: digest.toString('hex') };
    return this.#services;
  }

  /**
   * Executes the job to its end: until the job function has returned, every step of this party has finished, also those
   * that nobody awaited, and the peers have acknowledged all that was sent. Called once, when all links are attached.
   *
   * @throws {RunAbortedError} {@link abort} was called; the job's own `finally` blocks have run by then
   * @throws the error of the job or of a step, if no verdict has come by the time everything has ended
   */
  async run(): Promise<RunResult> {
    await this.prepare();
    const services = this.#services;
    if (services === undefined) throw new UsageError('PRIVITY_STEP_OUTSIDE_RUN', 'The run is not prepared.');
    const { lockstep } = services;
    this.#state.throwIfAborted();
    const result = await this.#runBody(services);
    lockstep.root.close();
    this.#exchange.recheckEarly();
    await this.#state.activity.idle(this.#state.scope);
    await this.#state.scope.handled();
    if (this.#state.aborted === undefined && this.#state.firstError === undefined) await this.#flush();
    this.#state.throwIfAborted();
    if (this.#state.firstError !== undefined) throw this.#state.firstError.error;
    return { steps: lockstep.root.next, digest: lockstep.root.digest, result };
  }

  /**
   * Ends the run with the verdict of all parties: AbortSignals fire, pending awaits reject with a RunAbortedError, new
   * steps are refused. Returns at once; {@link run} rejects when the job's code has ended.
   */
  abort(verdict: VerdictInfo): void {
    this.#state.abort(verdict);
    this.#abandoned ??= this.#exchange.close(this.#state.aborted ?? new Error('aborted'));
  }

  /** A scope has failed, here or at another party: what runs in it at this party ends. */
  cancelScope(path: string, failure: Failure): void {
    this.#services?.lockstep.drop(path);
    this.#tell((attempts) => attempts.cancel(path, failure));
  }

  /** All parties have left a scope: this is its outcome everywhere. */
  endScope(path: string, failure: Failure | null, absent: readonly Failure[] = []): void {
    this.#tell((attempts) => attempts.end(path, failure, absent));
  }

  /** The run goes on without a party: steps that need it fail in their scopes, and nothing waits for it any more. */
  exclude(party: string, failure: Failure): void {
    this.#tell((attempts) => attempts.exclude(party, failure));
  }

  /** Which values of which peers this party waits for, the oldest first. */
  waiting(): readonly WaitInfo[] {
    return [...this.#exchange.waiting()].sort((a, b) => b.sinceMs - a.sinceMs);
  }

  /**
   * Releases what is left. Values of the run, Blobs above all, are unusable afterwards. Links belong to their owner.
   */
  async close(): Promise<Released> {
    this.#abandoned ??= this.#exchange.close(new Error('closed'));
    const { messages, sends } = await this.#abandoned;
    const spillFiles = await this.#spill.close();
    return { spillFiles, mailboxMessages: messages, pendingSends: sends };
  }

  #tell(news: (attempts: Attempts) => void): void {
    if (this.#attempts) news(this.#attempts);
    else this.#early.push(news);
  }

  async #runBody(services: TaskServices & { readonly lockstep: Lockstep }): Promise<unknown> {
    const { lockstep } = services;
    try {
      const context = createJobContext(this.#state, lockstep, this.#exchange, services, (attempts) => {
        this.#attempts = attempts;
        for (const tell of this.#early.splice(0)) tell(attempts);
      }) as never;
      const result = await lockstep.inBranch(lockstep.root, async () => this.#options.job.body(context));
      this.#attempts?.settle(lockstep.root);
      snapshotValue(result, "The job's result", this.#state.codec);
      return result;
    } catch (error) {
      this.#state.fail(error);
      return undefined;
    }
  }

  /** Also ends when the run is aborted, or when something fails that no step waits for. */
  async #flush(): Promise<void> {
    try {
      await this.#exchange.flushed();
    } catch (error) {
      this.#state.fail(error);
    }
  }
}

/** A contract of other parties would refuse everything, in words that say nothing of why. */
function checkContract({ contract, parties }: RuntimeOptions): void {
  if (contract === undefined) return;
  const named = contract.parties;
  if (named.length === parties.length && named.every((name) => parties.includes(name))) return;
  throw new UsageError(
    'PRIVITY_CONTRACT_INVALID',
    `The contract is for ${[...named].sort().join(', ')}; this run is of ${[...parties].sort().join(', ')}.`,
  );
}

function checkParties({ job, parties, party }: RuntimeOptions): void {
  const same = job.parties.length === parties.length && job.parties.every((name) => parties.includes(name));
  if (!same || !parties.includes(party)) {
    throw new UsageError(
      'PRIVITY_JOB_PARTIES_DIFFER',
      `The job is for ${[...job.parties].sort().join(', ')}; this run is of ${[...parties].sort().join(', ')}, seen from ${party}.`,
      { party },
    );
  }
}
