/**
 * Which rule decides about a proposal. Pure: of what is stored, so that a node that was killed decides the same again.
 * Refusals come first; an approval needs all that a person's approval needs.
 */
import { canonical } from '../../base/canonical.ts';
import { compareContracts } from '../../observe/contract/compare.ts';
import { contractDigest, readContract } from '../../observe/contract/contract.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import type { Rule, RuleWords } from '../model/rule.ts';
import { datasetsOf, isSamePurpose } from './grants.ts';

export interface AskedOfRules {
  readonly self: string;
  readonly document: ProposalDocument;
  /** `person:ann`, of this party's own proposal. */
  readonly proposedBy: string | undefined;
  /** What keeps this party from approving. */
  readonly problems: readonly string[];
  /** The proposals that rules name, by id. */
  readonly examples: ReadonlyMap<string, ProposalDocument>;
  readonly selfApproval: boolean;
  readonly now: number;
}

export interface Ruling {
  /** The one that decides; undefined: a person has to. */
  readonly rule: Rule | undefined;
  /** Why those that approve for this partner do not. */
  readonly whys: readonly { readonly rule: Rule; readonly why: string }[];
}

export function rulingOf(rules: readonly Rule[], asked: AskedOfRules): Ruling {
  const fitting = rules.map((rule) => ({ rule, why: whyNot(rule, asked) }));
  const fits = (answer: Rule['answer']): Rule | undefined =>
    fitting.find(({ rule, why }) => rule.answer === answer && why === undefined)?.rule;
  const whys = fitting.flatMap(({ rule, why }) =>
    why !== undefined && rule.answer === 'approved' && isOf(rule, asked) ? [{ rule, why }] : [],
  );
  return { rule: fits('refused') ?? fits('approved'), whys };
}

/** Why words may not be a rule: one that approves without limits would approve anything. */
export function rulesNothing(words: RuleWords): string | undefined {
  const { answer, like, within, contract, partner, purpose } = words;
  if (answer === 'refused')
    return like === undefined && within === undefined
      ? undefined
      : 'a rule that refuses names what it refuses: its partner, purpose, datasets, files or contract';
  if (like !== undefined && within !== undefined) return 'like and within exclude each other';
  if (like !== undefined || within !== undefined) return undefined;
  if (contract !== undefined && partner !== undefined && purpose !== undefined) return undefined;
  return 'a rule that approves needs a proposal that a person has approved (like, within), or a contract with a partner and a purpose: otherwise it would approve anything';
}

/** Runs that one approval of a proposal lets happen. */
export const runsOf = ({ schedule, attemptsMax }: ProposalDocument): number =>
  (schedule?.occurrencesMax ?? 1) * attemptsMax;

function whyNot(rule: Rule, asked: AskedOfRules): string | undefined {
  const { document, now } = asked;
  if (rule.removedAt !== null) return 'is removed';
  if (rule.until <= now) return `ended ${new Date(rule.until).toISOString()}`;
  if (rule.timesMax !== undefined && rule.uses >= rule.timesMax)
    return `has decided ${rule.uses} proposals, and is for no more`;
  if (!isOf(rule, asked)) return `is for proposals of ${rule.partner ?? 'partners'}`;
  if (rule.purpose !== undefined && !isSamePurpose(rule.purpose, document.purpose))
    return `is for "${rule.purpose}"`;
  if (rule.files !== undefined && rule.files !== document.job.bundle) return 'is for other files of a job';
  if (rule.contract !== undefined && rule.contract !== digestOf(document)) return 'is for another contract';
  return rule.answer === 'approved' ? whyNotApproved(rule, asked) : whyNotRefused(rule, asked);
}

const isOf = ({ partner }: Rule, { self, document: { proposer } }: AskedOfRules): boolean =>
  partner === undefined ? proposer !== self : proposer === partner;

function whyNotRefused({ datasets, runsMax }: Rule, { document, self }: AskedOfRules): string | undefined {
  const own = datasetsOf(document, self).map(([, name]) => name);
  if (datasets?.some((name) => own.includes(name)) === false) return 'is for other datasets';
  if (runsMax !== undefined && runsOf(document) <= runsMax) return `is for more than ${countRuns(runsMax)}`;
  return undefined;
}

function whyNotApproved(rule: Rule, asked: AskedOfRules): string | undefined {
  const { datasets, runsMax, like, within } = rule;
  const { document, self, problems, proposedBy, selfApproval } = asked;
  const beyond = datasetsOf(document, self).find(([, name]) => datasets?.includes(name) === false);
  if (beyond !== undefined) return `is not for the dataset ${beyond[1]}`;
  const runs = runsOf(document);
  if (runs > (runsMax ?? 1))
    return `is for at most ${countRuns(runsMax ?? 1)} of a proposal, and this has ${runs}`;
  const example = like ?? within;
  if (example !== undefined) {
    const why = unlike(document, asked.examples.get(example), like !== undefined, self);
    if (why !== undefined) return `is like ${example.slice(0, 12)}: ${why}`;
  }
  if (proposedBy === rule.createdBy && !selfApproval)
    return `was made by ${rule.createdBy}, who has proposed it`;
  return problems.length > 0 ? `would approve, but ${problems.join('; ')}` : undefined;
}

/** In what a proposal is not the one that a person has approved. */
function unlike(
  document: ProposalDocument,
  example: ProposalDocument | undefined,
  isSame: boolean,
  self: string,
): string | undefined {
  if (example === undefined) return 'that proposal is not known';
  const differs = (what: (one: ProposalDocument) => unknown): boolean =>
    canonical(what(document)) !== canonical(what(example));
  if (differs(({ parties }) => parties)) return 'its parties are others';
  if (!isSame) {
    if (differs(({ datasets }) => datasets[self] ?? {})) return 'its datasets here are others';
    const [more] = compareContracts(readContract(example.contract), readContract(document.contract)).more;
    return more === undefined ? undefined : `beyond its contract: ${more.text}`;
  }
  if (differs(({ job }) => [job.file, job.bundle])) return 'its files are others';
  if (differs(({ args }) => args)) return 'its arguments are others';
  if (differs(({ datasets }) => datasets)) return 'its datasets are others';
  if (differs(({ outputs }) => outputs)) return 'what it writes is called otherwise';
  return digestOf(document) === digestOf(example) ? undefined : 'its contract is another';
}

const digestOf = ({ contract }: ProposalDocument): string => contractDigest(readContract(contract));

const countRuns = (runs: number): string => `${runs} ${runs === 1 ? 'run' : 'runs'}`;

/** A rule in words, for those who list rules. */
export function ruleText(rule: Rule): string {
  const { answer, partner, purpose, datasets, files, contract, like, within, runsMax, timesMax } = rule;
  const isYes = answer === 'approved';
  const said = (is: boolean, words: string): string => (is ? words : '');
  return [
    `${isYes ? 'approves' : 'refuses'} what ${partner ?? 'any partner'} proposes`,
    said(purpose !== undefined, ` for "${purpose}"`),
    said(
      like !== undefined,
      `, if it is ${like?.slice(0, 12)} again: the same files, arguments, datasets and contract`,
    ),
    said(
      within !== undefined,
      `, if it discloses nothing beyond the contract of ${within?.slice(0, 12)} and has the same datasets here`,
    ),
    said(contract !== undefined, `, with the contract ${contract?.slice(0, 12)}`),
    said(files !== undefined, `, with the files ${files?.slice(0, 12)}`),
    said(datasets !== undefined, `, of ${isYes ? 'nothing but' : 'any of'} ${datasets?.join(', ')}`),
    isYes
      ? `, at most ${countRuns(runsMax ?? 1)} of each`
      : said(runsMax !== undefined, `, with more than ${countRuns(runsMax ?? 1)}`),
    said(timesMax !== undefined, `, at most ${timesMax} proposals`),
  ].join('');
}
