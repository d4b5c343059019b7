/** SQL text made from names and values, and what DuckDB's errors say without the data that they quote. */

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a literal for DuckDB's file readers, which would take `*`, `?` and `[` for patterns. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[[*?]/g, '[$&]'));
}

export type SqlErrorKind =
  | 'parser'
  | 'binder'
  | 'catalog'
  | 'conversion'
  | 'out-of-range'
  | 'invalid-input'
  | 'io'
  | 'http'
  | 'permission'
  | 'memory'
  | 'interrupt'
  | 'other';

/**
 * The harmless part of a DuckDB error. The message itself quotes lines and values of the data, so it never goes
 * further.
 */
export interface SqlError {
  readonly kind: SqlErrorKind;
  readonly line: number | undefined;
  /** The name that DuckDB says it was converting, if any. Compare with known column names before use. */
  readonly column: string | undefined;
  readonly invalidUtf8: boolean;
  /** The place of the column whose conversion would have lost something. */
  readonly lossyColumn: number | undefined;
}

/** What a statement fails with, and a number behind it, where a conversion would lose something. */
export const LOSSY = 'PRIVITY LOSSY';

const kinds: readonly (readonly [RegExp, SqlErrorKind])[] = [
  [/^(Failed to extract statements: )?(Parser|Syntax) Error/, 'parser'],
  [/^Binder Error/, 'binder'],
  [/^Catalog Error/, 'catalog'],
  [/^Conversion Error/, 'conversion'],
  [/^Out of Range Error/, 'out-of-range'],
  [/^Invalid Input Error/, 'invalid-input'],
  [/^IO Error/, 'io'],
  [/^HTTP Error/, 'http'],
  [/^Permission Error/, 'permission'],
  [/^Out of Memory Error/, 'memory'],
  [/^INTERRUPT Error/i, 'interrupt'],
];

export function sqlError(error: unknown): SqlError {
  const text = error instanceof Error ? error.message : '';
  const lossy = new RegExp(`${LOSSY} (\\d+)`).exec(text)?.[1];
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1];
  return {
    kind: kinds.find(([pattern]) => pattern.test(text))?.[1] ?? 'other',
    line: line === undefined ? undefined : Number(line),
    column: /Error when converting column "([^"\n]{1,1024})"/.exec(text)?.[1],
    lossyColumn: lossy === undefined ? undefined : Number(lossy),
    invalidUtf8: /not utf-8|Invalid unicode|invalid UTF-?8/i.test(text),
  };
}
