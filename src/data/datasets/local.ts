/** What is wrong with a place on this machine. */
import { DataError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';

export function missing(origin: string, path: string, error?: unknown): DataError {
  const reason = error === undefined ? 'ENOENT' : reasonOf(error);
  return reason === 'ENOENT' || reason === 'ENOTDIR'
    ? new DataError('PRIVITY_SOURCE_MISSING', `${origin} is not there; looked for ${path}`)
    : unreadable(origin, `it cannot be looked at (${reason})`);
}

export function unreadable(origin: string, why: string): DataError {
  return new DataError('PRIVITY_SOURCE_UNREADABLE', `${origin} cannot be read as a table: ${why}`);
}
