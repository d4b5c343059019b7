/** CSV files, by RFC 4180, and their forms with tabs and packed. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, type PrivityError, UsageError } from '../../base/errors.ts';
import type { Column } from '../column-type.ts';
import { noteOfDatabase } from '../database.ts';
import { identifier, literal, sqlError } from '../sql.ts';
import { csvFile, defaultDelimiter, findProblem, isGzip, openCsv, readHeader } from './csv-read.ts';
import {
  checkAsked,
  type OpenRows,
  type ReadTableOptions,
  type SourceFile,
  type TableSource,
  unreadable,
  type WriteTableOptions,
} from './source.ts';

export const csv: TableSource = {
  name: 'CSV',
  extensions: ['.csv', '.tsv', '.csv.gz', '.tsv.gz'],
  types: 'inferred from all values, only where each gives back its own text',
  options: ['delimiter'],
  open,
  failed,
  write: {
    options: ['escapeFormulas'],
    column: written,
    settings: (path) =>
      `FORMAT csv, HEADER true, DELIMITER ${literal(defaultDelimiter(path))}, COMPRESSION ${isGzip(path) ? 'gzip' : 'none'}`,
  },
};

async function open(
  connection: DuckDBConnection,
  { path, origin }: SourceFile,
  options: ReadTableOptions,
): Promise<OpenRows> {
  checkDelimiter(options.delimiter, origin);
  const file = csvFile(path, options.delimiter);
  const header = await readHeader(file);
  checkAsked(origin, options, header.names);
  const { columns: names = header.names, types = {} } = options;
  return openCsv(connection, { file, header, names, types, note: noteOfDatabase() });
}

async function failed(
  error: unknown,
  { path, origin }: SourceFile,
  { delimiter }: ReadTableOptions,
): Promise<PrivityError> {
  const { kind, line, invalidUtf8 } = sqlError(error);
  const where = line === undefined ? origin : `${origin}, line ${line}`;
  if (invalidUtf8) return new DataError('PRIVITY_FILE_ENCODING', `${where} is not valid UTF-8`);
  const file = csvFile(path, delimiter);
  const problem = await findProblem(file, await readHeader(file));
  if (problem !== undefined) return unreadable(`${origin}, line ${problem.line}`, problem.why);
  return unreadable(where, `the database refuses it (${kind} error)`);
}

/** @throws {UsageError} PRIVITY_FILE_FORMAT */
function checkDelimiter(delimiter: string | undefined, origin: string): void {
  if (delimiter === undefined) return;
  const code = delimiter.charCodeAt(0);
  if (delimiter.length === 1 && code < 0x80 && !/["\r\n]/.test(delimiter)) return;
  throw new UsageError('PRIVITY_FILE_FORMAT', `${origin}: a delimiter is one ASCII character`);
}

/** First characters of a text that a spreadsheet may run. */
const FORMULA_STARTS = ['=', '+', '-', '@', '\t', '\r'];

function written({ name, type }: Column, options: WriteTableOptions): string {
  const value = identifier(name);
  if (type === 'BLOB') {
    throw new UsageError(
      'PRIVITY_COLUMN_TYPE',
      `column '${name}' is BLOB, and bytes have no form in CSV; write .parquet, or convert it: base64(${value})`,
    );
  }
  // The digits of a FLOAT would be read back as another number.
  if (type === 'FLOAT') return `CAST(${value} AS DOUBLE) AS ${value}`;
  if (type !== 'VARCHAR' || !options.escapeFormulas) return value;
  const starts = FORMULA_STARTS.map(literal).join(', ');
  return `CASE WHEN ${value}[1] IN (${starts}) THEN '''' || ${value} ELSE ${value} END AS ${value}`;
}
