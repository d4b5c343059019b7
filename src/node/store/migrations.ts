/**
 * How the tables came to be: forward only, each step once, in one transaction with the new version. A step that stands
 * in a release is never changed; what comes later is another step.
 */

import { EnvironmentError, UsageError } from '../../base/errors.ts';
import type { Backend, ColumnWords } from './backend.ts';

export type Migration = (words: ColumnWords) => readonly string[];

const first: Migration = ({ seq, int, text, end }) => [
  `create table "partners" (
    "name" ${text} primary key, "fingerprint" ${text} not null, "address" ${text} not null,
    "addedAt" ${int} not null, "seenAt" ${int}, "link" ${text} not null)${end}`,
  `create table "datasets" (
    "name" ${text} primary key, "source" ${text} not null, "schema" ${text} not null, "owner" ${text} not null,
    "description" ${text} not null, "createdAt" ${int} not null)${end}`,
  `create table "grants" (
    "seq" ${seq}, "id" ${text} not null unique, "dataset" ${text} not null, "partner" ${text} not null,
    "purpose" ${text} not null, "columns" ${text}, "rows" ${text}, "minimumRows" ${int} not null,
    "usesMax" ${int}, "changedRowsMin" ${int} not null, "refusalsMax" ${int} not null, "until" ${int} not null,
    "createdAt" ${int} not null, "createdBy" ${text} not null, "revokedAt" ${int})${end}`,
  `create index "grantsOf" on "grants" ("dataset", "partner")`,
  `create table "uses" (
    "seq" ${seq}, "grant" ${text} not null references "grants" ("id"), "runId" ${text} not null,
    "dataset" ${text} not null, "partner" ${text} not null, "at" ${int} not null, "table" ${text} not null,
    unique ("grant", "runId"))${end}`,
  `create index "usesOf" on "uses" ("dataset", "partner", "seq")`,
  `create table "refusals" (
    "seq" ${seq}, "grant" ${text} not null references "grants" ("id"), "runId" ${text} not null,
    "step" ${text} not null, "dataset" ${text} not null, "partner" ${text} not null, "at" ${int} not null,
    unique ("grant", "runId", "step"))${end}`,
  `create index "refusalsOf" on "refusals" ("dataset", "partner", "seq")`,
  `create table "proposals" (
    "seq" ${seq}, "id" ${text} not null unique, "proposer" ${text} not null, "title" ${text} not null,
    "state" ${text} not null, "life" ${text} not null, "document" ${text} not null, "signature" ${text} not null,
    "bundle" ${text} not null, "createdAt" ${int} not null, "expiresAt" ${int} not null,
    "receivedAt" ${int} not null, "changedAt" ${int} not null)${end}`,
  `create index "proposalsByState" on "proposals" ("state", "seq")`,
  `create index "proposalsByProposer" on "proposals" ("proposer", "state", "seq")`,
  `create index "proposalsByBundle" on "proposals" ("bundle")`,
  `create table "decisions" (
    "seq" ${seq}, "proposal" ${text} not null references "proposals" ("id"), "party" ${text} not null,
    "answer" ${text} not null, "document" ${text} not null, "signature" ${text} not null,
    unique ("proposal", "party", "answer"))${end}`,
  `create table "withdrawals" (
    "proposal" ${text} primary key references "proposals" ("id"), "document" ${text} not null,
    "signature" ${text} not null)${end}`,
  `create table "runs" (
    "seq" ${seq}, "runId" ${text} not null unique, "proposal" ${text} not null references "proposals" ("id"),
    "title" ${text} not null, "occurrence" ${int} not null, "attempt" ${int} not null, "state" ${text} not null,
    "createdAt" ${int} not null, "startedAt" ${int}, "endedAt" ${int}, "code" ${text}, "origin" ${text},
    "incident" ${text}, "reportDigest" ${text}, unique ("proposal", "occurrence", "attempt"))${end}`,
  `create index "runsByState" on "runs" ("state", "seq")`,
  `create index "runsByProposal" on "runs" ("proposal", "seq")`,
  `create index "runsByBoth" on "runs" ("proposal", "state", "seq")`,
  `create index "runsByEnd" on "runs" ("endedAt")`,
  `create index "runsByIncident" on "runs" ("incident")`,
  `create table "schedules" (
    "proposal" ${text} primary key references "proposals" ("id"), "nextOccurrence" ${int} not null,
    "nextAt" ${int})${end}`,
  `create index "schedulesByTime" on "schedules" ("nextAt")`,
  `create table "learntLines" (
    "seq" ${seq}, "runId" ${text} not null references "runs" ("runId") on delete cascade,
    "dataset" ${text} not null, "partner" ${text} not null, "step" ${text} not null, "kind" ${text} not null,
    "type" ${text} not null, "shape" ${text} not null, "at" ${int} not null)${end}`,
  `create index "learntLinesOf" on "learntLines" ("runId", "seq")`,
  `create table "learnt" (
    "dataset" ${text} not null, "partner" ${text} not null, "step" ${text} not null, "kind" ${text} not null,
    "type" ${text} not null, "shape" ${text} not null, "times" ${int} not null, "runs" ${int} not null,
    "firstAt" ${int} not null, "lastAt" ${int} not null, "lastRun" ${text} not null,
    primary key ("dataset", "partner", "step", "kind", "type", "shape"))${end}`,
  `create table "outbox" (
    "seq" ${seq}, "partner" ${text} not null, "messageId" ${text} not null, "body" ${text} not null,
    "createdAt" ${int} not null, unique ("partner", "messageId"))${end}`,
  `create index "outboxOf" on "outbox" ("partner", "seq")`,
  `create table "inbox" (
    "seq" ${seq}, "partner" ${text} not null, "messageId" ${text} not null, "at" ${int} not null,
    unique ("partner", "messageId"))${end}`,
  `create index "inboxOf" on "inbox" ("partner", "seq")`,
  `create table "audit" (
    "seq" ${int} primary key, "at" ${int} not null, "by" ${text} not null, "what" ${text} not null,
    "about" ${text} not null, "detail" ${text} not null, "before" ${text} not null, "digest" ${text} not null)${end}`,
  `create index "auditAbout" on "audit" ("about", "seq")`,
  `create table "tokens" (
    "seq" ${seq}, "id" ${text} not null unique, "name" ${text} not null, "role" ${text} not null,
    "hash" ${text} not null, "createdAt" ${int} not null, "expiresAt" ${int} not null, "revokedAt" ${int})${end}`,
];

const rules: Migration = ({ seq, int, text, end }) => [
  `create table "rules" (
    "seq" ${seq}, "id" ${text} not null unique, "words" ${text} not null, "until" ${int} not null,
    "createdAt" ${int} not null, "createdBy" ${text} not null, "removedAt" ${int})${end}`,
  `create table "rulings" (
    "seq" ${seq}, "rule" ${text} not null references "rules" ("id"),
    "proposal" ${text} not null unique references "proposals" ("id"), "at" ${int} not null)${end}`,
  `create index "rulingsOf" on "rulings" ("rule")`,
];

/** The version of a store is how many of them it has. */
export const MIGRATIONS: readonly Migration[] = [first, rules];

/** Whose store it is, written when it is made and compared ever after. */
export interface StoreOwner {
  readonly party: string;
  /** Of the key of the party. */
  readonly fingerprint: string;
  /** Of keys that it had before, if one was replaced: a store under one of them is taken over. */
  readonly formerFingerprints?: readonly string[] | undefined;
}

/**
 * Brings the store to the version of this Privity, or makes it.
 *
 * @throws {UsageError} PRIVITY_STORE_NEWER, PRIVITY_STORE_OTHER_PARTY; nothing was changed
 * @throws {EnvironmentError} PRIVITY_STORE_CORRUPT: something else is in its place
 */
export async function prepare(
  backend: Backend,
  owner: StoreOwner,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  const tables = await backend.tables();
  const isNew = tables.length === 0;
  if (!isNew && !tables.includes('meta'))
    throw new EnvironmentError(
      'PRIVITY_STORE_CORRUPT',
      `${backend.place} has tables in it, but is no store of a node`,
    );
  const version = isNew ? 0 : await checked(backend, owner, migrations.length);
  const steps = migrations.slice(version);
  const isAdopted = owner.formerFingerprints !== undefined && owner.formerFingerprints.length > 0;
  if (steps.length === 0 && !isAdopted) return;
  await backend.begin();
  try {
    if (isNew) await made(backend, owner);
    for (const step of steps) for (const statement of step(backend.words)) await backend.execute(statement);
    await set(backend, 'version', String(migrations.length));
    await set(backend, 'fingerprint', owner.fingerprint);
    await backend.commit();
  } catch (error) {
    await backend.rollback();
    throw error;
  }
}

/** @returns the version of the store */
async function checked(backend: Backend, owner: StoreOwner, newest: number): Promise<number> {
  const rows = await backend.writes.selectFrom('meta').selectAll().execute();
  const meta = new Map(rows.map(({ key, value }) => [key, value]));
  const version = Number(meta.get('version'));
  if (!Number.isInteger(version) || version < 1)
    throw new EnvironmentError(
      'PRIVITY_STORE_CORRUPT',
      `${backend.place} does not say of which version it is`,
    );
  if (version > newest)
    throw new UsageError(
      'PRIVITY_STORE_NEWER',
      `${backend.place} is of version ${version}; this Privity reads up to ${newest}`,
    );
  const [party, fingerprint] = [meta.get('party') ?? '', meta.get('fingerprint') ?? ''];
  if (party !== owner.party)
    throw new UsageError(
      'PRIVITY_STORE_OTHER_PARTY',
      `${backend.place} is the store of party '${party}', not of '${owner.party}'`,
    );
  if (fingerprint !== owner.fingerprint && !owner.formerFingerprints?.includes(fingerprint))
    throw new UsageError(
      'PRIVITY_STORE_OTHER_PARTY',
      `${backend.place} was made under the key ${fingerprint} of party '${party}', not under ${owner.fingerprint}`,
    );
  return version;
}

async function made(backend: Backend, { party }: StoreOwner): Promise<void> {
  const { text, end } = backend.words;
  await backend.execute(`create table "meta" ("key" ${text} primary key, "value" ${text} not null)${end}`);
  await set(backend, 'party', party);
}

async function set(backend: Backend, key: string, value: string): Promise<void> {
  await backend.writes
    .insertInto('meta')
    .values({ key, value })
    .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
    .execute();
}
