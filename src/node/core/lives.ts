/**
 * Carries out what the pure life of a proposal decides: stores first, in one change with whatever led to it, and acts
 * afterwards. All that happens to one proposal happens in order.
 */
import { EnvironmentError } from '../../base/errors.ts';
import type { Clock, Random } from '../../contracts/index.ts';
import { isLeader, lifeStep, stateOf, wakeAt } from '../life/life.ts';
import type { LifeEffect, LifeEvent, Nth, Step } from '../life/life-types.ts';
import { newRun, OPEN_STATES, type ProposalRecord } from '../model/records.ts';
import { runIdOf } from '../model/run-id.ts';
import type { NodeMessage } from '../partners/words.ts';
import type { Places } from '../runs/places.ts';
import type { NodeStore, StoreChange } from '../store/store.ts';
import { wordsOf } from '../words-of.ts';
import { OpenProposal } from './open-proposal.ts';

/** After a store that could not be written: the disk may have room again. */
const STORE_AGAIN_MS = 1_000;

/** Why an attempt cannot begin. */
export interface Unable {
  /** At which party. */
  readonly origin: string;
  readonly code: string;
  /** For partners, too. */
  readonly message: string;
  /** The same for this party alone: it may speak of its table. */
  readonly own?: string;
}

export interface LivesParts {
  readonly self: string;
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly places: Places;
  /** False: the partner is not there. */
  readonly tell: (partner: string, said: NodeMessage) => boolean;
  /** Something is in the outbox of a partner. */
  readonly wake: (partner: string) => void;
  readonly stage: (open: OpenProposal, nth: Nth) => void;
  /** What was staged for the next attempt is not needed. */
  readonly unstage: (open: OpenProposal) => void;
  /** Within the change that lets it go. */
  readonly recordStart: (tx: StoreChange, open: OpenProposal, nth: Nth) => Promise<void>;
  readonly start: (open: OpenProposal, nth: Nth) => void;
  readonly changed: (open: OpenProposal) => void;
  readonly warn: (message: string) => void;
}

/** What is written with an event. False: it is known already, and nothing more is to be done. */
export type Write = (tx: StoreChange) => Promise<boolean>;

export class Lives {
  readonly #parts: LivesParts;
  readonly #open = new Map<string, OpenProposal>();
  #closed = false;

  constructor(parts: LivesParts) {
    this.#parts = parts;
  }

  get(id: string): OpenProposal | undefined {
    return this.#open.get(id);
  }

  all(): Iterable<OpenProposal> {
    return this.#open.values();
  }

  /** From the store, or just added to it. */
  add(record: Pick<ProposalRecord, 'proposal' | 'life' | 'state'>): OpenProposal {
    const known = this.#open.get(record.proposal.id);
    if (known !== undefined) return known;
    const open = new OpenProposal(record, this.#parts.self);
    this.#open.set(open.id, open);
    this.#parts.changed(open);
    return open;
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#open.values()) timer?.cancel();
  }

  /**
   * Resolves when what follows from the event is stored. False: the proposal is over, or unknown, and takes nothing.
   * @throws {EnvironmentError} PRIVITY_STORE_CLOSED: the node ends @throws what the store throws; nothing has happened
   */
  async happen(id: string, event: LifeEvent, write?: Write, unable?: Unable): Promise<boolean> {
    if (this.#closed) throw new EnvironmentError('PRIVITY_STORE_CLOSED', 'this node is ending');
    const open = this.#open.get(id);
    if (open === undefined) return false;
    const done = open.turn.then(() => this.#step(open, event, write, unable));
    open.turn = done.then(
      () => undefined,
      () => undefined,
    );
    await done;
    return true;
  }

  /** For what nobody waits for: a store that cannot be written is tried again later. */
  happens(id: string, event: LifeEvent, write?: Write, unable?: Unable): void {
    this.happen(id, event, write, unable).catch((error: unknown) => {
      if (this.#closed) return;
      this.#parts.warn(`${id}: ${wordsOf(error)}; tried again`);
      this.#parts.clock.after(STORE_AGAIN_MS, () => {
        this.happens(id, event, write, unable);
      });
    });
  }

  /** A place may be free. */
  seat(): void {
    for (let id = this.#parts.places.next(); id !== undefined; id = this.#parts.places.next())
      this.happens(id, { type: 'place' });
  }

  partnerAway(party: string): void {
    for (const open of this.#open.values())
      if (open.intent.kind === 'asking' || open.intent.kind === 'staging')
        this.happens(open.id, { type: 'away', party });
  }

  async #step(
    open: OpenProposal,
    event: LifeEvent,
    write: Write | undefined,
    unable: Unable | undefined,
  ): Promise<void> {
    const { clock, places, random } = this.#parts;
    const now = clock.wallTime();
    const seen =
      event.type === 'said' ? { ...event, free: places.isFree || places.taken.has(open.id) } : event;
    const before: Step = { life: open.life, intent: open.intent, effects: [] };
    const jitter = (random.bytes(1)[0] ?? 0) / 256;
    const next = lifeStep(before, open.facts, seen, now, jitter);
    const state = stateOf(next.life, open.facts, now);
    const isStored = next.life !== before.life || state !== open.state || next.effects.some(isLasting);
    if (isStored || write !== undefined) {
      const isNew = await this.#parts.store.change(async (tx) => {
        if (write !== undefined && !(await write(tx))) return false;
        if (next.life !== before.life || state !== open.state)
          await tx.proposals.set(open.id, { state, life: next.life, at: now });
        if (state !== open.state)
          await tx.audit.add({
            at: now,
            by: 'node',
            what: `proposal.${state}`,
            about: open.id,
            detail: {},
          });
        for (const effect of next.effects) await this.#record(tx, open, effect, now, unable);
        return true;
      });
      if (!isNew) return;
    }
    const isChanged = state !== open.state || next.life !== open.life;
    const hasEnded = open.life.isRunning && !next.life.isRunning;
    open.life = next.life;
    open.intent = next.intent;
    open.state = state;
    // Another attempt asks for a place anew, in its turn.
    if (hasEnded) places.free(open.id);
    for (const effect of next.effects) this.#act(open, effect);
    if (open.intent.kind === 'held') places.take(open.id);
    this.#setTimer(open);
    if (isChanged) this.#parts.changed(open);
    if (!this.#mayGoOn(open)) this.#forget(open);
    if (hasEnded) this.seat();
  }

  /** What has to be stored with the new state. */
  async #record(
    tx: StoreChange,
    open: OpenProposal,
    effect: LifeEffect,
    now: number,
    unable: Unable | undefined,
  ): Promise<void> {
    if (effect.type === 'start') return this.#parts.recordStart(tx, open, effect);
    if (effect.type === 'notBegun') {
      const { id, document } = open.proposal;
      const origin = unable?.origin ?? effect.origin;
      const run = newRun(id, document.title, effect, now);
      const { code = null, message = null, own = message } = unable ?? {};
      await tx.runs.add({ ...run, state: 'failed', endedAt: now, code, origin });
      const detail = { code, origin, why: own };
      await tx.audit.add({ at: now, by: 'node', what: 'run.failed', about: run.runId, detail });
      return;
    }
    if (effect.type !== 'go' && effect.type !== 'unable') return;
    const { occurrence, attempt } = effect;
    const nth = { proposal: open.id, occurrence, attempt };
    const { own: _, ...told } = unable ?? {
      origin: this.#parts.self,
      code: 'PRIVITY_INTERNAL',
      message: 'no reason is known',
    };
    const said: NodeMessage =
      effect.type === 'go' ? { kind: 'go', ...nth } : { kind: 'unable', ...nth, ...told };
    for (const partner of effect.to)
      await tx.outbox.put({
        partner,
        messageId: `${effect.type}-${runIdOf(open.id, occurrence, attempt)}`,
        body: JSON.stringify(said),
        createdAt: now,
      });
  }

  #act(open: OpenProposal, effect: LifeEffect): void {
    const { places, tell, wake, stage, unstage, start } = this.#parts;
    switch (effect.type) {
      case 'queue':
        places.wait(open.id);
        return this.seat();
      case 'free':
        places.free(open.id);
        unstage(open);
        return this.seat();
      case 'stage':
        return stage(open, effect);
      case 'say': {
        const { kind, to, occurrence, attempt } = effect;
        for (const partner of to) {
          const said = { kind: 'start', word: kind, proposal: open.id, occurrence, attempt } as const;
          if (!tell(partner, said) && isLeader(open.facts) && kind !== 'release')
            this.happens(open.id, { type: 'away', party: partner });
        }
        return;
      }
      case 'go':
      case 'unable':
        for (const partner of effect.to) wake(partner);
        return;
      case 'start':
        places.take(open.id, true);
        return start(open, effect);
      case 'notBegun':
        return;
    }
  }

  #setTimer(open: OpenProposal): void {
    const { clock } = this.#parts;
    open.timer?.cancel();
    open.timer = undefined;
    const at = wakeAt(open, open.facts);
    if (at === null || this.#closed) return;
    open.timer = clock.after(Math.max(0, at - clock.wallTime()), () =>
      this.happens(open.id, { type: 'tick' }),
    );
  }

  #mayGoOn({ state, life }: OpenProposal): boolean {
    return life.isRunning || OPEN_STATES.includes(state);
  }

  #forget(open: OpenProposal): void {
    open.timer?.cancel();
    this.#open.delete(open.id);
  }
}

const isLasting = ({ type }: LifeEffect): boolean =>
  type === 'go' || type === 'unable' || type === 'start' || type === 'notBegun';
