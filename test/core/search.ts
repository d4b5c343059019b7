/**
 * Depth-first search over all interleavings of a scenario, on the coordination core itself. States are recognised by 64
 * bits of their hash; the path from the start is kept, so that a violation comes with the story that leads to it.
 */

import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { InternedWorld } from './interned-world.ts';
import { checkLocalStep, checkState, isPlanted } from './search-checks.ts';
import type { SearchModel } from './search-model.ts';
import { movesOf } from './search-moves.ts';
import { decodeMove, type SearchScenario } from './search-scenario.ts';
import { SearchWorld } from './search-world.ts';
import { hashInto, SeenSet } from './seen-set.ts';

export interface SearchResult {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** States of single parties, and steps of the core that were computed; all other transitions were looked up. */
  readonly localStates: number;
  readonly localSteps: number;
  readonly elapsedMs: number;
  /** False where the search stopped at `statesMax`. */
  readonly complete: boolean;
  /** Verdicts that parties reached, by code, with the number of transitions that reached them. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly violation: { readonly says: string; readonly story: readonly string[] } | null;
}

/** A frame of the search: a state, and which of its moves come next. */
interface Frame {
  readonly state: Int32Array;
  readonly moves: readonly number[];
  next: number;
}

export interface ExploreOptions {
  /**
   * Tries the moves of each state in a random order. A search that comes to its end sees the same states; one that
   * stops at `statesMax` sees others than in the usual order, which tries the latest faults first.
   */
  readonly order?: number;
  readonly statesMax?: number | undefined;
  /** Told of each state in which nothing but faults can happen any more. */
  readonly onEnd?: (world: InternedWorld, state: Int32Array) => void;
}

export interface SearchOptions extends Omit<ExploreOptions, 'statesMax'> {
  /** Leave out interleavings that lead to the same ends as others. On unless told otherwise; a test compares. */
  readonly reduce?: boolean;
  /** What every state has to satisfy. */
  readonly check?: typeof checkState;
}

export function search(scenario: SearchScenario, options: SearchOptions = {}): SearchResult {
  const { reduce = true, check = checkState, ...more } = options;
  const world = new SearchWorld(scenario);
  const model: SearchModel = {
    world,
    moves: (state, out) => movesOf(world, state, out, reduce).quiet,
    check: (state, quiet) => check(world, state, quiet),
    isPlanted: (party, failure) => isPlanted(world, party, failure),
  };
  return explore(model, { ...more, statesMax: scenario.statesMax });
}

export function explore(model: SearchModel, options: ExploreOptions = {}): SearchResult {
  const { onEnd, order, statesMax = Number.POSITIVE_INFINITY } = options;
  const { world } = model;
  const random = order === undefined ? null : new SeededRandom(order, 'moves');
  const began = performance.now();
  let fault: string | null = null;
  world.onStep = (before, event, result) => {
    fault ??= checkLocalStep(model, before, event, result);
  };
  const seen = new SeenSet();
  const hash = new Uint32Array(2);
  const scratch: number[] = [];
  const stack: Frame[] = [];
  const verdicts: Record<string, number> = {};
  let [transitions, depth] = [0, 0];
  let says: string | null = null;

  /** Whether the state is new; if so it is checked and waits on the stack. */
  const visit = (state: Int32Array): void => {
    hashInto(hash, state, 0, state.length);
    if (!seen.add(hash[0] ?? 0, hash[1] ?? 0)) return;
    scratch.length = 0;
    const quiet = model.moves(state, scratch);
    if (quiet) onEnd?.(world, state);
    says = fault ?? model.check(state, quiet);
    const moves = scratch.slice();
    if (random) shuffle(moves, random);
    stack.push({ state, moves, next: 0 });
    if (stack.length > depth) depth = stack.length;
  };

  visit(world.initial());
  while (says === null && stack.length > 0 && seen.size < statesMax) {
    const frame = stack.at(-1) as Frame;
    const move = frame.moves[frame.next];
    if (move === undefined) {
      stack.pop();
      continue;
    }
    frame.next += 1;
    transitions += 1;
    const state = frame.state.slice();
    world.apply(state, move);
    countVerdicts(world, frame.state, state, verdicts);
    visit(state);
    says ??= fault;
  }
  return {
    states: seen.size,
    transitions,
    depth,
    localStates: world.local.states,
    localSteps: world.local.computed,
    elapsedMs: performance.now() - began,
    complete: says === null && stack.length === 0,
    verdicts,
    violation: says === null ? null : { says, story: storyOf(world, stack) },
  };
}

function shuffle(moves: number[], random: SeededRandom): void {
  for (let last = moves.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [moves[last], moves[other]] = [moves[other] as number, moves[last] as number];
  }
}

function countVerdicts(
  world: InternedWorld,
  before: Int32Array,
  after: Int32Array,
  counts: Record<string, number>,
): void {
  for (let party = 0; party < world.size; party++) {
    if (before[party] === after[party]) continue;
    const [was, is] = [world.core(before, party), world.core(after, party)];
    if (was.ended || !is.ended) continue;
    const code = is.outcome?.failure?.code ?? 'completed';
    counts[code] = (counts[code] ?? 0) + 1;
  }
}

/** The moves on the stack in words. A violation found by the last move may not have its state on the stack. */
function storyOf(world: InternedWorld, stack: readonly Frame[]): readonly string[] {
  return stack.flatMap((frame) => {
    const move = frame.moves[frame.next - 1];
    if (move === undefined) return [];
    const note = decodeMove(move).move === 'deliver' ? '' : ' *';
    return [`${world.describe(frame.state, move)}${note}`];
  });
}
