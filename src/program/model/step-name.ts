/** Names of steps appear in progress, ledgers and failures of every party: a line, not a text. */
export const STEP_NAME_CHARS_MAX = 200;

/** What is wrong with a text as the name of a step or of a secret; undefined if it is one. */
export function stepNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.length > STEP_NAME_CHARS_MAX) return `has over ${STEP_NAME_CHARS_MAX} characters`;
  if (/[\p{Cc}\p{Surrogate}]/u.test(name)) return 'contains control characters or broken text';
  return undefined;
}
