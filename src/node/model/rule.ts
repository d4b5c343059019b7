/** What a person has decided about proposals that are still to come. */
import { z } from 'zod';
import { datasetName } from './dataset.ts';
import { NODE_LIMITS } from './limits.ts';
import { ANSWERS } from './proposal.ts';

const text = z.string().max(NODE_LIMITS.textCharsMax);
const digest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');

/** A condition that is absent is not looked at. Times are milliseconds since 1970. */
export const ruleWords = z.strictObject({
  answer: z.enum(ANSWERS),
  /** Who proposes; absent: any other party. */
  partner: z.string().min(1).max(63).optional(),
  purpose: text.min(1).optional(),
  /** Of this party. A rule that approves: nothing but these; one that refuses: any of these. */
  datasets: z.array(datasetName).min(1).max(1_000).optional(),
  /** Of the packed files of the job, which is what runs. */
  files: digest.optional(),
  contract: digest.optional(),
  /** A proposal that a person has approved: the same files, arguments, datasets and contract again. */
  like: z.string().max(64).optional(),
  /** A proposal that a person has approved: the same datasets here, and nothing disclosed beyond its contract. */
  within: z.string().max(64).optional(),
  /** Runs of one proposal, attempts counted. A rule that approves: no more; one that refuses: more than these. */
  runsMax: z.int().min(1).optional(),
  /** Proposals that it may decide. */
  timesMax: z.int().min(1).optional(),
  until: z.int().min(0),
  /** Told with each decision. */
  reason: text.default(''),
});
export type RuleWords = Readonly<z.output<typeof ruleWords>>;

export interface Rule extends RuleWords {
  readonly id: string;
  readonly createdAt: number;
  /** `person:olga` */
  readonly createdBy: string;
  readonly removedAt: number | null;
  /** Proposals that it has decided. */
  readonly uses: number;
}

/** As decisions name it. */
export const byRule = ({ id }: Pick<Rule, 'id'>): string => `rule:${id}`;
export const ruleNamed = (by: string): string | undefined => /^rule:(.+)$/.exec(by)?.[1];
