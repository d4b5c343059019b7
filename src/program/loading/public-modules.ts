/**
 * What a job imports of Privity, by name. It always gets the running copy, wherever the job lies: another copy would
 * not know this run's handles.
 */
import * as privity from '../public.ts';

const OF_EVERY_JOB = 'privity';
/** Rooms that stand above this one, where users stand, and are found as users find them: for jobs that ask for one. */
const ON_DEMAND: readonly string[] = ['privity/stats'];
const NAMES: ReadonlySet<string> = new Set([OF_EVERY_JOB, ...ON_DEMAND]);

const loaded = new Map<string, object>([[OF_EVERY_JOB, privity]]);

/** Code asks for a module of Privity that this process does not have yet, and cannot wait for it. */
export class NotYetLoaded extends Error {
  readonly module: string;

  constructor(module: string) {
    super(`${module} is not loaded`);
    this.module = module;
  }
}

/** Whether a name is one that every job has; whatever else of Privity there is, is not for jobs. */
export const isOfPrivity = (name: string): boolean => NAMES.has(name);

/** @throws {NotYetLoaded} */
export function publicModule(name: string): object {
  const found = loaded.get(name);
  if (found === undefined) throw new NotYetLoaded(name);
  return found;
}

/** From now on `publicModule` has it. */
export async function loadPublicModule(name: string): Promise<void> {
  if (!loaded.has(name)) loaded.set(name, (await import(name)) as object);
}

export async function loadPublicModules(): Promise<void> {
  for (const name of NAMES) await loadPublicModule(name);
}

/** By name; taking one that is not loaded throws `NotYetLoaded`. */
export function publicModules(): Record<string, object> {
  const getters = [...NAMES].map((name) => [name, { enumerable: true, get: () => publicModule(name) }]);
  return Object.defineProperties({}, Object.fromEntries(getters));
}
