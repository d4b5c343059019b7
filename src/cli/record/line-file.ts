/** A file of lines that is written as they come, and holds nobody up: not by a slow disk, nor by one that is full or has gone away. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Clock } from '../../contracts/clock.ts';

/** Bytes that wait for a slow disk before lines are left out. Some 30,000 events. */
const BACKLOG_BYTES_MAX = 8 * 1024 * 1024;

export class LineFile {
  readonly #file: FileHandle;
  readonly #onBroken: (reason: string) => void;
  #pending: string[] = [];
  #pendingBytes = 0;
  #draining: Promise<void> | undefined;
  #isOver = false;
  /** Bytes that were given to the file. */
  bytes = 0;

  private constructor(file: FileHandle, onBroken: (reason: string) => void) {
    this.#file = file;
    this.#onBroken = onBroken;
  }

  /**
   * @param onBroken called once, when nothing more can be written
   * @throws what `open` throws
   */
  static async open(path: string, onBroken: (reason: string) => void): Promise<LineFile> {
    return new LineFile(await open(path, 'a', 0o600), onBroken);
  }

  /** False if the line is left out. */
  write(line: string): boolean {
    const size = Buffer.byteLength(line);
    if (this.#isOver || this.#pendingBytes + size > BACKLOG_BYTES_MAX) return false;
    this.#pending.push(line);
    this.#pendingBytes += size;
    this.bytes += size;
    this.#draining ??= this.#drain();
    return true;
  }

  async #drain(): Promise<void> {
    // What else comes in this turn of the event loop goes with it.
    await Promise.resolve();
    try {
      while (this.#pending.length > 0) {
        const text = this.#pending.join('');
        this.#pending = [];
        this.#pendingBytes = 0;
        await this.#file.appendFile(text);
      }
    } catch (error) {
      this.#isOver = true;
      this.#pending = [];
      this.#onBroken((error as NodeJS.ErrnoException).code ?? 'unknown reason');
    }
    this.#draining = undefined;
  }

  /** Resolves when all is written and the file is closed, or after `timeoutMs`. */
  async close(clock: Clock, timeoutMs: number): Promise<void> {
    const closed = (async () => {
      await this.#draining;
      this.#isOver = true;
      await this.#file.close().catch(() => undefined);
    })();
    await within(clock, timeoutMs, closed);
  }
}

/** False if the work was not done in time; it may go on. Rejects if the work does. */
export async function within(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  let timer: { cancel(): void } | undefined;
  const late = new Promise<false>((resolve) => {
    timer = clock.after(timeoutMs, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer?.cancel();
  }
}
