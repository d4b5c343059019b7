/**
 * Standard output and standard error as a run may use them: writing never waits. The process that prints is also the
 * supervisor; if it stood still because someone pressed Ctrl-S or paged the output, its peers would take it for lost.
 */
export interface TextSink {
  /** Queues text. False if it was dropped because the reader is too slow or has gone away. */
  write(text: string): boolean;
  /** Resolves when all is written, the reader is gone, or `timeoutMs` have passed. */
  flush(timeoutMs: number): Promise<void>;
}

/** Text that waits for a slow reader before more is dropped. Some 100,000 events: far more than a healthy pipe ever holds. */
export const OUTPUT_BACKLOG_BYTES_MAX = 32 * 1024 * 1024;

/** How long the end of a command waits for a slow reader. Long enough for a pager's pipe, short enough not to seem hung. */
export const OUTPUT_FLUSH_TIMEOUT_MS = 3_000;

interface BlockingHandle {
  setBlocking?(blocking: boolean): unknown;
}

export function streamSink(stream: NodeJS.WriteStream, backlogBytesMax = OUTPUT_BACKLOG_BYTES_MAX): TextSink {
  let gone = false;
  stream.on('error', () => {
    gone = true;
  });
  // Node writes to terminals synchronously. There is no public switch; where this one is missing, terminals stay synchronous.
  if (stream.isTTY) (stream as { _handle?: BlockingHandle })._handle?.setBlocking?.(false);
  return {
    write(text) {
      if (gone || stream.writableLength > backlogBytesMax) return false;
      stream.write(text);
      return true;
    },
    flush(timeoutMs) {
      if (gone || stream.writableLength === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
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
