/**
 * What one party may never do, in whatever order things happen: checked at every step of a core, in searches and in
 * schedules. Each check returns what is wrong in words, or null.
 */
import type { Contribution, ScopeView } from '../../src/coordination/board.ts';
import { CONTROL_MESSAGE_BYTES_MAX } from '../../src/coordination/limits.ts';
import type { CoreState } from '../../src/coordination/types.ts';
import { expectedAbsences } from './absence-oracle.ts';
import type { CoreStep } from './core-step.ts';
import { checkDuties, isAbsent } from './duty-checks.ts';
import { expectedOrder, expectedVerdict } from './oracle.ts';

export function checkStep(step: CoreStep): string | null {
  return (
    checkSealed(step) ??
    checkVerdict(step) ??
    checkScopeEnd(step) ??
    checkDuties(step) ??
    checkLeaving(step) ??
    checkWake(step)
  );
}

/** A contribution never changes; a party's own is its failure if that came first. */
function checkSealed({ name, before, event, after }: CoreStep): string | null {
  const wasOpen = before.phase !== 'aborting' && before.phase !== 'ended';
  if (before.board === after.board && event.type !== 'failed') return null;
  // The run has gone on without somebody, on an empty board (going-on.ts).
  if (before.epoch !== after.epoch) return null;
  for (const [party, sealed] of before.board.contributions.entries()) {
    const now = after.board.contributions[party];
    if (sealed !== null && now !== sealed && JSON.stringify(now) !== JSON.stringify(sealed)) {
      return `never two verdicts: at ${name} the contribution of party ${party} has changed`;
    }
  }
  const { self } = before.config;
  const own = after.board.contributions[self];
  if (event.type === 'failed' && wasOpen && own?.failure?.incident !== event.failure.incident) {
    return `cause before symptom: ${name} has failed and seals something else`;
  }
  if (event.type === 'failed' && wasOpen && (own?.leaving ?? false) !== (event.leaving ?? false))
    return `validity: ${name} leaves the run, or not, and says otherwise`;
  if (own && before.board.contributions[self] === null) {
    if (own.ready !== before.ready) return `validity: ${name} seals whether it was ready, wrongly`;
    if (!saysItsScopes(before, after, own.scopes))
      return `agreement: ${name} seals something else of its scopes than it knows`;
  }
  for (let party = 0; party < before.peers.length; party++) {
    if (before.board.cuts[self]?.[party] === true && after.board.cuts[self]?.[party] !== true) {
      return `agreement: ${name} takes back that it gave up on party ${party}`;
    }
  }
  return null;
}

/** What a party seals of its scopes is what it knows; one whose program has not begun says that the run ends. */
function saysItsScopes(before: CoreState, after: CoreState, said: readonly ScopeView[] | null = []): boolean {
  if (before.phase === 'joining') return said === null;
  const { self } = after.config;
  const known = [
    ...[...after.scopes].map(([path, scope]) => ({ path, scope, over: false })),
    ...[...after.concluded].map(([path, scope]) => ({ path, scope, over: true })),
  ];
  // Too many, or too much to be said in one place of the board.
  if (said === null) {
    const chars = JSON.stringify(known.map(({ scope }) => scope.votes)).length;
    return known.length > 64 || chars > CONTROL_MESSAGE_BYTES_MAX / after.config.parties.length / 4;
  }
  const isAround = (outer: string, path: string): boolean => path !== outer && path.startsWith(`${outer}/`);
  if (said.length !== known.length) return false;
  return known.every(({ path, scope, over }) => {
    const view = said.find((each) => each.scope === path);
    const ended = known.some((outer) => !outer.over && isAround(outer.path, path) && outer.scope.votes[self]);
    const votes = scope.votes.map((vote) => vote && { failure: vote.failure });
    return (
      view?.over === over &&
      view.inside === (!over && scope.entered && !ended) &&
      JSON.stringify([view.members, view.votes]) === JSON.stringify([scope.members, votes])
    );
  });
}

function checkVerdict({ name, before, after, effects, now }: CoreStep): string | null {
  const ended = effects.filter((effect) => effect.type === 'ended').length;
  if (before.outcome !== null) {
    if (ended > 0 || after.outcome?.digest !== before.outcome.digest)
      return `never two verdicts: ${name} decides again`;
    return null;
  }
  if (after.outcome === null)
    return ended === 0 ? null : `never two verdicts: ${name} says that it has ended, and has not`;
  if (ended !== 1) return `never two verdicts: ${name} says ${ended} times that it has ended`;
  if (after.outcome.result === 'completed') return checkCompleted(name, after);
  const contributions = withTheirTexts(after);
  const { parties } = after.config;
  const goesOn = expectedAbsences(parties, after.absent, contributions);
  if (after.outcome.unconfirmed) {
    const early = checkPatience(name, before, after, now);
    if (early !== null) return early;
  } else if (goesOn?.every(({ party }) => party !== after.config.self))
    return `validity: ${name} ends a run that goes on`;
  const expected = expectedVerdict(
    contributions,
    parties,
    after.absent.map(({ party }) => party),
  );
  const { failure, attached } = after.outcome;
  if (expected === null || failure === null)
    return `validity: ${name} reports a failure, and nobody has said any`;
  const found = {
    code: failure.code,
    origin: failure.origin,
    incident: failure.incident,
    facts: failure.facts ?? '',
  };
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    return `cause before symptom: ${name} names ${found.code} at ${found.origin} where ${expected.code} at ${expected.origin} is due`;
  }
  const order = expectedOrder(
    contributions.flatMap((contribution) => (contribution?.failure ? [contribution.failure] : [])),
    parties,
  ).map((each) => each.incident);
  const rest = expected.code === 'IN_DOUBT' ? order : order.slice(1);
  return attached.map((each) => each.incident).join() === rest.join()
    ? null
    : `cause before symptom: ${name} attaches the other failures in the wrong order`;
}

/** What parties have sealed, with the texts that belong to it. */
function withTheirTexts({ board, texts }: CoreState): readonly (Contribution | null)[] {
  return board.contributions.map((sealed, party) => {
    const text = texts[party];
    if (!sealed?.failure || sealed.failure.said === undefined || !text) return sealed;
    const { said: _, ...failure } = sealed.failure;
    return { ...sealed, failure: { ...failure, ...text } };
  });
}

/**
 * An unconfirmed party has given the others the whole time of the page ("Bounds of the last phases"), in which it ran
 * itself, and may still believe of the failure all that a confirmed one may: its verdict follows from what it knows,
 * and is no success.
 */
function checkPatience(
  name: string,
  before: CoreState,
  { config, abortingSince }: CoreState,
  now: number,
): string | null {
  const { lateJoinMs, lostAfterMs, heartbeatMs, agreeMs } = config.bounds;
  const patience = lateJoinMs + (config.parties.length - 1) * (lostAfterMs + heartbeatMs) + agreeMs;
  const since = Math.max(before.abortingSince ?? now, abortingSince ?? now);
  return now - since >= patience ? null : `termination: ${name} ends unconfirmed after ${now - since} ms`;
}

function checkCompleted(name: string, after: CoreState): string | null {
  if (after.outcome?.unconfirmed) return `no success beside failure: ${name} completed and is not confirmed`;
  const others = after.peers.filter((_, peer) => peer !== after.config.self && !isAbsent(after, peer));
  const heardReady = others.every((view) => view.ready) || others.some((view) => view.closed);
  if (!after.ready && !others.some((view) => view.closed))
    return `validity: ${name} completed and was not ready`;
  return heardReady ? null : `validity: ${name} completed before everyone was ready`;
}

function checkScopeEnd({ name, before, event, after, effects }: CoreStep): string | null {
  for (const effect of effects) {
    // With the step in which the run goes on come votes that only the sealed contributions show; agreement checks
    // those.
    if (effect.type !== 'scopeEnded' || after.epoch !== before.epoch) continue;
    const { self, parties } = before.config;
    const open = before.scopes.get(effect.scope);
    const members = open?.members ?? parties.map((_, party) => party);
    const votes = members.map((party) => {
      const told = event.type === 'received' && event.message.type === 'vote' && party === event.peer;
      const own = party === self ? { failure: null } : null;
      return open?.votes[party] ?? (told ? { failure: event.message.failure } : own);
    });
    const missing = after.absent.filter(({ party }) => votes[members.indexOf(party)] === null);
    if (votes.filter((vote) => vote === null).length > missing.length)
      return `agreement: at ${name} a scope is over before all have voted`;
    const left = open?.left === true || event.type === 'scopeLeft';
    if (!left) return `agreement: at ${name} a scope is over which its program has not left`;
    const lost = missing.filter(({ party }) => !open?.tolerates.includes(party));
    const failures = [...votes.flatMap((vote) => vote?.failure ?? []), ...lost.map(({ failure }) => failure)];
    const [cause = null, ...attached] = expectedOrder(failures, parties);
    if (JSON.stringify([effect.failure, effect.attached]) !== JSON.stringify([cause, attached])) {
      return `cause before symptom: at ${name} a scope fails for the wrong reason`;
    }
    if ((effect.absent?.length ?? 0) !== missing.length)
      return `validity: ${name} is told of ${effect.absent?.length ?? 0} parties that are missing, not of ${missing.length}`;
    if (after.scopes.has(effect.scope)) return `nothing left: ${name} keeps a scope that is over`;
  }
  return null;
}

/** Who leaves has waited for everyone that it can reach to know the end, or for `lingerMs`. */
function checkLeaving({ name, before, after, now }: CoreStep): string | null {
  if (!after.left || before.left) return null;
  if (after.outcome === null) return `termination: ${name} leaves without an outcome`;
  if (after.endedAt !== null && now >= after.endedAt + after.config.bounds.lingerMs) return null;
  for (const [peer, view] of after.peers.entries()) {
    if (peer === after.config.self) continue;
    if (after.board.cuts[after.config.self]?.[peer] || after.board.cuts[peer]?.[after.config.self]) continue;
    const knows = after.outcome.result === 'completed' ? view.closed : after.reports[peer]?.decided === true;
    if (!knows && !view.gone)
      return `termination: ${name} leaves while ${after.config.parties[peer]} may need it`;
  }
  return null;
}

/**
 * The party asks to be woken when the passing of time next decides something; derived here from the page's bounds, not
 * from the core's own list.
 */
function checkWake({ name, before, event, after, wakeAt }: CoreStep): string | null {
  const { bounds, self } = after.config;
  if (after.left) return wakeAt === null ? null : `nothing left: ${name} has left and wants to be woken`;
  if (wakeAt === null) return `termination: ${name} has not left and never wants to be woken`;
  if (event.type === 'tick' && wakeAt <= after.lastTickAt)
    return `nothing left: ${name} wakes again and again at one moment`;
  const isOpen = after.phase !== 'aborting' && after.phase !== 'ended';
  const due: (readonly [number, string])[] = isOpen
    ? [[after.startedAt + bounds.runDeadlineMs, 'its deadline']]
    : [];
  if (after.phase === 'ended') due.push([(after.endedAt ?? 0) + bounds.lingerMs, 'the end of its lingering']);
  else {
    for (const [peer, view] of after.peers.entries()) {
      if (peer === self || after.board.cuts[self]?.[peer] || after.board.cuts[peer]?.[self]) continue;
      const late =
        after.abortingSince === null ? Number.POSITIVE_INFINITY : after.abortingSince + bounds.lateJoinMs;
      if (view.heardAt === null)
        due.push([Math.min(after.startedAt + bounds.joinTimeoutMs, late), 'the end of joining']);
      else due.push([view.heardAt + bounds.lostAfterMs, `the silence of party ${peer}`]);
    }
    if (after.phase === 'joining' && after.mismatchAt !== null)
      due.push([
        Math.min(after.mismatchAt + bounds.lostAfterMs, after.startedAt + bounds.joinTimeoutMs),
        'the hellos that are missing',
      ]);
    for (const [peer, view] of after.peers.entries()) {
      if (peer === self || after.board.cuts[self]?.[peer] || after.board.cuts[peer]?.[self]) continue;
      if (view.missingSince !== null)
        due.push([view.missingSince + bounds.lostAfterMs, `what party ${peer} has said`]);
    }
    if (after.phase === 'aborting' && after.abortingSince !== null) {
      const losses = (after.config.parties.length - 1) * (bounds.lostAfterMs + bounds.heartbeatMs);
      due.push([after.abortingSince + bounds.lateJoinMs + losses + bounds.agreeMs, 'the end of agreeing']);
    }
    if (isOpen && after.ready) {
      const twice = 2 * (bounds.lostAfterMs + bounds.heartbeatMs);
      due.push([(after.readySince ?? 0) + twice + bounds.confirmMs, 'the end of closing']);
    }
    if (after.divergence && isOpen) due.push([after.divergence.giveUpAt, 'an answer on a difference']);
    due.push([Math.max(before.lastTickAt, after.lastTickAt) + bounds.heartbeatMs, 'its next heartbeat']);
  }
  // What was due before the last tick and is still so has been judged: the clock cannot be asked to go back.
  const missed = due.find(([at]) => wakeAt > Math.max(at, after.lastTickAt));
  return missed === undefined ? null : `termination: ${name} does not wake for ${missed[1]}`;
}
