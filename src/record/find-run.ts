import { UsageError } from '../base/errors.ts';
import type { StoredRun } from './stored-run.ts';

/** A shorter beginning is a typing error rather than an id. */
const PREFIX_CHARS_MIN = 3;
const CANDIDATES_SHOWN_MAX = 5;

export interface FoundRun {
  readonly run: StoredRun;
  /** Where a failure was asked for: its incident. */
  readonly incident: string | undefined;
}

/**
 * The run of an id, or with a failure of that incident. The whole, or a beginning that fits one run only; a whole id
 * goes before beginnings. Pure.
 *
 * @throws {UsageError} PRIVITY_RECORD_UNKNOWN, PRIVITY_RECORD_AMBIGUOUS
 */
export function findRun(runs: readonly StoredRun[], wanted: string): FoundRun {
  const exact = runs.find(({ name }) => name === wanted);
  if (exact !== undefined) return { run: exact, incident: undefined };
  const whole = matches(runs, (text) => text === wanted);
  const found =
    whole.length > 0 || wanted.length < PREFIX_CHARS_MIN
      ? whole
      : matches(runs, (text) => text.startsWith(wanted));
  const [first] = found;
  if (first === undefined)
    throw new UsageError(
      'PRIVITY_RECORD_UNKNOWN',
      `of no run here, and of no failure, is there a record with an id that begins with ${wanted}`,
    );
  if (found.length > 1) {
    const names = found.slice(0, CANDIDATES_SHOWN_MAX).map(({ run }) => run.name);
    const more = found.length > names.length ? `, and ${found.length - names.length} more` : '';
    throw new UsageError(
      'PRIVITY_RECORD_AMBIGUOUS',
      `${wanted}: several runs fit: ${names.join(', ')}${more}`,
    );
  }
  return first;
}

function matches(runs: readonly StoredRun[], fits: (text: string) => boolean): readonly FoundRun[] {
  return runs.flatMap((run): FoundRun[] => {
    const facts = run.parties.flatMap((party) => party.facts ?? []);
    if (fits(run.name) || facts.some(({ runIds }) => runIds.some(fits)))
      return [{ run, incident: undefined }];
    const incident = facts.flatMap(({ incidents }) => incidents).find(fits);
    return incident === undefined ? [] : [{ run, incident }];
  });
}
