/**
 * Where messages of peers wait until their step takes them. Bounded: what does not fit into memory goes to temporary
 * files, and what does not fit there ends the run. Never holds a peer back for lack of room: the message that a waiting
 * step needs may be behind the one that nobody needs yet.
 */

import type { DecodeBound } from '../../base/decode-bound.ts';
import { PeerError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { MessageSink } from '../../contracts/link.ts';
import type { ByteSource } from '../../wire/value-codec.ts';
import type { DataFrame } from '../../wire/value-frame.ts';
import { memorySource } from '../../wire/value-source.ts';
import type { SpillFile, SpillStore } from './spill.ts';

/** Early values of ordinary programs stay in memory; a program process has some hundred MB to spare for them. */
export const MAILBOX_BYTES_MAX = 64 * 1024 * 1024;
/** Temporary files for early and large values: as much as a laptop's disk can be expected to have free. */
export const MAILBOX_SPILL_BYTES_MAX = 16 * 1024 * 1024 * 1024;
/** Messages that wait, of any size: bounds what bookkeeping costs (about 100 MB), and temporary files. */
export const MAILBOX_MESSAGES_MAX = 250_000;

/**
 * Longest message of a protocol between members of a device: rounds and dealers cut theirs at 1 MiB, intersections send
 * 16 KiB. Such a message is taken into memory whole, wherever it has waited.
 */
export const CHANNEL_MESSAGE_BYTES_MAX = 2 * 1024 * 1024;

/** A body in pieces of one byte each, and reads of it; what stays is little more than the bytes. */
export const PIECES_BOUND: DecodeBound = {
  bytesMax: MAILBOX_SPILL_BYTES_MAX,
  memory: { perByte: 1024, once: 256 * 1024 },
  steps: { perByte: 40, once: 5_000 },
};

/**
 * Shorter pieces are copied, one behind the other: a message that comes byte by byte must not cost an object for each.
 */
const PIECE_BYTES_MIN = 1024;
/** Memory into which they are copied, by how much of the message is there already. */
const CRUMBS_BYTES_MIN = 64;
const CRUMBS_BYTES_MAX = 16 * 1024;

export interface MailboxLimits {
  readonly bytesMax: number;
  readonly messagesMax: number;
}

/** One message on its way in. */
export interface Mail {
  readonly peer: string;
  readonly frame: DataFrame;
  /** Calls back once, when the message is complete or will never be; with the link's error if the link ended. */
  whenComplete(complete: () => void, failed: (error: Error | undefined) => void): void;
  /** The body; valid until `release`. */
  source(): ByteSource;
  /** The body in the pieces in which it came, if it is in memory. They stay valid. */
  pieces(): readonly Uint8Array[] | undefined;
  /** Frees memory or file. A file from which Blobs were made stays until the spill store is closed. */
  release(): Promise<void>;
}

export class Mailbox {
  readonly #limits: MailboxLimits;
  readonly #spill: SpillStore;
  readonly #failed: (error: unknown) => void;
  readonly #waiting = new Set<Incoming>();
  #bytes = 0;

  /** `failed` hears at once of messages that cannot be kept, whether or not a step waits for them yet. */
  constructor(limits: MailboxLimits, spill: SpillStore, failed: (error: unknown) => void) {
    this.#limits = limits;
    this.#spill = spill;
    this.#failed = failed;
  }

  get messages(): number {
    return this.#waiting.size;
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  receive(peer: string, frame: DataFrame): { readonly mail: Mail; readonly sink: MessageSink } {
    if (this.#waiting.size >= this.#limits.messagesMax) {
      throw new UsageError(
        'PRIVITY_MAILBOX_FULL',
        `Over ${this.#limits.messagesMax} messages wait for steps of this party (mailboxMessagesMax).`,
      );
    }
    const incoming = new Incoming(peer, frame, {
      reserve: (bytes) => this.#reserve(bytes),
      free: (bytes) => {
        this.#bytes -= bytes;
      },
      spill: () => this.#spill.create(),
      gone: (mail) => this.#waiting.delete(mail),
      failed: this.#failed,
    });
    this.#waiting.add(incoming);
    return { mail: incoming, sink: incoming };
  }

  /** Releases what is left; returns how many messages that were. */
  async close(): Promise<number> {
    const left = [...this.#waiting];
    await Promise.all(
      left.map((mail) => ignored(mail.release(), 'what is not released goes with the temporary folder')),
    );
    return left.length;
  }

  #reserve(bytes: number): boolean {
    if (this.#bytes + bytes > this.#limits.bytesMax) return false;
    this.#bytes += bytes;
    return true;
  }
}

interface Room {
  reserve(bytes: number): boolean;
  free(bytes: number): void;
  spill(): Promise<SpillFile>;
  gone(mail: Incoming): void;
  failed(error: unknown): void;
}

class Incoming implements Mail, MessageSink {
  readonly peer: string;
  readonly frame: DataFrame;
  readonly #room: Room;
  #pieces: Uint8Array[] = [];
  /** The last piece, while there is room behind it. */
  #crumbs: Uint8Array | undefined;
  #inMemory = 0;
  #bytes = 0;
  #file: SpillFile | undefined;
  /** Set while the file is written: pieces are appended one after the other. */
  #writing: Promise<void> | undefined;
  #outcome: 'open' | 'complete' | 'failed' = 'open';
  #error: Error | undefined;
  #hasBlobs = false;
  #listener:
    | { readonly complete: () => void; readonly failed: (error: Error | undefined) => void }
    | undefined;

  constructor(peer: string, frame: DataFrame, room: Room) {
    this.peer = peer;
    this.frame = frame;
    this.#room = room;
  }

  write(piece: Uint8Array): undefined | Promise<void> {
    if (this.#outcome !== 'open') return undefined;
    this.#bytes += piece.length;
    if (this.frame.kind === 'channel' && this.#bytes > CHANNEL_MESSAGE_BYTES_MAX) {
      this.#room.failed(
        new PeerError(
          'PRIVITY_FRAME_INVALID',
          `The program of ${this.peer} sent a message of a protocol that is longer than ${CHANNEL_MESSAGE_BYTES_MAX} bytes.`,
          { party: this.peer, stepId: this.frame.stepId },
        ),
      );
      this.#settle('failed');
      return undefined;
    }
    if (this.#writing === undefined && this.#room.reserve(piece.length)) {
      this.#keep(piece);
      this.#inMemory += piece.length;
      return undefined;
    }
    return this.#write(piece);
  }

  end(): undefined | Promise<void> {
    if (this.#writing === undefined) {
      this.#settle('complete');
      return undefined;
    }
    return this.#writing.then(
      async () => {
        await this.#file?.seal();
        this.#settle('complete');
      },
      () => {},
    );
  }

  abort(error: Error): void {
    this.#settle('failed', error);
  }

  whenComplete(complete: () => void, failed: (error: Error | undefined) => void): void {
    this.#listener = { complete, failed };
    this.#notify();
  }

  source(): ByteSource {
    const file = this.#file;
    if (file === undefined) return memorySource(this.#pieces);
    return {
      size: file.size,
      read: (offset, length) => file.read(offset, length),
      blob: (offset, length, type) => {
        this.#hasBlobs = true;
        return file.blob(offset, length, type);
      },
    };
  }

  pieces(): readonly Uint8Array[] | undefined {
    return this.#file === undefined ? this.#pieces : undefined;
  }

  async release(): Promise<void> {
    this.#settle('failed');
    this.#room.gone(this);
    this.#freeMemory();
    if (this.#writing) await ignored(this.#writing, 'its writer has been told');
    if (!this.#hasBlobs) await this.#file?.remove();
  }

  #keep(piece: Uint8Array): void {
    if (piece.length >= PIECE_BYTES_MIN) {
      this.#pieces.push(piece);
      this.#crumbs = undefined;
      return;
    }
    const last = this.#crumbs;
    const end = last === undefined ? 0 : last.byteOffset + last.length;
    if (last !== undefined && last.buffer.byteLength - end >= piece.length) {
      new Uint8Array(last.buffer, end).set(piece);
      this.#crumbs = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length);
      this.#pieces[this.#pieces.length - 1] = this.#crumbs;
      return;
    }
    const room = Math.max(piece.length, CRUMBS_BYTES_MIN, Math.min(CRUMBS_BYTES_MAX, this.#inMemory));
    this.#crumbs = new Uint8Array(new ArrayBuffer(room), 0, piece.length);
    this.#crumbs.set(piece);
    this.#pieces.push(this.#crumbs);
  }

  /** From memory to a file, for good, once there is no room. */
  #write(piece: Uint8Array): Promise<void> {
    const before = this.#writing ?? this.#moveToFile();
    const writing = before.then(() => this.#file?.append(piece));
    this.#writing = writing;
    return writing.catch((error: unknown) => {
      if (this.#outcome !== 'open') return;
      this.#room.failed(error);
      this.#settle('failed');
    });
  }

  async #moveToFile(): Promise<void> {
    this.#file = await this.#room.spill();
    for (const earlier of this.#pieces) await this.#file.append(earlier);
    this.#freeMemory();
  }

  #freeMemory(): void {
    this.#room.free(this.#inMemory);
    this.#inMemory = 0;
    this.#pieces = [];
    this.#crumbs = undefined;
  }

  #settle(outcome: 'complete' | 'failed', error?: Error): void {
    if (this.#outcome !== 'open') return;
    this.#outcome = outcome;
    this.#error = error;
    this.#notify();
  }

  #notify(): void {
    const listener = this.#listener;
    if (listener === undefined || this.#outcome === 'open') return;
    this.#listener = undefined;
    if (this.#outcome === 'complete') listener.complete();
    else listener.failed(this.#error);
  }
}
