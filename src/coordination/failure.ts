import type { FailureCode } from '../base/failure-codes.ts';
import type { ErrorLink, PublicDetails } from './public-details.ts';

/**
 * What parties tell each other about something that went wrong. Everything in it is static or public: codes, names that
 * the program gave, paths of steps. Text crosses only if the origin's policy let it (see `capture` in
 * src/program/state/capture.ts).
 */
export interface Failure {
  /** Why, in one word. */
  readonly code: FailureCode;
  /** The party where it happened; for a lost peer, the peer. */
  readonly origin: string;
  /** The party that reports it: the origin itself, or who observed the loss. */
  readonly reporter: string;
  /** Path of the step in which it happened, where there is one. */
  readonly stepId?: string | undefined;
  /** The name that the program gave to that step. */
  readonly stepName?: string | undefined;
  /** 128 bits in hex under which the reporter's own log has all the details. */
  readonly incident: string;
  /** Present only when the author (`PublicError`) or the origin's policy lets text cross. Bounded. */
  readonly message?: string | undefined;
  /**
   * What can be said of it in static and public words alone: both sides of a divergence, the signal that killed a
   * process.
   */
  readonly facts?: string | undefined;
  /** Present only where the author of a `PublicError` has given them. */
  readonly details?: PublicDetails | undefined;
  /**
   * The error and its causes, outermost first; present only under the origin's policy `full`. At most
   * `CHAIN_LINKS_MAX`.
   */
  readonly chain?: readonly ErrorLink[] | undefined;
  /** @internal Only where it stands in a board: the digest of the text that travels beside it (failure-text.ts). */
  readonly said?: string | undefined;
}

/** One step as every party numbers it; two parties' trails are equal as long as they run the same program. */
export interface TrailEntry {
  /** Path of the branch that issued the step: '' for the job itself, '4/0' for the first branch of step 4. */
  readonly branch: string;
  /** 0-based index among the steps of its branch. */
  readonly position: number;
  /** Rolling digest of the branch after this step, 32 hex digits. */
  readonly digest: string;
  readonly stepId: string;
  readonly kind: StepKind;
  readonly name: string;
  /** The parties where it takes place, in federation order. */
  readonly places: readonly string[];
  /** The parties that execute the branch; absent when these are all. Told to this party's own supervisor only. */
  readonly parties?: readonly string[] | undefined;
  /** Of a scope: the parties whose loss it outlives. Told to this party's own supervisor only. */
  readonly tolerates?: readonly string[] | undefined;
}

/** Every kind of step, in words for people. The one list of them: messages, events and reports take theirs from it. */
export const STEP_KIND_WORDS = {
  task: 'task',
  transfer: 'transfer',
  reveal: 'reveal',
  psi: 'private set intersection',
  profile: 'comparison of keys',
  parallel: 'parallel branches',
  attempt: 'scope',
  conclave: 'conclave',
  share: 'sharing',
  secure: 'secure operation',
  exchange: 'secure computation',
} as const;

/** A kind of step. */
export type StepKind = keyof typeof STEP_KIND_WORDS;

export const STEP_KINDS = Object.keys(STEP_KIND_WORDS) as readonly StepKind[];
