/** The program process of a party in the simulated world: the real ProgramRun, with a channel to its supervisor. */
import { deferred } from '../base/deferred.ts';
import { invariant } from '../base/errors.ts';
import type { Job } from '../program/model/job.ts';
import type { RuntimeLimits } from '../program/runtime.ts';
import type { Witness } from '../program/state/witness.ts';
import { createConnector } from '../supervisor/planes/connector.ts';
import { ProgramRun } from '../supervisor/program/program-run.ts';
import type { FromProgram, ToProgram } from '../supervisor/seam/ipc.ts';
import { readFromProgram } from '../supervisor/seam/ipc-schema.ts';
import type { RunName } from '../supervisor/seam/options.ts';
import type {
  DataPlane,
  ProgramChild,
  ProgramHandlers,
  ProgramPlatform,
} from '../supervisor/seam/platform.ts';
import type { ProgramExit } from '../supervisor/seam/program-exit.ts';
import type { MessageTap } from './message-tap.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';
import { createRealm, type Realm } from './realm.ts';
import type { SimDisk } from './sim-disk.ts';
import { inProcess } from './uncaught.ts';

/** What a message between supervisor and program takes, at least and at most, in milliseconds. */
const CHANNEL_MS = [0.02, 0.4] as const;
/** How soon a supervisor knows of the end of its child, at least and at most; it may overtake the last messages. */
const EXIT_MS = [0.05, 1] as const;

export interface SimProgramOptions {
  readonly pid: number;
  readonly process: SimProcess;
  readonly supervisor: SimProcess;
  readonly handlers: ProgramHandlers;
  readonly network: SimNetwork;
  /** The job of this party in this run; by file in runs of users' jobs, made on the spot in tests of the simulator. */
  readonly jobOf: (realm: Realm) => Job;
  readonly jobHash: string;
  readonly limits: Partial<RuntimeLimits>;
  readonly disk: SimDisk;
  readonly tap: MessageTap;
  readonly beforeTask: () => void;
  readonly witness?: Witness | undefined;
  /** Errors before there was any code of the party: defects of the simulation. */
  readonly onStray: (error: unknown) => void;
}

export class SimProgram implements ProgramChild {
  readonly pid: number;
  readonly exited: Promise<ProgramExit>;
  readonly process: SimProcess;
  readonly #options: SimProgramOptions;
  readonly #exited = deferred<ProgramExit>();
  #run: ProgramRun | null = null;
  #toProgramAt = 0;
  #fromProgramAt = 0;

  constructor(options: SimProgramOptions) {
    this.#options = options;
    this.pid = options.pid;
    this.process = options.process;
    this.exited = this.#exited.promise;
    const { process, supervisor } = options;
    process.onUncaught = (error) => {
      if (this.#run) this.#run.escaped(error);
      else options.onStray(error);
    };
    supervisor.whenDead(() => this.#orphaned());
  }

  send(message: ToProgram): void {
    const copy = clone(message);
    this.hand(() => {
      if (copy.type === 'load') this.#run = new ProgramRun(copy, this.#platform());
      this.#run?.take(copy, undefined);
    });
  }

  /** Something goes over the channel to the program, behind what went before. */
  hand(take: () => void): void {
    const { queue, process } = { queue: this.#options.network.queue, process: this.process };
    if (!process.isAlive) return;
    this.#toProgramAt = Math.max(this.#toProgramAt, queue.now + process.random.between(...CHANNEL_MS));
    process.receive(this.#toProgramAt - queue.now, take);
  }

  killTree(): void {
    this.end({ code: null, signal: 'SIGKILL', outOfMemory: false });
  }

  memory(): undefined {
    return undefined;
  }

  async treeGone(): Promise<readonly number[]> {
    return this.process.isAlive ? [this.pid] : [];
  }

  /** The process ends here and now; its supervisor hears of it. */
  end(exit: ProgramExit, lostPower = false): void {
    if (!this.process.isAlive) return;
    this.process.die(lostPower);
    const { supervisor, handlers } = this.#options;
    supervisor.receive(this.process.random.between(...EXIT_MS), () => {
      handlers.onExit(exit);
      this.#exited.resolve(exit);
    });
  }

  /**
   * What is thrown outside of every promise, or left unhandled, as `uncaughtException` and `unhandledRejection` report
   * it.
   */
  escaped(error: unknown): void {
    if (this.process.isAlive) this.#run?.escaped(error);
  }

  #orphaned(): void {
    if (!this.process.isAlive) return;
    this.process.receive(0, () => {
      const ended = this.#run?.orphaned() ?? Promise.resolve();
      void ended.finally(() => this.process.die());
    });
  }

  #tell(take: () => void): void {
    const { supervisor, network } = this.#options;
    if (!this.process.isAlive || !supervisor.isAlive) return;
    const { now } = network.queue;
    this.#fromProgramAt = Math.max(this.#fromProgramAt, now + this.process.random.between(...CHANNEL_MS));
    supervisor.receive(this.#fromProgramAt - now, take);
  }

  #platform(): ProgramPlatform {
    const { process, options } = { process: this.process, options: this.#options };
    const realm = createRealm({
      process,
      print: (line) => this.#tell(() => options.handlers.onLine(line)),
      exit: (code) => this.end({ code, signal: null, outOfMemory: false }),
    });
    return {
      clock: process.clock,
      random: process.random,
      later: (callback) => process.later(callback),
      hold: (delayMs, callback) => process.hold(delayMs, callback),
      // Protocols work on the thread that calls them: other threads have a time of their own.
      threads: 0,
      limits: options.limits,
      spill: options.disk,
      beforeTask: options.beforeTask,
      ...(options.witness ? { witness: options.witness } : {}),
      send: (message: FromProgram) => {
        const copy = readFromProgram(clone(message));
        invariant(copy, `the schema of messages does not take a ${message.type}`);
        if (copy.type === 'finished') options.network.queue.isTurnDue = true;
        this.#tell(() => options.handlers.onMessage(copy));
      },
      finish: () => this.end({ code: 0, signal: null, outOfMemory: false }),
      print: (line) => this.#tell(() => options.handlers.onLine(line)),
      loadJob: async (file) => {
        const job = options.jobOf(realm);
        // The code of the job asks for itself (job-code.ts).
        const checkImport = (): void => {};
        const body = (context: never): unknown => inProcess(this, () => job.body(context));
        return {
          job: { ...job, body },
          path: file,
          hash: options.jobHash,
          files: [file],
          items: [],
          checkImport,
        };
      },
      surroundings: () => ({ node: '', duckdb: '', lockfile: '' }),
      openDataPlane: (party, run, federation) => this.#dataPlane(party, run, federation),
      // One database serves all parties of a simulated run; who runs the simulation closes it.
      database: { configure: () => undefined, close: async () => {} },
    };
  }

  #dataPlane(party: string, run: RunName, federation: readonly { readonly name: string }[]): DataPlane {
    const { network, tap } = this.#options;
    const transport = network.transport(party, 'data', this.process);
    const connect = createConnector({
      transport,
      plane: 'data',
      order: federation.map(({ name }) => name),
      run,
      loop: this.process,
    });
    return {
      connect: (peer, handlers) => tap.watch(party, peer, connect, handlers),
      handleSocket: (socket) => void socket.destroy(),
      close: () => transport.close(),
    };
  }
}

/** What crosses between the two processes crosses as JSON. */
function clone<T>(message: T): T {
  return JSON.parse(JSON.stringify(message)) as T;
}
