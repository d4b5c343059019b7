/**
 * How fast the coordination core is explored, by CPU time on one core: transitions of an exhaustive search against
 * 50,000 a second, and seeded schedules with all checkers.
 */
import { exploreSeeds, newTally } from '../test/core/explore-core.ts';
import { search } from '../test/core/search.ts';
import type { SearchScenario } from '../test/core/search-scenario.ts';
import { atLeast, figure, plain } from './parts/figure.ts';

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

search({ ...scenario, faults: { failures: 1, crashes: 1 } });
const start = cpuMs();
const { states, transitions, depth, localSteps } = search(scenario, { reduce: false });
const rate = (transitions / (cpuMs() - start)) * 1_000;
console.log(`${states} states, ${transitions} transitions, depth ${depth}`);
figure('transitions of an exhaustive search', rate, '/s', atLeast(TARGET));
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
