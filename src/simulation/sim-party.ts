/** One party in the simulated world: the real PartyRun as its supervisor, on a machine that is simulated. */
import { createHmac } from 'node:crypto';
import type { Signer } from '../coordination/types.ts';
import type { Contract } from '../observe/contract/contract.ts';
import type { RunEvent } from '../observe/events.ts';
import type { RunReport } from '../observe/report.ts';
import type { Job } from '../program/model/job.ts';
import type { RuntimeLimits } from '../program/runtime.ts';
import type { Witness } from '../program/state/witness.ts';
import { PartyRun } from '../supervisor/party/party.ts';
import { controlLinkLimits, createConnector } from '../supervisor/planes/connector.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';
import type { ErrorDetail, FederationMember, PartyOptions } from '../supervisor/seam/options.ts';
import type { Planes, SupervisorPlatform } from '../supervisor/seam/platform.ts';
import type { MessageTap } from './message-tap.ts';
import type { SimNetwork } from './network.ts';
import { SimProcess } from './process.ts';
import type { Realm } from './realm.ts';
import { SeededRandom } from './seeded-random.ts';
import { SimDisk } from './sim-disk.ts';
import { SimProgram } from './sim-program.ts';

export interface SimPartyOptions {
  readonly name: string;
  readonly parties: readonly string[];
  readonly seed: number;
  readonly network: SimNetwork;
  readonly tap: MessageTap;
  readonly jobFile: string;
  readonly jobOf: (realm: Realm) => Job;
  readonly jobHash: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly errorDetail: ErrorDetail;
  readonly contract?: Contract | undefined;
  readonly witness?: Witness | undefined;
  readonly bounds: Bounds;
  readonly limits: Partial<RuntimeLimits>;
  /** A folder that exists; tasks of the job may write there. */
  readonly tempDir: string;
  readonly cleanTempDir: () => void;
  readonly beforeTask: () => void;
  readonly onEvent: (event: RunEvent) => void;
  readonly onEnded: (party: SimParty) => void;
  /** Errors that no code of the party is responsible for. */
  readonly onStray: (error: unknown) => void;
}

export class SimParty {
  readonly name: string;
  readonly supervisor: SimProcess;
  readonly disk = new SimDisk();
  readonly #options: SimPartyOptions;
  readonly #cancel = new AbortController();
  program: SimProgram | null = null;
  report: RunReport | null = null;
  /** Why there is no report, where the run could not exist. */
  error: unknown;
  endedAt: number | null = null;
  /** Speed of the clocks of processes that are still to start. */
  clockRate = 1;
  /** What its supervisor had left when it ended. */
  leftovers: readonly string[] = [];

  constructor(options: SimPartyOptions) {
    this.#options = options;
    this.name = options.name;
    const { network, seed } = options;
    const random = new SeededRandom(seed, `supervisor ${this.name}`);
    this.supervisor = new SimProcess(this.name, 'supervisor', network.queue, random);
    this.supervisor.onUncaught = options.onStray;
    network.addHost(this.name, this.supervisor);
  }

  /** The party's operator types the command. */
  start(): void {
    new PartyRun(this.#partyOptions(), this.#platform()).run().then(
      (report) => this.#ended(report),
      (error: unknown) => {
        this.error = error;
        this.#ended(null);
      },
    );
  }

  cancel(): void {
    this.#cancel.abort();
  }

  #ended(report: RunReport | null): void {
    if (!this.supervisor.isAlive) return;
    const { network, onEnded } = this.#options;
    this.report = report;
    this.endedAt = network.queue.now;
    this.leftovers = [
      ...(report?.leftovers ?? []),
      ...count(this.supervisor.timersOpen, 'timers of the supervisor'),
      ...count(network.openEnds(this.supervisor), 'open connections of the supervisor'),
      ...count(this.program?.process.isAlive ? 1 : 0, 'program processes'),
      ...count(this.disk.files, 'temporary files'),
    ];
    this.supervisor.die();
    onEnded(this);
  }

  #partyOptions(): PartyOptions {
    const { name, parties, jobFile, args, settings, errorDetail, contract, bounds, onEvent } = this.#options;
    return {
      party: name,
      federationName: 'simulated',
      federation: parties.map((party) => ({
        name: party,
        host: party,
        port: 1,
        fingerprint: `simulated:${party}`,
      })),
      identity: { certPem: '', keyPem: name },
      listen: { host: name, port: 1 },
      jobFile,
      args,
      settings,
      errorDetail,
      contract,
      bounds,
      onEvent,
      cancel: this.#cancel.signal,
    };
  }

  #platform(): SupervisorPlatform<SimProgram> {
    const { supervisor } = this;
    const { tempDir, cleanTempDir, parties } = this.#options;
    return {
      clock: supervisor.clock,
      random: supervisor.random,
      later: (callback) => supervisor.later(callback),
      hold: (delayMs, callback) => supervisor.hold(delayMs, callback),
      pid: 1000 * (1 + parties.indexOf(this.name)),
      // Neither claims nor orphans: a simulated machine has no next run.
      clearOrphans: async () => {},
      tempFolder: async () => ({
        path: tempDir,
        runIs: () => {},
        programIs: () => {},
        remove: async () => cleanTempDir(),
      }),
      openPlanes: async () => this.#planes(),
      spawnProgram: async (_cwd, _tempDir, handlers) => {
        this.program = this.#spawn(handlers);
        return this.program;
      },
      // The port of a simulated machine is its supervisor's and closes with it; what the data links tell is all that
      // peers hear.
      startStandIn: async () => ({ pid: 0, begun: () => {}, end: async () => {} }),
      createRunIdentity: (identity) => ({ ...identity, fingerprint: '' }),
      defaultMemoryMax: () => undefined,
      createSigner: keyedSigner,
      rehearse: () => {},
    };
  }

  #planes(): Planes<SimProgram> {
    const { name, parties, network, bounds } = this.#options;
    const transport = network.transport(name, 'control', this.supervisor);
    return {
      connect: createConnector({
        transport,
        plane: 'control',
        order: parties,
        limits: controlLinkLimits(bounds.lostAfterMs),
        loop: this.supervisor,
      }),
      handDataTo: (program) => network.handDataTo(name, program.process, (take) => program.hand(take)),
      close: () => {
        network.closePort(name);
        return transport.close();
      },
    };
  }

  #spawn(handlers: ConstructorParameters<typeof SimProgram>[0]['handlers']): SimProgram {
    const { name, parties, seed, network, jobOf, jobHash, limits, tap, beforeTask, witness, onStray } =
      this.#options;
    const index = parties.indexOf(name);
    const random = new SeededRandom(seed, `program ${name}`);
    const process = new SimProcess(name, 'program', network.queue, random);
    if (this.clockRate !== 1) process.drift(this.clockRate);
    return new SimProgram({
      pid: 1000 * (1 + index) + 1,
      process,
      supervisor: this.supervisor,
      handlers,
      network,
      jobOf,
      jobHash,
      limits,
      disk: this.disk,
      tap,
      beforeTask,
      witness,
      onStray,
    });
  }
}

/**
 * Signatures of the simulated world: a keyed hash under a key that follows from the party's name. ECDSA draws
 * randomness of its own, so its signatures could not be the same in two runs.
 */
function keyedSigner(name: string, federation: readonly FederationMember[]): Signer {
  const signed = (party: string, text: string): string =>
    createHmac('sha256', `simulated key of ${party}`).update(text).digest('base64url');
  return {
    sign: (text) => signed(name, text),
    accepts: (party, text, signature) => signature === signed(federation[party]?.name ?? '', text),
  };
}

const count = (n: number, what: string): string[] => (n > 0 ? [`${n} ${what}`] : []);
