/**
 * Lockstep: each party's trail of issued steps, and the search for the first difference between two trails. Digests
 * roll, so equal digests at a position mean equal steps up to it.
 */
import { STEP_KIND_WORDS, type TrailEntry } from './failure.ts';
import { cutBytes } from './failure-text.ts';
import { SHORT_NAME_BYTES_MAX } from './limits.ts';

/** Entries of one branch that are kept for naming a first difference; older ones are proven equal by later digests. */
export const TRAIL_ENTRIES_MAX = 256;
/** Branches whose trails are kept; the oldest go first. Bounds memory for programs with very many parallel branches. */
export const TRAIL_BRANCHES_MAX = 64;
/** Heads that one heartbeat carries: the branches that moved last. Keeps a heartbeat under 1 KB. */
export const HEADS_MAX = 8;

/** Where a party's branch stands: its last step's position and the digest there. */
export interface TrailHead {
  readonly branch: string;
  readonly position: number;
  readonly digest: string;
}

/** How far a program came: the number of steps of its main branch and the digest after the last. */
export interface Fin {
  readonly steps: number;
  readonly digest: string;
}

export interface Trail {
  /** By branch, the one that moved last at the end. */
  readonly branches: ReadonlyMap<string, readonly TrailEntry[]>;
  /** Heads that peers reported beyond this party's own: compared when it gets there. */
  readonly pending: readonly { readonly peer: number; readonly head: TrailHead }[];
}

export const emptyTrail: Trail = { branches: new Map(), pending: [] };

export function extend(trail: Trail, entries: readonly TrailEntry[]): Trail {
  const branches = new Map(trail.branches);
  const touched = new Map<string, TrailEntry[]>();
  for (const entry of entries) {
    const added = touched.get(entry.branch) ?? [...(branches.get(entry.branch) ?? [])];
    added.push(entry);
    touched.set(entry.branch, added);
  }
  for (const [branch, added] of touched) {
    branches.delete(branch);
    branches.set(branch, added.slice(-TRAIL_ENTRIES_MAX));
  }
  for (const branch of branches.keys()) {
    if (branches.size <= TRAIL_BRANCHES_MAX) break;
    if (branch !== '') branches.delete(branch);
  }
  return { ...trail, branches };
}

/** The branch that issued a step: the path without its last number. */
export const branchOf = (stepId: string): string => stepId.slice(0, Math.max(0, stepId.lastIndexOf('/')));

/** The heads that a peer is told of: of the branches that it executes, too. */
export function heads(trail: Trail, peer: string): readonly TrailHead[] {
  const lasts = [...trail.branches.values()].flatMap((entries) => entries.at(-1) ?? []);
  return lasts
    .filter(({ parties }) => parties === undefined || parties.includes(peer))
    .slice(-HEADS_MAX)
    .map(({ branch, position, digest }) => ({ branch, position, digest }));
}

/**
 * Whether a peer's head agrees with this trail; 'later' when this party has not come that far, or no longer remembers.
 */
export function compareHead(trail: Trail, head: TrailHead): 'equal' | 'different' | 'later' | 'forgotten' {
  const entries = trail.branches.get(head.branch);
  const first = entries?.[0];
  if (entries === undefined || first === undefined) return 'later';
  if (head.position < first.position) return 'forgotten';
  const mine = entries[head.position - first.position];
  if (mine === undefined) return 'later';
  return mine.digest === head.digest ? 'equal' : 'different';
}

/** The entries of a branch up to a position, for a peer to compare with its own. */
export function entriesUpTo(trail: Trail, branch: string, position: number): readonly TrailEntry[] {
  return (trail.branches.get(branch) ?? []).filter((entry) => entry.position <= position);
}

/** Whether a branch goes on after a position. */
export function hasStepsAfter(trail: Trail, branch: string, position: number): boolean {
  return (trail.branches.get(branch)?.at(-1)?.position ?? -1) > position;
}

export interface Difference {
  readonly stepId: string;
  readonly mine: TrailEntry | null;
  readonly theirs: TrailEntry | null;
}

/**
 * The first position at which a peer's entries differ from this trail; null when no difference can be seen (yet).
 * `theyEnded` / `weEnded`: the program of that side is through, so that a missing step is a difference.
 */
export function firstDifference(
  trail: Trail,
  branch: string,
  theirs: readonly TrailEntry[],
  theyEnded: boolean,
  weEnded: boolean,
): Difference | null {
  const own = trail.branches.get(branch) ?? [];
  for (const their of theirs) {
    const mine = own.find((entry) => entry.position === their.position) ?? null;
    if (mine === null && (!weEnded || (own[0]?.position ?? 0) > their.position)) continue;
    if (mine?.digest !== their.digest) return { stepId: their.stepId, mine, theirs: their };
  }
  const next = own.find((entry) => entry.position === (theirs.at(-1)?.position ?? -1) + 1);
  return theyEnded && next ? { stepId: next.stepId, mine: next, theirs: null } : null;
}

/** A step in words, for people: names are the program's own, hence public. */
export function describe(entry: TrailEntry | null): string {
  if (entry === null) return 'end of the program';
  // As short as a peer's is: what is alike must read alike.
  const name = cutBytes(entry.name, SHORT_NAME_BYTES_MAX);
  return `step ${entry.stepId} "${name}" (${STEP_KIND_WORDS[entry.kind]} at ${entry.places.join(', ')})`;
}
