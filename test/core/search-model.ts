import type { Failure } from '../../src/coordination/types.ts';
import type { InternedWorld } from './interned-world.ts';

/** What is searched: a world, what can happen in it, and what has to hold. */
export interface SearchModel {
  readonly world: InternedWorld;
  /** Everything that can happen next, into `out`. @returns whether nothing but faults can */
  moves(state: Int32Array, out: number[]): boolean;
  check(state: Int32Array, quiet: boolean): string | null;
  /** Whether the faults can bring about that this party reports the failure. */
  isPlanted(party: number, failure: Failure): boolean;
}
