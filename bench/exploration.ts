/**
 * How fast the coordination core is explored, by CPU time on one core: transitions of an exhaustive search against 50,000 a second, the same
 * search with states that are not interned (each step computed, each state hashed as text, as the first version did), and seeded
 * schedules with all checkers.
 */
import { createHash } from 'node:crypto';
import {
  deliver,
  deliveries,
  failed,
  runningWorld,
  type World,
  worldDigest,
} from '../test/core/core-world.ts';
import { exploreSeeds, newTally } from '../test/core/explore-core.ts';
import { search } from '../test/core/search.ts';
import type { SearchScenario } from '../test/core/search-scenario.ts';
import { atLeast, beside, figure, plain } from './parts/figure.ts';

const TARGET = 50_000;
const SEEDS = 2_000;

const scenario: SearchScenario = {
  name: 'three parties, running, 2 failures, 1 crash',
  parties: 3,
  from: 'running',
  program: [],
  faults: { failures: 2, crashes: 1 },
};

/** CPU time of this process in milliseconds: what counts on a machine that others use, too. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** The plain search of one failure among three parties, for comparison. */
function plainSearch(): number {
  const began = cpuMs();
  const seen = new Set<string>();
  const stack: World[] = [failed(runningWorld(3), 0)];
  let transitions = 0;
  for (let world = stack.pop(); world; world = stack.pop()) {
    const key = createHash('sha1').update(worldDigest(world)).digest('base64');
    if (seen.has(key)) continue;
    seen.add(key);
    for (const { from, to } of deliveries(world)) {
      transitions += 1;
      stack.push(deliver(world, from, to));
    }
  }
  return (transitions / (cpuMs() - began)) * 1_000;
}

search({ ...scenario, faults: { failures: 1, crashes: 1 } });
const start = cpuMs();
const { states, transitions, depth, localSteps } = search(scenario, { reduce: false });
const rate = (transitions / (cpuMs() - start)) * 1_000;
const before = plainSearch();
console.log(`${states} states, ${transitions} transitions, depth ${depth}`);
figure('transitions of an exhaustive search', rate, '/s', atLeast(TARGET));
beside('transitions, where steps are looked up', rate, '/s', { name: 'the plain search', measured: before });
plain('states of the search', states, '');
plain('steps of the core that were computed', localSteps, '');

const tally = newTally();
exploreSeeds(1, 200, tally);
const began = cpuMs();
const found = exploreSeeds(1_000, SEEDS, tally);
const took = cpuMs() - began;
if (found) throw new Error(`seed ${found.seed} breaks ${found.checker}: ${found.says}`);
plain('schedules with all checkers', (SEEDS / took) * 1_000, '/s');
plain('events of a schedule', tally.events / tally.schedules, '');
