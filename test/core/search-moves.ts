/** Which moves a state of a search allows, and which of them have to be tried. */
import type { Facts } from './core-facts.ts';
import { encodeMove } from './search-scenario.ts';
import { AWAITING_START, FIRST_ACTION, SCOPE, type SearchWorld } from './search-world.ts';

/**
 * Everything that can happen next, into `out`. `quiet`: no message, loss or program is to come; what remains are
 * faults.
 *
 * With `reduce`, where all faults have happened and all programs are through, one party's moves may stand for all: if
 * every other party that could still say something to it has already something under way, then nothing that the others
 * do adds to what it can do next, and whatever they do commutes with it (a persistent set: Godefroid 1996, chapter 4).
 * All ends are still reached.
 */
export function movesOf(
  world: SearchWorld,
  state: Int32Array,
  out: number[],
  reduce: boolean,
): { readonly quiet: boolean } {
  const mayReduce =
    reduce &&
    !world.scenario.time &&
    !world.scenario.coalesce &&
    world.isSpent(state) &&
    areThrough(world, state);
  for (let at = 0; at < world.size; at++) {
    const before = out.length;
    movesAt(world, state, at, out);
    if (mayReduce && out.length > before && standsForAll(world, state, at)) {
      out.splice(0, before);
      return { quiet: false };
    }
  }
  let quiet = out.length === 0;
  if (world.scenario.time) quiet = timeMoves(world, state, out) && quiet;
  else if (quiet) {
    waitingMoves(world, state, out);
    quiet = out.length === 0;
  }
  faultMoves(world, state, out);
  return { quiet };
}

function movesAt(world: SearchWorld, state: Int32Array, at: number, out: number[]): void {
  const core = world.core(state, at);
  if (core.left || world.isCrashed(state, at)) return;
  for (let peer = 0; peer < world.size; peer++) {
    if (peer !== at) movesBetween(world, state, at, core, peer, out);
  }
  programMoves(world, state, at, core, out);
}

function areThrough(world: SearchWorld, state: Int32Array): boolean {
  for (let at = 0; at < world.size; at++) {
    const core = world.core(state, at);
    if (core.open && !world.isCrashed(state, at) && !world.hasFinished(state, at)) return false;
  }
  return true;
}

function standsForAll(world: SearchWorld, state: Int32Array, at: number): boolean {
  const core = world.core(state, at);
  for (let peer = 0; peer < world.size; peer++) {
    if (peer === at || world.queued(state, peer, at) !== 0) continue;
    if (world.isCrashed(state, peer) || world.core(state, peer).left) continue;
    if (world.isSevered(state, at, peer) || core.cuts(at, peer) || core.cuts(peer, at)) continue;
    return false;
  }
  return true;
}

function movesBetween(
  world: SearchWorld,
  state: Int32Array,
  at: number,
  core: Facts,
  peer: number,
  out: number[],
): void {
  const queue = world.queued(state, peer, at);
  if (queue !== 0) out.push(encodeMove('deliver', peer, at));
  const there = world.core(state, peer);
  const crashed = world.isCrashed(state, peer);
  if (core.ended) {
    // After its decision a party notices who closes the link; before, only silence tells.
    const closed =
      (there.left || there.cuts(peer, at)) && queue === 0 && !crashed && !world.isSevered(state, at, peer);
    const matters = (core.gone & (1 << peer)) === 0 && !core.cuts(at, peer) && !core.cuts(peer, at);
    if (closed && matters) out.push(encodeMove('gone', at, peer));
    return;
  }
  if (world.scenario.time || core.cuts(at, peer)) return;
  const silent =
    crashed || (there.left && queue === 0) || world.isSevered(state, at, peer) || there.cuts(peer, at);
  if (silent) out.push(encodeMove('lose', at, peer));
}

function programMoves(world: SearchWorld, state: Int32Array, at: number, core: Facts, out: number[]): void {
  const progress = world.progress(state, at);
  if (progress < AWAITING_START) {
    if (core.open) out.push(encodeMove('load', at));
    return;
  }
  if (progress < FIRST_ACTION || !core.running) return;
  const action = world.scenario.program[(progress - FIRST_ACTION) >> 1];
  if (action === 'scope' && (progress & 1) === 0) {
    out.push(encodeMove('leave scope', at));
    if (world.budget(state, 'scopeFailures') > 0 && !core.votedOn(SCOPE))
      out.push(encodeMove('fail scope', at));
  } else if (action === 'step' || action === 'enter') out.push(encodeMove('step', at));
  else if (action === 'finish') out.push(encodeMove('finish', at));
}

function may(who: readonly number[] | undefined, party: number): boolean {
  return who === undefined || who.includes(party);
}

function faultMoves(world: SearchWorld, state: Int32Array, out: number[]): void {
  if (world.isSpent(state)) return;
  for (let at = 0; at < world.size; at++) {
    const core = world.core(state, at);
    if (world.isCrashed(state, at) || core.left) continue;
    if (core.open && world.budget(state, 'failures') > 0 && may(world.scenario.failing, at))
      out.push(encodeMove('fail', at));
    if (core.open && world.budget(state, 'cancellations') > 0) out.push(encodeMove('cancel', at));
    if (world.budget(state, 'crashes') > 0 && may(world.scenario.crashing, at))
      out.push(encodeMove('crash', at));
    for (let peer = at + 1; peer < world.size; peer++) {
      if (world.isCrashed(state, peer) || world.isSevered(state, at, peer) || world.core(state, peer).left)
        continue;
      if (world.budget(state, 'cuts') > 0) out.push(encodeMove('cut', at, peer));
      if (world.budget(state, 'breaks') > 0) out.push(encodeMove('break', at, peer));
    }
  }
}

/** What the passing of time brings about where the scenario has none: it comes last, because messages are faster. */
function waitingMoves(world: SearchWorld, state: Int32Array, out: number[]): void {
  for (let at = 0; at < world.size; at++) {
    const core = world.core(state, at);
    if (world.isCrashed(state, at) || core.left) continue;
    if (core.ended) out.push(encodeMove('linger over', at));
    else if (core.differing) out.push(encodeMove('give up on difference', at));
  }
}

/** @returns whether no more time can pass, and nobody's clock is due */
function timeMoves(world: SearchWorld, state: Int32Array, out: number[]): boolean {
  const now = world.now(state);
  let due = false;
  for (let at = 0; at < world.size; at++) {
    const core = world.core(state, at);
    if (world.isCrashed(state, at) || core.left || core.wakeAt > now) continue;
    out.push(encodeMove('tick', at));
    due = true;
  }
  const more = world.advances(state) < (world.scenario.time?.advances ?? 0);
  if (more) out.push(encodeMove('advance', 0));
  return !due && !more;
}
