import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * A socket that takes every write at once. Node's HTTP/2 stops reading a socket while a write to it is under way; when both
 * ends write more than the kernel's buffers hold, neither reads and both wait for ever (seen from 4 MB each way). Between
 * TLS and the socket this removes "under way". What waits for the network is counted here, and bounded: by the connection,
 * which asks its sender to wait, and by `heldBytesMax` for what HTTP/2 sends by itself.
 */
export class UnheldSocket extends Duplex {
  readonly #socket: Socket;
  readonly #heldBytesMax: number;
  #heldBytes = 0;
  /** Called whenever held bytes have left. */
  onProgress: (() => void) | undefined;

  constructor(socket: Socket, heldBytesMax: number, head?: Uint8Array) {
    super({ highWaterMark: 256 * 1024, emitClose: true, allowHalfOpen: true });
    this.#socket = socket;
    this.#heldBytesMax = heldBytesMax;
    if (head !== undefined && head.length > 0) this.push(head);
    socket.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) socket.pause();
    });
    socket.once('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
  }

  /** Bytes written and not yet taken by the kernel. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Uint8Array, _encoding: string, taken: (error?: Error | null) => void): void {
    this.#hold(chunk.length);
    this.#socket.write(chunk, () => this.#release(chunk.length));
    taken();
  }

  override _writev(
    chunks: readonly { readonly chunk: Uint8Array }[],
    taken: (error?: Error | null) => void,
  ): void {
    let bytes = 0;
    for (const { chunk } of chunks) bytes += chunk.length;
    this.#hold(bytes);
    this.#socket.cork();
    for (const [index, { chunk }] of chunks.entries()) {
      // They leave together, so the last one's callback stands for all.
      if (index < chunks.length - 1) this.#socket.write(chunk);
      else this.#socket.write(chunk, () => this.#release(bytes));
    }
    this.#socket.uncork();
    taken();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    this.#heldBytes = 0;
    this.onProgress?.();
    done(error);
  }

  #hold(bytes: number): void {
    this.#heldBytes += bytes;
    if (this.#heldBytes > this.#heldBytesMax) {
      this.destroy(new Error('the peer makes this party answer and does not read the answers'));
    }
  }

  #release(bytes: number): void {
    this.#heldBytes = Math.max(0, this.#heldBytes - bytes);
    this.onProgress?.();
  }
}
