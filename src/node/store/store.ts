/**
 * What a node keeps: opened once, by one node. Reading is free; writing is `change`, and nothing else: what one change
 * writes is kept together, or not at all, and is durable when its promise resolves.
 *
 * @example
 * const store = await openStore({ owner, place: { folder }, clock });
 * await store.change(async (tx) => {
 *   await tx.proposals.set(id, { state: 'approved', life, at });
 *   await tx.outbox.put({ partner: 'bob', messageId, body, createdAt: at });
 *   await tx.audit.add({ at, by: 'person:ann', what: 'proposal.approved', about: id, detail: {} });
 * });
 */
import type { Kysely } from 'kysely';
import type { PrivityError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/index.ts';
import { Audit, AuditRead, type AuditTail } from './audit.ts';
import type { Backend } from './backend.ts';
import { Changes } from './changes.ts';
import { Datasets, DatasetsRead } from './datasets.ts';
import { type EmbeddedPlace, openEmbedded } from './embedded.ts';
import { Grants, GrantsRead } from './grants.ts';
import { Learnt, LearntRead } from './learnt.ts';
import { Inbox, Outbox, OutboxRead } from './messages.ts';
import { prepare, type StoreOwner } from './migrations.ts';
import { Partners, PartnersRead } from './partners.ts';
import { openPostgres, type PostgresPlace } from './postgres.ts';
import { Proposals, ProposalsRead } from './proposals.ts';
import { Rules, RulesRead } from './rules.ts';
import { Runs, RunsRead, Schedules, SchedulesRead } from './runs.ts';
import type { Schema } from './schema.ts';
import { Tokens, TokensRead } from './tokens.ts';

export interface StoreOptions {
  readonly owner: StoreOwner;
  /** A state folder, or a PostgreSQL database that has only this store in it. */
  readonly place: EmbeddedPlace | PostgresPlace;
  readonly clock: Clock;
  /** This node may not write any more; it should end. Told once, of PostgreSQL only. */
  readonly onLost?: ((error: PrivityError) => void) | undefined;
}

/** All that can be read, outside of a change as within it. */
const readsOf = (db: Kysely<Schema>) => ({
  partners: new PartnersRead(db),
  datasets: new DatasetsRead(db),
  grants: new GrantsRead(db),
  rules: new RulesRead(db),
  proposals: new ProposalsRead(db),
  runs: new RunsRead(db),
  schedules: new SchedulesRead(db),
  learnt: new LearntRead(db),
  outbox: new OutboxRead(db),
  audit: new AuditRead(db),
  tokens: new TokensRead(db),
});

/** The same within a change, which sees what it has written itself. */
const writesOf = (db: Kysely<Schema>, tail: AuditTail) => ({
  partners: new Partners(db),
  datasets: new Datasets(db),
  grants: new Grants(db),
  rules: new Rules(db),
  proposals: new Proposals(db),
  runs: new Runs(db),
  schedules: new Schedules(db),
  learnt: new Learnt(db),
  outbox: new Outbox(db),
  inbox: new Inbox(db),
  audit: new Audit(db, tail),
  tokens: new Tokens(db),
});

export type StoreReads = Readonly<ReturnType<typeof readsOf>>;
/** Of one change; of no use after it. */
export type StoreChange = Readonly<ReturnType<typeof writesOf>>;

export interface NodeStore extends StoreReads {
  /** Where it is, for messages: without credentials. */
  readonly place: string;
  /**
   * Makes one change, after those that were asked for before it.
   *
   * What it reads, it reads by `tx`; what it awaits beside that, all others wait for.
   *
   * @throws what `work` throws, and nothing of the change is kept
   * @throws {EnvironmentError} PRIVITY_STORE_FULL, _LOCKED, _SLOW, _LOST, _UNREACHABLE, _FAILED, _CLOSED
   * @throws {UsageError} PRIVITY_STORE_VALUE
   */
  change<T>(work: (tx: StoreChange) => Promise<T>): Promise<T>;
  /** Lets the changes that wait come through, and gives the store to the next node. */
  close(): Promise<void>;
}

/**
 * @throws {EnvironmentError} PRIVITY_STORE_IN_USE, _LOCKED, _FULL, _FAILED, _UNREACHABLE
 * @throws {UsageError} PRIVITY_STORE_OTHER_PARTY, _NEWER, _DRIVER_MISSING
 * @throws {DataError} PRIVITY_STORE_CORRUPT
 */
export async function openStore({ owner, place, clock, onLost }: StoreOptions): Promise<NodeStore> {
  const backend = 'url' in place ? await openPostgres(place, clock) : openEmbedded(place);
  try {
    await prepare(backend, owner);
  } catch (error) {
    await backend.close();
    throw error;
  }
  return storeOf(backend, clock, onLost);
}

function storeOf(backend: Backend, clock: Clock, onLost: StoreOptions['onLost']): NodeStore {
  const tail: AuditTail = { head: undefined };
  const onUndone = (): void => {
    tail.head = undefined;
  };
  const changes = new Changes({ backend, clock, onUndone });
  let isClosed = false;
  void backend.lost.then((error) => {
    if (!isClosed) onLost?.(error);
  });
  return {
    ...readsOf(backend.reads),
    place: backend.place,
    change: (work) => changes.make((db) => work(writesOf(db, tail))),
    async close() {
      await changes.close();
      isClosed = true;
      await backend.close();
    },
  };
}
