/**
 * All that can happen to one proposal at several nodes: messages that are delivered, lost and repeated, nodes that are
 * killed at any moment, places that are not free, clocks that run on. The pure life of a proposal decides; this world
 * carries out what it decides as the node does: what is stored survives a kill, nothing else does.
 */
import { firstLife, IDLE, isLeader, lifeStep, stateOf, wakeAt } from '../../src/node/life/life.ts';
import type {
  Intent,
  Life,
  LifeEffect,
  LifeEvent,
  LifeFacts,
  Nth,
  StartKind,
} from '../../src/node/life/life-types.ts';
import type { Answer } from '../../src/node/model/proposal.ts';

export interface Lasting extends Nth {
  readonly type: 'go' | 'unable';
  readonly from: string;
}

interface NodeState {
  life: Life;
  intent: Intent;
  now: number;
  /** What is being staged. */
  staging: Nth | null;
  isQueued: boolean;
  /** Among the runs at once of this node. */
  hasPlace: boolean;
  /** Runs of this node, in order: started, and how they ended. */
  runs: { nth: string; ended: 'no' | 'completed' | 'failed' }[];
  /** Stored messages to each node that it has not acknowledged. */
  outbox: Record<string, Lasting[]>;
  /** Names of stored messages that were taken. */
  taken: string[];
}

export interface WorldState {
  nodes: Record<string, NodeState>;
  /** `alice>bob`: what is on its way and may be lost. */
  ways: Record<string, ({ readonly kind: StartKind } & Nth)[]>;
  /** How each run ends where all take part. */
  outcomes: Record<string, 'completed' | 'failed'>;
  left: Budget;
}

/** How often each fault may still happen. */
export interface Budget {
  kills: number;
  losses: number;
  /** Words that do not arrive, and nobody notices. */
  silences: number;
  /** Words that arrive before one that was said earlier. */
  swaps: number;
  repeats: number;
  busy: number;
  unable: number;
  failures: number;
  refusals: number;
  withdrawals: number;
}

export interface Scenario {
  readonly parties: readonly string[];
  readonly proposer: string;
  readonly attemptsMax: number;
  readonly occurrences: number;
  readonly faults: Partial<Budget>;
  /** Parties at which nobody has decided yet, and what a rule of theirs will say. The others have approved. */
  readonly rules?: Readonly<Record<string, Answer>>;
  /** Stands in for the pure life, to plant defects in it. */
  readonly step?: typeof lifeStep;
}

export interface Move {
  readonly name: string;
  readonly isFault: boolean;
  readonly make: (state: WorldState) => void;
}

const NO_FAULTS: Budget = {
  kills: 0,
  losses: 0,
  silences: 0,
  swaps: 0,
  repeats: 0,
  busy: 0,
  unable: 0,
  failures: 0,
  refusals: 0,
  withdrawals: 0,
};
const NEVER = 1e12;
const nameOf = ({ occurrence, attempt }: Nth): string => `${occurrence}.${attempt}`;

export class LifeWorld {
  readonly scenario: Scenario;
  readonly #step: typeof lifeStep;
  /** The first rule that was broken. */
  broken: string | null = null;
  /** What has happened to a proposal anywhere: by whom it was seen, and from which intent to which. */
  readonly reached = new Set<string>();

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.#step = scenario.step ?? lifeStep;
  }

  facts(self: string): LifeFacts {
    const { parties, proposer, attemptsMax, occurrences } = this.scenario;
    return {
      self,
      proposer,
      parties,
      expiresAt: NEVER,
      attemptsMax,
      due: (nth) => (nth <= occurrences ? 0 : null),
    };
  }

  first(): WorldState {
    const { parties, faults, rules = {} } = this.scenario;
    const decided = parties.filter((party) => rules[party] === undefined);
    const approved = Object.fromEntries(decided.map((party) => [party, 'approved' as const]));
    const node = (self: string): NodeState => ({
      life: { ...firstLife(this.facts(self)), answers: approved },
      intent: IDLE,
      now: 0,
      staging: null,
      isQueued: false,
      hasPlace: false,
      runs: [],
      outbox: Object.fromEntries(parties.filter((other) => other !== self).map((other) => [other, []])),
      taken: [],
    });
    return {
      nodes: Object.fromEntries(parties.map((self) => [self, node(self)])),
      ways: {},
      outcomes: {},
      left: { ...NO_FAULTS, ...faults },
    };
  }

  moves(state: WorldState): readonly Move[] {
    const found: Move[] = [];
    for (const self of this.scenario.parties) found.push(...this.#movesOf(state, self));
    // Time goes on when nothing else does: what takes a moment is over before anything is given up.
    if (!found.some(({ isFault }) => !isFault))
      for (const self of this.scenario.parties) found.push(...this.#ticks(state, self));
    return found;
  }

  #movesOf(state: WorldState, self: string): Move[] {
    const node = nodeOf(state, self);
    const { left } = state;
    const moves: Move[] = [];
    const add = (name: string, make: (next: WorldState) => void, fault?: keyof Budget): void => {
      if (fault !== undefined && left[fault] === 0) return;
      moves.push({
        name: `${self}: ${name}`,
        isFault: fault !== undefined,
        make: (next) => {
          if (fault !== undefined) next.left[fault] -= 1;
          make(next);
        },
      });
    };
    if (node.isQueued)
      add('gets a place', (next) => {
        Object.assign(nodeOf(next, self), { isQueued: false, hasPlace: true });
        this.happen(next, self, { type: 'place' });
      });
    if (node.staging !== null) {
      const nth = node.staging;
      add('has staged', (next) => {
        nodeOf(next, self).staging = null;
        this.happen(next, self, { type: 'staged' });
      });
      add(
        'cannot stage',
        (next) => this.happen(next, self, { type: 'unable', from: self, ...nth }),
        'unable',
      );
    }
    for (const other of this.scenario.parties) {
      if (other === self) continue;
      const way = `${other}>${self}`;
      const [word, later] = state.ways[way] ?? [];
      if (word !== undefined) {
        const take = (free: boolean) => (next: WorldState) => {
          next.ways[way]?.shift();
          this.happen(next, self, { type: 'said', from: other, free, ...word });
        };
        add(`hears ${word.kind} of ${other}`, take(true));
        if (word.kind === 'hold') add(`is full when it hears ${word.kind}`, take(false), 'busy');
        add(`loses its link with ${other}`, (next) => this.#lose(next, self, other), 'losses');
        add(`never hears ${word.kind} of ${other}`, (next) => void next.ways[way]?.shift(), 'silences');
        if (later !== undefined)
          add(
            `hears ${later.kind} of ${other} before ${word.kind}`,
            (next) => {
              next.ways[way]?.splice(1, 1);
              this.happen(next, self, { type: 'said', from: other, free: true, ...later });
            },
            'swaps',
          );
      }
      const [stored] = nodeOf(state, other).outbox[self] ?? [];
      if (stored !== undefined) {
        add(`takes ${stored.type} of ${other}`, (next) => {
          this.#take(next, self, stored);
          nodeOf(next, other).outbox[self]?.shift();
        });
        add(
          `takes ${stored.type} of ${other}, which does not hear of it`,
          (next) => this.#take(next, self, stored),
          'repeats',
        );
      }
    }
    const run = node.runs.find(({ ended }) => ended === 'no');
    if (run !== undefined) this.#endings(state, self, run.nth, add);
    add('is killed', (next) => this.#kill(next, self), 'kills');
    const answer = this.scenario.rules?.[self];
    if (answer !== undefined && node.life.answers[self] === undefined)
      add(`has ${answer} it by a rule`, (next) => this.#rule(next, self, answer));
    if (node.life.answers[self] === 'approved')
      add('refuses after all', (next) => this.#refuse(next, self), 'refusals');
    if (isLeader(this.facts(self)) && !node.life.withdrawn)
      add('withdraws', (next) => this.#withdraw(next), 'withdrawals');
    return moves;
  }

  /** A run in which all take part ends equally everywhere; one in which somebody is missing fails. */
  #endings(
    state: WorldState,
    self: string,
    nth: string,
    add: (name: string, make: (next: WorldState) => void, fault?: keyof Budget) => void,
  ): void {
    const known = state.outcomes[nth];
    const isWhole = this.scenario.parties.every((party) =>
      nodeOf(state, party).runs.some((run) => run.nth === nth),
    );
    const end = (how: 'completed' | 'failed') => (next: WorldState) => {
      next.outcomes[nth] ??= how;
      const run = nodeOf(next, self).runs.find((one) => one.nth === nth);
      if (run !== undefined) run.ended = how;
      nodeOf(next, self).hasPlace = false;
      this.happen(next, self, { type: 'ended', completed: how === 'completed', again: how === 'failed' });
    };
    if (known !== undefined) return add(`sees the run ${known}`, end(known));
    if (isWhole) add('completes the run', end('completed'));
    if (isWhole) add('sees the run fail', end('failed'), 'failures');
    // Others will come, unless they have gone on to another attempt, or refuse: then nobody waits for ever.
    else if (!this.#mayStillCome(state, nth)) add('waits for others in vain', end('failed'));
  }

  #mayStillCome(state: WorldState, nth: string): boolean {
    const isSent = this.scenario.parties.some((from) =>
      Object.values(nodeOf(state, from).outbox).some((messages) =>
        messages.some((one) => one.type === 'go' && nameOf(one) === nth),
      ),
    );
    return isSent;
  }

  #ticks(state: WorldState, self: string): Move[] {
    const node = nodeOf(state, self);
    const at = wakeAt(node, this.facts(self));
    if (at === null || at >= NEVER) return [];
    return [
      {
        name: `${self}: time goes on`,
        isFault: false,
        make: (next) => {
          const later = nodeOf(next, self);
          later.now = Math.max(later.now, at);
          this.happen(next, self, { type: 'tick' });
        },
      },
    ];
  }

  happen(state: WorldState, self: string, event: LifeEvent): void {
    const node = nodeOf(state, self);
    const facts = this.facts(self);
    const before = { life: node.life, intent: node.intent, effects: [] };
    const next = this.#step(before, facts, event, node.now, 0);
    const role = isLeader(facts) ? 'leader' : 'member';
    const word = event.type === 'said' ? `${event.kind}${event.free ? '' : ', full'}` : event.type;
    this.reached.add(`${role}: ${node.intent.kind} - ${word} - ${next.intent.kind}`);
    node.life = next.life;
    node.intent = next.intent;
    for (const effect of next.effects) this.#carryOut(state, self, effect);
    if (node.intent.kind === 'held') node.hasPlace = true;
    this.#forgetTime(node);
  }

  #carryOut(state: WorldState, self: string, effect: LifeEffect): void {
    const node = nodeOf(state, self);
    switch (effect.type) {
      case 'queue':
        node.isQueued = true;
        return;
      case 'free':
        Object.assign(node, { isQueued: false, hasPlace: false, staging: null });
        return;
      case 'stage':
        node.staging = { occurrence: effect.occurrence, attempt: effect.attempt };
        return;
      case 'say':
        for (const to of effect.to) {
          const { kind, occurrence, attempt } = effect;
          const way = `${self}>${to}`;
          state.ways[way] = [...(state.ways[way] ?? []), { kind, occurrence, attempt }];
        }
        return;
      case 'go':
      case 'unable':
        for (const to of effect.to) {
          const { type, occurrence, attempt } = effect;
          node.outbox[to]?.push({ type, occurrence, attempt, from: self });
        }
        return;
      case 'start':
        return this.#start(node, self, effect);
      case 'notBegun':
        return;
    }
  }

  #start(node: NodeState, self: string, nth: Nth): void {
    const name = nameOf(nth);
    const { answers, withdrawn } = node.life;
    Object.assign(node, { isQueued: false, hasPlace: true, staging: null });
    const completed = node.runs.some(
      (run) => run.ended === 'completed' && run.nth.startsWith(`${nth.occurrence}.`),
    );
    if (node.runs.some((run) => run.nth === name)) this.broken ??= `${self} starts ${name} twice`;
    else if (node.runs.some(({ ended }) => ended === 'no'))
      this.broken ??= `${self} starts ${name} while another attempt runs`;
    else if (completed) this.broken ??= `${self} starts ${name}, and that occurrence has completed`;
    else if (withdrawn || this.scenario.parties.some((party) => answers[party] !== 'approved'))
      this.broken ??= `${self} starts ${name}, which not all have approved`;
    else if (nth.attempt > this.scenario.attemptsMax || nth.occurrence > this.scenario.occurrences)
      this.broken ??= `${self} starts ${name}, which nobody has approved`;
    node.runs.push({ nth: name, ended: 'no' });
  }

  #take(state: WorldState, self: string, { type, from, occurrence, attempt }: Lasting): void {
    const node = nodeOf(state, self);
    const name = `${from} ${type} ${occurrence}.${attempt}`;
    if (node.taken.includes(name)) return;
    node.taken.push(name);
    this.happen(state, self, { type, from, occurrence, attempt });
  }

  #lose(state: WorldState, self: string, other: string): void {
    state.ways[`${self}>${other}`] = [];
    state.ways[`${other}>${self}`] = [];
    this.happen(state, self, { type: 'away', party: other });
    this.happen(state, other, { type: 'away', party: self });
  }

  /** Nothing is left but what is stored; a run goes on, and is found again. */
  #kill(state: WorldState, self: string): void {
    const node = nodeOf(state, self);
    const isRunning = node.runs.some(({ ended }) => ended === 'no');
    Object.assign(node, { intent: IDLE, staging: null, isQueued: false, hasPlace: isRunning });
    for (const way of Object.keys(state.ways))
      if (way.startsWith(`${self}>`) || way.endsWith(`>${self}`)) state.ways[way] = [];
    for (const other of this.scenario.parties)
      if (other !== self) this.happen(state, other, { type: 'away', party: self });
    this.happen(state, self, { type: 'tick' });
  }

  /** Told to all at once: that messages of decisions are stored and repeated is the outbox's, not the life's. */
  #refuse(state: WorldState, self: string): void {
    this.happen(state, self, { type: 'answer', party: self, answer: 'refused' });
    const { proposer } = this.scenario;
    if (self !== proposer) this.happen(state, proposer, { type: 'answer', party: self, answer: 'refused' });
  }

  /** Told as {@link #refuse} is; of what is stored, so that a node that was killed before decides the same again. */
  #rule(state: WorldState, self: string, answer: Answer): void {
    for (const party of [self, ...this.scenario.parties.filter((other) => other !== self)])
      this.happen(state, party, { type: 'answer', party: self, answer });
  }

  #withdraw(state: WorldState): void {
    this.happen(state, this.scenario.proposer, { type: 'withdrawn' });
  }

  /** Moments count from now: a world that differs in what the clock says is the same world. */
  #forgetTime(node: NodeState): void {
    const { now, intent } = node;
    if (intent.kind === 'none')
      node.intent = { ...intent, notBefore: Math.max(0, intent.notBefore - now), tries: 0 };
    else if (intent.kind === 'queued') node.intent = { ...intent, tries: 0 };
    else if ('tries' in intent) node.intent = { ...intent, tries: 0, until: intent.until - now };
    else node.intent = { ...intent, until: intent.until - now };
    node.now = 0;
  }

  /** In a world in which nothing can happen but faults: what is still missing. */
  unfinished(state: WorldState): string | null {
    const states = this.scenario.parties.map((party) =>
      stateOf(nodeOf(state, party).life, this.facts(party), 0),
    );
    const holding = this.scenario.parties.find((party) => {
      const { intent, isQueued, hasPlace } = nodeOf(state, party);
      return intent.kind !== 'none' || isQueued || hasPlace;
    });
    if (holding !== undefined) return `${holding} keeps a place for nothing`;
    if (states.some((one) => one === 'refused' || one === 'withdrawn')) return null;
    return states.every((one) => one === 'finished') ? null : `it stands still as ${states.join(', ')}`;
  }
}

function nodeOf(state: WorldState, name: string): NodeState {
  const node = state.nodes[name];
  if (node === undefined) throw new Error(`there is no node ${name}`);
  return node;
}

export interface Explored {
  readonly states: number;
  readonly ends: number;
  /** False: it stopped at `statesMax`. */
  readonly complete: boolean;
  readonly violation: { readonly says: string; readonly story: readonly string[] } | null;
  readonly reached: ReadonlySet<string>;
}

/** Every order in which things can happen, the shortest story first. */
export function exploreLife(scenario: Scenario, statesMax: number): Explored {
  const world = new LifeWorld(scenario);
  const first = world.first();
  for (const party of scenario.parties) world.happen(first, party, { type: 'tick' });
  const parents = new Map<string, { readonly before: string | null; readonly name: string }>();
  let frontier = [JSON.stringify(first)];
  parents.set(frontier[0] ?? '', { before: null, name: 'begins' });
  let ends = 0;
  const { reached } = world;
  const storyOf = (text: string): readonly string[] => {
    const story: string[] = [];
    for (let at: string | null = text; at !== null; ) {
      const parent = parents.get(at);
      if (parent === undefined) break;
      story.unshift(parent.name);
      at = parent.before;
    }
    return story;
  };
  while (frontier.length > 0) {
    const next: string[] = [];
    for (const text of frontier) {
      const moves = world.moves(JSON.parse(text) as WorldState);
      if (!moves.some(({ isFault }) => !isFault)) {
        ends += 1;
        const says = world.unfinished(JSON.parse(text) as WorldState);
        if (says !== null)
          return {
            states: parents.size,
            ends,
            complete: false,
            violation: { says, story: storyOf(text) },
            reached,
          };
      }
      for (const move of moves) {
        const state = JSON.parse(text) as WorldState;
        move.make(state);
        const after = JSON.stringify(state);
        if (world.broken !== null)
          return {
            states: parents.size,
            ends,
            complete: false,
            violation: { says: world.broken, story: [...storyOf(text), move.name] },
            reached,
          };
        if (parents.has(after)) continue;
        if (parents.size >= statesMax)
          return { states: parents.size, ends, complete: false, violation: null, reached };
        parents.set(after, { before: text, name: move.name });
        next.push(after);
      }
    }
    frontier = next;
  }
  return { states: parents.size, ends, complete: true, violation: null, reached };
}
