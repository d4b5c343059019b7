import { reasonOf } from '../base/system-error.ts';

/**
 * Standard output and standard error as a run may use them: writing never waits. The process that prints is also the
 * supervisor; if it stood still because someone pressed Ctrl-S or paged the output, its peers would take it for lost.
 */
export interface TextSink {
  /**
   * Queues text. False if it was dropped because the reader is too slow or has gone away, or because the sink is
   * broken.
   */
  write(text: string): boolean;
  /** Resolves when all is written, the reader is gone, or `timeoutMs` have passed. */
  flush(timeoutMs: number): Promise<void>;
  /**
   * Why the last of the text is lost, for a person; undefined if it is not. A reader that has left wanted no more, and
   * loses nothing.
   */
  readonly lost: string | undefined;
}

/**
 * Text that waits for a slow reader before more is dropped. Some 100,000 events: far more than a healthy pipe ever
 * holds.
 */
export const OUTPUT_BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/**
 * How long the end of a command waits for a slow reader. Long enough for a pager's pipe, short enough not to seem hung.
 */
export const OUTPUT_FLUSH_TIMEOUT_MS = 3_000;

export const TOO_SLOW = 'its reader is too slow';

interface BlockingHandle {
  setBlocking?(blocking: boolean): unknown;
}

/** The other end of a pipe, or a terminal's window, was closed by its reader: no error. */
export function hasReaderLeft(error: unknown): boolean {
  const reason = reasonOf(error);
  return reason === 'EPIPE' || reason === 'ECONNRESET';
}

/** For pipes, sockets and terminals; files are for a FileSink, because Node would stand still for them. */
export function streamSink(stream: NodeJS.WriteStream, backlogBytesMax = OUTPUT_BACKLOG_BYTES_MAX): TextSink {
  let gone = false;
  let broken: string | undefined;
  let isBehind = false;
  stream.on('error', (error) => {
    gone = true;
    if (!hasReaderLeft(error)) broken ??= reasonOf(error);
  });
  // Node writes to terminals synchronously. There is no public switch; where this one is missing, terminals stay
  // synchronous.
  if (stream.isTTY) (stream as { _handle?: BlockingHandle })._handle?.setBlocking?.(false);
  return {
    get lost() {
      return broken ?? (isBehind && !gone ? TOO_SLOW : undefined);
    },
    write(text) {
      isBehind = stream.writableLength > backlogBytesMax;
      if (gone || isBehind) return false;
      stream.write(text);
      return true;
    },
    flush(timeoutMs) {
      if (gone || stream.writableLength === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          isBehind = true;
          resolve();
        }, timeoutMs);
        const done = (): void => {
          clearTimeout(timer);
          resolve();
        };
        stream.write('', done);
        stream.once('error', done);
      });
    },
  };
}
