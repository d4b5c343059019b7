/**
 * The program process of one run, as its supervisor sees it: spawned as the leader of a process group of its own, so that
 * whatever the job starts can be ended with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EnvironmentError } from '../base/errors.ts';
import { reasonOf } from '../base/system-error.ts';
import { handOver } from '../transport/index.ts';
import type { FromProgram, ToProgram } from './ipc.ts';
import { heapArguments } from './memory-limit.ts';
import type { ProgramChild, ProgramHandlers } from './platform.ts';
import { killMarked, MARK, treeGone } from './process-group.ts';
import { GroupMemory } from './process-memory.ts';
import { isCrash, isOutOfMemoryLine, type ProgramExit } from './program-exit.ts';
import { systemLoop } from './system-loop.ts';

/** Characters of one output line of the job that are passed on; a job that prints its data shall not flood the log. */
const LINE_LENGTH_MAX = 2_000;
/**
 * How long the last words of a crashed process are waited for: its end may be known before they are read. Not until the output
 * closes, because processes that the job has started may hold it open for ever.
 */
const LAST_WORDS_MS = 200;

export class ProgramProcess implements ProgramChild {
  readonly pid: number;
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  readonly #mark: string;
  readonly #memory: GroupMemory;
  #outOfMemory = false;
  #hasExited = false;
  /** Gives up the connection that is on its way to the process. */
  #giveUpSocket: () => void = () => undefined;

  private constructor(child: ChildProcess, pid: number, mark: string, handlers: ProgramHandlers) {
    this.#child = child;
    this.pid = pid;
    this.#mark = mark;
    this.#memory = new GroupMemory(pid, () => systemLoop.clock.now());
    child.on('message', (message) => handlers.onMessage(message as FromProgram));
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
      const [code, signal] = values as [number | null, NodeJS.Signals | null];
      this.#hasExited = true;
      this.#giveUpSocket();
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
  ): Promise<ProgramProcess> {
    const child = fork(fileURLToPath(new URL('./program-main.js', import.meta.url)), [], {
      cwd,
      detached: true,
      execArgv: ['--enable-source-maps', ...heapArguments(memoryMaxBytes, process.env.NODE_OPTIONS)],
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
    return new ProgramProcess(child, child.pid ?? 0, tempDir, handlers);
  }

  send(message: ToProgram): void {
    // By a way on which it stays readable if this process dies before the other listens (program-main.ts).
    if (message.type === 'load') this.#child.stdin?.end(JSON.stringify(message));
    else if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /**
   * Hands a data connection over, one at a time. Resolves when the process has taken it or never will; while it is busy it does not,
   * and what else is said to it waits behind the connection. The socket is closed here if the process can no longer take it.
   */
  async sendSocket(socket: Socket, head: Uint8Array): Promise<void> {
    if (this.#hasExited || !this.#child.connected) {
      socket.destroy();
      return;
    }
    const describe = (headBase64: string): ToProgram => ({ type: 'socket', head: headBase64 });
    const behind: ToProgram = { type: 'behindSocket' };
    await new Promise<void>((resolve) => {
      this.#giveUpSocket = resolve;
      // A process that ends at this moment takes the socket with it; the peer dials again.
      handOver(this.#child, socket, head, describe, behind).then(resolve, resolve);
    });
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

/** When the machine has no memory left, the kernel is to end the program, not the supervisor, which can still tell the others. */
function preferToSupervisor(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(OOM_POINTS));
  } catch {
    // Not Linux, or not allowed: then the kernel picks by size, which is the program's anyway.
  }
}
