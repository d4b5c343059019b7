/** Tables of this party under a name, and what partners may ask of them. */
import { z } from 'zod';
import type { PublishedSchema } from '../../data/published-schema.ts';
import { NODE_LIMITS } from './limits.ts';

const name = z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/, 'small letters, digits, - and _, a letter first');
const text = z.string().max(NODE_LIMITS.textCharsMax);

export interface Dataset {
  readonly name: string;
  /** As `src/data/sources` describes it; a credential stands in it as a reference only. */
  readonly source: unknown;
  readonly schema: PublishedSchema;
  /** Who answers for it. */
  readonly owner: string;
  readonly description: string;
  readonly createdAt: number;
}
export const datasetName = name;

/** What a partner may ask of a dataset. Times are milliseconds since 1970. */
export const grantWords = z.strictObject({
  dataset: name,
  partner: z.string().min(1).max(63),
  purpose: text.min(1),
  /** Absent: all that are published. */
  columns: z.array(z.string().min(1)).min(1).optional(),
  /** SQL condition on rows, of the owner's own; absent: all rows. */
  rows: z.string().max(NODE_LIMITS.textCharsMax).optional(),
  /** Below as many rows nothing that is made of them leaves. */
  minimumRows: z.int().min(0),
  /** Runs; absent: any number. */
  usesMax: z.int().min(1).optional(),
  /** A table of which fewer rows have changed since the partner last used it is refused. 0: not looked at. */
  changedRowsMin: z.int().min(0),
  /** Refusals that depended on values; each tells a bit. */
  refusalsMax: z.int().min(0),
  until: z.int().min(0),
});
export interface Grant extends Readonly<z.output<typeof grantWords>> {
  readonly id: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | null;
  /** Runs that have used it. */
  readonly uses: number;
  /** Refusals that depended on values so far. */
  readonly refusals: number;
}
