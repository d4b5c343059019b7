import { ignored } from '../../base/ignored.ts';
import type { Body } from '../../contracts/index.ts';
import type { Outbox } from './outbox.ts';
import { OutgoingMessage } from './outgoing-message.ts';

interface PendingSend {
  readonly reject: (error: Error) => void;
  /** Stops reading a streamed body. */
  readonly stop: () => void;
}

/** The promises of sends that are not complete, and the streams that their bodies are read from. */
export class Sends {
  readonly #outbox: Outbox;
  /** There is something to send. */
  readonly #onReady: () => void;
  readonly #pending = new Map<OutgoingMessage, PendingSend>();

  constructor(outbox: Outbox, onReady: () => void) {
    this.#outbox = outbox;
    this.#onReady = onReady;
  }

  add(header: Uint8Array, body: Body | undefined, onLeaving?: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream =
        body === undefined || Array.isArray(body)
          ? undefined
          : this.#stream(body as AsyncIterable<Uint8Array>);
      const message = new OutgoingMessage(
        header,
        () => {
          this.#pending.delete(message);
          if (message.abandoned) reject(stream?.error);
          else resolve();
        },
        () => stream?.read(message),
        onLeaving,
      );
      this.#pending.set(message, { reject, stop: () => stream?.stop() });
      if (stream === undefined) {
        message.add((body ?? []) as readonly Uint8Array[]);
        message.end();
      }
      this.#outbox.add(message);
      this.#onReady();
    });
  }

  close(error: Error): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, stop } of pending) {
      reject(error);
      stop();
    }
  }

  /** Reads one piece at a time, the next one while the one before is on its way. */
  #stream(body: AsyncIterable<Uint8Array>) {
    const iterator = body[Symbol.asyncIterator]();
    let error: unknown;
    let isReading = false;
    let isStopped = false;
    const fail = (message: OutgoingMessage, cause: unknown): void => {
      error = cause;
      message.abandon();
      this.#onReady();
    };
    const read = (message: OutgoingMessage): void => {
      if (isReading || isStopped) return;
      isReading = true;
      iterator.next().then(
        (result) => {
          isReading = false;
          if (isStopped) return;
          if (result.done === true) message.end();
          else if (result.value.length === 0) return read(message);
          else message.add([result.value]);
          this.#onReady();
        },
        (cause: unknown) => {
          if (!isStopped) fail(message, cause);
        },
      );
    };
    return {
      read,
      get error(): unknown {
        return error;
      },
      stop(): void {
        isStopped = true;
        const cleared = iterator.return?.();
        if (cleared)
          void ignored(Promise.resolve(cleared), "the generator's own clean-up; the send has ended before");
      },
    };
  }
}
