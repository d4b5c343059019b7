/** What a node's log says of an error. */
import { PrivityError } from '../base/errors.ts';

export const wordsOf = (error: unknown): string =>
  error instanceof PrivityError ? `${error.code}: ${error.message}` : String(error);
