/**
 * The life of one proposal as one node sees it: from the proposal to the last attempt. Pure: what a node stores
 * ({@link Life}), what it may forget when it is killed ({@link Intent}), and what to do.
 *
 * Decisions only ever grow (none, approved, refused; not withdrawn, withdrawn), so nodes that have heard the same
 * agree, in any order. Attempts are begun by the proposer's node, the leader: it holds a place at every party, lets all
 * of them stage their tables, and then says go. Only `go` is stored. What is lost before it is asked again; a node that
 * has heard it starts that attempt once.
 */
import type { Answer } from '../model/proposal.ts';
import type { ProposalState } from '../model/records.ts';
import type { Intent, Life, LifeEffect, LifeEvent, LifeFacts, Nth, StartKind, Step } from './life-types.ts';

/** The leader waits this long for all to hold a place: one round trip, and a node that is busy with its disk. */
export const ASK_MS = 5_000;
/** Staging of ten million rows takes minutes; above it something hangs. */
export const STAGING_MS = 60 * 60 * 1000;
/** A member keeps a place for a leader that says nothing for so long. */
export const HOLD_MS = 3 * ASK_MS;
/** Pause before the leader asks again where a member was busy or away; doubled up to the maximum. */
export const ASK_AGAIN_MS = 250;
export const ASK_AGAIN_MS_MAX = 5_000;
/** Pause before an attempt is made again; doubled for each. */
export const ATTEMPT_AGAIN_MS = 2_000;

export const firstLife = (facts: LifeFacts): Life => {
  const dueAt = facts.due(1, 0);
  return {
    answers: {},
    withdrawn: false,
    occurrence: 1,
    dueAt: dueAt ?? 0,
    attempt: 0,
    isRunning: false,
    isOver: dueAt === null,
  };
};

export const IDLE: Intent = { kind: 'none', notBefore: 0, tries: 0 };

export const isLeader = ({ self, proposer }: LifeFacts): boolean => self === proposer;

export function stateOf(life: Life, facts: LifeFacts, now: number): ProposalState {
  const answers = facts.parties.map((party) => life.answers[party]);
  if (life.withdrawn) return 'withdrawn';
  if (answers.includes('refused')) return 'refused';
  if (life.isOver) return 'finished';
  // An attempt that was let go in time goes on.
  if (now >= facts.expiresAt && !life.isRunning) return 'expired';
  return answers.every((answer) => answer === 'approved') ? 'approved' : 'proposed';
}

/** Whether an attempt may begin at this node. */
const mayBegin = (life: Life, facts: LifeFacts, now: number): boolean =>
  stateOf(life, facts, now) === 'approved' && !life.isRunning;

/** When this node has to be woken; null: not by time. */
export function wakeAt({ life, intent }: Pick<Step, 'life' | 'intent'>, facts: LifeFacts): number | null {
  if (intent.kind === 'queued') return facts.expiresAt;
  if (intent.kind !== 'none') return intent.until;
  const state = stateOf(life, facts, 0);
  if (state !== 'approved' && state !== 'proposed') return null;
  if (life.isRunning) return null;
  if (state === 'proposed' || !isLeader(facts)) return facts.expiresAt;
  return Math.min(facts.expiresAt, Math.max(life.dueAt, intent.notBefore));
}

/** @param jitter 0 to 1, drawn anew for each call */
export function lifeStep(
  before: Step,
  facts: LifeFacts,
  event: LifeEvent,
  now: number,
  jitter: number,
): Step {
  const step = { ...before, effects: [] };
  switch (event.type) {
    case 'answer':
      return settle(answered(step, facts, event.party, event.answer), facts, now, jitter);
    case 'withdrawn':
      return settle({ ...step, life: { ...step.life, withdrawn: true } }, facts, now, jitter);
    case 'tick':
      return settle(step, facts, now, jitter);
    case 'place':
      return ask(step, facts, now);
    case 'said':
      return said(step, facts, event, now, jitter);
    case 'go':
      return gone(step, facts, event, now);
    case 'away': {
      const { intent } = step;
      const isAsked = (intent.kind === 'asking' || intent.kind === 'staging') && event.party !== facts.self;
      return isAsked && facts.parties.includes(event.party) ? giveUp(step, facts, now, jitter) : step;
    }
    case 'staged':
      return staged(step, facts, facts.self, now);
    case 'unable':
      return unable(step, facts, event, now);
    case 'ended':
      return settle(ended(step, facts, event, now), facts, now, jitter);
  }
}

function answered(step: Step, { parties }: LifeFacts, party: string, answer: Answer): Step {
  const { life } = step;
  if (!parties.includes(party) || life.answers[party] === 'refused') return step;
  return { ...step, life: { ...life, answers: { ...life.answers, [party]: answer } } };
}

/** What follows from the state and the time: the leader begins, and whatever may not go on is given up. */
function settle(step: Step, facts: LifeFacts, now: number, jitter: number): Step {
  const { life, intent } = step;
  if (intent.kind !== 'none') {
    if (!mayBegin(life, facts, now)) return giveUp(step, facts, now, jitter);
    return intent.kind !== 'queued' && now >= intent.until ? giveUp(step, facts, now, jitter) : step;
  }
  if (!isLeader(facts) || !mayBegin(life, facts, now)) return step;
  if (now < life.dueAt || now < intent.notBefore) return step;
  return take(step, { kind: 'queued', tries: intent.tries }, { type: 'queue' });
}

/** A place is there: the others are asked for one. A run of this party alone needs none. */
function ask(step: Step, facts: LifeFacts, now: number): Step {
  const { life, intent } = step;
  if (intent.kind !== 'queued' || !mayBegin(life, facts, now))
    return take(step, toNone(intent, now), { type: 'free' });
  const others = othersOf(facts);
  const asked = take(
    step,
    { kind: 'asking', yes: [], until: now + ASK_MS, tries: intent.tries },
    { type: 'say', kind: 'hold', to: others, ...nextOf(life) },
  );
  return others.length === 0 ? allHold(asked, facts, now) : asked;
}

type Said = Extract<LifeEvent, { readonly type: 'said' }>;

function said(step: Step, facts: LifeFacts, event: Said, now: number, jitter: number): Step {
  const { from, kind } = event;
  const { intent } = step;
  if (isLeader(facts)) {
    if (!othersOf(facts).includes(from) || !isSame(event, nextOf(step.life))) return step;
    if (intent.kind !== 'asking' && intent.kind !== 'staging') return step;
    if (kind === 'busy') return giveUp(step, facts, now, jitter);
    if (kind === 'staged') return staged(step, facts, from, now);
    if (kind !== 'held' || intent.kind !== 'asking') return step;
    const yes = [...new Set([...intent.yes, from])];
    const held: Step = { ...step, intent: { ...intent, yes } };
    return yes.length < othersOf(facts).length ? held : allHold(held, facts, now);
  }
  if (from !== facts.proposer) return step;
  if (kind === 'hold') return hold(step, facts, event, now);
  if (kind === 'stage') return stage(step, facts, event, now);
  return kind === 'release' && intent.kind !== 'none' ? take(step, IDLE, { type: 'free' }) : step;
}

function allHold(step: Step, facts: LifeFacts, now: number): Step {
  const { life, intent } = step;
  if (intent.kind !== 'asking') return step;
  const nth = nextOf(life);
  return take(
    step,
    { kind: 'staging', yes: [], until: now + STAGING_MS, tries: intent.tries },
    { type: 'say', kind: 'stage', to: othersOf(facts), ...nth },
    { type: 'stage', ...nth },
  );
}

function hold(step: Step, facts: LifeFacts, event: Said, now: number): Step {
  const { life, intent } = step;
  const answer = (kind: StartKind): LifeEffect => ({
    type: 'say',
    kind,
    to: [facts.proposer],
    occurrence: event.occurrence,
    attempt: event.attempt,
  });
  if (!mayBegin(life, facts, now) || !isAhead(event, life, facts)) return take(step, intent, answer('busy'));
  // The leader asks again what it has forgotten; what is staged stays so.
  if (intent.kind !== 'none') {
    const kept = { ...(intent as Extract<Intent, { until: number }>), until: now + HOLD_MS };
    return take(step, kept as Intent, answer('held'));
  }
  if (!event.free) return take(step, intent, answer('busy'));
  return take(step, { kind: 'held', until: now + HOLD_MS }, answer('held'));
}

function stage(step: Step, facts: LifeFacts, event: Said, now: number): Step {
  const { intent, life } = step;
  const nth = { occurrence: event.occurrence, attempt: event.attempt };
  const say = (kind: StartKind): LifeEffect => ({ type: 'say', kind, to: [facts.proposer], ...nth });
  if (intent.kind === 'prepared')
    return take(step, { kind: 'prepared', until: now + HOLD_MS }, say('staged'));
  if (intent.kind === 'preparing') return step;
  if (intent.kind !== 'held' || !mayBegin(life, facts, now)) return take(step, intent, say('busy'));
  return take(step, { kind: 'preparing', until: now + STAGING_MS }, { type: 'stage', ...nth });
}

/** Tables are staged here, or, as the leader hears, at a member. */
function staged(step: Step, facts: LifeFacts, party: string, now: number): Step {
  const { life, intent } = step;
  if (intent.kind === 'preparing' && party === facts.self) {
    const said: LifeEffect = { type: 'say', kind: 'staged', to: [facts.proposer], ...nextOf(life) };
    return take(step, { kind: 'prepared', until: now + HOLD_MS }, said);
  }
  if (intent.kind !== 'staging') return step;
  const yes = [...new Set([...intent.yes, party])];
  if (yes.length < facts.parties.length || !mayBegin(life, facts, now))
    return { ...step, intent: { ...intent, yes } };
  const nth = nextOf(life);
  return {
    life: { ...life, attempt: nth.attempt, isRunning: true },
    intent: IDLE,
    effects: [...step.effects, { type: 'go', to: othersOf(facts), ...nth }, { type: 'start', ...nth }],
  };
}

/** The leader has let an attempt go: it begins here once, if this party has approved, whatever was forgotten. */
function gone(
  step: Step,
  facts: LifeFacts,
  event: Extract<LifeEvent, { readonly type: 'go' }>,
  now: number,
): Step {
  const { life } = step;
  const { occurrence, attempt } = event;
  const isRight = event.from === facts.proposer && !isLeader(facts);
  if (!isRight || !mayBegin(life, facts, now) || !isAhead(event, life, facts)) return step;
  const dueAt = occurrence === life.occurrence ? life.dueAt : now;
  return {
    life: { ...life, occurrence, attempt, dueAt, isRunning: true },
    intent: IDLE,
    effects: [...step.effects, { type: 'start', occurrence, attempt }],
  };
}

/** An attempt that cannot begin is one that has failed: what kept it will keep the next one, too. */
function unable(
  step: Step,
  facts: LifeFacts,
  event: Extract<LifeEvent, { readonly type: 'unable' }>,
  now: number,
): Step {
  const { life, intent } = step;
  const nth = { occurrence: event.occurrence, attempt: event.attempt };
  const isKnown = isLeader(facts)
    ? intent.kind === 'staging' && isSame(nth, nextOf(life))
    : (event.from === facts.self ? intent.kind === 'preparing' : event.from === facts.proposer) &&
      !life.isRunning &&
      isAhead(nth, life, facts);
  if (!isKnown) return step;
  const to = isLeader(facts) ? othersOf(facts) : event.from === facts.self ? [facts.proposer] : [];
  const over = ended(
    { ...step, life: { ...life, ...nth, isRunning: true } },
    facts,
    { type: 'ended', completed: false, again: false },
    now,
  );
  const told: LifeEffect[] = to.length > 0 ? [{ type: 'unable', to, ...nth }] : [];
  const free: LifeEffect[] = intent.kind === 'none' ? [] : [{ type: 'free' }];
  return {
    ...over,
    intent: IDLE,
    effects: [...step.effects, ...free, { type: 'notBegun', origin: event.from, ...nth }, ...told],
  };
}

function ended(
  step: Step,
  facts: LifeFacts,
  event: Extract<LifeEvent, { readonly type: 'ended' }>,
  now: number,
): Step {
  const { life } = step;
  if (!life.isRunning) return step;
  const stopped = { ...life, isRunning: false };
  if (!event.completed && event.again && life.attempt < facts.attemptsMax) {
    const notBefore = now + ATTEMPT_AGAIN_MS * 2 ** (life.attempt - 1);
    return { ...step, life: stopped, intent: { kind: 'none', notBefore, tries: 0 } };
  }
  const occurrence = life.occurrence + 1;
  // What was due meanwhile is left out.
  const dueAt = facts.due(occurrence, Math.max(life.dueAt, now));
  if (dueAt === null) return { ...step, life: { ...stopped, isOver: true } };
  return { ...step, life: { ...stopped, occurrence, attempt: 0, dueAt } };
}

/** The place is given back; the leader tells those that may hold one, and asks again later. */
function giveUp(step: Step, facts: LifeFacts, now: number, jitter: number): Step {
  const { life, intent } = step;
  if (intent.kind === 'none') return step;
  const wasAsking = intent.kind === 'asking' || intent.kind === 'staging';
  const told: LifeEffect[] = wasAsking
    ? [{ type: 'say', kind: 'release', to: othersOf(facts), ...nextOf(life) }]
    : [];
  if (!isLeader(facts)) return take(step, IDLE, { type: 'free' });
  const tries = 'tries' in intent ? intent.tries : 0;
  const pause = Math.min(ASK_AGAIN_MS_MAX, ASK_AGAIN_MS * 2 ** tries);
  const notBefore = Math.ceil(now + pause * (0.5 + jitter / 2));
  return take(step, { kind: 'none', notBefore, tries: tries + 1 }, { type: 'free' }, ...told);
}

/** Whether an attempt comes after all that this node knows of, and is covered by the approval. */
function isAhead({ occurrence, attempt }: Nth, life: Life, facts: LifeFacts): boolean {
  if (attempt > facts.attemptsMax || attempt < 1) return false;
  if (occurrence === life.occurrence) return attempt > life.attempt;
  // The leader may have had an occurrence of which this node has never heard.
  return occurrence > life.occurrence && facts.due(occurrence, life.dueAt) !== null;
}

const nextOf = ({ occurrence, attempt }: Life): Nth => ({ occurrence, attempt: attempt + 1 });
const isSame = (a: Nth, b: Nth): boolean => a.occurrence === b.occurrence && a.attempt === b.attempt;
const othersOf = ({ parties, self }: LifeFacts): readonly string[] => parties.filter((name) => name !== self);
const toNone = (intent: Intent, now: number): Intent =>
  intent.kind === 'none' ? intent : { kind: 'none', notBefore: now, tries: 0 };

function take(step: Step, intent: Intent, ...effects: readonly LifeEffect[]): Step {
  return { ...step, intent, effects: [...step.effects, ...effects] };
}
