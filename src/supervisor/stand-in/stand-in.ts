/**
 * The stand-in of a supervisor: a process that has the party's key and waits. When the supervisor is gone, it says the
 * party's last word (last-word.ts). It is a process of its own because it has to outlive the supervisor, and must not
 * run code of a job: the program process, which does, has no key that peers know the party by.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import { LOCAL_MARK, STAND_IN_MARK } from '../machine/process-group.ts';
import type { LastWord, StandIn } from '../seam/platform.ts';

/**
 * Starts it. From when this resolves it knows its word, also if this process is killed then.
 *
 * @param tempDir of the run: by it the next supervisor of the party finds what is left of this one
 * @param lost called if it ends before it is asked to
 * @throws {EnvironmentError} PRIVITY_PROGRAM_NOT_STARTED
 */
export async function startStandIn(word: LastWord, tempDir: string, lost: () => void): Promise<StandIn> {
  const { PATH, [LOCAL_MARK]: local } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(new URL('./stand-in-main.js', import.meta.url))], {
    // What a terminal sends to the supervisor's group is not meant for it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH, [STAND_IN_MARK]: tempDir, ...(local === undefined ? {} : { [LOCAL_MARK]: local }) },
  });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    const text = `the process that stands in for this supervisor cannot be started (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_PROGRAM_NOT_STARTED', text, { cause });
  }
  return new StandInProcess(child, word, lost);
}

class StandInProcess implements StandIn {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #word: LastWord;
  readonly #exited: Promise<void>;
  #isEnding = false;

  constructor(child: ChildProcess, word: LastWord, lost: () => void) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#word = word;
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => {
        if (!this.#isEnding) lost();
        resolve();
      });
    });
    // A write to one that is dead, or a signal, reports here; its end tells the story.
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    this.#know({ ...word, isJoining: true });
    child.unref();
  }

  begun(): void {
    this.#know(this.#word);
  }

  /** At once: it holds nothing, and has nothing to say any more. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** The last line that it has when its input ends is its word. */
  #know(word: LastWord): void {
    this.#child.stdin?.write(`${JSON.stringify(word)}\n`);
  }
}
