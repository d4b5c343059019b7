/** Rules that people have made, and which proposals each has decided: never purged, as decisions are not. */
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Rule, RuleWords } from '../model/rule.ts';
import { didChange, json, parsed } from './row.ts';
import type { Schema } from './schema.ts';

export class RulesRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(id: string): Promise<Rule | undefined> {
    const row = await this.#rows().where('id', '=', id).executeTakeFirst();
    return row && ruleOf(row);
  }

  /** In the order in which they were made; removed and ended ones, too. */
  async list(): Promise<readonly Rule[]> {
    return (await this.#rows().orderBy('seq').execute()).map(ruleOf);
  }

  /** Those that may still decide, in the same order. */
  async active(now: number): Promise<readonly Rule[]> {
    const rows = await this.#rows()
      .where('removedAt', 'is', null)
      .where('until', '>', now)
      .orderBy('seq')
      .execute();
    return rows.map(ruleOf);
  }

  #rows() {
    return this.db.selectFrom('rules').selectAll().select(USED.as('used'));
  }
}

export class Rules extends RulesRead {
  async add({ id, createdAt, createdBy, removedAt, uses: _, ...words }: Rule): Promise<void> {
    const row = { id, words: json(words), until: words.until, createdAt, createdBy, removedAt };
    await this.db.insertInto('rules').values(row).execute();
  }

  /** @returns false: unknown, or removed before */
  async remove(id: string, at: number): Promise<boolean> {
    return didChange(
      await this.db
        .updateTable('rules')
        .set({ removedAt: at })
        .where('id', '=', id)
        .where('removedAt', 'is', null)
        .executeTakeFirst(),
    );
  }

  /** With the decision, in one change. @returns false: a rule has decided this proposal before */
  async use(rule: string, proposal: string, at: number): Promise<boolean> {
    return didChange(
      await this.db
        .insertInto('rulings')
        .values({ rule, proposal, at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }
}

const USED = sql<number>`(select count(*) from "rulings" where "rulings"."rule" = "rules"."id")`;

type Read = Selectable<Schema['rules']> & { readonly used: number };

const ruleOf = ({ id, words, createdAt, createdBy, removedAt, used }: Read): Rule => ({
  ...(parsed(words) as RuleWords),
  ...{ id, createdAt, createdBy, removedAt, uses: used },
});
