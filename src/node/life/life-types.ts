/** What the life of a proposal is made of: see life.ts. */
import type { Answer } from '../model/proposal.ts';

/** What never changes. */
export interface LifeFacts {
  readonly self: string;
  readonly proposer: string;
  readonly parties: readonly string[];
  readonly expiresAt: number;
  readonly attemptsMax: number;
  /** When occurrence `nth` (from 1) is due, if the one before was due at `after`; null: there is none. */
  readonly due: (nth: number, after: number) => number | null;
}

/** What is stored. */
export interface Life {
  readonly answers: Readonly<Record<string, Answer>>;
  readonly withdrawn: boolean;
  /** The occurrence that is on, or comes next; from 1. */
  readonly occurrence: number;
  /** When it is due. */
  readonly dueAt: number;
  /** The last attempt of it that was let go; 0: none yet. */
  readonly attempt: number;
  /** That attempt has not ended here. */
  readonly isRunning: boolean;
  /** Nothing comes any more. */
  readonly isOver: boolean;
}

/** What is not stored: on the way to the next attempt. Holding implies a place among the runs at once of this node. */
export type Intent =
  | { readonly kind: 'none'; readonly notBefore: number; readonly tries: number }
  /** Leader: waits for a place here. */
  | { readonly kind: 'queued'; readonly tries: number }
  /** Leader: has a place here, and asks the others for one. */
  | {
      readonly kind: 'asking' | 'staging';
      readonly yes: readonly string[];
      readonly until: number;
      readonly tries: number;
    }
  /** Member: a place is held for the leader. */
  | { readonly kind: 'held' | 'preparing' | 'prepared'; readonly until: number };

/** Which attempt a message speaks of. */
export interface Nth {
  readonly occurrence: number;
  readonly attempt: number;
}

export const START_KINDS = ['hold', 'held', 'busy', 'stage', 'staged', 'release'] as const;
export type StartKind = (typeof START_KINDS)[number];

export type LifeEvent =
  | { readonly type: 'answer'; readonly party: string; readonly answer: Answer }
  | { readonly type: 'withdrawn' }
  /** Time has passed, or the node has begun. */
  | { readonly type: 'tick' }
  /** A place is free for what was queued. */
  | { readonly type: 'place' }
  /** From a partner; of `hold`: whether a place is free here now. */
  | ({ readonly type: 'said'; readonly kind: StartKind; readonly from: string; readonly free: boolean } & Nth)
  | ({ readonly type: 'go'; readonly from: string } & Nth)
  /** The partner cannot be reached now. */
  | { readonly type: 'away'; readonly party: string }
  /** This node's own tables are staged. */
  | { readonly type: 'staged' }
  /** An attempt cannot begin: tables cannot be staged here, or a partner says so. */
  | ({ readonly type: 'unable'; readonly from: string } & Nth)
  /** The run of the attempt that is on has ended here. */
  | { readonly type: 'ended'; readonly completed: boolean; readonly again: boolean };

export type LifeEffect =
  | { readonly type: 'queue' }
  /** The place, or the wish for one, is given up; what was staged is removed. */
  | { readonly type: 'free' }
  | ({ readonly type: 'stage' } & Nth)
  | ({ readonly type: 'say'; readonly kind: StartKind; readonly to: readonly string[] } & Nth)
  /** To be stored with the new state, and delivered for certain. */
  | ({ readonly type: 'go'; readonly to: readonly string[] } & Nth)
  | ({ readonly type: 'unable'; readonly to: readonly string[] } & Nth)
  | ({ readonly type: 'start' } & Nth)
  /** An attempt that never began is over. */
  | ({ readonly type: 'notBegun'; readonly origin: string } & Nth);

export interface Step {
  readonly life: Life;
  readonly intent: Intent;
  readonly effects: readonly LifeEffect[];
}
