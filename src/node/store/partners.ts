/** The other parties that the node knows. */
import type { Kysely, Selectable } from 'kysely';
import type { PartnerRow } from '../model/records.ts';
import { didChange, json, parsed } from './row.ts';
import type { Schema } from './schema.ts';

export class PartnersRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(name: string): Promise<PartnerRow | undefined> {
    const row = await this.db.selectFrom('partners').selectAll().where('name', '=', name).executeTakeFirst();
    return row && partnerOf(row);
  }

  /** By name. */
  async list(): Promise<readonly PartnerRow[]> {
    return (await this.db.selectFrom('partners').selectAll().orderBy('name').execute()).map(partnerOf);
  }
}

export class Partners extends PartnersRead {
  /** A new one, or another key or address of one that is known. */
  async put({ name, fingerprint, address, at }: PartnerPut): Promise<void> {
    await this.db
      .insertInto('partners')
      .values({ name, fingerprint, address, addedAt: at, seenAt: null, link: json(null) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ fingerprint, address }))
      .execute();
  }

  /** What is known of the link now. @returns whether the partner is known */
  async seen(name: string, at: number, link: unknown): Promise<boolean> {
    return didChange(
      await this.db
        .updateTable('partners')
        .set({ seenAt: at, link: json(link) })
        .where('name', '=', name)
        .executeTakeFirst(),
    );
  }

  /**
   * With the messages that wait for it. What it has learnt stays known, and which of its messages were taken.
   *
   * @returns whether it was known
   */
  async remove(name: string): Promise<boolean> {
    await this.db.deleteFrom('outbox').where('partner', '=', name).execute();
    return didChange(await this.db.deleteFrom('partners').where('name', '=', name).executeTakeFirst());
  }
}

export interface PartnerPut extends Pick<PartnerRow, 'name' | 'fingerprint' | 'address'> {
  readonly at: number;
}

const partnerOf = (row: Selectable<Schema['partners']>): PartnerRow => ({ ...row, link: parsed(row.link) });
