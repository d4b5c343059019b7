/** Tables of this party under a name. */
import type { Kysely, Selectable } from 'kysely';
import type { PublishedSchema } from '../../data/published-schema.ts';
import type { Dataset } from '../model/dataset.ts';
import { didChange, json, parsed } from './row.ts';
import type { Schema } from './schema.ts';

export class DatasetsRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(name: string): Promise<Dataset | undefined> {
    const row = await this.db.selectFrom('datasets').selectAll().where('name', '=', name).executeTakeFirst();
    return row && datasetOf(row);
  }

  /** By name. */
  async list(): Promise<readonly Dataset[]> {
    return (await this.db.selectFrom('datasets').selectAll().orderBy('name').execute()).map(datasetOf);
  }
}

export class Datasets extends DatasetsRead {
  /** @returns false: the name is taken, and nothing was changed */
  async add(dataset: Dataset): Promise<boolean> {
    const row = { ...dataset, source: json(dataset.source), schema: json(dataset.schema) };
    return didChange(
      await this.db
        .insertInto('datasets')
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }

  /** All but its name and the moment at which it was added. @returns whether it is known */
  async replace({ name, createdAt: _, ...rest }: Dataset): Promise<boolean> {
    const row = { ...rest, source: json(rest.source), schema: json(rest.schema) };
    return didChange(
      await this.db.updateTable('datasets').set(row).where('name', '=', name).executeTakeFirst(),
    );
  }

  /** Its grants stay, for the uses that hang on them: revoke them in the same change. @returns whether it was known */
  async remove(name: string): Promise<boolean> {
    return didChange(await this.db.deleteFrom('datasets').where('name', '=', name).executeTakeFirst());
  }
}

const datasetOf = (row: Selectable<Schema['datasets']>): Dataset => ({
  ...row,
  source: parsed(row.source),
  schema: parsed(row.schema) as PublishedSchema,
});
