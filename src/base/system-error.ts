/** The reason of an error of the operating system, as a person can look it up: ENOSPC, EACCES. */
export function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? 'unknown reason';
}
