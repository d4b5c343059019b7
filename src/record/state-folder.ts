import { posix, win32 } from 'node:path';

/** What decides where records of runs lie. */
export interface StateSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Empty if the user has none. */
  readonly home: string;
}

/**
 * The folder for records of runs: by the XDG base directory specification, with the places that Windows and macOS have
 * for the same. Undefined if the user has no home. A relative path in XDG_STATE_HOME is ignored, as the specification
 * says. Pure.
 */
export function recordsFolder({ env, platform, home }: StateSurroundings): string | undefined {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix;
  const absolute = (path: string | undefined): string | undefined =>
    path !== undefined && isAbsolute(path) ? path : undefined;
  const within = (...parts: string[]): string | undefined =>
    absolute(home) === undefined ? undefined : join(home, ...parts);
  const defaults: Partial<Record<NodeJS.Platform, () => string | undefined>> = {
    darwin: () => within('Library', 'Application Support'),
    win32: () => absolute(env.LOCALAPPDATA) ?? within('AppData', 'Local'),
  };
  const state = absolute(env.XDG_STATE_HOME) ?? (defaults[platform] ?? (() => within('.local', 'state')))();
  return state === undefined ? undefined : join(state, 'privity', 'runs');
}
