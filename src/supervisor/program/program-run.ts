/** One run in the program process: job, runtime and data plane, joined to the supervisor's messages. */

import type { Socket } from 'node:net';
import { PeerError, UsageError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import { ignored } from '../../base/ignored.ts';
import type { LinkHandlers, Timer } from '../../contracts/index.ts';
import type { Failure } from '../../coordination/failure.ts';
import { argumentItem } from '../../coordination/hello-facts.ts';
import { Runtime } from '../../program/runtime.ts';
import {
  type CapturedFailure,
  capture,
  DETAIL_MESSAGE_CHARS_MAX,
  isConsequence,
  linkOf,
} from '../../program/state/capture.ts';
import type { ProgramHost } from '../../program/state/host.ts';
import { closedFor, type ManagedLink } from '../../transport/index.ts';
import { WAITS_TOLD_MAX } from '../record/waits.ts';
import { DialsOfProgram } from '../seam/dials.ts';
import type { FromProgram, StepNews, ToProgram } from '../seam/ipc.ts';
import type { DataPlane, ProgramPlatform } from '../seam/platform.ts';
import { givenOptions } from './given.ts';
import { resultJson, toJson } from './result-json.ts';
import { Silence } from './silence.ts';

/** How long the data links have to take the news that this party's supervisor is gone. */
const ORPHAN_NOTICE_MS = 100;
/** Of one message: a loop may issue a hundred thousand steps in a turn, and a message has an end. */
const NEWS_MAX = 1_000;
/** How often waits are looked for, and signs of life sent. */
const LOOK_MS = 1_000;
/** How long the details of a failure wait, so that the failure itself has the processor. No person notices. */
const DETAIL_AFTER_MS = 25;

const ORPHANED = new TextEncoder().encode('orphaned');
/** A sign of life between programs. */
const PULSE = new TextEncoder().encode('pulse');

type Load = Extract<ToProgram, { type: 'load' }>;
type Start = Extract<ToProgram, { type: 'start' }>;

export class ProgramRun {
  readonly #load: Load;
  readonly #platform: ProgramPlatform;
  readonly #links: ManagedLink[] = [];
  readonly #news: StepNews[] = [];
  readonly #dials = new DialsOfProgram((message) => this.#send(message));
  readonly #details: CapturedFailure[] = [];
  #runtime: Runtime | null = null;
  #plane: DataPlane | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #ending = false;
  #orphan = false;
  #silence: Silence | null = null;
  #toldOfWaits = false;
  /** Of the verdict. */
  #failure: FailureCode | undefined;
  /** The next look at waits and links. */
  #looking: Timer | null = null;
  /** Peers whose connection was replaced because it was silent, and which have not been heard since. */
  readonly #renewed = new Set<string>();

  constructor(load: Load, platform: ProgramPlatform) {
    this.#load = load;
    this.#platform = platform;
  }

  take(message: ToProgram, socket: unknown): void {
    switch (message.type) {
      case 'load':
        this.#running = this.#prepare().catch((error: unknown) => this.#failed(this.#capture(error)));
        return;
      case 'start':
        this.#running = this.#start(message).catch((error: unknown) => this.escaped(error));
        return;
      case 'socket':
        return this.#takeSocket(socket as Socket | undefined, message.head);
      case 'dialled':
      case 'notDialled':
        return this.#dials.take(message, socket as Socket | undefined);
      case 'behindSocket':
        return;
      case 'abort': {
        const { failure, attached, digest } = message.outcome;
        this.#failure = failure?.code;
        if (failure) this.#runtime?.abort({ failure, attached, digest });
        void this.#end();
        return;
      }
      case 'scopeCancelled':
        this.#runtime?.cancelScope(message.scope, message.failure);
        return;
      case 'scopeEnded':
        this.#runtime?.endScope(message.scope, message.failure, message.absent);
        return;
      case 'excluded':
        return this.#exclude(message.party, message.failure);
      case 'ping':
        this.#send({ type: 'pong' });
        return;
      case 'close':
        void this.#end();
    }
  }

  /** The socket is missing where the dialler, maybe a stranger, broke the connection on its way here. */
  #takeSocket(socket: Socket | undefined, headBase64: string): void {
    if (this.#plane && !this.#ending && socket)
      this.#plane.handleSocket(socket, Buffer.from(headBase64, 'base64'));
    else socket?.destroy();
  }

  /**
   * Tells the programs of the peers, which are busy with this one, at once; their supervisors are told beside
   * (stand-in.ts).
   */
  async orphaned(): Promise<void> {
    this.#orphan = true;
    for (const link of this.#links) link.note(ORPHANED);
    const noticed = new Promise<void>((resolve) => void this.#platform.hold(ORPHAN_NOTICE_MS, resolve));
    await noticed;
  }

  /** Something was thrown outside of every step: the job's own doing, unless it follows from the verdict. */
  escaped(error: unknown): void {
    if (isConsequence(error) || this.#ending) return;
    this.#failed(this.#capture(error, 'job'));
  }

  async #prepare(): Promise<void> {
    const { jobFile, tempDir, memoryMaxBytes } = this.#load;
    const { clock, random, threads, limits, spill, beforeTask, witness, database } = this.#platform;
    const { job, path, hash, items } = await this.#platform.loadJob(jobFile, this.#load.code);
    this.#checkParties(job.parties);
    const runtime = new Runtime({
      ...givenOptions(this.#load),
      job,
      clock,
      random,
      threads,
      stepMemoryBytes: database.configure(tempDir, memoryMaxBytes),
      ...(limits ? { limits } : {}),
      ...(spill ? { spill } : {}),
      beforeTask,
      witness,
      host: this.#host(),
    });
    const prepared = await runtime.prepare();
    this.#runtime = runtime;
    const named = Object.entries(prepared.args).map(([name, value]) =>
      argumentItem(name, JSON.stringify(toJson(value)) ?? 'none'),
    );
    const facts = { files: items, args: named, ...this.#platform.surroundings(path) };
    const { argsDigest } = prepared;
    this.#tell({ type: 'loaded', jobHash: hash, argsDigest, facts, stepDeadlineMs: job.stepDeadlineMs });
  }

  #checkParties(named: readonly string[]): void {
    const { jobFile, parties } = this.#load;
    if (named.length === parties.length && named.every((name) => parties.includes(name))) return;
    throw new UsageError(
      'PRIVITY_JOB_PARTIES_DIFFER',
      `${jobFile} is a job for ${named.join(', ')}; the federation is ${parties.join(', ')}.`,
    );
  }

  async #start({ run, federation, identity }: Start): Promise<void> {
    const { party, parties } = this.#load;
    const runtime = this.#runtime;
    if (!runtime) return;
    const warn = (line: string): void => this.#platform.print(line);
    const dials = this.#load.isSandboxed ? this.#dials : undefined;
    const openSocket = dials && ((peer: string, signal: AbortSignal) => dials.open(peer, signal));
    const plane = this.#platform.openDataPlane(party, run, federation, identity, warn, openSocket);
    this.#plane = plane;
    runtime.bind(Buffer.from(run.binding, 'hex'));
    const peers = parties.filter((name) => name !== party);
    this.#silence = new Silence(peers, LOOK_MS, this.#platform.clock.now());
    for (const peer of peers) {
      const link = plane.connect(peer, this.#watch(peer, runtime.handlersFor(peer)));
      this.#links.push(link);
      runtime.attach(peer, link);
    }
    this.#lookAfter(runtime);
    const ended = await ignored(runtime.run(), 'it is reported through the host when it happens');
    this.#looking?.cancel();
    if (!ended) return;
    const { steps, digest, result } = ended;
    this.#tell({ type: 'finished', fin: { steps, digest }, result: resultJson(result) });
  }

  /** The runtime's handlers, and an ear for what concerns the supervisor. */
  #watch(peer: string, handlers: LinkHandlers): LinkHandlers {
    return {
      ...handlers,
      onMessage: (header) => {
        this.#heard(peer);
        const sink = handlers.onMessage(header);
        return {
          write: (piece) => {
            this.#heard(peer);
            return sink.write(piece);
          },
          end: () => sink.end(),
          abort: (error) => sink.abort(error),
        };
      },
      onNote: (payload) => {
        this.#heard(peer);
        if (Buffer.from(payload).equals(ORPHANED)) this.#tell({ type: 'orphaned', peer });
      },
      failure: () => this.#failure,
      // A connection that comes to stand proves nothing: one that lets its first words through may let no value
      // through.
      onBytes: () => this.#heard(peer),
      onState: (state, error) => {
        handlers.onState?.(state, error);
        if (state === 'up' && this.#orphan) for (const link of this.#links) link.note(ORPHANED);
        if (state !== 'closed' || !(error instanceof PeerError)) return;
        this.#tell({ type: 'refused', peer, code: error.failure, message: error.message });
      },
    };
  }

  #host(): ProgramHost {
    return {
      stepIssued: (entry) => this.#note({ news: 'issued', entry }),
      stepStarted: ({ stepId, kind }) => {
        this.#note({ news: 'started', stepId });
        // At once: if the task never lets go of the event loop, this is how anyone knows which one it is. No other step
        // runs code of the job.
        if (kind === 'task') this.#flushNews();
      },
      stepFinished: (info) => this.#note({ news: 'finished', ...info }),
      progress: (info) => this.#note({ news: 'progress', ...info }),
      note: (line) => this.#platform.print(line),
      ledger: (news) => {
        this.#note(news);
        // At once: what leaves next is in the ledger even if this process is killed then.
        if (news.news === 'disclosed') this.#flushNews();
      },
      secured: (cost) => this.#note({ news: 'secured', cost }),
      failed: (captured) => this.#failed(captured),
      scopeFailed: (scope, captured) => {
        this.#tell({ type: 'scopeFailed', scope, failure: captured.failure });
        this.#tellDetail(captured);
      },
      handlerFailed: (captured) => this.#platform.print(`onFailure: ${detailOf(captured)}`),
      scopeLeft: (scope) => this.#tell({ type: 'scopeLeft', scope }),
      conclaveLeft: (conclave, names, fin) => {
        const members = names.map((name) => this.#load.parties.indexOf(name));
        this.#tell({ type: 'conclaveLeft', conclave, members, fin });
      },
      diverged: ({ peer, branch, position }) => this.#tell({ type: 'diverged', peer, branch, position }),
    };
  }

  async #end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    await ignored(this.#running, 'its caller has reported it');
    this.#flushDetails();
    const released = await this.#runtime?.close();
    const links = this.#links.length;
    const reason = this.#failure && closedFor(this.#failure);
    await Promise.allSettled(this.#links.map((link) => link.close(reason)));
    await this.#plane?.close();
    await this.#platform.database.close();
    this.#tell({ type: 'closed', reclaimed: { 'data links': links, ...released } });
    // Everything is given back; what still keeps the process alive is the job's, and ends with it.
    this.#platform.finish();
  }

  #capture(error: unknown, stepName?: string): CapturedFailure {
    const { party, contract } = this.#load;
    const { random } = this.#platform;
    // A contract lists the words of steps; what is thrown outside of all of them has none there.
    const bound = { errorDetail: 'redacted', lets: () => false } as const;
    return capture(error, {
      party,
      random,
      stepName,
      ...(contract ? bound : { errorDetail: this.#load.errorDetail }),
    });
  }

  #failed(captured: CapturedFailure): void {
    this.#tell({ type: 'failed', failure: captured.failure });
    this.#tellDetail(captured);
  }

  /** Later: nobody should wait for the failure until its stack is made, which takes milliseconds. */
  #tellDetail(captured: CapturedFailure): void {
    if (this.#details.length === 0) this.#platform.hold(DETAIL_AFTER_MS, () => this.#flushDetails());
    this.#details.push(captured);
  }

  #flushDetails(): void {
    for (const captured of this.#details.splice(0)) {
      const { failure, detail } = captured;
      const chain = [detail, ...detail.causes].map((one) => linkOf(one, DETAIL_MESSAGE_CHARS_MAX));
      this.#tell({ type: 'detail', failure, detail: detailOf(captured), chain });
    }
  }

  /** Every second while the program runs. */
  #lookAfter(runtime: Runtime): void {
    this.#looking = this.#platform.hold(LOOK_MS, () => {
      this.#tellWaits(runtime);
      this.#checkLinks();
      this.#lookAfter(runtime);
    });
  }

  #tellWaits(runtime: Runtime): void {
    const waits = runtime
      .waiting()
      .slice(0, WAITS_TOLD_MAX)
      .map(({ peer, stepId, sinceMs }) => ({ peer, stepId, sinceMs: Math.round(sinceMs) }));
    if (waits.length > 0 || this.#toldOfWaits) this.#tell({ type: 'waiting', waits });
    this.#toldOfWaits = waits.length > 0;
  }

  /**
   * A peer whose supervisor answers, but whose program cannot be reached, would be waited for for ever. A connection
   * that has fallen silent half way is replaced first: the one before may be dead without showing it.
   */
  #checkLinks(): void {
    const { dataLinkMs } = this.#load;
    const now = this.#platform.clock.now();
    for (const link of this.#links) link.note(PULSE);
    const quiet = this.#silence?.silent(dataLinkMs / 2, now) ?? [];
    const silent = new Set(this.#silence?.silent(dataLinkMs, now));
    for (const peer of quiet) {
      if (silent.has(peer)) this.#tell({ type: 'silent', peer });
      if (this.#renewed.has(peer)) continue;
      this.#renewed.add(peer);
      this.#links.find((link) => link.peer === peer)?.renew();
    }
  }

  #exclude(peer: string, failure: Failure): void {
    this.#runtime?.exclude(peer, failure);
    const index = this.#links.findIndex((link) => link.peer === peer);
    for (const link of index === -1 ? [] : this.#links.splice(index, 1))
      void ignored(link.close(closedFor(failure.code)), 'the run goes on without the peer');
    this.#silence?.forget(peer);
  }

  #heard(peer: string): void {
    this.#silence?.heard(peer, this.#platform.clock.now());
    this.#renewed.delete(peer);
  }

  #note(news: StepNews): void {
    if (this.#news.length === 0) this.#platform.later(() => this.#flushNews());
    this.#news.push(news);
  }

  #flushNews(): void {
    while (this.#news.length > 0) this.#send({ type: 'news', news: this.#news.splice(0, NEWS_MAX) });
  }

  /** In order: what happened to steps before goes first. */
  #tell(message: FromProgram): void {
    this.#flushNews();
    this.#send(message);
  }

  #send(message: FromProgram): void {
    this.#platform.send(message);
  }
}

/** The text that stays at this party: name, message, stack, and the same of every cause. */
function detailOf({ detail }: CapturedFailure): string {
  const texts = [detail, ...detail.causes].map(({ name, message, stack }) => stack || `${name}: ${message}`);
  return texts.join('\ncaused by: ');
}
