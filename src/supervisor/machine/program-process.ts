/**
 * The program process of one run, as its supervisor sees it: spawned as the leader of a process group of its own, so
 * that whatever the job starts can be ended with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../../base/collect.ts';
import { deferred } from '../../base/deferred.ts';
import { EnvironmentError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { reasonOf } from '../../base/system-error.ts';
import { handOver } from '../../transport/index.ts';
import { startConfined } from '../sandbox/confine.ts';
import { SIGNAL_EXIT_BASE } from '../sandbox/launch.ts';
import { DialsForProgram } from '../seam/dials.ts';
import type { ToProgram } from '../seam/ipc.ts';
import { readFromProgram } from '../seam/ipc-schema.ts';
import { heapArguments } from '../seam/memory-limit.ts';
import type { ProgramChild, ProgramHandlers, SandboxRequest } from '../seam/platform.ts';
import { isCrash, isOutOfMemoryLine, type ProgramExit } from '../seam/program-exit.ts';
import { guardChannel } from './guarded-channel.ts';
import { groupMembers, killMarked, MARK, treeGone } from './process-group.ts';
import { GroupMemory } from './process-memory.ts';
import { systemLoop } from './system-loop.ts';

/** Characters of one output line of the job that are passed on; a job that prints its data shall not flood the log. */
const LINE_LENGTH_MAX = 2_000;
/**
 * How long the last words of a crashed process are waited for: its end may be known before they are read. Not until the
 * output closes, because processes that the job has started may hold it open for ever.
 */
const LAST_WORDS_MS = 200;

export class ProgramProcess implements ProgramChild {
  readonly pid: number;
  readonly tempDir: string;
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #memory: GroupMemory;
  #outOfMemory = false;
  #hasExited = false;
  /** Give up the connections that are on their way to the process. */
  readonly #givenUp = new Set<() => void>();

  private constructor(
    child: ChildProcess,
    { mark, tempDir, sandbox }: Surroundings,
    handlers: ProgramHandlers,
  ) {
    const pid = child.pid ?? 0;
    this.#child = child;
    this.pid = pid;
    this.tempDir = tempDir;
    this.#mark = mark;
    const dials = new DialsForProgram(sandbox?.federation ?? [], (answer, socket) => {
      if (socket === undefined) this.send(answer);
      else void this.#hand(socket, new Uint8Array(), () => answer);
    });
    this.#memory = new GroupMemory(pid, () => systemLoop.clock.now());
    let isKnown = !sandbox;
    guardChannel(child, {
      onMessage: (said) => {
        // What bubblewrap has started by then was started before the kernel knew.
        if (!isKnown) preferToSupervisor(...groupMembers(pid));
        isKnown = true;
        const message = readFromProgram(said);
        if (message === undefined) handlers.onMessage({ type: 'tried', what: 'channel' });
        else if (message.type === 'dial') dials.dial(message);
        else handlers.onMessage(message);
      },
      onViolation: () => handlers.onMessage({ type: 'tried', what: 'channel' }),
    });
    // A write to a dead child reports here; the exit event tells the story.
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (stream === child.stderr && isOutOfMemoryLine(line)) this.#outOfMemory = true;
        handlers.onLine(line.slice(0, LINE_LENGTH_MAX));
      });
    }
    const closed = once(child, 'close');
    // `close` comes after the last line of output; `exit` may come before.
    this.exited = once(child, 'exit').then(async (values: unknown[]) => {
      const [code, signal] = endOf(values as [number | null, NodeJS.Signals | null], sandbox !== undefined);
      this.#hasExited = true;
      dials.close();
      for (const giveUp of this.#givenUp) giveUp();
      if (isCrash(signal)) await Promise.race([closed, delay(LAST_WORDS_MS)]);
      const exit = { code, signal, outOfMemory: this.#outOfMemory };
      handlers.onExit(exit);
      return exit;
    });
  }

  /** @throws {EnvironmentError} PRIVITY_PROGRAM_NOT_STARTED */
  static async spawn(
    cwd: string,
    tempDir: string,
    handlers: ProgramHandlers,
    memoryMaxBytes: number | undefined,
    sandbox?: SandboxRequest,
  ): Promise<ProgramProcess> {
    const main = fileURLToPath(new URL('../program/program-main.js', import.meta.url));
    const heap = heapArguments(memoryMaxBytes, process.env.NODE_OPTIONS);
    const flags = ['--enable-source-maps', COLLECT_FLAG, ...heap];
    const surroundings = {
      mark: tempDir,
      tempDir: sandbox ? join(tempDir, SANDBOX_FOLDER) : tempDir,
      sandbox,
    };
    const child = sandbox
      ? await startConfined({
          ...sandbox,
          flags,
          main,
          tempDir: surroundings.tempDir,
          mark: { [MARK]: tempDir },
        })
      : fork(main, [], {
          cwd,
          detached: true,
          execArgv: flags,
          stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
          env: { ...process.env, TMPDIR: tempDir, [MARK]: tempDir },
        });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      const text = `the program process cannot be started in ${cwd} (${reasonOf(cause)})`;
      throw new EnvironmentError('PRIVITY_PROGRAM_NOT_STARTED', text, { cause });
    }
    preferToSupervisor(child.pid ?? 0);
    return new ProgramProcess(child, surroundings, handlers);
  }

  send(message: ToProgram): void {
    // By a way on which it stays readable if this process dies before the other listens (program-main.ts).
    if (message.type === 'load') this.#child.stdin?.end(JSON.stringify(message));
    else if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /**
   * Hands a data connection over, one at a time. Resolves when the process has taken it or never will; while it is busy
   * it does not, and what else is said to it waits behind the connection. The socket is closed here if the process can
   * no longer take it.
   */
  sendSocket(socket: Socket, head: Uint8Array): Promise<void> {
    return this.#hand(socket, head, (headBase64) => ({ type: 'socket', head: headBase64 }));
  }

  async #hand(socket: Socket, head: Uint8Array, describe: (headBase64: string) => ToProgram): Promise<void> {
    if (this.#hasExited || !this.#child.connected) {
      socket.destroy();
      return;
    }
    const behind: ToProgram = { type: 'behindSocket' };
    const gone = deferred<void>();
    this.#givenUp.add(gone.resolve);
    // A process that ends at this moment takes the socket with it; the peer dials again.
    const handed = ignored(handOver(this.#child, socket, head, describe, behind), 'the peer dials again');
    await Promise.race([handed, gone.promise]);
    this.#givenUp.delete(gone.resolve);
  }

  killTree(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // ESRCH: the group is empty, which is what was wanted.
    }
    killMarked(this.#mark);
  }

  memory(): number | undefined {
    return this.#memory.bytes();
  }

  treeGone(): Promise<readonly number[]> {
    return treeGone(this.pid, this.#mark);
  }
}

/** Of 1000 points. Far above what any process has without asking. */
const OOM_POINTS = 500;

/**
 * When the machine has no memory left, the kernel is to end the program, not the supervisor, which can still tell the
 * others.
 */
function preferToSupervisor(...pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, String(OOM_POINTS));
    } catch {
      // Not Linux, or not allowed: then the kernel picks by size, which is the program's anyway.
    }
  }
}

/** Within the run's temporary folder, whose claim is not the job's to write. */
const SANDBOX_FOLDER = 'program';

interface Surroundings {
  readonly mark: string;
  readonly tempDir: string;
  readonly sandbox: SandboxRequest | undefined;
}

/** bubblewrap tells the end of what it has started by a number. */
function endOf(
  [code, signal]: readonly [number | null, NodeJS.Signals | null],
  isSandboxed: boolean,
): readonly [number | null, NodeJS.Signals | null] {
  const number = isSandboxed && code !== null ? code - SIGNAL_EXIT_BASE : 0;
  const found = Object.entries(constants.signals).find(([, each]) => each === number)?.[0];
  return found === undefined ? [code, signal] : [null, found as NodeJS.Signals];
}
