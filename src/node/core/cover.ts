/** Beside a proposal, for who decides about it: which grants would cover it, and what to think of. Pure. */
import type { Contract } from '../../observe/contract/contract.ts';
import { isOpenEnded } from '../../observe/contract/sentences.ts';
import type { Dataset, Grant } from '../model/dataset.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import { coveringGrant, datasetsOf } from './grants.ts';
import { runsOf } from './ruling.ts';

/** One dataset of this party that is asked for, under a grant. */
export interface Cover {
  readonly setting: string;
  readonly dataset: string;
  readonly grant: string;
  readonly purpose: string;
  readonly columns: readonly string[];
  /** Published, and not granted: a job that asks for one of them fails. */
  readonly keptBack: readonly string[];
  /** The condition on rows; null: all rows. */
  readonly rows: string | null;
  readonly minimumRows: number;
  /** Null: any number. */
  readonly runsLeft: number | null;
  /** Refusals that depend on values: one more than these, and it covers nothing. */
  readonly refusalsLeft: number;
  readonly until: number;
}

/** Of a partner's proposal; what no grant covers is a problem, which is told elsewhere. */
export function coversOf(
  document: ProposalDocument,
  self: string,
  grants: readonly Grant[],
  datasets: ReadonlyMap<string, Dataset>,
  now: number,
): readonly Cover[] {
  const { proposer: partner, purpose } = document;
  if (partner === self) return [];
  return datasetsOf(document, self).flatMap(([setting, name]) => {
    const found = coveringGrant(grants, { dataset: name, partner, purpose, now });
    if ('why' in found) return [];
    const { grant } = found;
    const all = datasets.get(name)?.schema.columns.map((column) => column.name) ?? [];
    const columns = grant.columns ?? all;
    return [
      {
        ...{ setting, dataset: name, grant: grant.id, purpose: grant.purpose, columns },
        keptBack: all.filter((column) => !columns.includes(column)),
        rows: grant.rows ?? null,
        minimumRows: grant.minimumRows,
        runsLeft: grant.usesMax === undefined ? null : Math.max(0, grant.usesMax - grant.uses),
        refusalsLeft: Math.max(0, grant.refusalsMax - grant.refusals),
        until: grant.until,
      },
    ];
  });
}

/** Sentences that keep nobody from approving, and should be read before. */
export function warningsOf(
  document: ProposalDocument,
  contract: Contract,
  covers: readonly Cover[],
): readonly string[] {
  const runs = runsOf(document);
  const ends = document.schedule?.until ?? document.expiresAt;
  const open = [...new Set(contract.discloses.filter(isOpenEnded).map(({ step }) => step))];
  return [
    ...(runs > 1
      ? [`one approval is for up to ${runs} runs, attempts counted: each of them may tell all of the above`]
      : []),
    ...open.map((step) => `the contract sets no limit to how much, or how often, is told in step "${step}"`),
    ...(contract.rehearsed === undefined
      ? ['the contract was written by hand: no rehearsal has shown that the job keeps to it']
      : []),
    ...distinct(covers).flatMap((cover) => coverWarnings(cover, runs, ends)),
  ];
}

/** A grant that covers two settings is warned of once. */
const distinct = (covers: readonly Cover[]): readonly Cover[] => [
  ...new Map(covers.map((cover) => [cover.grant, cover])).values(),
];

function coverWarnings(
  { grant, rows, runsLeft, refusalsLeft, until, dataset }: Cover,
  runs: number,
  ends: number,
) {
  return [
    ...(runsLeft !== null && runsLeft < runs
      ? [`it may run ${runs} times, and the grant ${grant} has ${runsLeft} left: the others will not begin`]
      : []),
    ...(until < ends
      ? [`the grant ${grant} ends before the proposal does: what is due later will not begin`]
      : []),
    ...(refusalsLeft === 0
      ? [`the grant ${grant} has no refusals left: the next one that depends on values ends it`]
      : []),
    ...(rows === null
      ? []
      : [`of ${dataset} only rows with ${rows} are in it, and what it tells is of those`]),
  ];
}
