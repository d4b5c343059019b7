/** What partners may ask of datasets, and the memory of what they have asked: uses and refusals are never purged. */
import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely';
import type { Grant } from '../model/dataset.ts';
import type { UseRow } from '../model/records.ts';
import { didChange, json, parsed, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

/** Whose uses of what, and in which time. */
export interface UsesAsked {
  readonly dataset: string;
  readonly partner: string;
  /** At that moment or later. */
  readonly from?: number | undefined;
  /** Before that moment. */
  readonly to?: number | undefined;
}

export class GrantsRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  /** With its uses and refusals so far. */
  async get(id: string): Promise<Grant | undefined> {
    const row = await this.#rows().where('id', '=', id).executeTakeFirst();
    return row && grantOf(row);
  }

  /** In the order in which they were given; revoked and expired ones, too. */
  async list(
    asked: { readonly dataset?: string; readonly partner?: string } = {},
  ): Promise<readonly Grant[]> {
    let query = this.#rows().orderBy('seq');
    if (asked.dataset !== undefined) query = query.where('dataset', '=', asked.dataset);
    if (asked.partner !== undefined) query = query.where('partner', '=', asked.partner);
    return (await query.execute()).map(grantOf);
  }

  /** How many runs of a partner have used a dataset, each counted once. */
  runs(asked: UsesAsked): Promise<number> {
    return this.#count('uses', sql<number>`count(distinct "runId")`, asked);
  }

  /** How many refusals have depended on values; each tells a bit. */
  refusals(asked: UsesAsked): Promise<number> {
    return this.#count('refusals', sql<number>`count(*)`, asked);
  }

  /** The use of a dataset by a partner that was noted last: by order, not by clock. */
  async lastUse(dataset: string, partner: string): Promise<UseRow | undefined> {
    const row = await this.db
      .selectFrom('uses')
      .select(['grant', 'runId', 'dataset', 'partner', 'at', 'table'])
      .where('dataset', '=', dataset)
      .where('partner', '=', partner)
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && { ...row, table: parsed(row.table) };
  }

  /** What a run has noted as its uses. */
  async usesOf(runId: string): Promise<readonly Omit<UseRow, 'table'>[]> {
    return this.db
      .selectFrom('uses')
      .select(['grant', 'runId', 'dataset', 'partner', 'at'])
      .where('runId', '=', runId)
      .orderBy('seq')
      .execute();
  }

  /** Runs that have used a grant, the newest first. */
  async usedBy(grant: string, limit: number): Promise<readonly Pick<UseRow, 'runId' | 'at'>[]> {
    return this.db
      .selectFrom('uses')
      .select(['runId', 'at'])
      .where('grant', '=', grant)
      .orderBy('seq', 'desc')
      .limit(rowsOf(limit))
      .execute();
  }

  async #count(table: 'uses' | 'refusals', what: RawBuilder<number>, asked: UsesAsked): Promise<number> {
    // Both tables have the columns that are used here.
    let query = this.db
      .selectFrom(table as 'uses')
      .select(what.as('count'))
      .where('dataset', '=', asked.dataset)
      .where('partner', '=', asked.partner);
    if (asked.from !== undefined) query = query.where('at', '>=', asked.from);
    if (asked.to !== undefined) query = query.where('at', '<', asked.to);
    return (await query.executeTakeFirstOrThrow()).count;
  }

  #rows() {
    return this.db
      .selectFrom('grants')
      .selectAll()
      .select([USED.as('used'), REFUSED.as('refused')]);
  }
}

export class Grants extends GrantsRead {
  async add({ uses: _uses, refusals: _refusals, ...grant }: Grant): Promise<void> {
    const { columns, rows = null, usesMax = null } = grant;
    const row = { ...grant, columns: columns === undefined ? null : json(columns), rows, usesMax };
    await this.db.insertInto('grants').values(row).execute();
  }

  /** @returns false: unknown, or revoked before */
  async revoke(id: string, at: number): Promise<boolean> {
    return didChange(
      await this.db
        .updateTable('grants')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst(),
    );
  }

  /** A run begins to use a grant. @returns false: it was noted before */
  async use({ table, ...use }: UseRow): Promise<boolean> {
    return didChange(
      await this.db
        .insertInto('uses')
        .values({ ...use, table: json(table) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }

  /** A run was refused for what the values were. @returns false: that of the same step was noted before */
  async refuse(refusal: Omit<UseRow, 'table'> & { readonly step: string }): Promise<boolean> {
    return didChange(
      await this.db
        .insertInto('refusals')
        .values(refusal)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }
}

const USED = sql<number>`(select count(*) from "uses" where "uses"."grant" = "grants"."id")`;
const REFUSED = sql<number>`(select count(*) from "refusals" where "refusals"."grant" = "grants"."id")`;

type Read = Selectable<Schema['grants']> & { readonly used: number; readonly refused: number };

function grantOf({ seq: _, used, refused, columns, rows, usesMax, ...row }: Read): Grant {
  return {
    ...row,
    ...(columns !== null && { columns: parsed(columns) as string[] }),
    ...(rows !== null && { rows }),
    ...(usesMax !== null && { usesMax }),
    uses: used,
    refusals: refused,
  };
}
