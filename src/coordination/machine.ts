/**
 * The coordination core: one party's side of handshake, liveness, lockstep, failure flooding, verdict and closing, as a
 * pure state machine. `step(state, event, now) → { state, effects }`; no I/O, no clock, no randomness. The supervisor
 * executes the effects on real processes and sockets, the simulator executes the same machine on a virtual clock.
 *
 *   joining ──all hellos equal──► running ──FIN──► closing ──READY from all──► ended (completed)
 *      └───────────────┴──────────────┴── failure, loss, news of one ──► aborting ──stable board──► ended (failed)
 */
import { emptyBoard, isCut } from './board.ts';
import { busyBy } from './busy.ts';
import { leaveConclave, takeConclaveEnd } from './conclave.ts';
import { goOnWithout } from './going-on.ts';
import { agreedRunId, mismatch, speaksOther } from './handshake.ts';
import { PATH_CHARS_MAX } from './limits.ts';
import { countIn, keepTime, mismatchDeadline, nextWake } from './liveness.ts';
import { awaitDifference, checkFin, checkHead, checkPending, nameDifference } from './lockstep.ts';
import { enterScopes, failScope, leaveScope, takeVote } from './scopes.ts';
import { emptyTrail, extend } from './trail.ts';
import { Turn } from './turn.ts';
import type {
  Absence,
  CoreConfig,
  CoreEvent,
  CoreState,
  Effect,
  Failure,
  Fin,
  Hello,
  Message,
  PeerView,
} from './types.ts';

export function initialState(config: CoreConfig, now: number): CoreState {
  const view: PeerView = {
    linkUp: false,
    heardAt: null,
    suspect: false,
    answering: true,
    busy: null,
    hello: null,
    fin: null,
    ready: false,
    closed: false,
    said: 0,
    taken: 0,
    due: 0,
    missingSince: null,
    lostAs: null,
    gone: false,
  };
  return {
    config,
    phase: 'joining',
    startedAt: now,
    hello: null,
    mismatchAt: null,
    runId: '',
    peers: config.parties.map(() => view),
    board: emptyBoard(config.parties.length),
    epoch: 0,
    absent: [],
    reports: config.parties.map(() => null),
    texts: config.parties.map(() => null),
    toldBy: config.parties.map(() => null),
    wantedBy: config.parties.map(() => []),
    trail: emptyTrail,
    scopes: new Map(),
    concluded: new Map(),
    deferred: [],
    conclaves: new Map(),
    divergence: null,
    answering: true,
    busy: null,
    fin: null,
    ready: false,
    readySince: null,
    abortingSince: null,
    endedAt: null,
    outcome: null,
    left: false,
    heartbeatAt: now,
    lastTickAt: now,
  };
}

export interface Stepped {
  readonly state: CoreState;
  readonly effects: readonly Effect[];
  /** When the machine wants its next tick at the latest; null when it has left. */
  readonly wakeAt: number | null;
}

export function step(state: CoreState, event: CoreEvent, now: number): Stepped {
  if (state.left) return { state, effects: [], wakeAt: null };
  const turn = new Turn(state, now);
  if (event.type === 'received') countIn(turn, event.peer, event.message);
  handle(turn, event);
  turn.settle();
  while (turn.leftOut) goOn(turn, turn.leftOut);
  leaveIfDone(turn);
  return { state: turn.next, effects: turn.effects, wakeAt: turn.next.left ? null : nextWake(turn.next) };
}

/** The members that are left go on; what has happened since this party has sealed happens now. */
function goOn(turn: Turn, leftOut: readonly Absence[]): void {
  const { deferred } = turn.next;
  turn.next.deferred = [];
  goOnWithout(turn, leftOut);
  turn.beginEpoch();
  if (deferred.length >= DEFERRED_MAX) turn.abort(turn.failure('LIMIT_EXCEEDED', turn.selfName));
  for (const event of deferred) handle(turn, event);
  // A peer may have said meanwhile that its program is through, which it says once: where this one's goes on, they
  // differ.
  for (const peer of turn.others()) checkFin(turn, peer);
  closeIfAllAgree(turn);
  turn.settle();
}

/**
 * Events of a party's program that change nothing while it waits for the others' decision, and must not be forgotten.
 */
const DEFERRED: ReadonlySet<CoreEvent['type']> = new Set<CoreEvent['type']>([
  ...(['failed', 'diverged', 'scopeFailed', 'scopeLeft', 'conclaveLeft', 'finished'] as const),
]);

/**
 * What may happen while parties agree, which takes as long as it takes to lose a party. Far above what programs do in
 * that time; a run that does more fails instead of going on.
 */
const DEFERRED_MAX = 8_192;

/** Why a peer is given up on, by what its loss is called: static words for the timeline. */
const LOST_WORDS: { readonly [K in Failure['code']]?: string } = {
  PEER_CRASHED: 'its supervisor has ended',
  AUTH_FAILED: 'one of the two does not accept the key of the other',
  LINK_DOWN: 'the connection with it is broken',
  SETUP_FAILED: 'something else answers at its address',
};

function defer(turn: Turn, event: CoreEvent): boolean {
  if (turn.next.phase !== 'aborting') return false;
  if (turn.next.deferred.length < DEFERRED_MAX) turn.next.deferred = [...turn.next.deferred, event];
  return true;
}

function handle(turn: Turn, event: CoreEvent): void {
  if (DEFERRED.has(event.type) && defer(turn, event)) return;
  switch (event.type) {
    case 'loaded':
      return loaded(turn, event.hello);
    case 'link':
      return link(turn, event.peer, event.up, event.closed === true);
    case 'received':
      return received(turn, event.peer, event.message);
    case 'tick':
      compareHellos(turn);
      return keepTime(turn);
    case 'failed':
      return turn.abort(whenClosing(turn, event.failure), event.leaving);
    case 'lost': {
      // What a peer of another protocol says behind its hello is no violation of this one.
      const hello = turn.peer(event.peer)?.hello;
      return turn.lose(
        event.peer,
        hello && speaksOther(hello) ? 'PROGRAM_MISMATCH' : event.code,
        LOST_WORDS[event.code] ?? 'it cannot be talked to',
      );
    }
    case 'steps':
      if (event.entries.some(({ stepId }) => stepId.length > PATH_CHARS_MAX))
        return turn.abort(tooDeep(turn));
      turn.next.trail = extend(turn.next.trail, event.entries);
      enterScopes(turn, event.entries);
      checkPending(turn);
      for (const peer of turn.others()) checkFin(turn, peer);
      return;
    case 'answering':
      turn.next.answering = event.answers;
      turn.next.busy = event.busy ?? null;
      return;
    case 'silent':
      // A peer whose program is busy cannot be expected to send; its own deadlines watch over it.
      return turn.peer(event.peer)?.answering && turn.reachable().includes(event.peer)
        ? turn.abort(event.failure)
        : undefined;
    case 'diverged':
      return awaitDifference(turn, event.peer, event.branch, event.position);
    case 'scopeFailed':
      return failScope(turn, event.scope, event.failure);
    case 'scopeLeft':
      return leaveScope(turn, event.scope);
    case 'conclaveLeft':
      return leaveConclave(turn, event.conclave, event.members, event.fin);
    case 'finished':
      return finished(turn, event.fin);
  }
}

function loaded(turn: Turn, hello: Hello): void {
  if (turn.next.hello !== null || !turn.open) return;
  turn.next.hello = hello;
  turn.sendAll({ type: 'hello', hello });
  compareHellos(turn);
}

function link(turn: Turn, peer: number, up: boolean, closed: boolean): void {
  turn.updatePeer(peer, { linkUp: up });
  if (up) heard(turn, peer);
  // After the decision a peer that closes its link has left; it would not have done so without the decision. One whose
  // connection broke may still need this party: it is waited for.
  else if (closed && turn.next.phase === 'ended') turn.updatePeer(peer, { gone: true });
}

function heard(turn: Turn, peer: number): void {
  const view = turn.peer(peer);
  if (!view) return;
  if (view.heardAt === null || view.suspect) {
    turn.effects.push({ type: 'peer', peer, state: 'up', reason: view.suspect ? 'heard again' : 'joined' });
  }
  turn.updatePeer(peer, { heardAt: turn.now, suspect: false });
}

function received(turn: Turn, peer: number, message: Message): void {
  // A peer that anyone has given up on is not heard any more: what it says could reach only some of us.
  if (peer === turn.self || isCut(turn.next.board, turn.self, peer)) return;
  heard(turn, peer);
  if (
    (message.type === 'vote' || message.type === 'conclaveEnd') &&
    defer(turn, { type: 'received', peer, message })
  )
    return;
  switch (message.type) {
    case 'hello':
      turn.updatePeer(peer, { hello: message.hello });
      return compareHellos(turn);
    case 'heartbeat':
      turn.updatePeer(peer, { answering: message.answering, busy: busyBy(message, turn.now) });
      for (const head of message.heads) checkHead(turn, peer, head);
      return;
    case 'board':
      // Of an epoch that is over: its sender has been told how that ended. None can come from one that has not begun
      // here.
      if ((message.epoch ?? 0) !== turn.next.epoch) return;
      if (turn.next.outcome?.result === 'completed') return turn.send(peer, { type: 'closed' });
      // What it knew when it ended is what its report says.
      if (turn.next.outcome?.unconfirmed) return;
      return turn.merge(peer, message.board, message.reports);
    case 'text':
      if ((message.epoch ?? 0) === turn.next.epoch) turn.takeText(peer, message.party, message.text);
      return;
    case 'textWanted':
      if ((message.epoch ?? 0) === turn.next.epoch) turn.wantText(peer, message.party);
      return;
    case 'diverged':
      return nameDifference(turn, peer, message.branch, message.entries, message.ended);
    case 'vote':
      return takeVote(turn, peer, message.scope, message.failure, message.members, message.early);
    case 'conclaveEnd':
      return takeConclaveEnd(turn, peer, message.conclave, message.fin);
    case 'fin':
      turn.updatePeer(peer, { fin: message.fin });
      checkFin(turn, peer);
      return closeIfAllAgree(turn);
    case 'ready':
      turn.updatePeer(peer, { ready: true });
      return closeIfAllAgree(turn);
    case 'closed':
      // Said only by a party that heard READY from all, this one included: the run is complete everywhere.
      turn.updatePeer(peer, { closed: true });
      return turn.complete();
  }
}

/**
 * All hellos equal → the run starts. A difference is told when every hello is there, so that all parties tell the same
 * of it and know who is the odd one out; who is missing is waited for a moment.
 */
function compareHellos(turn: Turn): void {
  const { hello: mine } = turn.next;
  if (mine === null || !turn.open) return;
  const hellos = new Map([[turn.selfName, mine]]);
  const missing: number[] = [];
  for (const peer of turn.reachable()) {
    const hello = turn.peer(peer)?.hello;
    if (hello) hellos.set(turn.name(peer), hello);
    else missing.push(peer);
  }
  const found = mismatch(hellos);
  if (found === null) return startIfAllAgree(turn);
  turn.next.mismatchAt ??= turn.now;
  // What another version says next may not be understood.
  const canWait = missing.length > 0 && ![...hellos.values()].some(speaksOther);
  if (canWait && turn.now < mismatchDeadline(turn.next)) return;
  const { origin, facts, incident } = found;
  turn.abort(turn.failure('PROGRAM_MISMATCH', origin, { facts, incident }));
}

function startIfAllAgree(turn: Turn): void {
  if (turn.next.phase !== 'joining' || turn.next.hello === null) return;
  const hellos: Hello[] = [turn.next.hello];
  for (const peer of turn.others()) {
    const hello = turn.peer(peer)?.hello;
    if (!hello) return;
    hellos.push(hello);
  }
  turn.next.phase = 'running';
  turn.next.runId = agreedRunId(hellos);
  turn.effects.push({ type: 'start', runId: turn.next.runId });
}

/** No message could say where it failed. */
function tooDeep(turn: Turn): Failure {
  const facts = `a step lies deeper than a path of ${PATH_CHARS_MAX} characters says`;
  return turn.failure('LIMIT_EXCEEDED', turn.selfName, { facts });
}

function finished(turn: Turn, fin: Fin): void {
  if (turn.next.phase !== 'running') return;
  turn.next.phase = 'closing';
  turn.next.fin = fin;
  turn.sendAll({ type: 'fin', fin });
  checkPending(turn);
  closeIfAllAgree(turn);
}

/** What fails after this party's program was through has another name: its results may be known to others already. */
function whenClosing(turn: Turn, failure: Failure): Failure {
  const late = turn.next.phase === 'closing' && failure.code === 'TASK_FAILED';
  return late ? { ...failure, code: 'FINALIZE_FAILED' } : failure;
}

/** FIN from all with one digest, and no difference known → READY to all; READY from all → completed. */
function closeIfAllAgree(turn: Turn): void {
  const mine = turn.next.fin;
  if (turn.next.phase !== 'closing' || mine === null) return;
  for (const peer of turn.others()) {
    const theirs = turn.peer(peer)?.fin;
    if (theirs && (theirs.digest !== mine.digest || theirs.steps !== mine.steps)) {
      return awaitDifference(turn, peer, '', Math.max(theirs.steps, mine.steps) - 1);
    }
  }
  if (!turn.others().every((peer) => turn.peer(peer)?.fin)) return;
  // A difference within a conclave does not show in FIN. All ends of conclaves have come before: nobody completes
  // without this party.
  if (turn.next.divergence !== null) return;
  if (!turn.next.ready) {
    turn.next.ready = true;
    turn.next.readySince = turn.now;
    turn.sendAll({ type: 'ready' });
  }
  if (turn.others().every((peer) => turn.peer(peer)?.ready)) turn.complete();
}

/** After the end a party stays until nobody can need it to relay, at most `lingerMs`. */
function leaveIfDone(turn: Turn): void {
  const { phase, endedAt, outcome, config } = turn.next;
  if (phase !== 'ended' || endedAt === null) return;
  const done = turn.reachable().every((peer) => {
    const view = turn.peer(peer);
    const knows = outcome?.result === 'completed' ? view?.closed : turn.next.reports[peer]?.decided;
    return knows || view?.gone;
  });
  const complete = done && turn.missingTexts().length === 0;
  if (!complete && turn.now < endedAt + config.bounds.lingerMs) return;
  turn.next.left = true;
  turn.effects.push({ type: 'leave' });
}
