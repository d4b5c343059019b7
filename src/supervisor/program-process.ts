/**
 * The program process of one run, as its supervisor sees it: spawned as the leader of a process group of its own, so that
 * whatever the job starts can be ended with it.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { handOver } from '../transport/index.ts';
import type { FromProgram, ToProgram } from './ipc.ts';

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProgramHandlers {
  onMessage(message: FromProgram): void;
  /** A line that the job or a library wrote to its standard output or error. */
  onLine(line: string): void;
  onExit(exit: ProgramExit): void;
}

/** Characters of one output line of the job that are passed on; a job that prints its data shall not flood the log. */
const LINE_LENGTH_MAX = 2_000;

export class ProgramProcess {
  readonly pid: number;
  readonly exited: Promise<ProgramExit>;
  readonly #child: ChildProcess;
  #exit: ProgramExit | null = null;

  private constructor(child: ChildProcess, pid: number, handlers: ProgramHandlers) {
    this.#child = child;
    this.pid = pid;
    child.on('message', (message) => handlers.onMessage(message as FromProgram));
    // A write to a dead child reports here; the exit event tells the story.
    child.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) =>
        handlers.onLine(line.slice(0, LINE_LENGTH_MAX)),
      );
    }
    // `close` comes after the last line of output; `exit` may come before.
    this.exited = once(child, 'exit').then(([code, signal]: unknown[]) => {
      const exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
      this.#exit = exit;
      handlers.onExit(exit);
      return exit;
    });
  }

  static async spawn(cwd: string, tempDir: string, handlers: ProgramHandlers): Promise<ProgramProcess> {
    const child = fork(fileURLToPath(new URL('./program-main.js', import.meta.url)), [], {
      cwd,
      detached: true,
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, TMPDIR: tempDir, PRIVITY_PROGRAM: '1' },
    });
    await once(child, 'spawn');
    return new ProgramProcess(child, child.pid ?? 0, handlers);
  }

  get running(): boolean {
    return this.#exit === null;
  }

  send(message: ToProgram): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  /** Hands a data connection over. The socket is closed here if the process can no longer take it. */
  sendSocket(socket: Socket, head: Uint8Array): void {
    if (!this.#child.connected) {
      socket.destroy();
      return;
    }
    const describe = (headBase64: string): ToProgram => ({ type: 'socket', head: headBase64 });
    // A process that ends at this moment takes the socket with it; the peer dials again.
    handOver(this.#child, socket, head, describe).catch(() => undefined);
  }

  /** Ends the process and everything that it has started; also what is left of the group after it has exited. */
  killTree(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // ESRCH: the group is empty, which is what was wanted.
    }
  }
}
