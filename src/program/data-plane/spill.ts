/** Temporary files for what does not fit into memory: early messages, and the Blobs that a party receives. */

import { openAsBlob } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { ByteSource } from '../../wire/value-codec.ts';

export interface SpillFile extends ByteSource {
  append(bytes: Uint8Array): Promise<void>;
  /** No more appends; lets go of the descriptor. */
  seal(): Promise<void>;
  /** Frees the space. Blobs over it become unreadable. */
  remove(): Promise<void>;
}

export interface SpillStore {
  create(): Promise<SpillFile>;
  readonly files: number;
  /** Removes everything; returns how many files there were. */
  close(): Promise<number>;
}

/** Counts bytes against a limit that all files of a run share. */
class Allowance {
  readonly #bytesMax: number;
  #used = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  take(bytes: number): void {
    if (this.#used + bytes > this.#bytesMax) {
      throw new UsageError(
        'PRIVITY_MAILBOX_FULL',
        `Peers sent more than ${this.#bytesMax} bytes that this party's steps have not taken yet (mailboxSpillBytesMax).`,
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
  }
}

/**
 * Spill files in a folder of their own below `parentDir`, made when the first is needed, readable by this user only.
 */
export class FileSpillStore implements SpillStore {
  readonly #parentDir: string;
  readonly #allowance: Allowance;
  readonly #open = new Set<DiskFile>();
  #dir: Promise<string> | undefined;
  #count = 0;

  constructor(parentDir: string, bytesMax: number) {
    this.#parentDir = parentDir;
    this.#allowance = new Allowance(bytesMax);
  }

  get files(): number {
    return this.#open.size;
  }

  async create(): Promise<SpillFile> {
    this.#dir ??= mkdtemp(join(this.#parentDir, 'spill-'));
    const name = String(this.#count++);
    const file = await disk('create', async () => {
      const path = join(await (this.#dir as Promise<string>), name);
      return new DiskFile(path, await open(path, 'wx+', 0o600), this.#allowance, (gone) =>
        this.#open.delete(gone),
      );
    });
    this.#open.add(file);
    return file;
  }

  async close(): Promise<number> {
    const count = this.#open.size;
    await Promise.all(
      [...this.#open].map((file) =>
        ignored(file.remove(), 'what is not released goes with the temporary folder'),
      ),
    );
    const dir = this.#dir && (await ignored(this.#dir, 'its writer has been told'));
    this.#dir = undefined;
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
    return count;
  }
}

class DiskFile implements SpillFile {
  readonly #path: string;
  readonly #allowance: Allowance;
  readonly #onRemove: (file: DiskFile) => void;
  #handle: FileHandle | undefined;
  #size = 0;

  constructor(path: string, handle: FileHandle, allowance: Allowance, onRemove: (file: DiskFile) => void) {
    this.#path = path;
    this.#handle = handle;
    this.#allowance = allowance;
    this.#onRemove = onRemove;
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#allowance.take(bytes.length);
    const at = this.#size;
    this.#size += bytes.length;
    await disk('write', async () => {
      for (let done = 0; done < bytes.length; ) {
        const handle = this.#writable();
        done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
      }
    });
  }

  async seal(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return disk('read', async () => {
      const handle = await open(this.#path, 'r');
      try {
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length; ) {
          const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
          if (bytesRead === 0) throw new Error('a spill file became shorter');
          done += bytesRead;
        }
        return bytes;
      } finally {
        await handle.close();
      }
    });
  }

  blob(offset: number, length: number, type: string): Promise<Blob> {
    return disk('read', async () =>
      (await openAsBlob(this.#path, { type })).slice(offset, offset + length, type),
    );
  }

  async remove(): Promise<void> {
    this.#onRemove(this);
    this.#allowance.give(this.#size);
    this.#size = 0;
    await ignored(this.seal(), 'its writer has been told');
    await rm(this.#path, { force: true });
  }

  #writable(): FileHandle {
    if (this.#handle === undefined) throw new Error('the spill file is closed');
    return this.#handle;
  }
}

async function disk<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'no error code';
    throw new EnvironmentError(
      'PRIVITY_SPILL_FAILED',
      `A temporary file could not be used (${what}: ${code}).`,
      {
        cause: error,
      },
    );
  }
}

/** The same in memory, for tests and for machines without a disk. */
export class MemorySpillStore implements SpillStore {
  readonly #allowance: Allowance;
  readonly #open = new Set<SpillFile>();

  constructor(bytesMax: number) {
    this.#allowance = new Allowance(bytesMax);
  }

  get files(): number {
    return this.#open.size;
  }

  async create(): Promise<SpillFile> {
    let bytes = Buffer.alloc(0);
    const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> =>
      new Uint8Array(bytes.subarray(offset, offset + length));
    const file: SpillFile = {
      get size() {
        return bytes.length;
      },
      append: async (more) => {
        this.#allowance.take(more.length);
        bytes = Buffer.concat([bytes, more]);
      },
      read,
      blob: async (offset, length, type) => new Blob([await read(offset, length)], { type }),
      seal: async () => {},
      remove: async () => {
        this.#open.delete(file);
        this.#allowance.give(bytes.length);
        bytes = Buffer.alloc(0);
      },
    };
    this.#open.add(file);
    return file;
  }

  async close(): Promise<number> {
    const count = this.#open.size;
    this.#open.clear();
    return count;
  }
}
