/** The disk of a party in the simulated world, for what its mailbox has no memory for. It can fill up. */
import { EnvironmentError } from '../base/errors.ts';
import { MemorySpillStore, type SpillFile, type SpillStore } from '../program/data-plane/spill.ts';

/** Space on the disk: more than any simulated run needs. */
const DISK_BYTES = 1024 ** 3;

export class SimDisk implements SpillStore {
  isFull = false;
  /** Bytes ever written: shows that a run has used it. */
  written = 0;
  #store = new MemorySpillStore(DISK_BYTES);

  get files(): number {
    return this.#store.files;
  }

  async create(): Promise<SpillFile> {
    this.#write(0);
    const file = await this.#store.create();
    return {
      get size() {
        return file.size;
      },
      append: async (bytes) => {
        this.#write(bytes.length);
        await file.append(bytes);
      },
      read: (offset, length) => file.read(offset, length),
      blob: (offset, length, type) => file.blob(offset, length, type),
      seal: () => file.seal(),
      remove: () => file.remove(),
    };
  }

  close(): Promise<number> {
    return this.#store.close();
  }

  /** As the real store tells of a disk without space. */
  #write(bytes: number): void {
    if (this.isFull)
      throw new EnvironmentError(
        'PRIVITY_SPILL_FAILED',
        'A temporary file could not be used (write: ENOSPC).',
      );
    this.written += bytes;
  }
}
