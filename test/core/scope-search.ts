/**
 * Every interleaving of messages, losses, faults and the steps of small programs with scopes, on the coordination core
 * itself. In each
 * state: no two parties that go on are told different things of a scope, no two parties complete in different ways, and
 * nobody completes whom the others have left out. In the last states every party that lives has come to an end.
 */
import type { Failure } from '../../src/coordination/types.ts';
import { isLossReport } from './oracle.ts';
import type { ScopeScenario } from './scope-scenario.ts';
import { ScopeWorld } from './scope-world.ts';
import { explore, type SearchResult } from './search.ts';
import { encodeMove } from './search-scenario.ts';

export interface ScopeResult extends SearchResult {
  /** How runs ended at the parties that live: `alice completed without carol`, or the codes of their failures. */
  readonly ends: ReadonlySet<string>;
  /** How scopes have ended at the parties that live: path, and incident or `ok`. */
  readonly outcomes: ReadonlySet<string>;
}

export function searchScopes(scenario: ScopeScenario): ScopeResult {
  const world = new ScopeWorld(scenario);
  const ends = new Set<string>();
  const outcomes = new Set<string>();
  const noteEnd = (state: Int32Array): void => {
    ends.add(endOf(world, state));
    for (const party of world.names.keys()) {
      if (world.isCrashed(state, party)) continue;
      for (const [scope, how] of world.told(state, party).ended.entries())
        if (how !== null) outcomes.add(`${world.scopes[scope]?.path}: ${how}`);
    }
  };
  const result = explore(
    {
      world,
      moves: (state, out) => movesOf(world, state, out),
      check: (state, quiet) => checkParties(world, state, quiet),
      isPlanted: (party, failure) => isPlanted(world, party, failure),
    },
    { onEnd: (_, state) => noteEnd(state) },
  );
  return { ...result, ends, outcomes };
}

/** @returns whether nothing can happen any more */
function movesOf(world: ScopeWorld, state: Int32Array, out: number[]): boolean {
  for (let at = 0; at < world.size; at++) {
    for (let peer = 0; peer < world.size; peer++) {
      if (world.queued(state, peer, at) !== 0 && !world.isCrashed(state, at))
        out.push(encodeMove('deliver', peer, at));
      if (world.maySee(state, at, peer)) out.push(encodeMove('lose', at, peer));
    }
    programMoves(world, state, at, out);
  }
  out.push(...world.waiting(state));
  return out.length === 0;
}

/** What the program of a party can do next. */
function programMoves(world: ScopeWorld, state: Int32Array, party: number, out: number[]): void {
  if (world.isCrashed(state, party) || world.isKilled(state, party) || world.core(state, party).ended) return;
  const { scopes, outer, inner, scenario } = world;
  const { cancelled, ended } = world.told(state, party);
  const isEnded = (scope: number): boolean => (ended[scope] ?? null) !== null;
  const isDying = (scope: number): boolean => cancelled[scope] === true || isEnded(scope);
  const around = (scope: number): readonly number[] => outer[scope] ?? [];
  const isOver = (scope: number): boolean => isEnded(scope) || around(scope).some(isDying);
  for (const [scope, { after = [], failing = [] }] of scopes.entries()) {
    if (!world.has(state, party, 'enter scope', scope)) {
      const isReady =
        after.every((path) => isOver(scopes.findIndex((other) => other.path === path))) &&
        around(scope).every((o) => world.has(state, party, 'enter scope', o) && !isDying(o));
      if (isReady) out.push(encodeMove('enter scope', party, scope));
      continue;
    }
    if (world.has(state, party, 'leave scope', scope) || around(scope).some(isDying)) continue;
    const hasFailed = world.has(state, party, 'fail scope', scope);
    if (isDying(scope) || hasFailed || inner[scope]?.every(isOver))
      out.push(encodeMove('leave scope', party, scope));
    if (failing.includes(party) && !hasFailed && !isDying(scope))
      out.push(encodeMove('fail scope', party, scope));
  }
  const { finishing = true } = scenario;
  if (finishing && scopes.every((_, scope) => isOver(scope)) && !world.hasFinished(state, party))
    out.push(encodeMove('finish', party));
}

function checkParties(world: ScopeWorld, state: Int32Array, mustEnd: boolean): string | null {
  for (let a = 0; a < world.size; a++) {
    if (mustEnd && !world.core(state, a).outcome && !world.isCrashed(state, a) && !goesOn(world, state, a))
      return `termination: ${world.names[a]} never ends`;
    for (let b = a + 1; b < world.size; b++) {
      const wrong = checkOutcomes(world, state, a, b) ?? checkTold(world, state, a, b);
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

/** Whether the program has been through all scopes, in a search in which it does not end. */
function goesOn(world: ScopeWorld, state: Int32Array, party: number): boolean {
  const { ended } = world.told(state, party);
  const isThrough = world.outer.every((outer, scope) => outer.length > 0 || ended[scope]);
  return world.scenario.finishing === false && isThrough;
}

function checkOutcomes(world: ScopeWorld, state: Int32Array, a: number, b: number): string | null {
  const [left, right] = [world.core(state, a), world.core(state, b)];
  if (left.outcome === null || right.outcome === null) return null;
  if (left.outcome.result === right.outcome.result) {
    const differ = left.outcome.result === 'completed' && left.outcomeNumber !== right.outcomeNumber;
    return differ ? 'agreement: two parties complete in different ways' : null;
  }
  const isLeftOut = left.outcome.result === 'completed' ? left.leavesOut(b) : right.leavesOut(a);
  return left.inDoubt || right.inDoubt || isLeftOut
    ? null
    : 'no success beside failure: one party completed, another is sure that it failed';
}

/** Two parties that go on together were told the same of each scope, unless one around it was cancelled. */
function checkTold(world: ScopeWorld, state: Int32Array, a: number, b: number): string | null {
  const [left, right] = [world.core(state, a), world.core(state, b)];
  const areTogether = left.core.epoch === right.core.epoch && !left.leavesOut(b) && !right.leavesOut(a);
  const goOn = [left.core, right.core].every(
    ({ phase, outcome }) => phase !== 'aborting' && outcome?.result !== 'failed',
  );
  if (!areTogether || !goOn) return null;
  const [one, other] = [world.told(state, a), world.told(state, b)];
  for (const [scope, { path }] of world.scopes.entries()) {
    const [here, there] = [one.ended[scope], other.ended[scope]];
    const wasCancelled = world.outer[scope]?.some((o) => one.cancelled[o] || other.cancelled[o]);
    if (here && there && here !== there && !wasCancelled)
      return `agreement: ${world.names[a]} and ${world.names[b]} were told differently of ${path}`;
  }
  return null;
}

function isPlanted({ scenario, names }: ScopeWorld, reporter: number, failure: Failure): boolean {
  if (failure.reporter !== names[reporter]) return false;
  const { faults, begun = [] } = scenario;
  if (isLossReport(failure))
    return (
      failure.code === 'PEER_UNREACHABLE' && [...faults, ...begun].some((word) => !word.startsWith('fail'))
    );
  return faults.some((word) => {
    const [what = '', party] = word.split(' ');
    return Number(party) === reporter && failure.incident === `${what}-${names[reporter]}`;
  });
}

/** How a run has ended at the parties that live: `alice completed without carol`, or the codes of their failures. */
function endOf(world: ScopeWorld, state: Int32Array): string {
  const { names } = world;
  const without = (missing: readonly (string | undefined)[]): string =>
    missing.length > 0 ? ` without ${missing.join()}` : '';
  const words = names.flatMap((name, party) => {
    if (world.isCrashed(state, party)) return [];
    const { outcome, core } = world.core(state, party);
    if (!outcome) return [`${name} goes on${without(core.absent.map((absence) => names[absence.party]))}`];
    const absent = (outcome.absent ?? []).map(({ origin }) => origin);
    return [`${name} ${outcome.failure?.code ?? 'completed'}${without(absent)}`];
  });
  return words.join('; ');
}
