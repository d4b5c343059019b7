/**
 * Lockstep. Every party numbers the same steps in the same order; a rolling digest for each branch proves it. Pure: no
 * step is executed here.
 */
import { hash } from 'node:crypto';
import type { StepKind, TrailEntry } from '../../coordination/failure.ts';
import type { Scope } from './scope.ts';

export interface StepPlan {
  readonly kind: StepKind;
  readonly name: string;
  /** In federation order. */
  readonly places: readonly string[];
  /** Ids of the values that it uses. */
  readonly inputs: readonly string[];
  /** Hash of the task's source, or other parameters that must be the same everywhere. */
  readonly source: string;
}

/**
 * A digest as it is reported and sent: enough that nobody finds two programs with the same one by accident or by
 * trying.
 */
export const DIGEST_HEX_DIGITS = 32;

/** SHA-256 over fields, each preceded by its length, so that no two lists of fields give the same text. */
export function digestOf(fields: readonly (string | Buffer | readonly string[])[]): Buffer {
  let text = '';
  for (const field of fields) {
    if (typeof field === 'string') text += `${field.length}:${field}`;
    else if (Buffer.isBuffer(field)) text += `x${field.length}:${field.toString('hex')}`;
    else {
      text += `[${field.length}]`;
      for (const item of field) text += `${item.length}:${item}`;
    }
  }
  return hash('sha256', text, 'buffer');
}

/** A straight line of steps: the job itself, or one function given to `parallel`. */
export class Branch {
  /** '' for the job, '4/0' for the first branch of step 4. */
  readonly path: string;
  readonly parent: Branch | null;
  /** Which part of the program fails with it. */
  readonly scope: Scope;
  /** The parties that execute it, or did before they were lost, in federation order. */
  readonly members: readonly string[];
  /**
   * Path of the branch that the innermost conclave around it is; '' when there is none. Values do not cross its border.
   */
  readonly conclave: string;
  #next = 0;
  #digest: Buffer;
  /** The step whose branches are running; until they have joined, this branch issues nothing. */
  #forkedAt: string | null = null;
  #closed = false;
  #joined = false;
  #parties: readonly string[];

  constructor(path: string, parent: Branch | null, seed: Buffer, scope: Scope, members?: readonly string[]) {
    this.path = path;
    this.parent = parent;
    this.scope = scope;
    this.members = members ?? parent?.members ?? [];
    this.#parties = parent ? this.members.filter((party) => parent.parties.includes(party)) : this.members;
    this.conclave = members && parent ? path : (parent?.conclave ?? '');
    this.#digest = seed;
  }

  /**
   * The members, without the lost ones of which this branch has been told. All parties agree on them at each of its
   * steps.
   */
  get parties(): readonly string[] {
    return this.#parties;
  }

  get next(): number {
    return this.#next;
  }

  get digest(): string {
    return hex(this.#digest);
  }

  get forkedAt(): string | null {
    return this.#forkedAt;
  }

  /** Its function has returned: there will be no further steps. */
  get closed(): boolean {
    return this.#closed;
  }

  issue(plan: StepPlan): TrailEntry {
    const position = this.#next;
    const stepId = this.path === '' ? `${position}` : `${this.path}/${position}`;
    this.#next += 1;
    this.#digest = digestOf([
      this.#digest,
      stepId,
      plan.kind,
      plan.name,
      plan.places,
      plan.inputs,
      plan.source,
    ]);
    const { kind, name, places } = plan;
    const { path: branch, digest } = this;
    const some = this.conclave === '' ? {} : { parties: this.members };
    return { branch, position, digest, stepId, kind, name, places, ...some };
  }

  /** `members`: the branches are a conclave of these parties. */
  fork(
    stepId: string,
    count: number,
    scope: Scope = this.scope,
    members?: readonly string[],
  ): readonly Branch[] {
    this.#forkedAt = stepId;
    return Array.from({ length: count }, (_, index) => {
      const path = `${stepId}/${index}`;
      return new Branch(path, this, digestOf([this.#digest, 'branch', path]), scope, members);
    });
  }

  close(): void {
    this.#closed = true;
  }

  /** Folds the branches' digests into this one, in the order of the branches, not of their ends. */
  join(branches: readonly Branch[]): void {
    this.#forkedAt = null;
    this.#digest = digestOf([this.#digest, 'join', branches.map((branch) => branch.digest)]);
    for (const branch of branches) branch.#joined = true;
    const lost = this.#parties.filter((party) => branches.some((branch) => !branch.#parties.includes(party)));
    this.lose(lost);
  }

  /** A scope has ended, and has told every party that these are lost. */
  lose(lost: readonly string[]): void {
    if (lost.length === 0) return;
    this.#parties = this.#parties.filter((party) => !lost.includes(party));
    this.#digest = digestOf([this.#digest, 'without', lost]);
  }

  /** The conclave that it forked into is over. Nothing of that enters the digest: other parties know nothing of it. */
  resume(): void {
    this.#forkedAt = null;
  }

  /** A scope has failed: how far each party came in it differs, so only what all agree on enters the digest. */
  abandon(failure: string): void {
    this.#forkedAt = null;
    this.#digest = digestOf([this.#digest, 'failed', failure]);
  }

  /** Whether this branch lies outside of a conclave in which `other` lies. */
  isOutsideOf(other: Branch): boolean {
    const border = other.conclave;
    return border !== '' && this.path !== border && !this.path.startsWith(`${border}/`);
  }

  /** Whether what this branch did comes before what `other` does next in every party's program, whatever the timing. */
  isBefore(other: Branch): boolean {
    let home: Branch = this;
    while (home.#joined && home.parent) home = home.parent;
    for (let at: Branch | null = other; at; at = at.parent) if (at === home) return true;
    return false;
  }
}

const hex = (digest: Buffer): string => digest.toString('hex').slice(0, DIGEST_HEX_DIGITS);

/**
 * What a task does, as far as lockstep can tell: the hash of its source. Paths of files that loaders write into it
 * (`import.meta.url`) differ between machines and say nothing.
 */
export function sourceHash(code: (...args: never[]) => unknown): string {
  const source = Function.prototype.toString.call(code);
  const known = sourceHashes.get(source);
  if (known !== undefined) return known;
  const digest = hash('sha256', source.replace(/(["'`])file:\/\/[^"'`]*\1/g, '"file:"'), 'hex');
  if (sourceHashes.size >= SOURCE_HASHES_MAX) sourceHashes.clear();
  sourceHashes.set(source, digest);
  return digest;
}

/** Sources whose hashes are remembered: a job has some dozens of tasks, and issues the same ones in loops. */
const SOURCE_HASHES_MAX = 1_000;
const sourceHashes = new Map<string, string>();

/** Where a step id stands for a party: issued already, still to come, or never to come. */
export function positionOf(stepId: string): { readonly branch: string; readonly position: number } {
  const cut = stepId.lastIndexOf('/');
  return { branch: cut === -1 ? '' : stepId.slice(0, cut), position: Number(stepId.slice(cut + 1)) };
}
