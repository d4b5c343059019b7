/** CSV files: the header is read here, the values by DuckDB, first to find the types, then into a relation. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, UsageError } from '../../base/errors.ts';
import type { ColumnType } from '../column-type.ts';
import { checkColumnCount, checkColumnNames } from '../relation.ts';
import { identifier, literal, pathLiteral } from '../sql.ts';
import {
  CSV_FIELDS_MAX,
  CSV_RECORD_BYTES_MAX,
  CsvDiagnosis,
  type CsvProblem,
  CsvScan,
  fieldsOf,
  likelyDelimiter,
} from './csv-scan.ts';
import {
  type InferredType,
  inferredTypes,
  inferType,
  isNoValueOf,
  keeps,
  nearlyType,
  type TypeCounts,
} from './csv-types.ts';
import { type OpenRows, unreadable } from './source.ts';

export interface CsvFile {
  readonly path: string;
  /** Addresses of objects that are one table, in place of a file of this machine. */
  readonly objects?: readonly string[];
  /** `file a.csv`, for messages. */
  readonly origin: string;
  readonly delimiter: string;
  /** Whether the caller has said what the delimiter is. */
  readonly delimiterGiven: boolean;
}

export interface CsvHeader {
  readonly names: readonly string[];
  readonly delimiter: string;
  /** Records before the header: the `sep=` line of a spreadsheet. */
  readonly skipped: number;
}

/** Columns that stay text of which the log says why; of a file with more, the rest are counted. */
const KEPT_TEXT_TOLD_MAX = 20;

/** Of a file about which nothing else is said. */
export function defaultDelimiter(path: string): string {
  return /\.tsv(\.gz)?$/i.test(path) ? '\t' : ',';
}

export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

function bytesOf(path: string): Readable {
  const file = createReadStream(path);
  if (!isGzip(path)) return file;
  const plain = createGunzip();
  file.on('error', (error) => plain.destroy(error));
  plain.on('close', () => file.destroy());
  return file.pipe(plain);
}

/**
 * The names of the columns.
 * @throws {DataError} PRIVITY_FILE_UNREADABLE, PRIVITY_FILE_ENCODING, PRIVITY_COLUMN_NAME
 * @throws {UsageError} PRIVITY_FILE_FORMAT
 */
export async function readHeader(file: CsvFile): Promise<CsvHeader> {
  if (isGzip(file.path)) await checkWhole(file);
  const [first = '', second] = await firstRecords(file, 2);
  const declared = /^sep=(.)$/i.exec(first)?.[1];
  if (declared === undefined) return headerOf(file, first, file.delimiter, 0);
  if (file.delimiterGiven && declared !== file.delimiter) {
    throw new UsageError(
      'PRIVITY_FILE_FORMAT',
      `${file.origin}: its first line says that '${declared}' separates fields, the option says '${file.delimiter}'`,
    );
  }
  if (second === undefined) throw unreadable(file.origin, 'it has no header line behind its sep= line');
  return headerOf(file, second, declared, 1);
}

/**
 * The database takes what is left of a file that was cut off, and looks at no checksum: rows would be missing without a
 * word.
 */
async function checkWhole(file: CsvFile): Promise<void> {
  for await (const _ of chunksOf(file));
}

/** Pure: the names in a record of a file that has been read. */
export function headerOf(file: CsvFile, text: string, delimiter: string, skipped: number): CsvHeader {
  const names = fieldsOf(text, delimiter, CSV_FIELDS_MAX + 1);
  if (names.length > CSV_FIELDS_MAX)
    throw unreadable(`${file.origin}, line ${skipped + 1}`, `it has more than ${CSV_FIELDS_MAX} fields`);
  const likely = names.length === 1 && !file.delimiterGiven ? likelyDelimiter(text) : undefined;
  if (likely !== undefined && likely !== delimiter) {
    const shown = likely === '\t' ? "'\\t' (a tab)" : `'${likely}'`;
    const asked = delimiter === '\t' ? 'a tab' : `'${delimiter}'`;
    throw unreadable(
      `${file.origin}, line ${skipped + 1}`,
      `its header has no ${asked}, but ${shown}; say what separates its fields, as in readTable(path, { delimiter: ${shown.replace(/ .*/, '')} })`,
    );
  }
  checkColumnNames(names, file.origin);
  return { names, delimiter, skipped };
}

/** The text of the first records, without their ends. */
async function firstRecords(file: CsvFile, wanted: number): Promise<readonly string[]> {
  const chunks: Uint8Array[] = [];
  const ends: { readonly bytes: number; readonly end: string }[] = [];
  const scan = new CsvScan(file.delimiter, (record) => ends.push(record));
  for await (const chunk of chunksOf(file)) {
    chunks.push(chunk);
    scan.write(chunk);
    if (ends.length >= wanted || scan.pending.bytes > CSV_RECORD_BYTES_MAX) break;
  }
  scan.end();
  const bytes = Buffer.concat(chunks);
  if (bytes.subarray(0, 4096).includes(0) || bytes.subarray(0, 2).equals(Buffer.of(0xff, 0xfe)))
    throw notUtf8(file.origin, 'it has zero bytes (UTF-16, or binary)');
  let at = bytes.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)) ? 3 : 0;
  const bom = at;
  return ends.slice(0, wanted).map(({ bytes: length, end }, index) => {
    const until = at + length - (index === 0 ? bom : 0);
    const record = bytes.subarray(at, until);
    at = until + (end === 'CRLF' ? 2 : 1);
    const text = record.toString('utf8');
    if (!Buffer.from(text, 'utf8').equals(record)) throw notUtf8(`${file.origin}, line ${index + 1}`, '');
    return text;
  });
}

async function* chunksOf(file: CsvFile): AsyncGenerator<Uint8Array> {
  const stream = bytesOf(file.path);
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw unreadable(
      file.origin,
      code.startsWith('Z_') ? 'it is no gzip file, or is damaged or cut off' : code,
    );
  } finally {
    stream.destroy();
  }
}

/** SQL that gives all columns of the file as text. */
export function csvReader(file: CsvFile, { names, delimiter, skipped }: CsvHeader): string {
  const settings = [
    `auto_detect = false, columns = {${names.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ')}}`,
    `delim = ${literal(delimiter)}, quote = '"', escape = '"', comment = ''`,
    // Nothing between two separators is a gap; a pair of quotes is an empty text.
    `nullstr = '', allow_quoted_nulls = false`,
    `header = true, skip = ${skipped}, strict_mode = true, null_padding = false, ignore_errors = false`,
    `max_line_size = ${CSV_RECORD_BYTES_MAX}`,
    // Blocks of the usual 16 records would take a quarter of a gigabyte each, and several are in memory at one time.
    `buffer_size = ${2 * CSV_RECORD_BYTES_MAX}`,
  ];
  return `read_csv(${placeOf(file)}, ${settings.join(', ')})`;
}

function placeOf({ path, objects }: CsvFile): string {
  return objects === undefined ? pathLiteral(path) : `[${objects.map(literal).join(', ')}]`;
}

/** No byte of text that a header has. */
const NO_DELIMITER = '\u0001';

/**
 * The names of the columns of objects, which have to be the same in all.
 * @throws {DataError} PRIVITY_FILE_UNREADABLE, PRIVITY_COLUMN_NAME
 */
export async function readHeaderOfObjects(connection: DuckDBConnection, file: CsvFile): Promise<CsvHeader> {
  const { objects = [], origin, delimiter } = file;
  const settings = `auto_detect = false, header = false, delim = '${NO_DELIMITER}', quote = '', escape = '', comment = '',
    columns = {'line': 'VARCHAR'}, max_line_size = ${CSV_RECORD_BYTES_MAX}`;
  const texts = new Set<string>();
  for (const object of objects) {
    const select = `SELECT line FROM read_csv(${literal(object)}, ${settings}) LIMIT 1`;
    const line = (await connection.runAndReadAll(select)).getRows()[0]?.[0];
    if (line === undefined || line === null)
      throw unreadable(origin, 'one of its objects is empty: not even a header line');
    texts.add(String(line).replace(/^\ufeff/, ''));
    if (texts.size > 1) throw unreadable(origin, 'its objects do not all have the same header line');
  }
  const [text = ''] = texts;
  if (/^sep=.$/i.test(text) || (text.split('"').length - 1) % 2 !== 0)
    throw unreadable(origin, 'its first line is no header line');
  return headerOf(file, text, delimiter, 0);
}

export interface CsvRequest {
  readonly file: CsvFile;
  readonly header: CsvHeader;
  /** The columns to read, in order. */
  readonly names: readonly string[];
  readonly types: Readonly<Record<string, ColumnType>>;
  readonly note: (text: string) => void;
}

/** Reads the file once, to find the types that lose nothing; what it says reads it a second time, for the values. */
export async function openCsv(connection: DuckDBConnection, request: CsvRequest): Promise<OpenRows> {
  const { file, header, names, types, note } = request;
  checkColumnCount(names, file.origin);
  const reader = csvReader(file, header);
  const plans = names.map((name): ColumnPlan => ({ name, declared: ownType(types, name) }));
  const { rowCount, found } = await countTypes(connection, reader, plans);
  for (const [index, { name, declared }] of plans.entries()) {
    const misfits = found[index]?.misfits ?? 0;
    if (declared === undefined || misfits === 0) continue;
    const line = await lineOf(
      connection,
      request,
      name,
      (value) => `${value} <> '' AND ${isNoValueOf(declared, value)}`,
    );
    throw new DataError(
      'PRIVITY_COLUMN_TYPE',
      `${file.origin}${line === undefined ? '' : `, line ${line}`}: a value in column '${name}' does not fit the column's type ${declared} (${misfits} in all)`,
    );
  }
  const columns = plans.map(({ name, declared }, index) => ({
    name,
    declared,
    type: declared ?? inferType(found[index]?.counts ?? NO_VALUES),
  }));
  note(`${file.origin}: ${columns.map(({ name, type }) => `${name} ${type}`).join(', ')}`);
  await tellKeptText(connection, request, plans, found);
  const select = columns.map(({ name, type }) => {
    const value = identifier(name);
    return type === 'VARCHAR' ? value : `CAST(NULLIF(${value}, '') AS ${type}) AS ${value}`;
  });
  const inferred = columns.flatMap(({ name, type, declared }) =>
    declared === undefined && type !== 'VARCHAR' ? [name] : [],
  );
  return {
    select: `SELECT ${select.join(', ')} FROM ${reader}`,
    count: async () => rowCount,
    fromText: new Set(inferred),
  };
}

interface ColumnPlan {
  readonly name: string;
  readonly declared: ColumnType | undefined;
}

interface ColumnFound {
  readonly counts: TypeCounts;
  /** Values that a declared type cannot have. */
  readonly misfits: number;
}

const NO_VALUES: TypeCounts = {
  values: 0,
  kept: { BOOLEAN: 0, BIGINT: 0, DOUBLE: 0, DATE: 0, TIMESTAMP: 0 },
};

function ownType(types: Readonly<Record<string, ColumnType>>, name: string): ColumnType | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

async function countTypes(
  connection: DuckDBConnection,
  reader: string,
  plans: readonly ColumnPlan[],
): Promise<{ readonly rowCount: number; readonly found: readonly ColumnFound[] }> {
  const asked = plans.map(({ name, declared }): readonly string[] => {
    const text = identifier(name);
    const given = `${text} IS NOT NULL`;
    if (declared === 'VARCHAR') return [];
    if (declared !== undefined) return [`count_if(${text} <> '' AND ${isNoValueOf(declared, text)})`];
    return [
      `count_if(${given})`,
      ...inferredTypes.map((type) => `count_if(${given} AND ${keeps(type, text)})`),
    ];
  });
  const expressions = ['count(*)', ...asked.flat()];
  const answer = await connection.runAndReadAll(`SELECT ${expressions.join(', ')} FROM ${reader}`);
  const [rowCount = 0, ...numbers] = (answer.getRows()[0] ?? []).map(Number);
  let at = 0;
  const found = asked.map((group): ColumnFound => {
    const [first = 0, ...rest] = numbers.slice(at, at + group.length);
    at += group.length;
    if (rest.length === 0) return { counts: NO_VALUES, misfits: first };
    const kept = Object.fromEntries(inferredTypes.map((type, index) => [type, rest[index] ?? 0]));
    return { counts: { values: first, kept: kept as Record<InferredType, number> }, misfits: 0 };
  });
  return { rowCount, found };
}

/** A column that is text because of few values is what people ask about. */
async function tellKeptText(
  connection: DuckDBConnection,
  request: CsvRequest,
  plans: readonly ColumnPlan[],
  found: readonly ColumnFound[],
): Promise<void> {
  const { file, note } = request;
  const nearly = plans.flatMap(({ name, declared }, index) => {
    const counts = found[index]?.counts ?? NO_VALUES;
    const type = declared === undefined ? nearlyType(counts) : undefined;
    return type === undefined ? [] : [{ name, type, counts }];
  });
  for (const { name, type, counts } of nearly.slice(0, KEPT_TEXT_TOLD_MAX)) {
    const line = await lineOf(connection, request, name, (value) => `NOT ${keeps(type, value)}`);
    note(
      `${file.origin}: column '${name}' stays text: ${counts.kept[type]} of ${counts.values} values are ${type}, ${line === undefined ? 'others are' : `line ${line} is`} not`,
    );
  }
  const rest = nearly.length - KEPT_TEXT_TOLD_MAX;
  if (rest > 0) note(`${file.origin}: ${rest} more columns stay text for the same reason`);
}

/** The line of the first value of a column for which a condition holds; undefined: not one file that can be counted. */
async function lineOf(
  connection: DuckDBConnection,
  { file, header }: CsvRequest,
  name: string,
  condition: (value: string) => string,
): Promise<number | undefined> {
  if (file.objects !== undefined) return undefined;
  // Under names of this statement alone: the column may be called anything.
  const numbered = `SELECT row_number() OVER (), ${identifier(name)} FROM ${csvReader(file, header)}`;
  const select = `SELECT place FROM (${numbered}) AS numbered(place, value) WHERE value IS NOT NULL AND ${condition('value')} LIMIT 1`;
  const row = Number((await connection.runAndReadAll(select)).getRows()[0]?.[0] ?? 0);
  return await lineOfRow(file, header, row);
}

async function lineOfRow(file: CsvFile, header: CsvHeader, row: number): Promise<number> {
  let left = row + header.skipped + 1;
  let line = 0;
  const scan = new CsvScan(header.delimiter, (record) => {
    if (record.bytes === 0 && header.names.length > 1) return;
    left--;
    if (left === 0) line = record.line;
  });
  for await (const chunk of chunksOf(file)) {
    scan.write(chunk);
    if (left <= 0) break;
  }
  scan.end();
  return line;
}

/** What DuckDB could not read, by the rules of the format. */
export async function findProblem(file: CsvFile, header: CsvHeader): Promise<CsvProblem | undefined> {
  const diagnosis = new CsvDiagnosis(header.delimiter, header.skipped);
  for await (const chunk of chunksOf(file)) {
    diagnosis.write(chunk);
    if (diagnosis.problem !== undefined) return diagnosis.problem;
  }
  return diagnosis.end();
}

function notUtf8(origin: string, why: string): DataError {
  return new DataError('PRIVITY_FILE_ENCODING', `${origin} is not UTF-8 text${why === '' ? '' : `: ${why}`}`);
}

export function csvFile(path: string, delimiter: string | undefined): CsvFile {
  return {
    path,
    origin: `file ${basename(path)}`,
    delimiter: delimiter ?? defaultDelimiter(path),
    delimiterGiven: delimiter !== undefined,
  };
}
