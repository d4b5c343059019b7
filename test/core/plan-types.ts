/** What a schedule says: the faults, and everything else that is chosen from a seed. */

import type { FailureCode } from '../../src/base/failure-codes.ts';
import type { Hello, Message } from '../../src/coordination/types.ts';

/** All times are virtual milliseconds from the start of the run. `ms: null` means for ever. */
export type Fault =
  | {
      readonly kind: 'fail';
      readonly at: number;
      readonly party: number;
      readonly code: FailureCode;
      readonly stepId?: string;
    }
  /** At its scope, the party's step fails; `fail inside`: in the scope within the conclave. */
  | { readonly kind: 'fail scope' | 'fail inside'; readonly party: number }
  /** The party's program process is gone, and its supervisor says so. */
  | { readonly kind: 'kill'; readonly at: number; readonly party: number }
  /** In the conclave, the party's program takes other steps. */
  | { readonly kind: 'stray'; readonly party: number }
  /** From this position on the party's program takes other steps; a peer's program may notice by a value. */
  | {
      readonly kind: 'diverge';
      readonly party: number;
      readonly position: number;
      readonly noticedBy: number | null;
    }
  /** The party's program ends some steps before the others'. */
  | { readonly kind: 'stop short'; readonly party: number; readonly steps: number }
  | { readonly kind: 'mismatch'; readonly party: number; readonly field: keyof Hello }
  | { readonly kind: 'late'; readonly party: number; readonly ms: number | null }
  /** `reset`: peers see the connection go. `evidence`: the orphaned program says so to its peers. */
  | {
      readonly kind: 'crash';
      readonly at: number;
      readonly party: number;
      readonly reset: boolean;
      readonly evidence: boolean;
    }
  | { readonly kind: 'freeze'; readonly at: number; readonly party: number; readonly ms: number }
  | { readonly kind: 'jump'; readonly at: number; readonly party: number; readonly ms: number }
  | { readonly kind: 'drift'; readonly party: number; readonly rate: number }
  /** The machine is busy: timers fire late, and the program does not answer. */
  | { readonly kind: 'busy'; readonly at: number; readonly party: number; readonly ms: number }
  | {
      readonly kind: 'break';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly ms: number;
    }
  | {
      readonly kind: 'cut';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly oneWay: boolean;
      readonly ms: number | null;
    }
  | {
      readonly kind: 'slow';
      readonly at: number;
      readonly a: number;
      readonly b: number;
      readonly ms: number;
      readonly extra: number;
    }
  /** The party's program says that nothing comes from a peer's program. */
  | { readonly kind: 'silence'; readonly at: number; readonly party: number; readonly peer: number }
  /** The party is told that a peer's identity is not the pinned one. */
  | { readonly kind: 'refuse'; readonly at: number; readonly party: number; readonly peer: number }
  /** A party passes on a contribution that its supposed author never signed. */
  | {
      readonly kind: 'forge';
      readonly at: number;
      readonly party: number;
      readonly peer: number;
      readonly author: number;
    }
  /** All parties fail at one moment, each with as much text as may cross. */
  | { readonly kind: 'throw all'; readonly at: number }
  /** All control messages of one type are lost for ever: everywhere, on one link, or in one direction of it. */
  | {
      readonly kind: 'drop';
      readonly type: Message['type'];
      readonly a: number | null;
      readonly b: number | null;
      readonly oneWay: boolean;
    };

export type FaultKind = Fault['kind'];

/** A part of the program that only some parties execute. */
export interface ConclavePlan {
  /** The step that it is; where that is the scope, the conclave lies within. */
  readonly at: number;
  /** Ascending; at least two. */
  readonly members: readonly number[];
  readonly steps: number;
  /** Whether its first step is a scope of its members. */
  readonly scope: boolean;
}

export interface Plan {
  readonly seed: number;
  readonly parties: number;
  /** Steps of every party's program; one of them may be a scope. */
  readonly steps: number;
  readonly scopeAt: number | null;
  /** Whether every failure carries as much text as may cross. */
  readonly loud?: boolean;
  /** Whether the scope outlives the loss of anybody. */
  readonly tolerant?: boolean;
  readonly conclave?: ConclavePlan;
  /** The longest pause of a program between two steps, and the longest time of a message. */
  readonly stepMs: number;
  readonly delayMs: number;
  readonly faults: readonly Fault[];
}
