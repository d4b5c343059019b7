/** The packed jobs of proposals, as files by their digest. */
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ignored } from '../../base/ignored.ts';
import { makeFolders } from '../../supervisor/machine/folders.ts';
import { bundleDigest } from '../model/bundle.ts';

const DRAFT = '.part';

export class Bundles {
  readonly #folder: string;
  #drafts = 0;

  constructor(state: string) {
    this.#folder = join(state, 'bundles');
  }

  /** Durable when it resolves. @throws what the file system throws */
  async keep(bytes: Uint8Array): Promise<string> {
    const digest = bundleDigest(bytes);
    await makeFolders(this.#folder, 0o700);
    // Two proposals may bring one bundle at one time.
    this.#drafts += 1;
    const draft = join(this.#folder, `${digest}.${process.pid}.${this.#drafts}${DRAFT}`);
    try {
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(this.#folder, digest));
    } catch (error) {
      await rm(draft, { force: true });
      throw error;
    }
    return digest;
  }

  /** Drafts that a node has left when it was killed: when this one has just begun. */
  async sweep(): Promise<void> {
    const names = await ignored(readdir(this.#folder), 'there are none before the first bundle');
    for (const name of names ?? [])
      if (name.endsWith(DRAFT)) await rm(join(this.#folder, name), { force: true });
  }

  /** @throws what the file system throws */
  read(digest: string): Promise<Buffer> {
    return readFile(join(this.#folder, digest));
  }
}
