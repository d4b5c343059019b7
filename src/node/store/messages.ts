/** Messages to partners until they have them, and which of theirs were taken: each is handled once. */
import type { Kysely } from 'kysely';
import { EnvironmentError } from '../../base/errors.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { OutboxRow } from '../model/records.ts';
import { didChange, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

/**
 * Ids of taken messages that are kept of each partner, the newest. A partner sends again only what waits in its outbox,
 * in order, so that one which is older than twice an outbox never comes again.
 */
const TAKEN_KEPT = 2 * NODE_LIMITS.outboxMessagesMax;
/** Taken messages between two prunings. */
const PRUNE_EVERY = 256;

export class OutboxRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  /** What a partner is to be sent next, in order. */
  async next(partner: string, limit: number): Promise<readonly OutboxRow[]> {
    return this.db
      .selectFrom('outbox')
      .selectAll()
      .where('partner', '=', partner)
      .orderBy('seq')
      .limit(rowsOf(limit))
      .execute();
  }

  /** How many messages wait, for each partner that has any. */
  async waiting(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.db
      .selectFrom('outbox')
      .select(['partner', ({ fn }) => fn.countAll<number>().as('count')])
      .groupBy('partner')
      .execute();
    return Object.fromEntries(rows.map(({ partner, count }) => [partner, count]));
  }
}

export class Outbox extends OutboxRead {
  /**
   * @returns false: a message of that id waits already
   * @throws {EnvironmentError} PRIVITY_NODE_OUTBOX_FULL
   */
  async put({ partner, messageId, body, createdAt }: Omit<OutboxRow, 'seq'>): Promise<boolean> {
    const result = await this.db
      .insertInto('outbox')
      .columns(['partner', 'messageId', 'body', 'createdAt'])
      .expression(
        this.db
          .selectNoFrom(({ cast, val }) => [
            cast<string>(val(partner), 'text').as('partner'),
            cast<string>(val(messageId), 'text').as('messageId'),
            cast<string>(val(body), 'text').as('body'),
            cast<number>(val(createdAt), 'bigint').as('createdAt'),
          ])
          .where(({ not, exists }) => not(exists(this.#last(partner)))),
      )
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (didChange(result)) return true;
    const waiting = await this.db
      .selectFrom('outbox')
      .select('seq')
      .where('partner', '=', partner)
      .where('messageId', '=', messageId)
      .executeTakeFirst();
    if (waiting !== undefined) return false;
    throw new EnvironmentError(
      'PRIVITY_NODE_OUTBOX_FULL',
      `${NODE_LIMITS.outboxMessagesMax} messages wait for ${partner}`,
      { party: partner },
    );
  }

  /** The message behind which no more is taken. */
  #last(partner: string) {
    return this.db
      .selectFrom('outbox')
      .select('seq')
      .where('partner', '=', partner)
      .orderBy('seq')
      .offset(NODE_LIMITS.outboxMessagesMax - 1)
      .limit(1);
  }

  /** The partner has it. @returns false: it was acknowledged before */
  async acknowledged(partner: string, messageId: string): Promise<boolean> {
    return didChange(
      await this.db
        .deleteFrom('outbox')
        .where('partner', '=', partner)
        .where('messageId', '=', messageId)
        .executeTakeFirst(),
    );
  }
}

/** Only within a change: that a message was taken stands in the same transaction as what it led to. */
export class Inbox {
  readonly #db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** @returns false: it was taken before, and is to be acknowledged without doing anything */
  async take(partner: string, messageId: string, at: number): Promise<boolean> {
    const taken = await this.#db
      .insertInto('inbox')
      .values({ partner, messageId, at })
      .onConflict((conflict) => conflict.doNothing())
      .returning('seq')
      .executeTakeFirst();
    if (taken === undefined) return false;
    if (taken.seq % PRUNE_EVERY === 0) await this.#pruneAll();
    return true;
  }

  /** Of all partners: none of them can choose its moments such that its own are never pruned. */
  async #pruneAll(): Promise<void> {
    for (const { name } of await this.#db.selectFrom('partners').select('name').execute())
      await this.prune(name, TAKEN_KEPT);
  }

  /** Forgets all but the newest of a partner. */
  async prune(partner: string, kept: number): Promise<void> {
    const oldest = await this.#db
      .selectFrom('inbox')
      .select('seq')
      .where('partner', '=', partner)
      .orderBy('seq', 'desc')
      .offset(kept)
      .limit(1)
      .executeTakeFirst();
    if (oldest === undefined) return;
    await this.#db
      .deleteFrom('inbox')
      .where('partner', '=', partner)
      .where('seq', '<=', oldest.seq)
      .execute();
  }
}
