/** Packages that jobs may import at this party: which a job names, whether they are on the list, where they lie. */
import { extname } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { CODE } from '../../program/loading/job-files.ts';
import { type FoundPackage, namedPackages, packageIn } from '../../program/loading/packages.ts';
import { type BundleFiles, unpackBundle } from '../model/bundle.ts';
import type { ProposalDocument } from '../model/proposal.ts';

export interface PackagesParts {
  /** Names of those that may be imported. */
  readonly allowed: readonly string[];
  /** In whose node_modules they are. */
  readonly folder: string;
  readonly bundleOf: (digest: string) => Promise<Uint8Array>;
}

/** A package that a proposal needs. */
export interface NeededPackage {
  readonly name: string;
  /** At the proposer; null: the proposal does not say. */
  readonly proposed: string | null;
  /** Null: it is not there, or not on the list. */
  readonly here: FoundPackage | null;
  /** What keeps this party from approving. */
  readonly problem: string | null;
}

/** Of a job's files, sorted. */
export function packagesOf(files: BundleFiles): readonly string[] {
  const names = [...files].flatMap(([path, bytes]) =>
    CODE.has(extname(path)) ? namedPackages(Buffer.from(bytes).toString('utf8')) : [],
  );
  return [...new Set(names)].sort();
}

export class Packages {
  readonly #parts: PackagesParts;

  constructor(parts: PackagesParts) {
    this.#parts = parts;
  }

  /** Those that the proposal says, and those that its files name, whatever it says. */
  async needed(
    { job }: Pick<ProposalDocument, 'job'>,
    bundle?: Uint8Array,
  ): Promise<readonly NeededPackage[]> {
    const files = unpackBundle(bundle ?? (await this.#parts.bundleOf(job.bundle)));
    const said = job.packages ?? {};
    const names = [...new Set([...Object.keys(said), ...packagesOf(files)])].sort();
    return Promise.all(names.map((name) => this.#needed(name, said[name] ?? null)));
  }

  /** What keeps this party from approving. */
  async problems(document: Pick<ProposalDocument, 'job'>): Promise<readonly string[]> {
    // Of one that is over, the files may be gone.
    const needed = await ignored(this.needed(document), 'it cannot be approved any more');
    return needed?.flatMap(({ problem }) => problem ?? []) ?? [];
  }

  /** @throws {UsageError} PRIVITY_JOB_PACKAGE */
  async check(
    document: Pick<ProposalDocument, 'job'>,
    about: string,
    bundle?: Uint8Array,
  ): Promise<readonly FoundPackage[]> {
    const needed = await this.needed(document, bundle);
    const problems = needed.flatMap(({ problem }) => problem ?? []);
    if (problems.length > 0) throw new UsageError('PRIVITY_JOB_PACKAGE', `${about}: ${problems.join('; ')}`);
    return needed.flatMap(({ here }) => here ?? []);
  }

  async #needed(name: string, proposed: string | null): Promise<NeededPackage> {
    const { allowed, folder } = this.#parts;
    const words = `the job imports the package ${name}${proposed === null ? '' : ` (${proposed})`}`;
    if (!allowed.includes(name))
      return {
        name,
        proposed,
        here: null,
        problem: `${words}, which is not on the list of this party's node`,
      };
    const here = (await packageIn(folder, name)) ?? null;
    return {
      name,
      proposed,
      here,
      problem: here === null ? `${words}, which is not in the node_modules of ${folder}` : null,
    };
  }
}
