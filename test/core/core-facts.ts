/** What a search asks of a core again and again, looked up once for each distinct state. */
import { component } from '../../src/coordination/board.ts';
import { mismatchDeadline, nextWake } from '../../src/coordination/liveness.ts';
import type { CoreState, Outcome } from '../../src/coordination/types.ts';
import type { LocalSteps } from './local-steps.ts';

export class Facts {
  readonly core: CoreState;
  readonly outcome: Outcome | null;
  /** By digest, from 1; 0 is none yet. */
  readonly outcomeNumber: number;
  readonly inDoubt: boolean;
  readonly open: boolean;
  readonly running: boolean;
  readonly ended: boolean;
  readonly left: boolean;
  /** Bits of peers that this party has heard, and of those whose link it saw go after its decision. */
  readonly heard: number;
  readonly gone: number;
  /** Bits of parties without which the run has gone on here. */
  readonly absent: number;
  readonly wakeAt: number;
  readonly differing: boolean;
  /** Bit i·8+j: by this party's board, i has given up on j. */
  readonly #cuts: Uint8Array;

  constructor(core: CoreState, outcomeNumber: number) {
    const bits = (of: (peer: CoreState['peers'][number]) => boolean): number =>
      core.peers.reduce((sum, view, peer) => sum | (of(view) ? 1 << peer : 0), 0);
    this.core = core;
    this.outcome = core.outcome;
    this.outcomeNumber = outcomeNumber;
    this.inDoubt = core.outcome?.failure?.code === 'IN_DOUBT';
    this.open = core.phase !== 'aborting' && core.phase !== 'ended';
    this.running = core.phase === 'running';
    this.ended = core.phase === 'ended';
    this.left = core.left;
    this.heard = bits((view) => view.heardAt !== null);
    this.gone = bits((view) => view.gone);
    this.absent = core.absent.reduce((sum, { party }) => sum | (1 << party), 0);
    this.wakeAt = core.left ? Number.POSITIVE_INFINITY : nextWake(core);
    const isWaiting = core.phase === 'joining' && core.mismatchAt !== null;
    this.differing = (core.divergence !== null || isWaiting) && this.open;
    this.#cuts = Uint8Array.from(core.board.cuts, (row) =>
      row.reduce((sum, is, to) => sum | (is ? 1 << to : 0), 0),
    );
  }

  /** Whether, by this party's board, `from` has given up on `to`. */
  cuts(from: number, to: number): boolean {
    return (((this.#cuts[from] ?? 0) >> to) & 1) === 1;
  }

  leavesOut(party: number): boolean {
    return ((this.absent >> party) & 1) === 1;
  }

  votedOn(scope: string): boolean {
    return (this.core.scopes.get(scope)?.votes[this.core.config.self] ?? null) !== null;
  }

  /**
   * Until when this party waits if nothing comes: its lingering, a peer that shall name a difference, a hello beside
   * two that differ.
   */
  get patienceEnds(): number {
    const { endedAt, divergence, mismatchAt, config } = this.core;
    if (endedAt !== null) return endedAt + config.bounds.lingerMs;
    return divergence?.giveUpAt ?? (mismatchAt === null ? 0 : mismatchDeadline(this.core));
  }

  /** Parties that this one takes for reachable, by its own board. */
  get component(): readonly number[] {
    return component(this.core.board, this.core.config.self);
  }
}

export class CoreFacts {
  readonly #local: LocalSteps;
  readonly #facts: Facts[] = [];
  readonly #outcomes = new Map<string, number>();

  constructor(local: LocalSteps) {
    this.#local = local;
  }

  of(id: number): Facts {
    return this.#facts[id] ?? this.#make(id);
  }

  #make(id: number): Facts {
    const core = this.#local.core(id);
    const digest = core.outcome?.digest;
    let number = 0;
    if (digest !== undefined) {
      number = this.#outcomes.get(digest) ?? this.#outcomes.size + 1;
      this.#outcomes.set(digest, number);
    }
    const facts = new Facts(core, number);
    this.#facts[id] = facts;
    return facts;
  }
}
