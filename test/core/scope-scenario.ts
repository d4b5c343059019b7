/** What a search over programs with scopes explores, as data. */

export interface ScopePlan {
  readonly path: string;
  /** Parties whose loss it outlives. */
  readonly tolerates?: readonly number[];
  /** Scopes that have to be over before. */
  readonly after?: readonly string[];
  /** Parties in whose program something may fail in it. */
  readonly failing?: readonly number[];
}

export interface ScopeScenario {
  readonly size: number;
  readonly scopes: readonly ScopePlan[];
  /** Each happens once, at any time: `crash 2`, `cut 0 1`, `isolate 2`, `kill 2`, `fail 0`. */
  readonly faults: readonly string[];
  /** Whether programs end, too; what happens then is a search of its own. */
  readonly finishing?: boolean;
  /** What has happened before the search starts: `enter 0 SCOPE`, `leave 0 SCOPE`, `crash 2`, `deliver`, `settle`. */
  readonly begun?: readonly string[];
}

export const isWithin = (path: string, outer: string): boolean => path.startsWith(`${outer}/`);
