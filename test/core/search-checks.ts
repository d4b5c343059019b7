/**
 * What every state of a search, and every step of a party in it, has to satisfy (docs/failure-model.md). Each returns
 * what is wrong in words, or null.
 */
import type { CoreEvent, CoreState, Failure } from '../../src/coordination/types.ts';
import type { LocalStep } from './local-steps.ts';
import { isLossReport } from './oracle.ts';
import type { SearchModel } from './search-model.ts';
import type { SearchWorld } from './search-world.ts';
import { checkStep } from './step-checks.ts';

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
      const without = left.outcome.result === 'completed' ? left.leavesOut(b) : right.leavesOut(a);
      if (left.outcome.result !== right.outcome.result && !left.inDoubt && !right.inDoubt && !without) {
        return `no success beside failure: ${words}`;
      }
      if (world.isCrashed(state, a) || world.isCrashed(state, b)) continue;
      if (sameSide(world, state, a, b)) return `agreement: ${words} reach each other and disagree`;
    }
  }
  return null;
}

/**
 * Whether two parties still reach each other, over living parties and links that neither the network nor anyone has
 * given up.
 */
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
      if (!world.hasFinished(state, other) && !world.core(state, party).leavesOut(other)) {
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
    if (outcome === 0 || isOut(world, state, party)) continue;
    if (first !== 0 && outcome !== first) return 'agreement: a scope has two outcomes';
    first = outcome;
  }
  return null;
}

/** Whether a party is out of the run: others go on without it, or it has failed. */
function isOut(world: SearchWorld, state: Int32Array, party: number): boolean {
  if (world.core(state, party).outcome?.result === 'failed') return true;
  return world.names.some((_, other) => world.core(state, other).leavesOut(party));
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

/** What one party may never do, and what it may never believe: a failure that the scenario cannot bring about. */
export function checkLocalStep(
  { world, isPlanted }: SearchModel,
  before: CoreState,
  event: CoreEvent,
  result: LocalStep,
): string | null {
  const after = world.local.core(result.core);
  const name = world.names[before.config.self] ?? '?';
  const { effects, wakeAt, now } = result;
  const wrong = checkStep({ name, before, event, after, effects, wakeAt, now });
  if (wrong !== null) return wrong;
  for (const [party, contribution] of after.board.contributions.entries()) {
    const failure = contribution?.failure;
    if (!failure || isPlanted(party, failure)) continue;
    return `validity: ${name} believes ${failure.code} at ${failure.origin}, which nobody planted`;
  }
  return null;
}

export function isPlanted(world: SearchWorld, reporter: number, failure: Failure): boolean {
  const { faults, mismatched, diverging } = world.scenario;
  if (failure.reporter !== world.names[reporter]) return false;
  if (failure.code === 'PROGRAM_MISMATCH') return mismatched !== undefined;
  if (failure.code === 'DIVERGENCE') return diverging !== undefined && (failure.stepId ?? '0') === '0';
  if (failure.code === 'DEADLINE_EXCEEDED') return world.scenario.time !== undefined;
  if (isLossReport(failure)) {
    const some = (faults.crashes ?? 0) + (faults.cuts ?? 0) > 0 || world.scenario.time !== undefined;
    // A party that decided and left early is lost for those who have not: with a failure only.
    return failure.code === 'PEER_UNREACHABLE' || failure.code === 'JOIN_TIMEOUT' ? some : false;
  }
  return failure.incident.startsWith(`planted ${failure.origin} `);
}
