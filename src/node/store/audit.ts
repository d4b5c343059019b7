/**
 * The audit log: lines that are only ever added, each with the digest of the one before, so that one which was
 * changed, removed, inserted or moved is found. The digest of the last line stands beside the log, too, and finds lines
 * that were cut off its end. Someone who may write the whole store can write a whole log anew: against that helps only
 * a head that was kept elsewhere, and is given to `verify` later.
 */
import { createHash } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import { canonical } from '../../base/canonical.ts';
import type { AuditEntry, AuditHead } from '../model/records.ts';
import { STORE_LIMITS } from './limits.ts';
import { json, parsed, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

/** Before the first line. */
export const NO_ENTRY: AuditHead = { seq: 0, digest: '0'.repeat(64) };

/** What a caller says of a line; number and digests are added. */
export type AuditLine = Pick<AuditEntry, 'at' | 'by' | 'what' | 'about' | 'detail'>;

export type AuditVerdict =
  | { readonly isIntact: true; readonly head: AuditHead }
  | { readonly isIntact: false; readonly seq: number; readonly fault: AuditFault; readonly says: string };

/**
 * `changed`: what the line says does not fit its digest. `missing`: a line is not where it was. `misplaced`: one is
 * where none was. `unlinked`: it fits itself, and not the line before: one of the two was written anew. `cut`: lines
 * are gone from the end. `rewritten`: all fits itself, and not a head that was kept elsewhere.
 */
export type AuditFault = 'changed' | 'missing' | 'misplaced' | 'unlinked' | 'cut' | 'rewritten';

/** Follows `before`. */
export function auditEntry(before: AuditHead, line: AuditLine): AuditEntry {
  const { at, by, what, about } = line;
  // As it will be read again: no value that JSON drops or changes is hashed.
  const detail = parsed(json(line.detail)) as AuditEntry['detail'];
  const entry = { seq: before.seq + 1, at, by, what, about, detail, before: before.digest };
  return { ...entry, digest: digestOf(entry) };
}

function digestOf({ seq, at, by, what, about, detail, before }: Omit<AuditEntry, 'digest'>): string {
  return createHash('sha256').update(canonical({ seq, at, by, what, about, detail, before })).digest('hex');
}

export interface AuditExpected {
  /** Where the entries begin: the line before the first of them. Default: the beginning of the log. */
  readonly after?: AuditHead | undefined;
  /** Heads that were kept elsewhere, or the one beside the log: each has to be a line of it. */
  readonly heads?: readonly AuditHead[] | undefined;
}

/** Finds the first line that is not as it was written. */
export function verifyAudit(entries: Iterable<AuditEntry>, expected: AuditExpected = {}): AuditVerdict {
  const check = new AuditCheck(expected);
  for (const entry of entries) {
    const fault = check.add(entry);
    if (fault !== undefined) return fault;
  }
  return check.end();
}

type Fault = AuditVerdict & { readonly isIntact: false };

/** The same for a log that comes in pages. */
export class AuditCheck {
  #head: AuditHead;
  readonly #heads: ReadonlyMap<number, string>;

  constructor({ after = NO_ENTRY, heads = [] }: AuditExpected = {}) {
    this.#head = after;
    this.#heads = new Map(heads.filter(({ seq }) => seq > after.seq).map(({ seq, digest }) => [seq, digest]));
  }

  /** @returns what is wrong with the next line */
  add(entry: AuditEntry): Fault | undefined {
    const due = this.#head.seq + 1;
    const { seq } = entry;
    if (seq > due)
      return fault(
        due,
        'missing',
        due === seq - 1 ? `line ${due} is missing` : `lines ${due} to ${seq - 1} are missing`,
      );
    if (seq < due) return fault(seq, 'misplaced', `a line ${seq} stands behind line ${due - 1}`);
    if (entry.digest !== digestOf(entry)) return fault(seq, 'changed', `line ${seq} was changed`);
    if (entry.before !== this.#head.digest)
      return fault(
        seq,
        'unlinked',
        `line ${seq} does not follow line ${due - 1}: one of them was written anew`,
      );
    const kept = this.#heads.get(seq);
    if (kept !== undefined && kept !== entry.digest)
      return fault(
        seq,
        'rewritten',
        `line ${seq} is not the one whose digest was kept: the log was written anew`,
      );
    this.#head = { seq, digest: entry.digest };
    return undefined;
  }

  end(): AuditVerdict {
    const { seq } = this.#head;
    const last = Math.max(seq, ...this.#heads.keys());
    if (last > seq)
      return fault(seq + 1, 'cut', `the log ended with line ${last}, and ends with line ${seq}`);
    return { isIntact: true, head: this.#head };
  }
}

const fault = (seq: number, kind: AuditFault, says: string): Fault => ({
  isIntact: false,
  seq,
  fault: kind,
  says,
});

export class AuditRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  /** Lines after number `after`, in order; `about` one thing, or about all. */
  async page({
    after = 0,
    limit,
    about,
  }: {
    after?: number;
    limit: number;
    about?: string;
  }): Promise<readonly AuditEntry[]> {
    let query = this.db
      .selectFrom('audit')
      .selectAll()
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(rowsOf(limit));
    if (about !== undefined) query = query.where('about', '=', about);
    return (await query.execute()).map(entryOf);
  }

  /** The newest lines first, for people: the lines before number `before`. */
  async newest({ before, limit }: { before?: number; limit: number }): Promise<readonly AuditEntry[]> {
    let query = this.db.selectFrom('audit').selectAll().orderBy('seq', 'desc').limit(rowsOf(limit));
    if (before !== undefined) query = query.where('seq', '<', before);
    return (await query.execute()).map(entryOf);
  }

  /** As it stands beside the log. To be kept elsewhere. */
  async head(): Promise<AuditHead> {
    const row = await this.db.selectFrom('meta').select('value').where('key', '=', HEAD).executeTakeFirst();
    return row === undefined ? NO_ENTRY : (parsed(row.value) as AuditHead);
  }

  /** The whole log as JSON lines, in order; a page at a time. */
  async *lines(): AsyncGenerator<string, void, undefined> {
    for await (const entry of this.#all()) yield `${canonical(entry)}\n`;
  }

  /**
   * Reads the whole log, and finds the first line that is not as it was written.
   *
   * `heads`: those that were kept elsewhere.
   */
  async verify(heads: readonly AuditHead[] = []): Promise<AuditVerdict> {
    // Read first: lines that are added meanwhile come behind it.
    const check = new AuditCheck({ heads: [...heads, await this.head()] });
    for await (const entry of this.#all()) {
      const found = check.add(entry);
      if (found !== undefined) return found;
    }
    const verdict = check.end();
    const { seq } = await this.head();
    return verdict.isIntact && verdict.head.seq > seq
      ? fault(seq + 1, 'misplaced', `the log was written up to line ${seq}, and has lines behind it`)
      : verdict;
  }

  async *#all(): AsyncGenerator<AuditEntry, void, undefined> {
    for (let after = 0; ; ) {
      const page = await this.page({ after, limit: STORE_LIMITS.pageRowsMax });
      yield* page;
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.seq;
    }
  }
}

/** Of `meta`. */
const HEAD = 'auditHead';

/** The end of the log as the last change has left it; undefined: to be read. There is one writer. */
export interface AuditTail {
  head: AuditHead | undefined;
}

export class Audit extends AuditRead {
  readonly #tail: AuditTail;
  constructor(db: Kysely<Schema>, tail: AuditTail) {
    super(db);
    this.#tail = tail;
  }

  /** @returns the line as it stands in the log, if the change goes through */
  async add(line: AuditLine): Promise<AuditEntry> {
    this.#tail.head ??= await this.head();
    const entry = auditEntry(this.#tail.head, line);
    const head = { seq: entry.seq, digest: entry.digest };
    const value = json(head);
    // Known before it is written: a change may add two lines at once, which are written in this order.
    this.#tail.head = head;
    await this.db
      .insertInto('audit')
      .values({ ...entry, detail: json(entry.detail) })
      .execute();
    await this.db
      .insertInto('meta')
      .values({ key: HEAD, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
      .execute();
    return entry;
  }
}

const entryOf = (row: Selectable<Schema['audit']>): AuditEntry => ({
  ...row,
  detail: parsed(row.detail) as AuditEntry['detail'],
});
