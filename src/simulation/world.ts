/**
 * One simulated run: all parties, from the first command to the last process, on a virtual clock. Between two events of
 * the world all promises that can go on have gone on, so what happens follows from the seed and the code alone.
 */
import type { Plane } from '../contracts/index.ts';
import type { Contract } from '../observe/contract/contract.ts';
import type { RunEvent } from '../observe/events.ts';
import type { RunReport } from '../observe/report.ts';
import type { Job } from '../program/model/job.ts';
import type { RuntimeLimits } from '../program/runtime.ts';
import type { Witness } from '../program/state/witness.ts';
import { type Bounds, DEFAULT_BOUNDS } from '../supervisor/seam/bounds.ts';
import type { ErrorDetail } from '../supervisor/seam/options.ts';
import type { DataFrameKind } from '../wire/value-frame.ts';
import { EventQueue } from './event-queue.ts';
import { describeFault, type Fault } from './fault-plan.ts';
import { applyFault, type Havoc } from './havoc.ts';
import { MessageTap, type TappedFlow } from './message-tap.ts';
import { NETWORK_PROFILE, type NetworkProfile, SimNetwork } from './network.ts';
import type { OutsideWork } from './outside-work.ts';
import type { Realm } from './realm.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimParty } from './sim-party.ts';
import { dataFrameOf, describeEvent, describeFrame, isMessageFrame } from './timeline.ts';
import { type TimelineLine, Trace } from './trace.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly parties: readonly string[];
  readonly jobFile: string;
  readonly jobHash: string;
  readonly jobOf: (party: string, realm: Realm) => Job;
  readonly args: Readonly<Record<string, unknown>>;
  /** Private settings by party. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly errorDetail?: ErrorDetail;
  /** All that parties may disclose. */
  readonly contract?: Contract | undefined;
  /** What sees, at a party, what a contract is made of. */
  readonly witnessOf?: ((party: string) => Witness) | undefined;
  readonly bounds?: Partial<Bounds>;
  readonly profile?: NetworkProfile;
  readonly plan: readonly Fault[];
  /** Virtual time after which the run is given up as one that does not end. */
  readonly limitMs: number;
  /** Keep the timeline, not only its digest. */
  readonly record?: boolean;
  /** Where tasks of a party may write. */
  readonly folderOf: (party: string) => { readonly path: string; clean(): void };
  /** What tasks have given to the system is waited for, if it is watched. */
  readonly outside?: OutsideWork | undefined;
  /** Secrets that nobody may see outside of the values that programs send; by the party that has them. */
  readonly canaries?: Readonly<Record<string, readonly string[]>>;
}

/** One party after a simulated run. */
export interface SimulatedParty {
  /** As the job names it. */
  readonly name: string;
  /** Its report; null if it did not come to write one. */
  readonly report: RunReport | null;
  /** Why the run could not exist at this party. */
  readonly error: unknown;
  /** When the party's supervisor ended in order; null if it was killed, is frozen, or did not end. */
  readonly endedAt: number | null;
  /** `lives`: it has ended in order, or should have. */
  readonly fate: 'lives' | 'killed' | 'frozen';
  /** Whether its program process was still there at the end. */
  readonly programLeft: boolean;
  /** Names of what it left in its folder. */
  readonly leftovers: readonly string[];
  /** What `--json` would have printed. */
  readonly events: readonly RunEvent[];
  /** Control messages that its supervisor has sent; neither heartbeats nor acknowledgements. */
  readonly controlMessages: number;
  /** Bytes of values that did not fit into the memory of its mailbox. */
  readonly spilledBytes: number;
}

/** The first frame of a message between two programs, when it was given to a connection. */
export interface WireMessage {
  /** The party that sends. */
  readonly from: string;
  /** The party that receives. */
  readonly to: string;
  /** The step that it belongs to. */
  readonly stepId: string;
  /** `value`: of a transfer or reveal. `channel`: of a protocol. */
  readonly kind: DataFrameKind;
}

/** A secret that was found where it must not be. */
export interface Leak {
  /** The party whose secret it is. */
  readonly of: string;
  /** Where it was found. */
  readonly where: string;
}

/** One simulated run, as it can be looked at afterwards. */
export interface SimulatedRun {
  /** The seed that makes it again. */
  readonly seed: number;
  /** The faults that were planned. */
  readonly plan: readonly Fault[];
  /** Tasks that each party has begun, in the order of the parties. */
  readonly tasks: readonly number[];
  /** Which faults of the plan found something to act on. */
  readonly happened: readonly boolean[];
  /** The parties, in the order of the job. */
  readonly parties: readonly SimulatedParty[];
  /** Milliseconds of virtual time from the start of the first party to the end of the last. */
  readonly endedAt: number;
  /** Of everything that happened: the same for the same seed and code. */
  readonly digest: string;
  /** What happened, in order; empty unless it was asked for. */
  readonly timeline: readonly TimelineLine[];
  /** What programs sent and took, by pair of parties. */
  readonly flows: readonly TappedFlow[];
  /** Every message between programs once, in the order in which they left. */
  readonly wire: readonly WireMessage[];
  /** Secrets that were found where they must not be. */
  readonly leaks: readonly Leak[];
  /** Errors that belong to no party: defects of the simulation. */
  readonly stray: readonly unknown[];
}

/** In the text of every error that is thrown on purpose: an error's text stays at its origin. */
export const INJECTED_SECRET = 'canary-in-an-error';
/** Parties are started within this time of each other. */
const START_SPREAD_MS = 5;
/** Events at one moment of the world; a loop that waits for nothing makes more. */
const STANDSTILL_EVENTS_MAX = 20_000;

export class World {
  readonly queue = new EventQueue();
  readonly network: SimNetwork;
  readonly parties: readonly SimParty[];
  readonly trace: Trace;
  readonly #options: SimulationOptions;
  readonly #tap = new MessageTap();
  readonly #events: RunEvent[][];
  readonly #controlMessages: number[];
  readonly #frozenForEver = new Set<string>();
  readonly #happened: boolean[];
  readonly #tasksBegun: number[];
  readonly #leaks: Leak[] = [];
  readonly #canaries: readonly { readonly of: string; readonly bytes: Buffer }[];
  readonly #stray: unknown[] = [];
  /** By what tells messages apart: a frame that is sent again is the same message. */
  readonly #wire = new Map<string, WireMessage>();
  /** Events since time last went on. */
  #eventsNow = 0;

  constructor(options: SimulationOptions) {
    const { seed, parties, plan } = options;
    this.#options = options;
    this.trace = new Trace(options.record === true);
    this.network = new SimNetwork(
      this.queue,
      new SeededRandom(seed, 'network'),
      options.profile ?? NETWORK_PROFILE,
    );
    this.#events = parties.map(() => []);
    this.#controlMessages = parties.map(() => 0);
    this.#tasksBegun = parties.map(() => 0);
    this.#happened = plan.map(() => false);
    this.#canaries = Object.entries(options.canaries ?? {}).flatMap(([of, secrets]) =>
      secrets.map((secret) => ({ of, bytes: Buffer.from(secret) })),
    );
    this.network.onFrame = (from, to, plane, bytes) => this.#onFrame(from, to, plane, bytes);
    this.parties = parties.map((name, index) => this.#party(name, index));
  }

  async run(): Promise<SimulatedRun> {
    const { seed, plan } = this.#options;
    const random = new SeededRandom(seed, 'starts');
    for (const party of this.parties)
      this.queue.at(random.between(0, START_SPREAD_MS), null, () => party.start());
    for (const [index, fault] of plan.entries()) this.#schedule(fault, index);
    await this.#turn();
    return this.#result();
  }

  /** Errors that no code of a party is responsible for. */
  escaped(error: unknown): void {
    this.#stray.push(error);
  }

  /** All events, one after the other, each when every promise that the one before has let go on has gone on. */
  #turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const again = (): void => {
        try {
          const step = this.#next();
          if (step === 'over') resolve();
          else if (step === 'event') whenDrained(again);
          else this.#realTime().then(() => whenDrained(again), reject);
        } catch (error) {
          reject(error);
        }
      };
      whenDrained(again);
    });
  }

  /**
   * What is next: the end, something of the real world that time has to wait for, or an event, which has then happened.
   */
  #next(): 'over' | 'real' | 'event' {
    const { limitMs, outside } = this.#options;
    const { queue } = this;
    if (queue.isTurnDue || outside?.isOpen) return 'real';
    if (this.#isOver()) return 'over';
    const { now } = queue;
    const event = queue.next();
    if (event === undefined || queue.now > limitMs) return 'over';
    this.#eventsNow = queue.now > now ? 0 : this.#eventsNow + 1;
    if (event.owner) event.owner.happen(event);
    else event.run();
    if (this.#eventsNow < STANDSTILL_EVENTS_MAX) return 'event';
    this.#stray.push(new Error(`time stands still at ${queue.now} ms: something goes round in circles`));
    return 'over';
  }

  async #realTime(): Promise<void> {
    if (this.queue.isTurnDue) await turnOver();
    this.queue.isTurnDue = false;
    await this.#options.outside?.settled();
  }

  #isOver(): boolean {
    return this.parties.every(({ name, supervisor, program }) => {
      if (this.#frozenForEver.has(name)) return true;
      return !supervisor.isAlive && !program?.process.isAlive;
    });
  }

  #party(name: string, index: number): SimParty {
    const { parties, seed, jobFile, jobHash, jobOf, args, settings, bounds, plan, folderOf } = this.#options;
    const folder = folderOf(name);
    const tight = plan.findIndex((fault) => fault.kind === 'tight-memory' && fault.party === name);
    const memory = plan[tight];
    const limits: Partial<RuntimeLimits> =
      memory?.kind === 'tight-memory' ? { mailboxBytesMax: memory.bytes } : {};
    return new SimParty({
      name,
      parties,
      seed,
      network: this.network,
      tap: this.#tap,
      jobFile,
      jobHash,
      jobOf: (realm) => jobOf(name, realm),
      args,
      settings: settings[name] ?? {},
      errorDetail: this.#options.errorDetail ?? 'redacted',
      contract: this.#options.contract,
      witness: this.#options.witnessOf?.(name),
      bounds: { ...DEFAULT_BOUNDS, ...bounds },
      limits,
      tempDir: folder.path,
      cleanTempDir: () => folder.clean(),
      beforeTask: () => this.#beforeTask(name, index),
      onEvent: (event) => this.#onEvent(index, event),
      onStray: (error) => this.escaped(error),
      onEnded: (party) =>
        this.trace.note(this.queue.now, name, `ends, exit code ${party.report?.exitCode ?? '?'}`),
    });
  }

  #beforeTask(name: string, index: number): void {
    const nth = this.#tasksBegun[index] ?? 0;
    this.#tasksBegun[index] = nth + 1;
    const fault = this.#options.plan.findIndex(
      (item) => item.kind === 'throw' && item.party === name && item.nth === nth,
    );
    if (fault < 0) return;
    this.#happened[fault] = true;
    this.trace.note(this.queue.now, name, `a fault: its task ${nth + 1} throws`);
    throw new Error(`a task has failed, as planned (${INJECTED_SECRET} of ${name})`);
  }

  #schedule(fault: Fault, index: number): void {
    const havoc: Havoc = {
      queue: this.queue,
      network: this.network,
      party: (name) => this.parties.find((party) => party.name === name),
      frozenForEver: (name) => void this.#frozenForEver.add(name),
      happened: (text = describeFault(fault)) => {
        this.#happened[index] = true;
        this.trace.note(this.queue.now, '', `a fault: ${text}`);
      },
      note: (text) => this.trace.note(this.queue.now, '', text),
    };
    applyFault(fault, havoc);
  }

  #onEvent(index: number, event: RunEvent): void {
    this.#events[index]?.push(event);
    if (event.event === 'verdict')
      this.trace.note(
        this.queue.now,
        event.party,
        `decides: ${event.code ?? 'completed'}${event.origin ? `, at ${event.origin}` : ''}`,
      );
    else if (this.trace.lines) this.trace.tell(this.queue.now, event.party, () => describeEvent(event));
  }

  #onFrame(from: string, to: string, plane: Plane, bytes: Uint8Array): void {
    const { parties } = this.#options;
    const [source, target] = [parties.indexOf(from), parties.indexOf(to)];
    this.trace.frame(this.queue.now, source, target, bytes);
    if (plane === 'control' && isMessageFrame(bytes))
      this.#controlMessages[source] = (this.#controlMessages[source] ?? 0) + 1;
    if (plane === 'data') this.#note(from, to, bytes);
    if (this.trace.lines) {
      const text = describeFrame(plane, bytes, parties);
      if (text) this.trace.tell(this.queue.now, from, () => `→ ${to}  ${text}`);
    }
    this.#searchSecrets(from, to, plane, bytes);
  }

  #note(from: string, to: string, bytes: Uint8Array): void {
    const frame = dataFrameOf(bytes);
    if (!frame) return;
    const { stepId, kind, sequence } = frame;
    const key = `${from} ${to} ${stepId} ${kind} ${sequence}`;
    if (!this.#wire.has(key)) this.#wire.set(key, { from, to, stepId, kind });
  }

  #searchSecrets(from: string, to: string, plane: Plane, bytes: Uint8Array): void {
    const frame = bytes as Buffer;
    if (frame.includes(INJECTED_SECRET))
      this.#leaks.push({ of: from, where: `the text of an error, in a frame from ${from} to ${to}` });
    if (plane !== 'control') return;
    for (const { of, bytes: secret } of this.#canaries) {
      if (frame.includes(secret)) this.#leaks.push({ of, where: `a control message from ${from} to ${to}` });
    }
  }

  #result(): SimulatedRun {
    const { seed, plan } = this.#options;
    return {
      seed,
      plan,
      tasks: this.#tasksBegun,
      happened: this.#happened,
      parties: this.parties.map((party, index) => ({
        name: party.name,
        report: party.report,
        error: party.error,
        endedAt: party.endedAt,
        fate: this.#fateOf(party),
        programLeft: party.program?.process.isAlive === true && !this.#frozenForEver.has(party.name),
        leftovers: party.leftovers,
        events: this.#events[index] ?? [],
        controlMessages: this.#controlMessages[index] ?? 0,
        spilledBytes: party.disk.written,
      })),
      endedAt: this.queue.now,
      digest: this.trace.digest,
      timeline: this.trace.lines ?? [],
      flows: this.#tap.flows,
      wire: [...this.#wire.values()],
      leaks: this.#leaks,
      stray: this.#stray,
    };
  }

  #fateOf(party: SimParty): SimulatedParty['fate'] {
    if (party.endedAt !== null) return 'lives';
    if (this.#frozenForEver.has(party.name)) return 'frozen';
    return party.supervisor.isAlive ? 'lives' : 'killed';
  }
}

const RESOLVED = Promise.resolve();

/**
 * Calls back when every promise that could go on has gone on: Node runs a callback of `nextTick` once the queue of
 * microtasks, to which this one is added first, is empty. One promise and one tick for each event; awaiting the tick
 * would take three promises.
 */
function whenDrained(callback: () => void): void {
  void RESOLVED.then(() => process.nextTick(callback));
}

function turnOver(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
