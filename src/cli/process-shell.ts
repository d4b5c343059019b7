import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { systemClock } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { onLines } from './local/lines.ts';
import { guarded } from './output/printable.ts';
import { wantsColour } from './output/style.ts';
import { streamSink, type TextSink } from './output/text-sink.ts';
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

/** Nothing reaches a stream of this process but through here. */
function guardedSink(stream: NodeJS.WriteStream, hasColour: boolean): TextSink {
  const sink = streamSink(stream);
  const keepsOwn = hasColour || stream.isTTY === true;
  return { ...sink, write: (text) => sink.write(guarded(text, keepsOwn)) };
}

/** The shell of this process. The only place of this folder that touches `process`. */
export function processShell(parts: ShellParts): Shell {
  const { env, stdout, stderr } = process;
  const colour = { out: wantsColour(env, stdout), err: wantsColour(env, stderr) };
  return {
    ...parts,
    out: guardedSink(stdout, colour.out),
    err: guardedSink(stderr, colour.err),
    interactive: isatty(1) && env.TERM !== 'dumb' && !env.CI,
    colour,
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
    readInput: () => text(process.stdin),
    exitNow: (code) => process.exit(code),
  };
}
