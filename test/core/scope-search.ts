/**
 * Every interleaving of messages, losses, faults and the steps of small programs with scopes, on the coordination core itself. In each
 * state: no two parties that go on are told different things of a scope, no two parties complete in different ways, and nobody
 * completes whom the others have left out. In the last states every party that lives has come to an end.
 */
import assert from 'node:assert/strict';
import { digestOf } from '../../src/coordination/board.ts';
import type { TrailEntry } from '../../src/coordination/types.ts';
import {
  crash,
  cutLink,
  deliver,
  deliverAll,
  deliveries,
  happen,
  isLinked,
  runningWorld,
  type World,
  worldDigest,
} from './core-world.ts';

export const names = ['alice', 'bob', 'carol', 'dave'];

export interface ScopePlan {
  readonly path: string;
  /** Parties whose loss it outlives. */
  readonly tolerates?: readonly number[];
  /** Scopes that have to be over before. */
  readonly after?: readonly string[];
  /** Parties in whose program something may fail in it. */
  readonly failing?: readonly number[];
}

export interface Scenario {
  readonly size: number;
  readonly scopes: readonly ScopePlan[];
  /** Each happens once, at any time: `crash 2`, `cut 0 1`, `isolate 2`, `kill 2`, `fail 0`. */
  readonly faults: readonly string[];
  /** Whether programs end, too; what happens then is a search of its own. */
  readonly finishing?: boolean;
  /** Steps of programs that have been taken before the exploration starts. */
  readonly begun?: readonly string[];
}

interface Node {
  readonly world: World;
  readonly faults: readonly string[];
  /** What programs have done: `enter 0 SCOPE`, `fail 0 SCOPE`, `leave 0 SCOPE`, `finish 0`. */
  readonly done: readonly string[];
  /** Parties without a program. */
  readonly killed: readonly number[];
}

const isWithin = (path: string, outer: string): boolean => path.startsWith(`${outer}/`);

/** What the program of a party can do next. */
function moves(
  { scopes, finishing = true }: Scenario,
  { world, done, killed }: Node,
  party: number,
): readonly string[] {
  const core = world.cores[party];
  if (!core || world.crashed[party] || killed.includes(party) || core.phase === 'ended') return [];
  const has = (what: string, scope: string): boolean => done.includes(`${what} ${party} ${scope}`);
  const told = (what: string, scope: string): boolean =>
    world.told[party]?.[`${what} ${scope}`] !== undefined;
  const isOver = (path: string): boolean =>
    told('ended', path) || scopes.some((outer) => isWithin(path, outer.path) && isDying(outer.path));
  const isDying = (path: string): boolean => told('cancelled', path) || told('ended', path);
  const found = scopes.flatMap(({ path, after = [], failing = [] }) => {
    const outer = scopes.filter((other) => isWithin(path, other.path));
    if (!has('enter', path)) {
      const ready = after.every(isOver) && outer.every((o) => has('enter', o.path) && !isDying(o.path));
      return ready ? [`enter ${party} ${path}`] : [];
    }
    if (has('leave', path) || outer.some((o) => isDying(o.path))) return [];
    const inner = scopes.filter((other) => isWithin(other.path, path));
    const canLeave = isDying(path) || has('fail', path) || inner.every((i) => isOver(i.path));
    const canFail = failing.includes(party) && !has('fail', path) && !isDying(path);
    return [...(canLeave ? [`leave ${party} ${path}`] : []), ...(canFail ? [`fail ${party} ${path}`] : [])];
  });
  const through = finishing && scopes.every(({ path }) => isOver(path)) && !done.includes(`finish ${party}`);
  return through ? [...found, `finish ${party}`] : found;
}

function move({ scopes, size }: Scenario, node: Node, word: string): Node {
  const [what, at, scope = ''] = word.split(' ');
  const party = Number(at);
  const { world } = node;
  const done = [...node.done, word].sort();
  const go = (next: World): Node => ({ ...node, world: next, done });
  if (what === 'leave') return go(happen(world, party, { type: 'scopeLeft', scope }));
  if (what === 'fail') {
    const name = names[party] ?? '';
    const failure = {
      code: 'TASK_FAILED',
      origin: name,
      reporter: name,
      incident: `${name}-${scope}`,
    } as const;
    return go(happen(world, party, { type: 'scopeFailed', scope, failure }));
  }
  if (what === 'finish') {
    // The steps that a program takes depend on what it was told.
    const outcomes = scopes
      .filter(({ path }) => !scopes.some((outer) => isWithin(path, outer.path)))
      .map(({ path }) => world.told[party]?.[`ended ${path}`]);
    return go(happen(world, party, { type: 'finished', fin: { steps: 9, digest: digestOf(outcomes) } }));
  }
  const cut = scope.lastIndexOf('/');
  const { tolerates = [] } = scopes.find(({ path }) => path === scope) ?? {};
  const entry: TrailEntry = {
    branch: scope.slice(0, Math.max(0, cut)),
    position: Number(scope.slice(cut + 1)),
    digest: scope,
    stepId: scope,
    kind: 'attempt',
    name: scope,
    places: names.slice(0, size),
    tolerates: tolerates.map((i) => names[i] ?? ''),
  };
  return go(happen(world, party, { type: 'steps', entries: [entry] }));
}

function fault(node: Node, label: string): Node {
  const [what, first, second] = label.split(' ');
  const [a, b] = [Number(first), Number(second)];
  const faults = node.faults.filter((other) => other !== label);
  const { world } = node;
  if (what === 'crash') return { ...node, faults, world: crash(world, a) };
  if (what === 'isolate') {
    const others = world.cores.keys();
    return {
      ...node,
      faults,
      world: [...others].reduce((at, b) => (a === b ? at : cutLink(at, a, b)), world),
    };
  }
  if (what === 'cut') return { ...node, faults, world: cutLink(world, a, b) };
  const name = names[a] ?? '';
  const said = { origin: name, reporter: name, incident: `${what}-${name}` };
  if (what === 'fail')
    return {
      ...node,
      faults,
      world: happen(world, a, { type: 'failed', failure: { code: 'TASK_FAILED', ...said } }),
    };
  const failure = { code: 'PROCESS_KILLED', ...said } as const;
  const killed = [...node.killed, a];
  return { ...node, faults, killed, world: happen(world, a, { type: 'failed', failure, leaving: true }) };
}

/** Losses that a party may notice now: of peers that have crashed, are cut off, or have left. */
function losses(world: World): readonly { at: number; peer: number }[] {
  return world.cores.flatMap((core, at) =>
    world.cores.flatMap((other, peer) => {
      const closed = other.outcome !== null && (world.queues[peer]?.[at] ?? []).length === 0;
      const silent = world.crashed[peer] || !isLinked(world, at, peer) || isLeftOut(other, at) || closed;
      const noticed = core.board.cuts[at]?.[peer] === true || core.phase === 'ended';
      return at !== peer && !world.crashed[at] && silent && !noticed ? [{ at, peer }] : [];
    }),
  );
}

const isLeftOut = (core: World['cores'][number], party: number): boolean =>
  core.absent.some((absence) => absence.party === party);

function successors(scenario: Scenario, node: Node): Node[] {
  const { world } = node;
  return [
    ...deliveries(world).map(({ from, to }) => ({ ...node, world: deliver(world, from, to) })),
    ...losses(world).map(({ at, peer }) => ({
      ...node,
      world: happen(world, at, { type: 'lost', peer, code: 'PEER_UNREACHABLE' }),
    })),
    ...node.faults.map((label) => fault(node, label)),
    ...names
      .slice(0, scenario.size)
      .flatMap((_, party) => moves(scenario, node, party).map((word) => move(scenario, node, word))),
  ];
}

function check(scenario: Scenario, { world }: Node, mustEnd: boolean): void {
  const { cores } = world;
  for (const [a, left] of cores.entries()) {
    const { finishing = true, scopes } = scenario;
    const through =
      !finishing && scopes.every(({ path }) => path.includes('/') || world.told[a]?.[`ended ${path}`]);
    if (mustEnd && !world.crashed[a] && !through) assert.ok(left.outcome, `party ${a} never ends`);
    for (const [b, right] of cores.entries()) {
      if (b <= a) continue;
      const [one, other] = [left.outcome, right.outcome];
      if (one?.result === 'completed' && other?.result === 'completed')
        assert.equal(one.digest, other.digest, 'two parties complete in different ways');
      if (one && other && one.result !== other.result) {
        const [completed, failed] = one.result === 'completed' ? [left, b] : [right, a];
        const doubt = one.failure?.code === 'IN_DOUBT' || other.failure?.code === 'IN_DOUBT';
        assert.ok(
          doubt || isLeftOut(completed, failed),
          'one party completed, another is sure that it failed',
        );
      }
      const together = left.epoch === right.epoch && !isLeftOut(left, b) && !isLeftOut(right, a);
      const bothGoOn = [left, right].every(
        ({ phase, outcome }) => phase !== 'aborting' && outcome?.result !== 'failed',
      );
      if (together && bothGoOn) checkTold(scenario, world, a, b);
    }
  }
}

function checkTold({ scopes }: Scenario, { told }: World, a: number, b: number): void {
  for (const { path } of scopes) {
    const [one, other] = [told[a]?.[`ended ${path}`], told[b]?.[`ended ${path}`]];
    const cancelled = scopes.some(
      (outer) =>
        isWithin(path, outer.path) &&
        (told[a]?.[`cancelled ${outer.path}`] || told[b]?.[`cancelled ${outer.path}`]),
    );
    if (one && other && !cancelled)
      assert.equal(one, other, `parties ${a} and ${b} were told differently of ${path}`);
  }
}

/** A step that is taken before the search: of a program, a fault, or all deliveries and losses in a fixed order. */
function begin(scenario: Scenario, node: Node, word: string): Node {
  if (word.startsWith('crash')) return fault(node, word);
  if (word !== 'settle' && word !== 'deliver') return move(scenario, node, word);
  for (let at = deliverAll(node.world); ; at = deliverAll(at)) {
    const [loss] = word === 'settle' ? losses(at) : [];
    if (!loss) return { ...node, world: at };
    at = happen(at, loss.at, { type: 'lost', peer: loss.peer, code: 'PEER_UNREACHABLE' });
  }
}

/** Depth-first over all interleavings; gives the number of states, and how runs ended. */
export function explore(scenario: Scenario): { states: number; ends: ReadonlySet<string> } {
  const seen = new Set<string>();
  const ends = new Set<string>();
  let start: Node = { world: runningWorld(scenario.size), faults: scenario.faults, done: [], killed: [] };
  for (const word of scenario.begun ?? []) start = begin(scenario, start, word);
  const stack = [start];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const key = worldDigest(node.world) + node.faults.join() + node.done.join() + node.killed.join();
    if (seen.has(key)) continue;
    seen.add(key);
    const next = successors(scenario, node);
    check(scenario, node, next.length === 0);
    if (next.length === 0) ends.add(endOf(node.world));
    stack.push(...next);
  }
  return { states: seen.size, ends };
}

/** How a run has ended at the parties that live: `completed without carol`, or the codes of their failures. */
function endOf({ cores, crashed }: World): string {
  const words = cores.flatMap(({ outcome, absent: missing }, party) => {
    if (crashed[party]) return [];
    if (!outcome)
      return [
        `${names[party]} goes on${missing.length > 0 ? ` without ${missing.map((m) => names[m.party]).join()}` : ''}`,
      ];
    const absent = outcome.absent?.map(({ origin }) => origin).join() ?? '';
    return [`${names[party]} ${outcome.failure?.code ?? 'completed'}${absent && ` without ${absent}`}`];
  });
  return words.join('; ');
}
