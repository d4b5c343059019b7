/**
 * Agreement, checked on the code itself: every interleaving of messages and faults at small scope. Each world starts with
 * all programs running; the faults of a scenario may happen at any moment, in any order.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  crash,
  cutLink,
  deliver,
  deliveries,
  failed,
  happen,
  isLinked,
  runningWorld,
  type World,
  worldDigest,
} from '../testing/core-world.ts';

interface Faults {
  /** Parties whose program fails at some time. */
  readonly failing?: readonly number[];
  readonly crashing?: readonly number[];
  readonly cuts?: readonly (readonly [number, number])[];
  /** Parties whose program finishes at some time. */
  readonly finishing?: readonly number[];
}

interface Node {
  readonly world: World;
  /** Faults that have not happened yet, each as a label. */
  readonly left: readonly string[];
}

const fin = { steps: 1, digest: 'd' };

function labels({ failing = [], crashing = [], cuts = [], finishing = [] }: Faults): string[] {
  return [
    ...failing.map((p) => `fail ${p}`),
    ...crashing.map((p) => `crash ${p}`),
    ...cuts.map(([a, b]) => `cut ${a} ${b}`),
    ...finishing.map((p) => `finish ${p}`),
  ];
}

function apply(world: World, label: string): World {
  const [what, a = 0, b = 0] = label.split(' ').map((word, i) => (i === 0 ? word : Number(word))) as [
    string,
    number,
    number,
  ];
  if (what === 'fail') return failed(world, a);
  if (what === 'crash') return crash(world, a);
  if (what === 'cut') return cutLink(world, a, b);
  return happen(world, a, { type: 'finished', fin });
}

/** Losses that a party may notice now: of peers that have crashed or are cut off, once nothing of theirs is under way. */
function losses(world: World): readonly { at: number; peer: number }[] {
  return world.cores.flatMap((core, at) =>
    world.cores.flatMap((_, peer) => {
      const silent = world.crashed[peer] || !isLinked(world, at, peer);
      const noticed = core.board.cuts[at]?.[peer] === true || core.phase === 'ended';
      return at !== peer && !world.crashed[at] && silent && !noticed ? [{ at, peer }] : [];
    }),
  );
}

function successors({ world, left }: Node): Node[] {
  return [
    ...deliveries(world).map(({ from, to }) => ({ world: deliver(world, from, to), left })),
    ...losses(world).map(({ at, peer }) => ({
      world: happen(world, at, { type: 'lost', peer, code: 'PEER_UNREACHABLE' }),
      left,
    })),
    ...left.map((label) => ({ world: apply(world, label), left: left.filter((other) => other !== label) })),
  ];
}

/** Parties that still reach each other over links that neither the network nor any party has cut. */
function sameSide(world: World, a: number, b: number): boolean {
  const reached = new Set([a]);
  for (const at of reached) {
    for (const [to] of world.cores.entries()) {
      const cutByParty = world.cores.some((core) => core.board.cuts[at]?.[to] || core.board.cuts[to]?.[at]);
      if (!world.crashed[to] && isLinked(world, at, to) && !cutByParty) reached.add(to);
    }
  }
  return reached.has(b);
}

function check(world: World, mustEnd: boolean): void {
  const living = [...world.cores.keys()].filter((party) => !world.crashed[party]);
  for (const party of living) {
    if (mustEnd) assert.ok(world.cores[party]?.outcome, `party ${party} never ends`);
  }
  for (const a of living) {
    for (const b of living) {
      const [left, right] = [world.cores[a]?.outcome, world.cores[b]?.outcome];
      if (!left || !right || left.digest === right.digest) continue;
      const doubt = left.failure?.code === 'IN_DOUBT' || right.failure?.code === 'IN_DOUBT';
      assert.ok(left.result === right.result || doubt, 'one party completed, another is sure that it failed');
      assert.ok(!sameSide(world, a, b), `parties ${a} and ${b} reach each other and disagree`);
    }
  }
}

/** Depth-first over all interleavings; returns how many states there are. */
function explore(size: number, faults: Faults): number {
  const seen = new Set<string>();
  const stack: Node[] = [{ world: runningWorld(size), left: labels(faults) }];
  for (let node = stack.pop(); node; node = stack.pop()) {
    const key = worldDigest(node.world) + node.left.join();
    if (seen.has(key)) continue;
    seen.add(key);
    const next = successors(node);
    check(node.world, next.length === 0);
    stack.push(...next);
  }
  return seen.size;
}

describe('agreement, all interleavings', () => {
  const scenarios: readonly [string, number, Faults][] = [
    ['two parties close', 2, { finishing: [0, 1] }],
    ['two parties, both fail', 2, { failing: [0, 1] }],
    ['two parties, one fails, the other crashes', 2, { failing: [0], crashing: [1] }],
    ['two parties close while their link is cut', 2, { finishing: [0, 1], cuts: [[0, 1]] }],
    ['two parties close while one crashes', 2, { finishing: [0, 1], crashing: [1] }],
    ['three parties, one fails', 3, { failing: [0] }],
    ['three parties, one crashes', 3, { crashing: [2] }],
    ['three parties, one link is cut', 3, { cuts: [[0, 1]] }],
    ['three parties, one fails and crashes', 3, { failing: [2], crashing: [2] }],
    ['three parties, one fails, the link between the others is cut', 3, { failing: [0], cuts: [[1, 2]] }],
    ['three parties, one fails, another crashes', 3, { failing: [0], crashing: [2] }],
    ['three parties close, one crashes', 3, { finishing: [0, 1, 2], crashing: [2] }],
  ];
  for (const [name, size, faults] of scenarios) {
    it(name, (t) => {
      const states = explore(size, faults);
      assert.ok(states > 3);
      t.diagnostic(`${states} states`);
    });
  }

  it('sees a disagreement when there is one', () => {
    const done = explore.length === 2 && runningWorld(2);
    assert.ok(done);
    const first = failed(done, 0);
    const ended = { result: 'failed', failure: null, attached: [], digest: 'x' } as const;
    const cores = first.cores.map((core, i) => ({ ...core, outcome: { ...ended, digest: `${i}` } }));
    assert.throws(() => check({ ...first, cores }, false), /disagree/);
  });
});
