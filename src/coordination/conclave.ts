/**
 * Conclaves: parts of the program that only some parties execute. The others know only that a conclave is there. At its
 * end the members compare how they came through, since no digest of the outer branch can tell.
 *
 * Cost: each member sends one message to each other member a conclave; nobody waits for it.
 */
import { awaitDifference } from './lockstep.ts';
import { isOver } from './scope-state.ts';
import type { Turn } from './turn.ts';
import type { Fin, OpenConclave, PartyIndex } from './types.ts';

/** Conclaves with which peers may be through before this party. Far above what programs run side by side. */
const OPEN_CONCLAVES_MAX = 65_536;

/** This party's program is through with a conclave. */
export function leaveConclave(turn: Turn, conclave: string, members: readonly PartyIndex[], fin: Fin): void {
  // What lies in a scope that has failed is not compared: how far each party came in it differs.
  if (!turn.open || isOver(turn.next, conclave)) return;
  update(turn, conclave, { ...entryOf(turn, conclave), members }, turn.self, fin);
  for (const peer of turn.reachable())
    if (members.includes(peer)) turn.send(peer, { type: 'conclaveEnd', conclave, fin });
  compare(turn, conclave);
}

/** A peer's program is through with a conclave. */
export function takeConclaveEnd(turn: Turn, peer: number, conclave: string, fin: Fin): void {
  // Of one that was cut short here, nothing is compared; one that this party is through with is, also once it has voted
  // on the scope around: the peer may have done so, too, and then nobody else would see a difference.
  if (!turn.open || (isOver(turn.next, conclave) && !entryOf(turn, conclave).fins[turn.self])) return;
  if (turn.next.conclaves.size >= OPEN_CONCLAVES_MAX)
    return turn.lose(peer, 'LIMIT_EXCEEDED', 'too many open conclaves');
  update(turn, conclave, entryOf(turn, conclave), peer, fin);
  compare(turn, conclave);
}

function entryOf(turn: Turn, conclave: string): OpenConclave {
  return (
    turn.next.conclaves.get(conclave) ?? { members: null, fins: turn.next.config.parties.map(() => null) }
  );
}

function update(turn: Turn, conclave: string, open: OpenConclave, party: number, fin: Fin): void {
  const fins = open.fins.with(party, fin);
  turn.next.conclaves = new Map(turn.next.conclaves).set(conclave, { ...open, fins });
}

/** After the run has gone on without somebody: nobody waits for how a lost member came through. */
export function compareAll(turn: Turn): void {
  for (const conclave of turn.next.conclaves.keys()) compare(turn, conclave);
}

function compare(turn: Turn, conclave: string): void {
  const open = turn.next.conclaves.get(conclave);
  const mine = open?.fins[turn.self];
  if (!open?.members || !mine) return;
  const others = turn.others();
  for (const peer of others) {
    const theirs = open.fins[peer];
    if (!theirs || (theirs.digest === mine.digest && theirs.steps === mine.steps)) continue;
    return awaitDifference(turn, peer, `${conclave}/0`, Math.max(theirs.steps, mine.steps) - 1);
  }
  if (!open.members.every((member) => open.fins[member] || !others.includes(member))) return;
  const conclaves = new Map(turn.next.conclaves);
  conclaves.delete(conclave);
  turn.next.conclaves = conclaves;
}
