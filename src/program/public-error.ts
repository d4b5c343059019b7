const brand = Symbol.for('privity.public-error');

/**
 * An error whose message its author wants all parties to read. Throw it in a task or in the job function; the message crosses
 * to the other parties, cut to `PUBLIC_MESSAGE_CHARS_MAX` characters. Everything else about it, its cause included, stays here.
 * Its text is the author's responsibility: put no private value into it.
 *
 * @example throw new PublicError('the table has no rows after filtering');
 */
export class PublicError extends Error {
  override readonly name: string = 'PublicError';

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    Object.defineProperty(this, brand, { value: true });
  }

  /** Survives duplicate copies of the package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
  }
}
