import { fstatSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { isatty } from 'node:tty';
import { systemClock } from '../base/system.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { onLines } from '../control/lines.ts';
import { FileSink } from '../record/file-sink.ts';
import { recordsFolder } from '../record/state-folder.ts';
import { streamSink, type TextSink } from '../record/text-sink.ts';
import { guarded } from './output/printable.ts';
import { wantsColour } from './output/style.ts';
import type { Shell, StopSignal } from './shell.ts';

const stopSignals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Between two looks at whether the file system has done what it was asked for. */
const EXIT_POLL_MS = 20;
/** How long the end of a process waits for that: what was worth waiting for has been waited for. */
const EXIT_IO_MS = 400;

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
function guardedSink(stream: NodeJS.WriteStream & { readonly fd: number }, hasColour: boolean): TextSink {
  const sink = sinkOf(stream);
  const keepsOwn = hasColour || stream.isTTY === true;
  return {
    write: (text) => sink.write(guarded(text, keepsOwn)),
    flush: (timeoutMs) => sink.flush(timeoutMs),
    get lost() {
      return sink.lost;
    },
  };
}

/** The shell of this process. The only place of this folder that touches `process`. */
export function processShell(parts: ShellParts): Shell {
  const { env, stdout, stderr } = process;
  const colour = { out: wantsColour(env, stdout), err: wantsColour(env, stderr) };
  settleTempFolder(env);
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
        callback(null);
      };
      onLines(process.stdin, callback);
      process.stdin.on('end', gone).on('close', gone).on('error', gone);
    },
    tellParent(message) {
      return new Promise((resolve) => {
        if (process.send === undefined) resolve();
        else process.send(message, undefined, {}, () => resolve());
      });
    },
    readInput: () => text(process.stdin),
    exitNow: endProcess,
  };
}

function sinkOf(stream: NodeJS.WriteStream & { readonly fd: number }): TextSink {
  const { fd } = stream;
  // As bigints: a plain fstat of a pipe would stop Node from following symbolic links to packages, such as pnpm's.
  const found = fstatSync(fd, { bigint: true });
  const isFile = found.isFile() || (found.isCharacterDevice() && !isatty(fd));
  // A write of somebody else to the same stream, such as a job's own console.log, must not end the process when it
  // fails.
  if (isFile) stream.on('error', () => undefined);
  return isFile ? new FileSink(fd) : streamSink(stream);
}

/**
 * A relative folder for temporary files counts from here, in every process that is started, wherever that one works.
 */
function settleTempFolder(env: NodeJS.ProcessEnv): void {
  for (const name of ['TMPDIR', 'TMP', 'TEMP']) if (env[name]) env[name] = resolve(env[name]);
}

/**
 * Ends this process. Node waits at its exit for every thread that is in a call to the file system, so a call that never
 * returns (a pipe, a network file system that is gone) would keep it for ever: then it is killed, and only the exit
 * code is lost.
 */
export function endProcess(code: number, waitedMs = 0): void {
  if (!process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'))) process.exit(code);
  if (waitedMs >= EXIT_IO_MS) process.kill(process.pid, 'SIGKILL');
  setTimeout(() => endProcess(code, waitedMs + EXIT_POLL_MS), EXIT_POLL_MS);
}
