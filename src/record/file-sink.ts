import { close, constants, open, write } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EnvironmentError } from '../base/errors.ts';
import { reasonOf } from '../base/system-error.ts';
import { systemLoop } from '../supervisor/machine/system-loop.ts';
import { FILE_IO_MS } from '../supervisor/seam/bounds.ts';
import { within } from '../supervisor/seam/within.ts';
import { hasReaderLeft, OUTPUT_BACKLOG_BYTES_MAX, type TextSink, TOO_SLOW } from './text-sink.ts';

/** Between two tries where the file is a pipe that is full. */
const FULL_PIPE_PAUSE_MS = 20;

// By number: a handle of fs/promises closes itself when it is forgotten.
const openFile = promisify(open);
const writeBytes = promisify(write);

export interface FileSinkOptions {
  readonly backlogBytesMax?: number;
  /** Called once, at the first error; nothing is written after it. Not called where a reader has left. */
  readonly onLost?: (reason: string) => void;
}

/**
 * A file to which text is appended, in order, without ever waiting for the disk: a log, or standard output that goes to
 * a file. The first error ends it (ENOSPC, EIO, EBADF, …), so that a full disk costs one failed write, and what is told
 * of it is told once. Node's own stream for such files stands still with the disk, and takes half a write for a whole
 * one.
 */
export class FileSink implements TextSink {
  readonly #fd: number;
  readonly #backlogBytesMax: number;
  readonly #onLost: (reason: string) => void;
  #queue: string[] = [];
  /** Characters that are queued or being written. */
  #pending = 0;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isBehind = false;
  #isEnded = false;
  #broken: string | undefined;

  constructor(fd: number, options: FileSinkOptions = {}) {
    this.#fd = fd;
    this.#backlogBytesMax = options.backlogBytesMax ?? OUTPUT_BACKLOG_BYTES_MAX;
    this.#onLost = options.onLost ?? (() => undefined);
  }

  get lost(): string | undefined {
    return this.#broken ?? (this.#isBehind ? TOO_SLOW : undefined);
  }

  write(text: string): boolean {
    this.#isBehind = this.#pending > this.#backlogBytesMax;
    if (this.#isEnded || this.#isBehind) return false;
    this.#queue.push(text);
    this.#pending += text.length;
    if (!this.#isWriting) this.#writing = this.#drain();
    return true;
  }

  async flush(timeoutMs: number): Promise<void> {
    const late = new AbortController();
    const timer = delay(timeoutMs, true, { signal: late.signal }).catch(() => false);
    const isLate = await Promise.race([this.#writing.then(() => false), timer]);
    late.abort();
    if (isLate) this.#isBehind = true;
  }

  /**
   * Writes what is queued, for at most so long, and closes the file without waiting for it: a disk that hangs holds
   * nobody up.
   */
  async close(timeoutMs: number): Promise<void> {
    await this.flush(timeoutMs);
    this.#isEnded = true;
    close(this.#fd, () => undefined);
  }

  async #drain(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#queue.length > 0 && !this.#isEnded) {
        const text = this.#queue.join('');
        this.#queue = [];
        await this.#writeAll(Buffer.from(text));
        this.#pending -= text.length;
      }
    } catch (error) {
      this.#isEnded = true;
      this.#queue = [];
      if (hasReaderLeft(error)) return;
      this.#broken = reasonOf(error);
      this.#onLost(this.#broken);
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      try {
        at += (await writeBytes(this.#fd, bytes, at, bytes.length - at, null)).bytesWritten;
      } catch (error) {
        if (reasonOf(error) !== 'EAGAIN') throw error;
        await delay(FULL_PIPE_PAUSE_MS);
      }
    }
  }
}

/**
 * Opens a file to append to; it is made if it is not there, readable by its owner only. A pipe that nobody reads is an
 * error at once.
 *
 * @param what what the file is for, in the message: `log`
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function openFileSink(
  path: string,
  what: string,
  options: FileSinkOptions = {},
): Promise<FileSink> {
  const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
  try {
    const opening = openFile(path, O_WRONLY | O_CREAT | O_APPEND | (O_NONBLOCK ?? 0), 0o600);
    const undo = (late: number): void => close(late, () => undefined);
    const fd = await within(
      systemLoop,
      { ms: FILE_IO_MS, what: `opening the ${what} ${path}`, undo },
      opening,
    );
    return new FileSink(fd, options);
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw cause;
    throw new EnvironmentError(
      'PRIVITY_FILE_WRITE',
      `${path}: the ${what} cannot be written (${reasonOf(cause)})`,
      { cause },
    );
  }
}
