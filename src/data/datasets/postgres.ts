/** A table or view of PostgreSQL, by DuckDB's extension postgres_scanner. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { DataError, EnvironmentError, type PrivityError } from '../../base/errors.ts';
import { typeFailed } from '../sources/typed.ts';
import { identifier, literal, sqlError } from '../sql.ts';
import { absolutePath, credentialReference, readCredential } from './credential.ts';
import { missingTable } from './duckdb.ts';
import { classified, databaseName, declaredTypes, inShort, kindOf, type SourceLimits } from './kind.ts';
import { unreadable } from './local.ts';

const schema = z.strictObject({
  kind: z.literal('postgres'),
  /** A name, an address, or the folder of its socket. */
  host: z.string().regex(/^[A-Za-z0-9._:/-]{1,255}$/, 'a name, an address, or the folder of a socket'),
  port: z.int().min(1).max(65_535).default(5432),
  database: databaseName,
  user: databaseName,
  password: credentialReference.optional(),
  /** Of libpq. By default the server has to prove who it is. */
  sslMode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('verify-full'),
  /** Absent: what the system trusts. */
  rootCertificate: absolutePath.optional(),
  schema: databaseName.default('public'),
  table: databaseName,
  types: declaredTypes.optional(),
});
type PostgresSource = z.output<typeof schema>;

const serverOf = ({ host, port }: PostgresSource): string => `PostgreSQL at ${host}, port ${port}`;
const originOf = (source: PostgresSource): string =>
  `table ${source.schema}.${source.table} of database ${source.database}`;

export const postgres = kindOf({
  schema,
  reads: 'a table or view of PostgreSQL, in a read-only transaction',
  types:
    'those of the table; `numeric` becomes DOUBLE where no digit is lost. Refused: NaN in `numeric`, infinite dates and times',
  extension: 'postgres_scanner',
  async open({ connection, limits }, source) {
    const password = source.password === undefined ? undefined : await readCredential(source.password);
    await connection.run(secretOf(source, password));
    await connection.run(
      `ATTACH ${literal(settingsOf(source, limits))} AS source (TYPE postgres, SECRET source, READ_ONLY)`,
    );
    const from = `source.${identifier(source.schema)}.${identifier(source.table)}`;
    return {
      origin: originOf(source),
      from,
      types: source.types,
      check: (columns) => refuseChanged(connection, source, columns),
    };
  },
  async failed(error, source): Promise<PrivityError> {
    const server = serverOf(source);
    const origin = originOf(source);
    if (/statement timeout/.test(textOf(error)))
      return new EnvironmentError(
        'PRIVITY_SOURCE_UNREACHABLE',
        `${server} was not done within statementTimeoutMs`,
      );
    const missing = classified(error, [
      [/database ".*" does not exist/, `it has no database ${source.database}`],
    ]);
    if (missing !== undefined) return new DataError('PRIVITY_SOURCE_MISSING', `${server}: ${missing}`);
    const denied = classified(error, DENIED);
    if (denied !== undefined) return new EnvironmentError('PRIVITY_SOURCE_DENIED', `${server}: ${denied}`);
    const silent = classified(error, UNREACHABLE);
    if (silent !== undefined)
      return new EnvironmentError('PRIVITY_SOURCE_UNREACHABLE', `${server}: ${silent}`);
    if (sqlError(error).kind === 'catalog') return missingTable(origin);
    const { types = {} } = source;
    return typeFailed(error, origin, { types }) ?? unreadable(origin, inShort(error));
  },
});

const textOf = (error: unknown): string => (error instanceof Error ? error.message : '');

const DENIED: readonly (readonly [RegExp, string])[] = [
  [/does not support SSL/, 'it has no TLS; set sslMode: disable only where you trust the network'],
  [
    /certificate|SSL error|root certificate|sslrootcert|SSL connection/i,
    'TLS cannot be agreed on, or its certificate is not trusted',
  ],
  [
    /password authentication failed|no password supplied|authentication/,
    'it does not accept the user with this password',
  ],
  [/pg_hba\.conf|role ".*" (does not exist|is not permitted)/, 'it does not let this user in from here'],
  [/permission denied/, 'the user may not read the table'],
];

const UNREACHABLE: readonly (readonly [RegExp, string])[] = [
  [/Connection refused/, 'nothing listens there'],
  [/could not translate host name|Name or service not known|name resolution/, 'its name is not known'],
  [/timeout expired|timed out/i, 'it does not answer within connectTimeoutMs'],
  [/too many (clients|connections)|starting up|shutting down|recovery/i, 'it takes no connection now'],
  [
    /Unable to connect|closed the connection|connection.*(lost|reset)|Network is unreachable|No route to host/i,
    'the connection cannot be made, or was lost',
  ],
];

function secretOf({ host, port, database, user }: PostgresSource, password: string | undefined): string {
  const parts = [
    `HOST ${literal(host)}, PORT ${literal(String(port))}`,
    `DATABASE ${literal(database)}, USER ${literal(user)}`,
    ...(password === undefined ? [] : [`PASSWORD ${literal(password)}`]),
  ];
  return `CREATE SECRET source (TYPE postgres, ${parts.join(', ')})`;
}

/** Of libpq. What is not said here it would take from the environment and from files of the user's home. */
function settingsOf({ sslMode, rootCertificate }: PostgresSource, limits: SourceLimits): string {
  const seconds = Math.max(2, Math.ceil(limits.connectTimeoutMs / 1000));
  const settings: Readonly<Record<string, string>> = {
    sslmode: sslMode,
    sslrootcert: rootCertificate ?? (sslMode.startsWith('verify') ? 'system' : ''),
    passfile: '/dev/null',
    gssencmode: 'disable',
    application_name: 'privity',
    connect_timeout: String(seconds),
    // A server that falls silent in the middle is noticed after four times this.
    keepalives_idle: String(seconds),
    keepalives_interval: String(seconds),
    keepalives_count: '3',
    tcp_user_timeout: String(limits.requestTimeoutMs),
    options: `-c statement_timeout=${limits.statementTimeoutMs} -c default_transaction_read_only=on`,
  };
  const quoted = (value: string) => `'${value.replace(/[\\']/g, '\\$&')}'`;
  return Object.entries(settings)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(' ');
}

/**
 * The extension reads NaN of `numeric` as 0, an infinite date as a day of the year 5881580, and `numeric` of any
 * precision as the nearest double. The server is asked whether there are such values.
 */
async function refuseChanged(
  connection: DuckDBConnection,
  source: PostgresSource,
  columns: readonly string[],
): Promise<void> {
  const table = `${identifier(source.schema)}.${identifier(source.table)}`;
  const query = async (sql: string) =>
    (await connection.runAndReadAll(`SELECT * FROM postgres_query('source', ${literal(sql)})`)).getRows();
  const types = await query(
    `SELECT a.attname::text, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL)
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = to_regclass(${literal(table)}) AND a.attnum > 0 AND NOT a.attisdropped`,
  );
  const doubtful = types.flatMap(([name, type]) => {
    const test = changed(String(type), identifier(String(name)));
    return test === undefined || !columns.includes(String(name)) ? [] : [{ name: String(name), type, test }];
  });
  if (doubtful.length === 0) return;
  const counts = doubtful.map(({ test }, index) => `count(*) FILTER (WHERE ${test}) AS c${index}`);
  const [row = []] = await query(`SELECT ${counts.join(', ')} FROM ${table}`);
  const at = row.findIndex((count) => Number(count) > 0);
  const found = doubtful[at];
  if (found === undefined) return;
  throw unreadable(
    originOf(source),
    `column '${found.name}' (${String(found.type)}) has ${Number(row[at])} values that a table would not keep as they are: ${
      found.type === 'numeric' ? 'NaN, infinite, or of more than 15 digits' : 'infinite'
    }; a view can leave them out or convert them`,
  );
}

/** A condition of PostgreSQL that is true of values that would be changed; undefined: none are. */
function changed(type: string, value: string): string | undefined {
  if (type === 'date' || type.startsWith('timestamp')) return `NOT isfinite(${value})`;
  if (type !== 'numeric') return undefined;
  // The conversion back from a double keeps 15 digits.
  return `CASE WHEN ${value} = 'NaN' OR abs(${value}) > 1e300 OR (${value} <> 0 AND abs(${value}) < 1e-290) THEN true
    ELSE ${value}::float8::numeric <> ${value} END`;
}
