/**
 * What a format of files is to tables: a source. Each stands in a file of its own and in one line of registry.ts.
 * `readTable`, `writeTable`, their errors, the doctor, datasets (src/data/datasets/) and the table in
 * docs/writing-a-job.md are made from what it says here.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError, type PrivityError, UsageError } from '../../base/errors.ts';
import { hint } from '../../base/suggest.ts';
import type { Column, ColumnType } from '../column-type.ts';
import { columnsMissing } from '../relation.ts';

/** How a file is read. */
export interface ReadTableOptions {
  /** Read only these columns, in this order. Default: all. */
  readonly columns?: readonly string[];
  /** Types of columns that should not be inferred (CSV) or kept (Parquet), by column name: `{ id: 'VARCHAR' }`. */
  readonly types?: Readonly<Record<string, ColumnType>>;
  /**
   * CSV only: one ASCII character. Default: a comma, for .tsv a tab, or what a first line `sep=;` says, as spreadsheets
   * write it. Never guessed: a wrong guess would join or split columns silently.
   */
  readonly delimiter?: string;
  /** Ends the reading; the promise rejects with its reason. A task passes its own `signal`. */
  readonly signal?: AbortSignal;
}

/** How a file is written. */
export interface WriteTableOptions {
  /**
   * CSV only: puts an apostrophe before texts that a spreadsheet would take for a formula: those that begin with =, +,
   * -, an at sign, a tab or a carriage return. Default: false, since the texts that are read back have it, too.
   */
  readonly escapeFormulas?: boolean;
}

/** A file whose name says that a source reads it. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  /** `file a.csv`, for messages. */
  readonly origin: string;
}

export interface TableSource {
  /** In messages and pages: `CSV`. */
  readonly name: string;
  /** How names of its files end: `.csv`, `.csv.gz`. */
  readonly extensions: readonly string[];
  /** What becomes of the types of columns, for pages. */
  readonly types: string;
  /** Options of `readTable` that it takes beside those that all take. */
  readonly options: readonly (keyof ReadTableOptions)[];
  /**
   * Looks at the file, which is there and has bytes in it, and says how its rows are asked for. Options have been
   * checked, but for whether the columns are there. The connection is one that opens files (database.ts).
   */
  open(connection: DuckDBConnection, file: SourceFile, options: ReadTableOptions): Promise<OpenRows>;
  /**
   * What an error of `open`, or of what it says, means: a DataError that names a column, a line or a count, never a
   * value.
   */
  failed(error: unknown, file: SourceFile, options: ReadTableOptions): Promise<PrivityError>;
  /** How `writeTable` writes it; absent where it is only read. */
  readonly write?: TableWriting;
}

/** Rows that a connection can be asked for. */
export interface OpenRows {
  readonly select: string;
  /** How many there are. */
  readonly count: () => Promise<number>;
  /** Columns whose type was inferred from texts that it gives back. */
  readonly fromText?: ReadonlySet<string>;
}

export interface TableWriting {
  /** Options of `writeTable` that it takes. */
  readonly options: readonly (keyof WriteTableOptions)[];
  /**
   * SQL for the values of a column.
   * @throws {UsageError} PRIVITY_COLUMN_TYPE if the format has no form for them
   */
  column(column: Column, options: WriteTableOptions): string;
  /** Settings of DuckDB's COPY. */
  settings(path: string): string;
}

export type WritableSource = TableSource & { readonly write: TableWriting };

/**
 * The source that a name says.
 * @throws {UsageError} PRIVITY_FILE_FORMAT
 */
export function sourceOf<S extends TableSource>(sources: readonly S[], path: string, origin: string): S {
  const found = sources.find((source) => isFileOf(source, path));
  if (found !== undefined) return found;
  throw new UsageError(
    'PRIVITY_FILE_FORMAT',
    `${origin}: its name does not say a format that tables have, which are ${sources.map(inWords).join(', ')}`,
  );
}

export function isFileOf({ extensions }: TableSource, path: string): boolean {
  return extensions.some((extension) => path.toLowerCase().endsWith(extension));
}

/** `CSV (.csv, .tsv)`. */
export function inWords({ name, extensions }: TableSource): string {
  return `${name} (${extensions.join(', ')})`;
}

/** Which options a function takes. */
export interface Call<S extends TableSource> {
  readonly name: string;
  readonly shared: readonly string[];
  readonly own: (source: S) => readonly string[];
}

/**
 * Refuses what a source would pass over: options of other sources, and options that nobody knows.
 * @throws {UsageError} PRIVITY_FILE_FORMAT
 */
export function checkOptions<S extends TableSource>(
  { name: call, shared, own }: Call<S>,
  given: object,
  { source, sources, origin }: { source: S; sources: readonly S[]; origin: string },
): void {
  const taken = [...shared, ...own(source)];
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || taken.includes(option)) continue;
    const others = sources.filter((other) => own(other).includes(option)).map(({ name }) => name);
    const what =
      others.length > 0
        ? `the option ${option} of ${call} is for ${others.join(' and ')}, and this is ${source.name}`
        : `${call} has no option '${option}' for ${source.name}; ${hint(option, taken)}`;
    throw new UsageError('PRIVITY_FILE_FORMAT', `${origin}: ${what}`);
  }
}

/** The names that options speak of must be there before DuckDB is asked to use them. */
export function checkAsked(origin: string, options: ReadTableOptions, names: readonly string[]): void {
  const asked = [...(options.columns ?? []), ...Object.keys(options.types ?? {})];
  const missing = [...new Set(asked)].filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const present = names.map((name) => ({ name }));
  throw columnsMissing(missing, present, undefined, origin);
}

export function unreadable(origin: string, why: string): DataError {
  return new DataError('PRIVITY_FILE_UNREADABLE', `${origin} cannot be read as a table: ${why}`);
}
