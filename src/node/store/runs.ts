/** The history of runs, and when scheduled ones come next. */
import type { Kysely, Updateable } from 'kysely';
import type { RunRow, RunState, ScheduleRow } from '../model/records.ts';
import { STORE_LIMITS } from './limits.ts';
import { didChange, oneMore, type Page, type PageAsked, pageOf, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

const COLUMNS = [
  'seq',
  'runId',
  'proposal',
  'title',
  'occurrence',
  'attempt',
  'state',
  'createdAt',
  'startedAt',
  'endedAt',
  'code',
  'origin',
  'incident',
  'reportDigest',
] as const;

/** Those that have not ended. */
const ACTIVE: readonly RunState[] = ['waiting', 'starting', 'running'];

/** What becomes of a run; the rest of it never changes. */
export type RunChange = Partial<
  Omit<RunRow, 'runId' | 'proposal' | 'title' | 'occurrence' | 'attempt' | 'createdAt'>
>;

/** Which runs of the history go; those that wait or run never do. */
export type OldRuns =
  /** Those that ended before a moment. */
  | { readonly endedBefore: number }
  /** All but the newest so many. */
  | { readonly keep: number };

export class RunsRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(runId: string): Promise<RunRow | undefined> {
    const row = await this.db
      .selectFrom('runs')
      .select(COLUMNS)
      .where('runId', '=', runId)
      .executeTakeFirst();
    return row && rowOf(row);
  }

  /** The newest first, by the order in which they were added. */
  async list(
    asked: PageAsked & { readonly state?: RunState; readonly proposal?: string },
  ): Promise<Page<RunRow>> {
    let query = this.db.selectFrom('runs').select(COLUMNS).orderBy('seq', 'desc').limit(oneMore(asked));
    if (asked.state !== undefined) query = query.where('state', '=', asked.state);
    if (asked.proposal !== undefined) query = query.where('proposal', '=', asked.proposal);
    if (asked.before !== undefined) query = query.where('seq', '<', asked.before);
    return pageOf(await query.execute(), asked, rowOf);
  }

  /** Those whose id begins so (letters, digits and - only), in the order of their ids. */
  async beginning(words: string, limit: number): Promise<readonly RunRow[]> {
    const rows = await this.db
      .selectFrom('runs')
      .select(COLUMNS)
      .where('runId', 'like', `${words}%`)
      .orderBy('runId')
      .limit(rowsOf(limit))
      .execute();
    return rows.map(rowOf);
  }

  /** All that wait or run, the oldest first: what a node that starts has to look after. */
  async active(): Promise<readonly RunRow[]> {
    const rows = await this.db
      .selectFrom('runs')
      .select(COLUMNS)
      .where('state', 'in', ACTIVE)
      .orderBy('seq')
      .execute();
    return rows.map(rowOf);
  }

  /** Ids of runs that are old, the oldest first, as many as one change may purge: again until none is left. */
  async old(rule: OldRuns): Promise<readonly string[]> {
    let query = this.db
      .selectFrom('runs')
      .select('runId')
      .where('state', 'not in', ACTIVE)
      .orderBy('seq')
      .limit(STORE_LIMITS.purgeRunsMax);
    if ('endedBefore' in rule) query = query.where('endedAt', '<', rule.endedBefore);
    else {
      const newest = await this.db
        .selectFrom('runs')
        .select('seq')
        .orderBy('seq', 'desc')
        .limit(1)
        .offset(rule.keep)
        .executeTakeFirst();
      query = query.where('seq', '<=', newest?.seq ?? 0);
    }
    return (await query.execute()).map(({ runId }) => runId);
  }

  async ofIncident(incident: string): Promise<RunRow | undefined> {
    const row = await this.db
      .selectFrom('runs')
      .select(COLUMNS)
      .where('incident', '=', incident)
      .executeTakeFirst();
    return row && rowOf(row);
  }

  /** How many runs there are in each state that any is in. */
  async counts(): Promise<Readonly<Partial<Record<RunState, number>>>> {
    const rows = await this.db
      .selectFrom('runs')
      .select(['state', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }
}

export class Runs extends RunsRead {
  /** @returns false: this attempt is known already, and nothing was changed */
  async add(run: RunRow): Promise<boolean> {
    return didChange(
      await this.db
        .insertInto('runs')
        .values(run)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }

  /** @returns whether it is known */
  async set(runId: string, change: RunChange): Promise<boolean> {
    const row: Updateable<Schema['runs']> = change;
    return didChange(
      await this.db.updateTable('runs').set(row).where('runId', '=', runId).executeTakeFirst(),
    );
  }

  /**
   * Forgets runs that have ended, with the lines of what each has told; what partners have learnt, uses, refusals and
   * the audit log stay.
   */
  async purge(runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) return;
    await this.db.deleteFrom('runs').where('runId', 'in', runIds).where('state', 'not in', ACTIVE).execute();
  }
}

export class SchedulesRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(proposal: string): Promise<ScheduleRow | undefined> {
    return this.db.selectFrom('schedules').selectAll().where('proposal', '=', proposal).executeTakeFirst();
  }

  /** Those that come next first; those of which nothing is left last. */
  async list(limit: number): Promise<readonly ScheduleRow[]> {
    return this.db
      .selectFrom('schedules')
      .selectAll()
      .orderBy(({ eb }) => eb('nextAt', 'is', null))
      .orderBy('nextAt')
      .orderBy('proposal')
      .limit(rowsOf(limit))
      .execute();
  }

  /** Those whose moment has come, the longest due first. */
  async due(now: number, limit: number): Promise<readonly ScheduleRow[]> {
    return this.db
      .selectFrom('schedules')
      .selectAll()
      .where('nextAt', '<=', now)
      .orderBy('nextAt')
      .orderBy('proposal')
      .limit(rowsOf(limit))
      .execute();
  }
}

export class Schedules extends SchedulesRead {
  async set({ proposal, nextOccurrence, nextAt }: ScheduleRow): Promise<void> {
    await this.db
      .insertInto('schedules')
      .values({ proposal, nextOccurrence, nextAt })
      .onConflict((conflict) => conflict.column('proposal').doUpdateSet({ nextOccurrence, nextAt }))
      .execute();
  }

  /** @returns whether there was one */
  async remove(proposal: string): Promise<boolean> {
    return didChange(
      await this.db.deleteFrom('schedules').where('proposal', '=', proposal).executeTakeFirst(),
    );
  }
}

function rowOf({ seq: _, ...row }: RunRow & { readonly seq: number }): RunRow {
  return row;
}
