/** What a person may set of the bounds of a run. */
import { type Bounds, DEFAULT_BOUNDS } from '../supervisor/seam/bounds.ts';

/** A week. Longer waits are mistakes of the unit. */
export const BOUND_MS_MAX = 7 * 24 * 3_600_000;

/** Names, defaults and reasons: src/supervisor/seam/bounds.ts. */
export const boundNames = Object.keys(DEFAULT_BOUNDS) as readonly (keyof Bounds)[];
