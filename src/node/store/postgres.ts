/**
 * The store in PostgreSQL, in a schema of its own. One session writes, and holds a lock that makes this node the only
 * one; it is never opened anew, since another node may have taken the lock meanwhile: when it ends, so does the store.
 * A few other sessions read.
 */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { DataError, EnvironmentError, InternalError, PrivityError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { Clock, Timer } from '../../contracts/index.ts';
import { type Backend, bound } from './backend.ts';
import { STORE_LIMITS } from './limits.ts';
import type { Schema } from './schema.ts';

type Pg = typeof import('pg');

export interface PostgresPlace {
  /** `postgres://USER:PASSWORD@HOST:PORT/DATABASE`: the database has one store, and may have other things. */
  readonly url: string;
  /** Default: {@link STORE_LIMITS}. */
  readonly lockWaitMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly answerTimeoutMs?: number | undefined;
  readonly heartbeatMs?: number | undefined;
}

const SCHEMA = 'privity';
/** Of the advisory lock: the first two words of the SHA-256 of "privity node". One of a database. */
const LOCK = '1785953509, 214152383';

/** Numbers by which PostgreSQL calls the types that come as text, since they may be larger than a number can be. */
const WIDE_TYPES = new Set([20, 1700]);

/** @throws {PrivityError} PRIVITY_STORE_DRIVER_MISSING, _UNREACHABLE, _IN_USE, _FULL, _FAILED */
export async function openPostgres(
  asked: PostgresPlace,
  clock: Clock,
  load: () => Promise<unknown> = () => import('pg'),
): Promise<Backend> {
  const { url } = asked;
  const { Client, Pool, types } = await loaded(load);
  const place = placeOf(url);
  const parsers: pg.CustomTypesConfig = {
    getTypeParser: (id, format) =>
      WIDE_TYPES.has(Number(id)) ? wholeNumber : types.getTypeParser(id, format as 'text'),
  };
  const common = { connectionString: url, types: parsers, ...timeouts(asked) };
  const writer = new Client({ ...common, options: sessionOptions('off') });
  const lost = new Promise<EnvironmentError>((resolve) => {
    const tell = (error?: unknown): void => resolve(lostBy(place, error));
    writer.on('error', tell).on('end', () => tell());
  });
  try {
    await writer.connect();
    await takeLock(writer, place);
    await writer.query(`create schema if not exists ${SCHEMA}`);
  } catch (error) {
    // Not awaited: after a connection that has timed out, it would not come back.
    void ignored(writer.end(), 'what came before is told');
    throw typed(error, place);
  }
  const readers = new Pool({ ...common, max: STORE_LIMITS.readersMax, options: sessionOptions('on') });
  // A session that ends while nobody uses it is opened anew when somebody does.
  readers.on('error', () => undefined);
  return new Postgres({ asked, place, clock, writer, readers, lost });
}

interface Opened {
  readonly asked: PostgresPlace;
  readonly place: string;
  readonly clock: Clock;
  readonly writer: pg.Client;
  readonly readers: pg.Pool;
  readonly lost: Promise<EnvironmentError>;
}

class Postgres implements Backend {
  readonly place: string;
  readonly words = {
    seq: 'bigint generated always as identity primary key',
    int: 'bigint',
    text: 'text collate "C"',
    end: '',
  };
  readonly reads: Kysely<Schema>;
  readonly writes: Kysely<Schema>;
  readonly lost: Promise<EnvironmentError>;
  readonly #asked: PostgresPlace;
  readonly #clock: Clock;
  readonly #writer: pg.Client;
  #isLost = false;
  /** The timer that runs. */
  #timer: Timer | undefined;

  constructor({ asked, place, clock, writer, readers, lost }: Opened) {
    this.place = place;
    this.lost = lost;
    this.#asked = asked;
    this.#clock = clock;
    this.#writer = writer;
    void lost.then(() => {
      this.#isLost = true;
    });
    this.reads = new Kysely({ dialect: new PostgresDialect({ pool: poolOf(readers, place) }) });
    this.writes = new Kysely({ dialect: new PostgresDialect({ pool: this.#only() }) });
    this.#beat();
  }

  async tables(): Promise<readonly string[]> {
    const { rows } = await this.#query('select tablename from pg_tables where schemaname = $1', [SCHEMA]);
    return rows.map((row) => String((row as { tablename: unknown }).tablename));
  }

  async execute(statement: string): Promise<void> {
    await this.#query(statement, []);
  }

  async begin(): Promise<void> {
    await this.execute('begin');
  }

  async commit(): Promise<void> {
    const { command } = await this.#query('commit', []);
    if (command === 'ROLLBACK') throw new InternalError('a transaction that had failed was to be committed');
  }

  async rollback(): Promise<void> {
    await ignored(
      this.execute('rollback'),
      'the error that led to it is told, and the end of a session anyway',
    );
  }

  async close(): Promise<void> {
    this.#isLost = true;
    this.#timer?.cancel();
    const ended = Promise.all([this.reads.destroy(), this.#writer.end()]);
    // A server that is gone without a word says no goodbye.
    const { answerTimeoutMs = STORE_LIMITS.answerTimeoutMs } = this.#asked;
    const patience = new Promise<void>((resolve) => {
      this.#timer = this.#clock.after(answerTimeoutMs, resolve);
    });
    await Promise.race([ignored(ended, 'some sessions have ended already'), patience]);
    this.#timer?.cancel();
  }

  /** Notices a connection that is gone without a word while nobody writes: what else would tell that the lock is? */
  #beat(): void {
    this.#timer = this.#clock.after(this.#asked.heartbeatMs ?? STORE_LIMITS.heartbeatMs, () => {
      const again = (): void => {
        if (!this.#isLost) this.#beat();
      };
      // A transaction that has failed answers with an error, too; an answer that does not come ends the session.
      void this.#query('select 1', []).then(again, again);
    });
  }

  /** Kysely's view of the one session: it is taken and given back, and never closed by that. */
  #only(): PostgresPool {
    const query = (sql: string, parameters: readonly unknown[]) => this.#query(sql, parameters);
    const session = { query, release: () => undefined } as unknown as PostgresPoolClient;
    return { connect: async () => session, end: async () => undefined };
  }

  async #query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    if (this.#isLost) throw await this.lost;
    try {
      return await this.#writer.query(statement(sql, parameters));
    } catch (error) {
      const told = typed(error, this.place);
      if (!endsSession(error)) throw told;
      // What was under way may be done or not: nothing more may be said over this session.
      void ignored(this.#writer.end(), 'it has ended already');
      throw lostBy(this.place, error);
    }
  }
}

function poolOf(readers: pg.Pool, place: string): PostgresPool {
  const taken = async (): Promise<PostgresPoolClient> => {
    const client = await readers.connect().catch((error: unknown) => {
      throw typed(error, place);
    });
    let isBroken = false;
    const query = async (sql: string, parameters: readonly unknown[]) => {
      try {
        return await client.query(statement(sql, parameters));
      } catch (error) {
        isBroken = endsSession(error);
        throw typed(error, place);
      }
    };
    return { query, release: () => client.release(isBroken) } as unknown as PostgresPoolClient;
  };
  return { connect: taken, end: () => readers.end() };
}

const names = new Map<string, string>();

/** Statements of the store are few, and each session prepares each of them once. */
function statement(text: string, parameters: readonly unknown[]): pg.QueryConfig {
  const values = bound(parameters);
  if (values.length === 0 || (names.size >= STORE_LIMITS.statementsMax && !names.has(text)))
    return { text, values };
  const name = names.get(text) ?? `privity${names.size}`;
  names.set(text, name);
  return { name, text, values };
}

async function takeLock(writer: pg.Client, place: string): Promise<void> {
  try {
    await writer.query(`select pg_advisory_lock(${LOCK})`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new EnvironmentError('PRIVITY_STORE_IN_USE', `another node works on ${place}`);
  }
}

const timeouts = ({
  lockWaitMs = STORE_LIMITS.lockWaitMs,
  connectTimeoutMs = STORE_LIMITS.connectTimeoutMs,
  answerTimeoutMs = STORE_LIMITS.answerTimeoutMs,
}: PostgresPlace) => ({
  connectionTimeoutMillis: connectTimeoutMs,
  statement_timeout: STORE_LIMITS.statementTimeoutMs,
  query_timeout: answerTimeoutMs,
  lock_timeout: Math.max(1, lockWaitMs),
  idle_in_transaction_session_timeout: STORE_LIMITS.idleInTransactionMs,
  keepAlive: true,
  application_name: 'privity node',
});

/** What a session insists on, whatever the server's own settings are. */
function sessionOptions(readOnly: 'on' | 'off'): string {
  const seconds = STORE_LIMITS.keepaliveSeconds;
  const settings = {
    search_path: SCHEMA,
    synchronous_commit: 'on',
    default_transaction_read_only: readOnly,
    tcp_keepalives_idle: seconds,
    tcp_keepalives_interval: Math.ceil(seconds / 3),
    tcp_keepalives_count: 3,
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** Counts and sums come as text. */
function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new InternalError('a number of the store that is not whole, or too large');
  return value;
}

/** Without user and password. */
function placeOf(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url);
    return `PostgreSQL ${host || (searchParams.get('host') ?? 'localhost')}${pathname}`;
  } catch {
    throw new UsageError(
      'PRIVITY_STORE_UNREACHABLE',
      'the address of the store is not postgres://USER@HOST:PORT/DATABASE',
    );
  }
}

async function loaded(load: () => Promise<unknown>): Promise<Pg> {
  try {
    const module = (await load()) as Pg & { default?: Pg };
    return module.default ?? module;
  } catch (cause) {
    throw new EnvironmentError(
      'PRIVITY_STORE_DRIVER_MISSING',
      'a store in PostgreSQL needs the package pg, which cannot be loaded; run: npm install pg',
      { cause },
    );
  }
}

const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

/** Errors of PostgreSQL by the beginning of their code, and of the system by theirs. */
const KNOWN: readonly (readonly [prefix: string, error: (place: string, code: string) => PrivityError])[] = [
  ['53100', (place) => new EnvironmentError('PRIVITY_STORE_FULL', `there is no room left at ${place}`)],
  [
    LOCK_NOT_AVAILABLE,
    (place, code) =>
      new EnvironmentError(
        'PRIVITY_STORE_LOCKED',
        `another program holds what is to be written at ${place} (${code})`,
      ),
  ],
  [
    QUERY_CANCELED,
    (place, code) => new EnvironmentError('PRIVITY_STORE_SLOW', `${place} did not answer in time (${code})`),
  ],
  ['XX001', damaged],
  ['XX002', damaged],
  ['08', unreachable],
  ['28', unreachable],
  ['3D', unreachable],
  ['53', unreachable],
  ['57P', unreachable],
  ['E', unreachable],
];

function damaged(place: string, code: string): PrivityError {
  return new DataError('PRIVITY_STORE_CORRUPT', `the tables at ${place} are damaged (${code})`);
}

function unreachable(place: string, code: string): PrivityError {
  return new EnvironmentError('PRIVITY_STORE_UNREACHABLE', `${place} cannot be reached (${code})`);
}

function lostBy(place: string, error: unknown): EnvironmentError {
  return new EnvironmentError(
    'PRIVITY_STORE_LOST',
    `the session with ${place} has ended (${codeOf(error) || 'closed'})`,
  );
}

/** Errors of pg may quote values: only their code is taken over. */
function typed(error: unknown, place: string): PrivityError {
  if (error instanceof PrivityError) return error;
  const code = codeOf(error);
  // Errors of pg itself have no code: the server did not answer, or hung up.
  if (code === '') return unreachable(place, 'no answer');
  const known = KNOWN.find(([prefix]) => code.startsWith(prefix));
  if (known !== undefined) return known[1](place, code);
  return new EnvironmentError('PRIVITY_STORE_FAILED', `${place} could not be read or written (${code})`);
}

/** After an error of the connection, or one without an answer, nobody knows what the session is at. */
function endsSession(error: unknown): boolean {
  if (error instanceof PrivityError) return false;
  const code = codeOf(error);
  return code === '' || /^(08|57P|E[A-Z]{3}|25P03)/.test(code);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
}
