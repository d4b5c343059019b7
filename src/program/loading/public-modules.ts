/**
 * What a job imports of Privity, by name. It always gets the running copy, wherever the job lies: another copy would
 * not know this run's handles.
 */

const STATS = 'privity/stats';
const NAMES: ReadonlySet<string> = new Set(['privity', STATS]);

/** Whether a name is one that every job has; whatever else of Privity there is, is not for jobs. */
export const isOfPrivity = (name: string): boolean => NAMES.has(name);

/** By name. Statistics stand above this room, where users stand, and are found as users find them. */
export async function publicModules(): Promise<Readonly<Record<string, object>>> {
  const [privity, stats] = await Promise.all([import('../public.ts'), import(STATS) as Promise<object>]);
  return { privity, [STATS]: stats };
}
