/** Objects of S3-compatible storage, by DuckDB's extension httpfs. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { z } from 'zod';
import { DataError, EnvironmentError, type PrivityError, UsageError } from '../../base/errors.ts';
import { noteOfDatabase } from '../database.ts';
import { csvFile, openCsv, readHeaderOfObjects } from '../sources/csv-read.ts';
import { typeFailed } from '../sources/typed.ts';
import { literal } from '../sql.ts';
import { absolutePath, credentialReference, readCredential } from './credential.ts';
import { classified, type DatasetRows, declaredTypes, inShort, kindOf, type SourceLimits } from './kind.ts';
import { unreadable } from './local.ts';
import { DATASET_FILES_MAX, isPartitioned, parquetFiles } from './parquet-files.ts';

const schema = z.strictObject({
  kind: z.literal('s3'),
  /** Host and port; absent: that of Amazon in the region. */
  endpoint: z
    .string()
    .regex(/^[A-Za-z0-9.:[\]-]{1,255}$/, 'host, or host:port')
    .optional(),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/, 'the name of a region')
    .default('us-east-1'),
  bucket: z.string().regex(/^[a-zA-Z0-9._-]{1,255}$/, 'the name of a bucket'),
  /** An object, or a pattern with `*`, `**` and `?`, of .parquet, .csv or .tsv. */
  objects: z
    .string()
    .max(1024)
    .regex(
      /^[^\s'"\\/][^'"\\\0]*\.(parquet|csv|tsv)$/,
      'the path of objects that end in .parquet, .csv or .tsv',
    ),
  /** The bucket in the path, not in the name of the host. */
  pathStyle: z.boolean().default(false),
  tls: z.boolean().default(true),
  /** Absent: what the system trusts. */
  rootCertificate: absolutePath.optional(),
  /** Absent: nobody in particular. */
  accessKeyId: credentialReference.optional(),
  secretAccessKey: credentialReference.optional(),
  sessionToken: credentialReference.optional(),
  /** CSV only: as of `readTable`. */
  delimiter: z.string().length(1).optional(),
  types: declaredTypes.optional(),
});
type S3Source = z.output<typeof schema>;

const serverOf = ({ endpoint, region }: S3Source): string =>
  `the storage at ${endpoint ?? `Amazon, ${region}`}`;
const originOf = ({ bucket, objects }: S3Source): string => `s3://${bucket}/${objects}`;
const isParquet = ({ objects }: S3Source): boolean => objects.endsWith('.parquet');

export const s3 = kindOf({
  schema,
  reads:
    'objects of S3-compatible storage that are one table: Parquet, CSV (not packed), one or by a pattern',
  types: 'Parquet: as of a folder. CSV: inferred as by `readTable`, from all objects',
  extension: 'httpfs',
  async open({ connection, limits }, source): Promise<DatasetRows> {
    for (const setting of settingsOf(source, limits)) await connection.run(setting);
    await connection.run(await secretOf(source));
    const found = await objectsOf(connection, source);
    const origin = originOf(source);
    if (isParquet(source)) {
      if (source.delimiter !== undefined)
        throw new UsageError(
          'PRIVITY_SOURCE_INVALID',
          `${origin}: delimiter is for CSV, and this is Parquet`,
        );
      const partitions = isPartitioned(source.objects);
      const from = await parquetFiles(connection, found, { origin, partitions });
      return { origin, from, types: source.types, files: found };
    }
    const file = { ...csvFile(source.objects, source.delimiter), origin, objects: found };
    const header = await readHeaderOfObjects(connection, file);
    const request = { file, header, names: header.names, types: source.types ?? {}, note: noteOfDatabase() };
    const { select } = await openCsv(connection, request);
    return { origin, from: `(${select})`, files: found };
  },
  async failed(error, source): Promise<PrivityError> {
    const server = serverOf(source);
    const origin = originOf(source);
    const denied = classified(error, DENIED);
    if (denied !== undefined) return new EnvironmentError('PRIVITY_SOURCE_DENIED', `${server}: ${denied}`);
    if (classified(error, [[/\b404\b|NoSuchBucket|NoSuchKey|No files found/, true]]))
      return new DataError('PRIVITY_SOURCE_MISSING', `${origin} is not there, by what ${server} says`);
    const silent = classified(error, UNREACHABLE);
    if (silent !== undefined)
      return new EnvironmentError('PRIVITY_SOURCE_UNREACHABLE', `${server}: ${silent}`);
    const { types = {} } = source;
    return typeFailed(error, origin, { types }) ?? unreadable(origin, inShort(error));
  },
});

const DENIED: readonly (readonly [RegExp, string])[] = [
  [
    /\b(403|401)\b|AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken/,
    'it does not accept these keys, or they may not read there',
  ],
  [/certificate|SSL|TLS/i, 'TLS cannot be agreed on, or its certificate is not trusted'],
  [
    /\b301\b|\b400\b|AuthorizationHeaderMalformed|PermanentRedirect/,
    'it does not take the request so: look at region, pathStyle and tls',
  ],
];

const UNREACHABLE: readonly (readonly [RegExp, string])[] = [
  [/timeout|timed out/i, 'it does not answer within requestTimeoutMs'],
  [/resolve host|name.*not known/i, 'its name is not known'],
  [
    /connect|connection|\b50\d\b|HTTP Error|Could not establish/i,
    'the connection cannot be made, was lost, or it takes no request now',
  ],
];

/** Attempts after the first, for what storage under load answers. */
const RETRIES = 2;

function settingsOf({ rootCertificate }: S3Source, limits: SourceLimits): readonly string[] {
  const seconds = Math.max(1, Math.ceil(limits.requestTimeoutMs / 1000));
  return [
    `SET GLOBAL http_timeout = ${seconds}`,
    `SET GLOBAL http_retries = ${RETRIES}`,
    // The extension looks at no certificate by default.
    'SET GLOBAL enable_server_cert_verification = true',
    'SET GLOBAL enable_curl_server_cert_verification = true',
    ...(rootCertificate === undefined ? [] : [`SET GLOBAL ca_cert_file = ${literal(rootCertificate)}`]),
  ];
}

async function secretOf(source: S3Source): Promise<string> {
  const { endpoint, region, pathStyle, tls, accessKeyId, secretAccessKey, sessionToken } = source;
  const credentials = { KEY_ID: accessKeyId, SECRET: secretAccessKey, SESSION_TOKEN: sessionToken };
  const parts = [
    `REGION ${literal(region)}`,
    `URL_STYLE ${pathStyle ? "'path'" : "'vhost'"}`,
    `USE_SSL ${tls}`,
  ];
  if (endpoint !== undefined) parts.push(`ENDPOINT ${literal(endpoint)}`);
  for (const [name, reference] of Object.entries(credentials)) {
    if (reference !== undefined) parts.push(`${name} ${literal(await readCredential(reference))}`);
  }
  return `CREATE SECRET source (TYPE s3, PROVIDER config, SCOPE ${literal(`s3://${source.bucket}`)}, ${parts.join(', ')})`;
}

/** In the order of their names. */
async function objectsOf(connection: DuckDBConnection, source: S3Source): Promise<readonly string[]> {
  const url = originOf(source);
  if (!/[*?[]/.test(source.objects)) return [url];
  const listed = await connection.runAndReadAll(
    `SELECT file FROM glob(${literal(url)}) ORDER BY file LIMIT ${DATASET_FILES_MAX + 1}`,
  );
  const found = listed.getRows().map(([file]) => String(file));
  if (found.length === 0) throw new DataError('PRIVITY_SOURCE_MISSING', `${url} is no object that is there`);
  if (found.length > DATASET_FILES_MAX) throw unreadable(url, `it is more than ${DATASET_FILES_MAX} objects`);
  return found;
}
