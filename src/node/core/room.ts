/** A disk that is full, or a quota that is used up, is said so: by a code, and not by the system's word. */
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** @throws {EnvironmentError} PRIVITY_STORE_FULL: there is no room for `what` @throws what `work` throws */
export async function needingRoom<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!NO_ROOM.has(reasonOf(cause))) throw cause;
    throw new EnvironmentError('PRIVITY_STORE_FULL', `there is no room left for ${what}`, { cause });
  }
}
