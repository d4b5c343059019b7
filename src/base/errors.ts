/**
 * The errors of Privity. One base class with a stable `code`; the few children say who is to blame, so that a caller
 * can decide what to do without reading the text. What each code means and what to do about it is in the catalogue.
 *
 * Messages never contain values, rows, keys or shares: they may name files, columns, counts, parties and steps.
 */
import { type ErrorCode, errorCatalogue } from './error-catalogue.ts';
import type { FailureCode } from './failure-codes.ts';

/** What is known of an error beside its code and message. */
export interface ErrorContext {
  /** The party that it is about. */
  readonly party?: string | undefined;
  /** The run in which it happened. */
  readonly runId?: string | undefined;
  /** The path of the step in which it happened: `3`, `4/0/2`. */
  readonly stepId?: string | undefined;
  /** The error that led to it. Stays at this party. */
  readonly cause?: unknown;
  /**
   * What only this party may read of it: a value, a magnitude. In its own log, and never sent, whatever its policy is.
   */
  readonly own?: string | undefined;
  /** Overrides the catalogue's failure code where one error can stand for several (a run that was aborted). */
  readonly failure?: FailureCode | undefined;
}

const brand = Symbol.for('privity.error');

/**
 * Every error of Privity. Its `code` is stable and has an entry in docs/errors.md; its class says who is to blame.
 * Messages name files, columns, counts, parties and steps, never values. `instanceof` works across copies of the
 * package.
 *
 * @example if (error instanceof PrivityError) console.error(error.code, errorCatalogue[error.code].remedy);
 */
export class PrivityError extends Error {
  /** The name of its class. */
  override readonly name: string = 'PrivityError';
  /** Which error it is: a key of `errorCatalogue`. */
  readonly code: ErrorCode;
  /** What the other parties are told if it ends the run. */
  readonly failure: FailureCode;
  /** The party that it is about, where there is one. */
  readonly party: string | undefined;
  /** The run in which it happened, where that is known. */
  readonly runId: string | undefined;
  /** The path of the step in which it happened, where there is one: `3`, `4/0/2`. */
  readonly stepId: string | undefined;
  /** What only this party may read of it: a value, a magnitude. In its own log, and never sent. */
  readonly own: string | undefined;

  /** Jobs throw errors of their own, or a `PublicError`; this is for code that belongs to Privity. */
  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = code;
    this.failure = context.failure ?? errorCatalogue[code].failure;
    this.party = context.party;
    this.runId = context.runId;
    this.stepId = context.stepId;
    this.own = context.own;
  }

  /** @internal The class names that this error answers to; survives duplicate copies of the package. */
  get [brand](): readonly string[] {
    const names: string[] = [];
    for (
      let proto = this.constructor;
      proto !== Error && typeof proto === 'function';
      proto = Object.getPrototypeOf(proto)
    ) {
      names.push(proto.name);
    }
    return names;
  }

  /** @internal Survives duplicate copies of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const names = (value as { [brand]?: unknown })[brand];
    return Array.isArray(names) && names.includes(this.name);
  }
}

/** The caller's mistake: a wrong argument, setting, file or type. Raised before anything is sent. */
export class UsageError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'UsageError';
}

/** The data of this party is not what was asked for. Cause: the reader's error, if any. */
export class DataError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'DataError';
}

/** A peer did what the protocol forbids, or could not prove who it is. Terminal: never retried. */
export class PeerError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'PeerError';
}

/** A peer cannot be reached now. Raised by transports; the coordination core decides what follows. */
export class PeerLostError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'PeerLostError';
}

/** This machine lacks something: memory, disk, a port, a permission. */
export class EnvironmentError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'EnvironmentError';
}

/** A broken invariant of our own. The message asks for a report. */
export class InternalError extends PrivityError {
  /** The name of its class. */
  override readonly name: string = 'InternalError';
  /** For code that belongs to Privity. */
  constructor(message: string, context: ErrorContext = {}) {
    super('PRIVITY_INTERNAL', `${message} (this is a defect in Privity; please report it)`, context);
  }
}

/** Throws {@link InternalError} when an invariant does not hold. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}
