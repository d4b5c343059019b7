/**
 * Runs a command line in this process: the same code as the built one from its arguments to its exit code, without the
 * cost of a process. For what starts no other and is about no signal, pipe or environment.
 */
import { join } from 'node:path';
import { systemClock } from '../../src/base/system.ts';
import { PRIVITY_VERSION } from '../../src/base/version.ts';
import { runCli } from '../../src/cli/cli.ts';
import { guarded } from '../../src/cli/output/printable.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { recordsFolder } from '../../src/record/state-folder.ts';
import type { TextSink } from '../../src/record/text-sink.ts';
import { fakeShellParts } from './fake-shell-parts.ts';
import { type Ended, fakeMain } from './processes.ts';

function memorySink(): TextSink & { readonly text: string } {
  const texts: string[] = [];
  return {
    write: (text) => texts.push(guarded(text, false)) > 0,
    flush: () => Promise.resolve(),
    lost: undefined,
    get text() {
      return texts.join('');
    },
  };
}

const notHere = (what: string) => (): never => {
  throw new Error(`a command that ${what} needs a process of its own: see processes.ts`);
};

export interface HereOptions {
  readonly cwd: string;
  /** Where records of runs lie, and what the environment says of them. */
  readonly state?: string;
  readonly records?: string;
  /** What is started as a process of its own; the command line that pretends if not given. */
  readonly entry?: string;
}

export async function here(args: readonly string[], options: HereOptions): Promise<Ended> {
  const { cwd, state = join(cwd, 'state'), records, entry = fakeMain } = options;
  // Files are named as a person in that folder would name them.
  process.chdir(cwd);
  const [out, err] = [memorySink(), memorySink()];
  const shell: Shell = {
    ...fakeShellParts,
    out,
    err,
    interactive: false,
    colour: { out: false, err: false },
    cwd,
    records: {
      folder: recordsFolder({ env: { XDG_STATE_HOME: state }, platform: process.platform, home: cwd }),
      setting: records,
    },
    clock: systemClock,
    entry,
    version: PRIVITY_VERSION,
    onStopSignal: () => () => undefined,
    onParent: () => undefined,
    tellParent: () => Promise.resolve(),
    readInput: notHere('reads its standard input'),
    exitNow: notHere('ends its process'),
  };
  const code = await runCli(shell, args);
  return { code, signal: null, stdout: out.text, stderr: err.text };
}
