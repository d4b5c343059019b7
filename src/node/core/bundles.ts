/** The packed jobs of proposals, as files by their digest. */
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../../supervisor/machine/folders.ts';
import { bundleDigest } from '../model/bundle.ts';

export class Bundles {
  readonly #folder: string;

  constructor(state: string) {
    this.#folder = join(state, 'bundles');
  }

  /** Durable when it resolves. @throws what the file system throws */
  async keep(bytes: Uint8Array): Promise<string> {
    const digest = bundleDigest(bytes);
    await makeFolders(this.#folder, 0o700);
    const draft = join(this.#folder, `${digest}.${process.pid}.part`);
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, join(this.#folder, digest));
    return digest;
  }

  /** @throws what the file system throws */
  read(digest: string): Promise<Buffer> {
    return readFile(join(this.#folder, digest));
  }

  async remove(digest: string): Promise<void> {
    await rm(join(this.#folder, digest), { force: true });
  }
}
