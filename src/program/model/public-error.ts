import { UsageError } from '../../base/errors.ts';
import { detailsProblem, type PublicDetails } from '../../coordination/public-details.ts';

const brand = Symbol.for('privity.public-error');

/**
 * An error whose message its author wants all parties to read. Throw it in a task or in the job function; the message
 * crosses to the other parties, cut to `PUBLIC_MESSAGE_CHARS_MAX` characters, and so do the details: at most 16, each a
 * text of at most 200 characters, a finite number or a boolean, under a short name. They are in the failure that
 * `attempt` returns, in handlers, events and reports. Everything else about it, its cause included, stays here.
 * Both are the author's responsibility: put no private value into them.
 *
 * @throws {UsageError} PRIVITY_PUBLIC_DETAILS: the details are something else
 * @example throw new PublicError('too few rows for this study', { details: { needed: 100 } });
 */
export class PublicError extends Error {
  /** The name of its class. */
  override readonly name: string = 'PublicError';
  /** What crosses beside the message, if anything. */
  readonly details: PublicDetails | undefined;

  /** The cause stays here; message and details cross. */
  constructor(message: string, options: { readonly cause?: unknown; readonly details?: PublicDetails } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    Object.defineProperty(this, brand, { value: true });
    const problem = options.details === undefined ? undefined : detailsProblem(options.details);
    if (problem !== undefined) {
      throw new UsageError(
        'PRIVITY_PUBLIC_DETAILS',
        `The details of a PublicError cannot cross: ${problem}.`,
        {
          cause: this,
        },
      );
    }
    this.details = options.details;
  }

  /** @internal Survives duplicate copies of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
  }
}
