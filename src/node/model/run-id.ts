/** The id of the run of an attempt: the same at every party, without asking. Both numbers count from 1. */
export function runIdOf(proposal: string, occurrence: number, attempt: number): string {
  return `${proposal}-${occurrence}-${attempt}`;
}
