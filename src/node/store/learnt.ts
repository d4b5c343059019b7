/**
 * What each partner has learnt from each dataset: the lines of every run, as long as the run is kept, and their sums,
 * which are kept for ever.
 */
import { type Kysely, sql } from 'kysely';
import type { LearntRow, LearntSummary } from '../model/records.ts';
import { json, parsed, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

export class LearntRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  /** By step, kind, type and shape, those told most recently first; of as many lines as a page has. */
  async summary(
    dataset: string,
    partner: string,
    limit = Number.POSITIVE_INFINITY,
  ): Promise<readonly LearntSummary[]> {
    const rows = await this.db
      .selectFrom('learnt')
      .selectAll()
      .where('dataset', '=', dataset)
      .where('partner', '=', partner)
      .orderBy('lastAt', 'desc')
      .orderBy('step')
      .orderBy('kind')
      .orderBy('type')
      .orderBy('shape')
      .limit(rowsOf(limit))
      .execute();
    return rows.map(({ shape, ...row }) => ({ ...row, shape: shapeOf(shape) }));
  }

  /** What one run has told, in its order. */
  async ofRun(runId: string, limit = Number.POSITIVE_INFINITY): Promise<readonly LearntRow[]> {
    const rows = await this.db
      .selectFrom('learntLines')
      .select(['runId', 'dataset', 'partner', 'step', 'kind', 'type', 'shape', 'at'])
      .where('runId', '=', runId)
      .orderBy('seq')
      .limit(rowsOf(limit))
      .execute();
    return rows.map(({ shape, ...row }) => ({ ...row, shape: shapeOf(shape) }));
  }
}

export class Learnt extends LearntRead {
  /**
   * The ledger of a run, whole and once.
   *
   * @returns false: that of this run was added before, and nothing was changed
   */
  async add(runId: string, lines: readonly Omit<LearntRow, 'runId'>[]): Promise<boolean> {
    if ((await this.ofRun(runId, 1)).length > 0) return false;
    const sums = new Map<string, Sum>();
    for (const { at, shape, ...line } of lines) {
      const row = { ...line, shape: json(shape) };
      await this.db
        .insertInto('learntLines')
        .values({ ...row, runId, at })
        .execute();
      const key = json(row);
      const sum = sums.get(key) ?? { ...row, times: 0, firstAt: at, lastAt: at };
      sum.times += 1;
      sum.firstAt = Math.min(sum.firstAt, at);
      sum.lastAt = Math.max(sum.lastAt, at);
      sums.set(key, sum);
    }
    for (const sum of sums.values()) await this.#sum(runId, sum);
    return true;
  }

  async #sum(runId: string, sum: Sum): Promise<void> {
    await this.db
      .insertInto('learnt')
      .values({ ...sum, runs: 1, lastRun: runId })
      .onConflict((conflict) =>
        conflict.columns(['dataset', 'partner', 'step', 'kind', 'type', 'shape']).doUpdateSet({
          times: sql`"learnt"."times" + ${sum.times}`,
          runs: sql`"learnt"."runs" + 1`,
          // Clocks are set back: the first is the earliest, not the one that came first.
          firstAt: sql`case when "learnt"."firstAt" < ${sum.firstAt} then "learnt"."firstAt" else ${sum.firstAt} end`,
          lastAt: sql`case when "learnt"."lastAt" > ${sum.lastAt} then "learnt"."lastAt" else ${sum.lastAt} end`,
          lastRun: runId,
        }),
      )
      .execute();
  }
}

/** Of one run. */
interface Sum extends Omit<LearntRow, 'runId' | 'at' | 'shape'> {
  readonly shape: string;
  times: number;
  firstAt: number;
  lastAt: number;
}

const shapeOf = (text: string): readonly number[] | null => parsed(text) as readonly number[] | null;
