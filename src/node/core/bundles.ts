/** The packed jobs of proposals, as files by their digest. */
import { rmSync } from 'node:fs';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { makeFolders } from '../../supervisor/machine/folders.ts';
import { type BundleFiles, bundleDigest, unpackBundle } from '../model/bundle.ts';
import type { Proposal } from '../model/proposal.ts';
import { needingRoom } from './room.ts';

const DRAFT = '.part';

export class Bundles {
  readonly #folder: string;
  /** Digests with which proposals are being stored, and how many. */
  readonly #used = new Map<string, number>();
  #drafts = 0;

  constructor(state: string) {
    this.#folder = join(state, 'bundles');
  }

  /**
   * Durable when `use` is called, and not removed before that has resolved.
   *
   * @throws {EnvironmentError} PRIVITY_STORE_FULL @throws what the file system throws, and `use`
   */
  async keep(bytes: Uint8Array, use: () => Promise<void>): Promise<void> {
    const digest = bundleDigest(bytes);
    this.#used.set(digest, (this.#used.get(digest) ?? 0) + 1);
    try {
      await needingRoom('the files of a job', () => this.#write(digest, bytes));
      await use();
    } finally {
      const others = (this.#used.get(digest) ?? 0) - 1;
      if (others > 0) this.#used.set(digest, others);
      else this.#used.delete(digest);
    }
  }

  /** Digests of all. */
  async digests(): Promise<readonly string[]> {
    return (await this.#names()).filter((name) => !name.endsWith(DRAFT));
  }

  /**
   * At once, so that none which comes meanwhile is taken for this one.
   *
   * @returns false: a proposal is being stored with it
   */
  remove(digest: string): boolean {
    if (this.#used.has(digest)) return false;
    rmSync(join(this.#folder, digest), { force: true });
    return true;
  }

  /** Drafts that a node has left when it was killed: when this one has just begun. */
  async sweep(): Promise<void> {
    for (const name of await this.#names())
      if (name.endsWith(DRAFT)) await rm(join(this.#folder, name), { force: true });
  }

  /** @throws what the file system throws */
  read(digest: string): Promise<Buffer> {
    return readFile(join(this.#folder, digest));
  }

  /**
   * The files of a proposed job, by their paths. Whatever a partner has packed: paths that climb are refused.
   *
   * @throws {UsageError} PRIVITY_PROPOSAL_STATE: they were purged; PRIVITY_PROPOSAL_BUNDLE
   */
  async files({ id, document }: Proposal): Promise<BundleFiles> {
    const bytes = await ignored(this.read(document.job.bundle), 'the error below says so');
    if (bytes !== undefined) return unpackBundle(bytes);
    throw new UsageError('PRIVITY_PROPOSAL_STATE', `${id}: the files of its job are gone: it was purged`);
  }

  async #names(): Promise<readonly string[]> {
    return (await ignored(readdir(this.#folder), 'there are none before the first bundle')) ?? [];
  }

  async #write(digest: string, bytes: Uint8Array): Promise<void> {
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
  }
}
