import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { systemClock } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { onLines } from './local/lines.ts';
import { wantsColour } from './output/style.ts';
import { streamSink } from './output/text-sink.ts';
import { recordsFolder } from './record/state-folder.ts';
import type { Shell, StopSignal } from './shell.ts';

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What differs between the real command line and one that a test runs as a process of its own. */
export type ShellParts = Pick<Shell, 'entry' | 'loadRunParty' | 'loadJobFacts'>;

/** Empty where the system knows no home of this user. */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '';
  }
}

/** The shell of this process. The only place of this folder that touches `process`. */
export function processShell(parts: ShellParts): Shell {
  const { env, stdout, stderr } = process;
  return {
    ...parts,
    out: streamSink(stdout),
    err: streamSink(stderr),
    interactive: isatty(1) && env.TERM !== 'dumb' && !env.CI,
    colour: { out: wantsColour(env, stdout), err: wantsColour(env, stderr) },
    cwd: process.cwd(),
    records: {
      folder: recordsFolder({ env, platform: process.platform, home: homeFolder() }),
      setting: env.PRIVITY_RECORDS,
    },
    clock: systemClock,
    version: PRIVITY_VERSION,
    onStopSignal(callback) {
      for (const signal of stopSignals) process.on(signal, callback);
      return () => {
        for (const signal of stopSignals) process.off(signal, callback);
      };
    },
    onParent(callback) {
      let told = false;
      const gone = (): void => {
        if (told) return;
        told = true;
        callback('gone');
      };
      onLines(process.stdin, (line) => {
        if (line === 'cancel' || line === 'kill') callback(line);
      });
      process.stdin.on('end', gone).on('close', gone).on('error', gone);
    },
    tellParent(message) {
      return new Promise((resolve) => {
        if (process.send === undefined) resolve();
        else process.send(message, undefined, {}, () => resolve());
      });
    },
    exitNow: (code) => process.exit(code),
  };
}
