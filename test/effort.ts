/**
 * How much of a search is searched, and how many of similar cases are tried: a share that `npm test` keeps small and
 * `npm run test:long` makes whole. What is drawn does not change from run to run. A test file that imports this runs in
 * both; one that is named `.long.test.ts` in the long form only.
 */
import { it } from 'node:test';

const DEFAULT_SHARE = 0.1;

const asked = Number(process.env.PRIVITY_TEST_EFFORT ?? DEFAULT_SHARE);
if (!(asked > 0)) throw new RangeError('PRIVITY_TEST_EFFORT is a number above 0: 1 is all of every search');

/** The share: 1 is all that the test's author thought of, and more than 1 more of what has no end. */
export const effort = asked;

/** So many of `all` runs, seeds or inputs, one at least. */
export const share = (all: number): number => Math.max(1, Math.ceil(all * effort));

/**
 * Of a list of similar cases those that are tried, evenly spaced from `offset` on; one at least. All of them from a
 * share of 1 on. Who tries one list in several ways gives each another offset, so that together they try most of it.
 */
export function shareOf<T>(cases: readonly T[], offset = 0): readonly T[] {
  if (effort >= 1) return cases;
  const every = Math.ceil(1 / effort);
  const some = cases.filter((_, place) => place % every === offset % every);
  return some.length > 0 ? some : cases.slice(0, 1);
}

/** The first case of each kind; all of them from a share of 1 on. */
export function oneOfEach<T>(cases: readonly T[], kindOf: (one: T) => unknown): readonly T[] {
  if (effort >= 1) return cases;
  const kinds = new Set<unknown>();
  return cases.filter((one) => {
    const kind = kindOf(one);
    const isFirst = !kinds.has(kind);
    kinds.add(kind);
    return isFirst;
  });
}

/** A test of the long form: it takes long, and others beside it are of its kind. */
export function itLong(name: string, code: it.TestFn): void {
  if (effort >= 1) void it(name, code);
}
