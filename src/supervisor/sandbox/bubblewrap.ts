/** The command line that starts Node.js in a sandbox of bubblewrap's. Pure. */
import type { View } from './view.ts';

export interface Confined {
  readonly view: View;
  /** The folders that can be written to. */
  readonly tempDir: string;
  readonly resultsDir?: string | undefined;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of Node.js: its flags, the module to run, its arguments. */
  readonly node: readonly string[];
  readonly execPath: string;
  /** Descriptor of the seccomp filter, where there is one. */
  readonly filterAt: number | undefined;
}

export function bwrapArguments(confined: Confined): readonly string[] {
  const { view, tempDir, resultsDir, cwd, environment, node, execPath, filterAt } = confined;
  return [
    // A user namespace also for root, whose files and whose /proc/sys it would be otherwise.
    ...[
      '--unshare-user',
      '--unshare-net',
      '--unshare-pid',
      '--unshare-ipc',
      '--unshare-uts',
      '--unshare-cgroup-try',
    ],
    ...['--die-with-parent', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
    ...view.links.flatMap(({ at, to }) => ['--symlink', to, at]),
    ...view.paths.flatMap((path) => ['--ro-bind', path, path]),
    ...['--proc', '/proc'],
    ...view.hiddenFolders.flatMap((path) => ['--tmpfs', path, '--remount-ro', path]),
    ...view.hiddenFiles.flatMap((path) => ['--ro-bind', '/dev/null', path]),
    ...['--dev', '/dev', '--remount-ro', '/dev'],
    ...(resultsDir === undefined ? [] : ['--bind', resultsDir, resultsDir]),
    ...['--bind', tempDir, tempDir, '--remount-ro', '/'],
    ...['--chdir', cwd, '--clearenv'],
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...(filterAt === undefined ? [] : ['--seccomp', String(filterAt)]),
    ...['--', execPath, ...node],
  ];
}

/**
 * Node's own permission model, where this version has one: no child processes, no `process.binding`, no inspector.
 * Which files there are is bubblewrap's to say. What Privity needs itself, its threads and its native code, is held to
 * Privity's files by guard.ts.
 *
 * @param knows whether this Node.js has a flag
 */
export function permissionArguments(knows: (flag: string) => boolean): readonly string[] {
  const model = ['--permission', '--experimental-permission'].find(knows);
  if (model === undefined) return [];
  const quiet = ['ExperimentalWarning', 'SecurityWarning'].map((name) => `--disable-warning=${name}`);
  const allowed = ['--allow-worker', '--allow-addons', '--allow-net'].filter(knows);
  const files = ['--allow-fs-read=*', '--allow-fs-write=*'];
  return [model, ...(knows('--disable-warning') ? quiet : []), ...files, ...allowed];
}
