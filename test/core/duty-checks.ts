/**
 * What a party has to do at once: follow, decide, tell. Where it did so later the run would still end, and mostly
 * alike, so nothing else would notice; docs/failure-model.md promises it all the same.
 */
import type { CoreState } from '../../src/coordination/types.ts';
import type { CoreStep } from './core-step.ts';

export function checkDuties(step: CoreStep): string | null {
  return (
    checkPrompt(step) ??
    checkNews(step) ??
    checkClosed(step) ??
    checkGone(step) ??
    checkName(step) ??
    checkCuts(step) ??
    checkVotes(step)
  );
}

/**
 * A party that may decide does: when all of its side have sealed and reported its own board, or one of them has decided
 * (the page, "How parties agree"). Waiting longer would still end, by giving up on parties that have left.
 */
function checkPrompt({ name, after }: CoreStep): string | null {
  if (after.phase !== 'aborting') return null;
  const { board, reports, config } = after;
  const side = new Set([config.self]);
  for (const at of side) {
    for (const to of config.parties.keys()) if (!board.cuts[at]?.[to] && !board.cuts[to]?.[at]) side.add(to);
  }
  const members = [...side];
  const decided = members.find((party) => reports[party]?.decided === true);
  if (decided !== undefined)
    return `agreement: ${name} does not follow ${config.parties[decided]}, which has decided`;
  const mine = reports[config.self]?.digest;
  const stable = members.every(
    (party) => board.contributions[party] !== null && reports[party]?.digest === mine,
  );
  return stable ? `termination: ${name} does not decide when its side is stable` : null;
}

/**
 * A party's own account is what it has done. Its changes go to everyone that it has not given up: when it seals, when
 * it knows what all have sealed, and, once a link is down, always.
 */
function checkNews({ name, before, after, effects }: CoreStep): string | null {
  const { self } = after.config;
  const mine = after.reports[self];
  // Nobody may follow a party that could not find out what the others have decided.
  const decides = after.outcome?.result === 'failed' && after.outcome.unconfirmed !== true;
  if (decides && mine?.decided !== true) return `agreement: ${name} has decided and does not say so`;
  if (after.outcome?.unconfirmed && mine?.decided !== false)
    return `agreement: ${name} says that it has decided, and is not confirmed`;
  if (after.phase === 'aborting' && mine?.decided !== false)
    return `agreement: ${name} has no account of an abort`;
  // Accounts and boards of an epoch that is over say nothing of this one (going-on.ts).
  const isSame = before.epoch === after.epoch;
  if (isSame && mine?.version === before.reports[self]?.version) {
    const grew = mine !== null && before.board !== after.board && contentOf(before) !== contentOf(after);
    return grew ? `agreement: ${name} learns something and its account stays the same` : null;
  }
  const { contributions, cuts } = after.board;
  if (!mine) return null;
  const hasSealed = contributions[self] !== null && !(isSame && before.board.contributions[self] !== null);
  const knowsAll = contributions.every((each, party) => each !== null || isAbsent(after, party));
  if (!hasSealed && !knowsAll && !cuts.some((row) => row.includes(true))) return null;
  return missing(name, after, effects, 'board');
}

/** Which contributions and cuts are known, as text. */
function contentOf({ board }: CoreStep['after']): string {
  return JSON.stringify([board.contributions.map((sealed) => sealed !== null), board.cuts]);
}

/** A party that completes says so to all; a party that is told so completes. */
function checkClosed({ name, before, event, after, effects }: CoreStep): string | null {
  if (before.outcome === null && after.outcome?.result === 'completed')
    return missing(name, after, effects, 'closed');
  if (
    event.type !== 'received' ||
    event.message.type !== 'closed' ||
    before.fin === null ||
    before.outcome !== null
  )
    return null;
  const { self } = before.config;
  if (before.board.cuts[self]?.[event.peer] || before.board.cuts[event.peer]?.[self]) return null;
  return after.outcome?.result === 'completed'
    ? null
    : `agreement: ${name} is told that the run is complete, and goes on`;
}

function missing(
  name: string,
  after: CoreStep['after'],
  effects: CoreStep['effects'],
  type: string,
): string | null {
  const { self, parties } = after.config;
  for (const peer of parties.keys()) {
    if (
      peer === self ||
      isAbsent(after, peer) ||
      after.board.cuts[self]?.[peer] ||
      after.board.cuts[peer]?.[self]
    )
      continue;
    const told = effects.some(
      (effect) => effect.type === 'send' && effect.to === peer && effect.message.type === type,
    );
    if (!told) return `agreement: ${name} does not tell ${parties[peer]} (${type})`;
  }
  return null;
}

/** Only a goodbye shows that a peer has left. */
function checkGone({ name, before, event, after }: CoreStep): string | null {
  const peer = after.peers.findIndex((view, i) => view.gone && !before.peers[i]?.gone);
  if (peer < 0 || (event.type === 'link' && event.peer === peer && event.closed === true)) return null;
  return `termination: ${name} takes a broken connection of ${after.config.parties[peer]} for a farewell`;
}

/** A task that fails after the program was through has another name; every other failure keeps its own. */
function checkName({ name, before, event, after }: CoreStep): string | null {
  const wasOpen = before.phase !== 'aborting' && before.phase !== 'ended';
  if (event.type !== 'failed' || !wasOpen) return null;
  const late = before.phase === 'closing' && event.failure.code === 'TASK_FAILED';
  const expected = late ? 'FINALIZE_FAILED' : event.failure.code;
  const code = after.board.contributions[after.config.self]?.failure?.code;
  return code === expected ? null : `validity: ${name} reports ${code} where ${expected} is due`;
}

/** A link that anyone has given up is closed at once, and only once: what still comes over it could reach only some. */
function checkCuts({ name, before, after, effects }: CoreStep): string | null {
  const { self, parties } = after.config;
  for (const peer of parties.keys()) {
    const isDown = ({ board }: typeof after): boolean =>
      board.cuts[self]?.[peer] === true || board.cuts[peer]?.[self] === true;
    // Who is left out has been given up before, or is now.
    if (peer === self || isAbsent(after, peer) || isDown(before) === isDown(after)) continue;
    const closed = effects.filter(
      (effect) => effect.type === 'peer' && effect.peer === peer && effect.state === 'lost',
    );
    if (closed.length !== 1)
      return `agreement: ${name} closes its link to ${parties[peer]} ${closed.length} times`;
  }
  return null;
}

/** A failure of a peer in a scope cancels it here, and is this party's word on it. */
function checkVotes({ name, before, event, after, effects }: CoreStep): string | null {
  if (event.type !== 'received' || event.message.type !== 'vote' || event.message.failure === null)
    return null;
  const { self } = before.config;
  const wasOpen = before.phase !== 'aborting' && before.phase !== 'ended';
  const { scope } = event.message;
  const votes = before.scopes.get(scope)?.votes;
  if (!wasOpen || votes?.[self] || votes?.[event.peer]) return null;
  // What lies in a scope that is over here is over with it.
  for (const [outer, { votes: cast }] of before.scopes)
    if (cast[self] && scope.startsWith(`${outer}/`)) return null;
  if (before.board.cuts[self]?.[event.peer] || before.board.cuts[event.peer]?.[self]) return null;
  // A message before it never came: the peer is given up, and nothing that it says is heard.
  if (after.board.cuts[self]?.[event.peer]) return null;
  const cancelled = effects.some((effect) => effect.type === 'scopeCancelled' && effect.scope === scope);
  if (!cancelled) return `termination: ${name} goes on in a scope that has failed`;
  return after.scopes.get(scope)?.votes[self]
    ? null
    : `termination: ${name} does not vote on a scope that has failed`;
}

/** Whether the run has gone on without a party. */
export function isAbsent(core: CoreState, peer: number): boolean {
  return core.absent.some(({ party }) => party === peer);
}
