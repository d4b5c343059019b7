/**
 * What every state of a search, and every step of a party in it, has to satisfy (docs/failure-model.md). Each returns what is
 * wrong in words, or null.
 */
import type { CoreEvent, CoreState, Failure } from '../../coordination/types.ts';
import type { LocalStep } from './local-steps.ts';
import { expectedOrder, expectedVerdict, isLossReport } from './oracle.ts';
import type { SearchWorld } from './search-world.ts';

/** Agreement, termination and completion, in one state of the whole. */
export function checkState(world: SearchWorld, state: Int32Array, quiet: boolean): string | null {
  return (
    checkAgreement(world, state) ??
    checkCompletion(world, state) ??
    checkScopes(world, state) ??
    (quiet ? checkEnd(world, state) : null)
  );
}

function checkAgreement(world: SearchWorld, state: Int32Array): string | null {
  for (let a = 0; a < world.size; a++) {
    const left = world.core(state, a);
    if (left.outcome === null) continue;
    for (let b = a + 1; b < world.size; b++) {
      const right = world.core(state, b);
      if (right.outcome === null || left.outcomeNumber === right.outcomeNumber) continue;
      const words = `${world.names[a]} (${left.outcome.failure?.code ?? 'completed'}) and ${world.names[b]} (${right.outcome.failure?.code ?? 'completed'})`;
      // Also of a party that crashed since: its report may have been written.
      if (left.outcome.result !== right.outcome.result && !left.inDoubt && !right.inDoubt) {
        return `no success beside failure: ${words}`;
      }
      if (world.isCrashed(state, a) || world.isCrashed(state, b)) continue;
      if (sameSide(world, state, a, b)) return `agreement: ${words} reach each other and disagree`;
    }
  }
  return null;
}

/** Whether two parties still reach each other, over living parties and links that neither the network nor anyone has given up. */
function sameSide(world: SearchWorld, state: Int32Array, a: number, b: number): boolean {
  const reached = new Set([a]);
  for (const at of reached) {
    for (let to = 0; to < world.size; to++) {
      if (reached.has(to) || world.isCrashed(state, to) || world.isSevered(state, at, to)) continue;
      let given = false;
      for (let party = 0; party < world.size; party++) {
        const core = world.core(state, party);
        given ||= core.cuts(at, to) || core.cuts(to, at);
      }
      if (!given) reached.add(to);
    }
  }
  return reached.has(b);
}

/** Nobody completes before every program was through, with the same steps. */
function checkCompletion(world: SearchWorld, state: Int32Array): string | null {
  for (let party = 0; party < world.size; party++) {
    if (world.core(state, party).outcome?.result !== 'completed') continue;
    if (world.scenario.diverging !== undefined)
      return `validity: ${world.names[party]} completed, and the steps differ`;
    if (world.scenario.mismatched !== undefined)
      return `validity: ${world.names[party]} completed, and the jobs differ`;
    for (let other = 0; other < world.size; other++) {
      if (!world.hasFinished(state, other)) {
        return `validity: ${world.names[party]} completed before ${world.names[other]} was through`;
      }
    }
  }
  return null;
}

function checkScopes(world: SearchWorld, state: Int32Array): string | null {
  let first = 0;
  for (let party = 0; party < world.size; party++) {
    const outcome = world.scopeOutcome(state, party);
    if (outcome === 0) continue;
    if (first !== 0 && outcome !== first) return 'agreement: a scope has two outcomes';
    first = outcome;
  }
  return null;
}

/** Nothing can happen any more but further faults: everyone has ended and left, unless the programs simply go on. */
function checkEnd(world: SearchWorld, state: Int32Array): string | null {
  const goesOn = world.scenario.time !== undefined || !world.scenario.program.includes('finish');
  const living = [...Array(world.size).keys()].filter((party) => !world.isCrashed(state, party));
  if (goesOn && living.every((party) => world.core(state, party).open)) return null;
  if (world.scenario.time !== undefined) return null;
  const waiting = living.find((party) => !world.core(state, party).left);
  if (waiting === undefined) return null;
  return `termination: ${world.names[waiting]} waits for ever in phase ${world.core(state, waiting).core.phase}`;
}

/** What one party may never do, whatever the others do. */
export function checkLocalStep(
  world: SearchWorld,
  before: CoreState,
  event: CoreEvent,
  result: LocalStep,
): string | null {
  const after = world.local.core(result.core);
  const name = world.names[before.config.self] ?? '?';
  return (
    checkSealed(name, before, event, after) ??
    checkVerdict(name, before, after, result) ??
    checkPlanted(world, name, after) ??
    checkScopeEnd(world, name, before, event, result) ??
    checkLeaving(name, before, event, after)
  );
}

/** A contribution never changes; a party's own is its failure if that came first. */
function checkSealed(name: string, before: CoreState, event: CoreEvent, after: CoreState): string | null {
  for (const [party, sealed] of before.board.contributions.entries()) {
    const now = after.board.contributions[party];
    if (sealed !== null && JSON.stringify(now) !== JSON.stringify(sealed)) {
      return `never two verdicts: at ${name} the contribution of party ${party} has changed`;
    }
  }
  const { self } = before.config;
  const own = after.board.contributions[self];
  const wasOpen = before.phase !== 'aborting' && before.phase !== 'ended';
  if (event.type === 'failed' && wasOpen && own?.failure?.incident !== event.failure.incident) {
    return `cause before symptom: ${name} has failed and seals something else`;
  }
  if (own && before.board.contributions[self] === null && own.ready !== before.ready) {
    return `validity: ${name} seals whether it was ready, wrongly`;
  }
  for (let party = 0; party < before.peers.length; party++) {
    if (before.board.cuts[self]?.[party] === true && after.board.cuts[self]?.[party] !== true) {
      return `agreement: ${name} takes back that it gave up on party ${party}`;
    }
  }
  return null;
}

function checkVerdict(name: string, before: CoreState, after: CoreState, result: LocalStep): string | null {
  const ended = result.effects.filter((effect) => effect.type === 'ended').length;
  if (before.outcome !== null) {
    if (ended > 0 || after.outcome?.digest !== before.outcome.digest)
      return `never two verdicts: ${name} decides again`;
    return null;
  }
  if (after.outcome === null)
    return ended === 0 ? null : `never two verdicts: ${name} says that it has ended, and has not`;
  if (ended !== 1) return `never two verdicts: ${name} says ${ended} times that it has ended`;
  if (after.outcome.result === 'completed') return checkCompleted(name, after);
  const { contributions } = after.board;
  const { parties } = after.config;
  const expected = expectedVerdict(contributions, parties);
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

function checkCompleted(name: string, after: CoreState): string | null {
  const others = after.peers.filter((_, peer) => peer !== after.config.self);
  const heardReady = others.every((view) => view.ready) || others.some((view) => view.closed);
  if (!after.ready && !others.some((view) => view.closed))
    return `validity: ${name} completed and was not ready`;
  return heardReady ? null : `validity: ${name} completed before everyone was ready`;
}

/** Every failure that a party believes is one that the scenario can bring about. */
function checkPlanted(world: SearchWorld, name: string, after: CoreState): string | null {
  for (const [party, contribution] of after.board.contributions.entries()) {
    const failure = contribution?.failure;
    if (!failure || isPlanted(world, party, failure)) continue;
    return `validity: ${name} believes ${failure.code} at ${failure.origin}, which nobody planted`;
  }
  return null;
}

function isPlanted(world: SearchWorld, reporter: number, failure: Failure): boolean {
  const { faults, mismatched, diverging } = world.scenario;
  if (failure.reporter !== world.names[reporter]) return false;
  if (failure.code === 'PROGRAM_MISMATCH') return mismatched !== undefined;
  if (failure.code === 'DIVERGENCE') return diverging !== undefined && (failure.stepId ?? '0') === '0';
  if (failure.code === 'DEADLINE_EXCEEDED') return world.scenario.time !== undefined;
  if (isLossReport(failure)) {
    const some = (faults.crashes ?? 0) + (faults.cuts ?? 0) > 0 || world.scenario.time !== undefined;
    // Whoever decided and left early is lost for those who have not: with a failure only.
    return failure.code === 'PEER_UNREACHABLE' || failure.code === 'JOIN_TIMEOUT' ? some : false;
  }
  return failure.incident.startsWith(`planted ${failure.origin} `);
}

function checkScopeEnd(
  world: SearchWorld,
  name: string,
  before: CoreState,
  event: CoreEvent,
  result: LocalStep,
): string | null {
  const after = world.local.core(result.core);
  for (const effect of result.effects) {
    if (effect.type !== 'scopeEnded') continue;
    const votes = before.scopes.get(effect.scope)?.votes ?? [];
    const { self } = before.config;
    const all = votes.map((vote, party) => {
      if (event.type === 'received' && event.message.type === 'vote' && party === event.peer) {
        return vote ?? { failure: event.message.failure };
      }
      return vote ?? (party === self ? { failure: null } : null);
    });
    if (all.length === 0 && world.size > 1) return `agreement: at ${name} a scope is over without votes`;
    if (all.some((vote) => vote === null))
      return `agreement: at ${name} a scope is over before all have voted`;
    const left = before.scopes.get(effect.scope)?.left === true || event.type === 'scopeLeft';
    if (!left) return `agreement: at ${name} a scope is over which its program has not left`;
    const failures = all.flatMap((vote) => (vote?.failure ? [vote.failure] : []));
    const [cause = null, ...attached] = expectedOrder(failures, before.config.parties);
    if (JSON.stringify([effect.failure, effect.attached]) !== JSON.stringify([cause, attached])) {
      return `cause before symptom: at ${name} a scope fails for the wrong reason`;
    }
    if (after.scopes.has(effect.scope)) return `nothing left: ${name} keeps a scope that is over`;
  }
  return null;
}

/** Who leaves has waited for everyone that it can reach to know the end, or for `lingerMs`. */
function checkLeaving(name: string, before: CoreState, event: CoreEvent, after: CoreState): string | null {
  if (!after.left || before.left) return null;
  if (after.outcome === null) return `termination: ${name} leaves without an outcome`;
  if (event.type === 'tick' && after.endedAt !== null) {
    if (after.lastTickAt >= after.endedAt + after.config.bounds.lingerMs) return null;
  }
  for (const [peer, view] of after.peers.entries()) {
    if (peer === after.config.self) continue;
    if (after.board.cuts[after.config.self]?.[peer] || after.board.cuts[peer]?.[after.config.self]) continue;
    const knows = after.outcome.result === 'completed' ? view.closed : after.reports[peer]?.decided === true;
    if (!knows && !view.gone)
      return `termination: ${name} leaves while ${after.config.parties[peer]} may need it`;
  }
  return null;
}
