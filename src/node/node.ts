/**
 * The node of a party: it keeps what partners propose and what people decide, starts what all have approved, and
 * remembers what became of it. It runs no code of a job and holds no rows; it can be killed and started again at any
 * moment, and finds its runs.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type PrivityError, UsageError } from '../base/errors.ts';
import { systemClock, systemRandom } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { formatAddress } from '../config/address.ts';
import { federationDigest } from '../config/federation-file.ts';
import { type IdentityFiles, readIdentityFiles } from '../config/identity-files.ts';
import type { NodeConfig } from '../config/node-file.ts';
import { createConnector } from '../supervisor/planes/connector.ts';
import { DEFAULT_BOUNDS } from '../supervisor/seam/bounds.ts';
import { type Door, openDoor } from '../transport/door/door.ts';
import { type GrpcTransport, runLabel } from '../transport/index.ts';
import { Bundles } from './core/bundles.ts';
import { Desk } from './core/desk.ts';
import { type Purged, purgeRuns } from './core/history.ts';
import { watchIdentity } from './core/identity-watch.ts';
import { Lives } from './core/lives.ts';
import type { OpenProposal } from './core/open-proposal.ts';
import { Packages } from './core/packages.ts';
import { Publishing } from './core/publishing.ts';
import { type RehearsalAsked, Rehearsals, type Rehearsed } from './core/rehearsals.ts';
import { Rules } from './core/rules.ts';
import { NodeRuns } from './core/runs.ts';
import { type Signing, signingOf } from './core/signing.ts';
import { Staging } from './core/staging.ts';
import { steadyClock } from './core/steady-clock.ts';
import { doorOf } from './gate/gate.ts';
import { type KeptGate, keepGate } from './gate/keep-gate.ts';
import { socketsFolder } from './gate/sockets-folder.ts';
import type { Answer, ProposalDocument } from './model/proposal.ts';
import { OPEN_STATES } from './model/records.ts';
import { runIdOf } from './model/run-id.ts';
import { NODE_NAME, openTransport, placeOf } from './opening.ts';
import { Partner } from './partners/partner.ts';
import { NODE_MESSAGE_BOUND, NODE_PROTOCOL, type NodeMessage } from './partners/words.ts';
import { availableRuns } from './runs/available-runs.ts';
import { launch } from './runs/launch.ts';
import { Places } from './runs/places.ts';
import { RunFolders } from './runs/run-folders.ts';
import type { OldRuns } from './store/runs.ts';
import { type NodeStore, openStore } from './store/store.ts';

/** Proposals that are read from the store at a time. */
const PAGE = 500;

export interface NodeOptions {
  readonly config: NodeConfig;
  /** The module of the command line, which supervisors are started from. */
  readonly entry: string;
  readonly warn: (message: string) => void;
  /** It may not write any more, and should end. */
  readonly onLost: (error: PrivityError) => void;
  /** Something about it has changed: for those who follow. */
  readonly changed: (topic: 'proposal' | 'run' | 'partner', id: string) => void;
}

export class PrivityNode {
  readonly config: NodeConfig;
  readonly store: NodeStore;
  readonly desk: Desk;
  readonly runs: NodeRuns;
  readonly places: Places;
  readonly folders: RunFolders;
  readonly signing: Signing;
  readonly publishing: Publishing;
  readonly packages: Packages;
  readonly rules: Rules;
  /** Of decisions: it does not run back. */
  readonly clock = steadyClock(systemClock);
  /** Since when it serves, in milliseconds since 1970. */
  readonly since = systemClock.wallTime();
  readonly #rehearsals: Rehearsals;
  readonly #staging: Staging;
  readonly #partners: ReadonlyMap<string, Partner>;
  readonly #lives: Lives;
  readonly #transport: GrpcTransport;
  readonly #door: Door;
  readonly #gate: KeptGate;
  readonly bundles: Bundles;
  readonly #endWatch: () => void;

  /**
   * Resolves when the node serves: partners reach it, and runs that were under way are found.
   * @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_NODE_SOCKET, PRIVITY_STORE_*
   * @throws {UsageError} PRIVITY_CONFIG_*, PRIVITY_STORE_OTHER_PARTY, PRIVITY_STORE_NEWER
   */
  static async start(options: NodeOptions): Promise<PrivityNode> {
    const { config, warn } = options;
    await mkdir(config.state, { recursive: true, mode: 0o700 });
    const sockets = await socketsFolder(config, process.env);
    const identity = await readIdentityFiles(config.party);
    const { member } = config.party;
    const store = await openStore({
      owner: { party: member.name, fingerprint: member.fingerprint, formerFingerprints: member.former },
      place: placeOf(config),
      onLost: options.onLost,
      clock: systemClock,
    });
    const undo: (() => unknown)[] = [() => store.close()];
    try {
      const transport = openTransport(config, identity, warn);
      undo.push(() => transport.close());
      const door = await openDoor(doorOf(sockets, runLabel(NODE_NAME)), {
        onSocket: ({ socket, head }) => transport.handleSocket(socket, head),
      });
      undo.push(() => door.close());
      const order = { party: config.party.party, listen: config.party.listen, sockets };
      const gate = await keepGate(order, systemClock, warn);
      undo.push(() => gate.close(true));
      const node = new PrivityNode(options, identity, { store, transport, door, gate, sockets });
      undo.splice(0, undo.length, () => node.close(true));
      await node.#resume();
      return node;
    } catch (error) {
      for (const one of undo.reverse()) await one();
      throw error;
    }
  }

  private constructor(
    { config, entry, warn, changed }: NodeOptions,
    identity: IdentityFiles,
    open: { store: NodeStore; transport: GrpcTransport; door: Door; gate: KeptGate; sockets: string },
  ) {
    const { party: self, federation } = config.party;
    const parties = federation.parties.map(({ name }) => name);
    this.config = config;
    this.store = open.store;
    this.#transport = open.transport;
    this.#door = open.door;
    this.#gate = open.gate;
    this.folders = new RunFolders(config.state);
    this.places = new Places(config.runsAtOnceMax ?? availableRuns(config.party.memoryMaxBytes));
    const bundles = new Bundles(config.state);
    this.bundles = bundles;
    this.#endWatch = watchIdentity({
      known: identity,
      clock: systemClock,
      read: () => readIdentityFiles(config.party),
      use: (renewed) => open.transport.renewIdentity(renewed),
      warn,
    });
    const signing = signingOf(identity.keyPem, federation.parties);
    this.signing = signing;
    const wake = (partner: string): void => this.#partners.get(partner)?.wake();
    const tell = (partner: string, said: NodeMessage): boolean =>
      this.#partners.get(partner)?.tell(said) ?? false;
    this.packages = new Packages({
      allowed: config.packages,
      folder: config.packagesFolder,
      bundleOf: (digest) => bundles.read(digest),
    });
    const shared = { self, store: open.store, clock: this.clock, warn, packages: this.packages };
    this.publishing = new Publishing({ ...shared, tell });
    this.#rehearsals = new Rehearsals({
      ...shared,
      folders: this.folders,
      publishing: this.publishing,
      bundleOf: (digest) => bundles.read(digest),
    });
    this.#staging = new Staging({
      ...shared,
      folders: this.folders,
      memory: join(config.state, 'memory'),
      options: config.extensions === undefined ? {} : { extensionsFolder: config.extensions },
      lives: () => this.#lives,
    });
    const staging = this.#staging;
    this.runs = new NodeRuns({
      ...{ ...shared, joinTimeoutMs: config.party.bounds.joinTimeoutMs ?? DEFAULT_BOUNDS.joinTimeoutMs },
      folders: this.folders,
      sockets: open.sockets,
      bundleOf: (digest) => bundles.read(digest),
      launch: (plan) => launch({ ...plan, entry, partyFile: config.party.file, sandbox: config.sandbox }),
      staged: (proposal, nth) => staging.staged(proposal, nth),
      lives: () => this.#lives,
      wake,
      ended: (runId) => {
        staging.forget(runId);
        changed('run', runId);
      },
    });
    this.#lives = new Lives({
      ...shared,
      random: systemRandom,
      places: this.places,
      tell,
      wake,
      stage: (proposal, nth) => staging.stage(proposal, nth),
      unstage: (proposal) => staging.remove(proposal),
      recordStart: (tx, proposal, nth) => this.runs.recordStart(tx, proposal, nth, this.clock.wallTime()),
      start: (proposal, nth) => this.runs.start(proposal, nth),
      changed: ({ id }) => changed('proposal', id),
    });
    const deciding = {
      ...{ ...shared, parties, selfApproval: config.selfApproval },
      problems: (document: ProposalDocument) => staging.problems(document),
    };
    this.rules = new Rules({
      ...deciding,
      problems: (document) => this.problems(document),
      random: systemRandom,
      desk: () => this.desk,
      open: () => this.#lives.all(),
    });
    this.desk = new Desk({
      ...{ ...deciding, federation: federation.name, signing, bundles, lives: this.#lives, wake },
      added: (open) => void this.rules.look(open),
    });
    this.#partners = this.#meet(parties, bundles, warn, changed);
  }

  partners(): Iterable<Partner> {
    return this.#partners.values();
  }

  /** A proposal of which something may still come. */
  open(id: string): OpenProposal | undefined {
    return this.#lives.get(id);
  }

  /** All of which something may still come. */
  proposals(): Iterable<OpenProposal> {
    return this.#lives.all();
  }

  /** What keeps this party from approving. */
  async problems(document: ProposalDocument): Promise<readonly string[]> {
    return [...(await this.packages.problems(document)), ...(await this.#staging.problems(document))];
  }

  /** Of a proposal that is open. @throws {UsageError} PRIVITY_PROPOSAL_UNKNOWN, _STATE, and of `Rehearsals` */
  async rehearse(id: string, asked: RehearsalAsked, by: string, signal: AbortSignal): Promise<Rehearsed> {
    return this.#rehearsals.rehearse(await this.desk.openOf(id), asked, by, signal);
  }

  /** This party's yes or no. A no ends what runs of it here, too. */
  async decide(id: string, answer: Answer, by: string, reason: string): Promise<void> {
    await this.desk.decide(id, answer, by, reason);
    const life = this.#lives.get(id)?.life;
    if (answer === 'refused' && life?.isRunning) this.runs.cancel(runIdOf(id, life.occurrence, life.attempt));
  }

  /** @throws {UsageError} PRIVITY_RUN_STATE */
  async stop(runId: string, by: string): Promise<void> {
    if (!this.runs.cancel(runId)) throw new UsageError('PRIVITY_RUN_STATE', `${runId} does not run`);
    const at = this.clock.wallTime();
    await this.store.change((tx) => tx.audit.add({ at, by, what: 'run.stop', about: runId, detail: {} }));
  }

  /** One portion of the history, and packed jobs of which nothing can come. */
  purge(rule: OldRuns, by: string): Promise<Purged> {
    const { store, folders } = this;
    return purgeRuns({ store, folders, bundles: this.bundles, clock: systemClock }, rule, by);
  }

  /** Tells partners anew what is published for them. */
  async publishTo(partners: readonly string[]): Promise<void> {
    for (const partner of new Set(partners)) await this.publishing.tell(partner);
  }

  gate(): ReturnType<KeptGate['status']> {
    return this.#gate.status();
  }

  /** Runs go on. @param end whether the port is given up, too: when no run needs it any more */
  async close(end = false): Promise<void> {
    this.#endWatch();
    this.rules.close();
    await this.#rehearsals.close();
    this.#lives.close();
    this.runs.close();
    this.#gate.close(end);
    await Promise.all([...this.#partners.values()].map((partner) => partner.close()));
    await this.#transport.close();
    await this.#door.close();
    await this.store.close();
  }

  #meet(
    parties: readonly string[],
    bundles: Bundles,
    warn: NodeOptions['warn'],
    changed: NodeOptions['changed'],
  ): ReadonlyMap<string, Partner> {
    const { party: self, federation } = this.config.party;
    const connect = createConnector({
      transport: this.#transport,
      plane: 'control',
      order: parties,
      limits: { headerBytesMax: NODE_MESSAGE_BOUND.bytesMax },
      loop: { clock: systemClock, random: systemRandom },
    });
    const digest = federationDigest(federation);
    const greeting = (): NodeMessage => ({
      kind: 'node',
      protocol: NODE_PROTOCOL,
      privity: PRIVITY_VERSION,
      federation: digest,
      samples: true,
    });
    const others = parties.filter((name) => name !== self);
    return new Map(
      others.map((name) => {
        const partner = new Partner({
          self,
          name,
          clock: systemClock,
          random: systemRandom,
          connect,
          greeting,
          federation: digest,
          outbox: (limit) => this.store.outbox.next(name, limit),
          bodyOf: async ({ body }) => {
            const said = JSON.parse(body) as NodeMessage;
            return said.kind === 'proposal' ? bundles.read(said.document.job.bundle) : new Uint8Array(0);
          },
          onMessage: async (said, id, body) => {
            if (said.kind === 'published') await this.publishing.heard(name, said.datasets);
            else if (said.kind === 'gone') this.runs.gone(name, said);
            else await this.desk.receive(name, said, id, body);
          },
          onTaken: (row, refused) => this.#taken(name, row.messageId, refused, warn),
          onState: () => {
            if (partner.isUp) this.publishTo([name]).catch((error: unknown) => warn(String(error)));
            else this.#lives.partnerAway(name);
            changed('partner', name);
          },
          warn,
        });
        return [name, partner] as const;
      }),
    );
  }

  /** What the partner will never take is told here, and not sent again. */
  async #taken(
    partner: string,
    messageId: string,
    refused: { readonly code: string; readonly message: string } | undefined,
    warn: NodeOptions['warn'],
  ): Promise<void> {
    await this.store.change(async (tx) => {
      await tx.outbox.acknowledged(partner, messageId);
      if (refused === undefined) return;
      const [at, by] = [this.clock.wallTime(), `partner:${partner}`];
      await tx.audit.add({ at, by, what: 'message.refused', about: messageId, detail: refused });
    });
    if (refused !== undefined)
      warn(`${partner} does not take ${messageId}: ${refused.code}: ${refused.message}`);
  }

  /** What was open when the node ended. */
  async #resume(): Promise<void> {
    await this.bundles.sweep();
    for (const state of OPEN_STATES) {
      let before: number | undefined;
      do {
        const from = before === undefined ? {} : { before };
        const page = await this.store.proposals.list({ state, limit: PAGE, ...from });
        for (const { id } of page.rows) await this.#hold(id);
        before = page.next ?? undefined;
      } while (before !== undefined);
    }
    const { federation, party: self } = this.config.party;
    const at = this.clock.wallTime();
    await this.store.change(async (tx) => {
      for (const { name, fingerprint, ...address } of federation.parties)
        if (name !== self) await tx.partners.put({ name, fingerprint, address: formatAddress(address), at });
    });
    const active = await this.store.runs.active();
    for (const { proposal, occurrence, attempt, createdAt } of active) {
      await this.#hold(proposal);
      const open = this.#lives.get(proposal);
      if (open === undefined) continue;
      this.places.take(open.id, true);
      this.runs.start(open, { occurrence, attempt }, createdAt);
    }
    const ids = new Set(active.map(({ runId }) => runId));
    await this.runs.sweep(ids);
    for (const runId of await this.folders.working()) if (!ids.has(runId)) await this.folders.clear(runId);
    for (const open of this.#lives.all()) this.#lives.happens(open.id, { type: 'tick' });
    void this.rules.lookAtAll();
  }

  async #hold(id: string): Promise<void> {
    const record = await this.store.proposals.get(id);
    if (record !== undefined) this.#lives.add(record);
  }
}
