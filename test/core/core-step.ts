/** One step of the core, as checkers see it. */
import type { CoreEvent, CoreState, Effect } from '../../src/coordination/types.ts';

export interface CoreStep {
  readonly name: string;
  readonly before: CoreState;
  readonly event: CoreEvent;
  readonly after: CoreState;
  readonly effects: readonly Effect[];
  readonly wakeAt: number | null;
  readonly now: number;
}
