/**
 * What a job returned, laid out for a reader: records as aligned names and values, lists of like records as tables.
 * Bounded in depth, rows and characters; the complete value is in the `result` event of `--json`.
 */
import { alignColumns, shorten, widest } from './columns.ts';
import { printable } from './printable.ts';
import { size } from './quantity.ts';

const DEPTH_MAX = 6;
const ROWS_SHOWN_MAX = 40;
const FIELDS_SHOWN_MAX = 100;
const TABLE_COLUMNS_MAX = 12;
const TEXT_COLUMNS_MAX = 200;
/** Digits after the first that a figure in a table needs; the event has them all. */
const SIGNIFICANT_DIGITS = 6;

type PlainRecord = Readonly<Record<string, unknown>>;

export function valueText(value: unknown, indent = ''): string[] {
  return block(value, indent, 0);
}

function block(value: unknown, indent: string, depth: number): string[] {
  const inline = scalarText(value);
  if (inline !== undefined) return [`${indent}${inline}`];
  if (depth >= DEPTH_MAX) return [`${indent}…`];
  if (Array.isArray(value)) return listBlock(value, indent, depth);
  if (isRecord(value)) return recordBlock(value, indent, depth);
  return [`${indent}(${typeof value})`];
}

function recordBlock(record: PlainRecord, indent: string, depth: number): string[] {
  const entries = Object.entries(record);
  if (entries.length === 0) return [`${indent}(empty)`];
  const rows = entries.map(([, value]) => value);
  if (entries.length > 1 && rows.every(isRecord) && sameScalarFields(rows)) {
    return tableBlock(
      rows,
      entries.map(([key]) => printable(key)),
      indent,
    );
  }
  const lines: string[] = [];
  // Scalars that follow each other are aligned together; anything larger gets its own heading.
  let aligned: string[][] = [];
  const flush = (): void => {
    lines.push(...alignColumns(inColumns(aligned), { indent }));
    aligned = [];
  };
  for (const [key, value] of entries.slice(0, FIELDS_SHOWN_MAX)) {
    const inline = scalarText(value) ?? shortList(value);
    if (inline !== undefined) {
      aligned.push([printable(key), inline]);
      continue;
    }
    flush();
    lines.push(`${indent}${printable(key)}`, ...block(value, `${indent}  `, depth + 1));
  }
  flush();
  if (entries.length > FIELDS_SHOWN_MAX)
    lines.push(`${indent}… and ${entries.length - FIELDS_SHOWN_MAX} more`);
  return lines;
}

/**
 * A record longer than this is laid out side by side, read downwards: thirty means fit on a screen, not thirty lines.
 */
const ONE_COLUMN_ROWS_MAX = 10;
const COLUMNS_MAX = 3;
/** Names and values together; longer ones stay one below the other. */
const ROW_COLUMNS_MAX = 28;

function inColumns(rows: readonly string[][]): readonly string[][] {
  const short = widest(rows.map((row) => row.join('  '))) <= ROW_COLUMNS_MAX;
  if (rows.length <= ONE_COLUMN_ROWS_MAX || !short) return rows;
  const height = Math.ceil(rows.length / COLUMNS_MAX);
  return rows.slice(0, height).map((row, index) => {
    const beside = [rows[index + height], rows[index + 2 * height]].filter((other) => other !== undefined);
    return [...row, ...beside.flatMap(([name = '', value = '']) => [`  ${name}`, value])];
  });
}

function listBlock(list: readonly unknown[], indent: string, depth: number): string[] {
  if (list.length === 0) return [`${indent}(empty list)`];
  if (list.every(isRecord) && sameScalarFields(list)) return tableBlock(list, undefined, indent);
  const short = shortList(list);
  if (short !== undefined) return [`${indent}${short}`];
  const lines = list.slice(0, ROWS_SHOWN_MAX).flatMap((item) => {
    const [first = '', ...others] = block(item, '', depth + 1);
    return [`${indent}- ${first}`, ...others.map((line) => `${indent}  ${line}`)];
  });
  if (list.length > ROWS_SHOWN_MAX) lines.push(`${indent}… and ${list.length - ROWS_SHOWN_MAX} more`);
  return lines;
}

function tableBlock(
  rows: readonly PlainRecord[],
  names: readonly string[] | undefined,
  indent: string,
): string[] {
  const keys = Object.keys(rows[0] ?? {});
  const header = [...(names === undefined ? [] : ['']), ...keys.map(printable)];
  const body = rows
    .slice(0, ROWS_SHOWN_MAX)
    .map((row, index) => [
      ...(names === undefined ? [] : [names[index] ?? '']),
      ...keys.map((key) => scalarText(row[key]) ?? ''),
    ]);
  const offset = names === undefined ? 0 : 1;
  const right = keys.flatMap((key, index) =>
    rows.every((row) => isNumeric(row[key])) ? [index + offset] : [],
  );
  const lines = alignColumns([header, ...body], { indent, right });
  if (rows.length > ROWS_SHOWN_MAX) lines.push(`${indent}… and ${rows.length - ROWS_SHOWN_MAX} more rows`);
  return lines;
}

function shortList(value: unknown): string | undefined {
  const list: readonly unknown[] | undefined = Array.isArray(value)
    ? value
    : isTypedArray(value)
      ? Array.from<unknown>(value)
      : undefined;
  if (list === undefined || list.length === 0) return undefined;
  const parts = list.slice(0, 12).map(scalarText);
  if (parts.some((part) => part === undefined)) return undefined;
  return shorten(
    `${parts.join(', ')}${list.length > 12 ? `, … (${list.length} in all)` : ''}`,
    TEXT_COLUMNS_MAX,
  );
}

function scalarText(value: unknown): string | undefined {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return grouped(value.toString());
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return shorten(printable(value), TEXT_COLUMNS_MAX);
  if (value instanceof Uint8Array) return size(value.byteLength);
  if (isTypedArray(value)) return shortList(value) ?? '(empty list)';
  return undefined;
}

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? grouped(String(value)) : value.toExponential();
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e15) return value.toExponential(SIGNIFICANT_DIGITS - 1);
  return String(Number(value.toPrecision(size >= 1e5 ? 8 : SIGNIFICANT_DIGITS)));
}

/** Thousands by a thin gap that every terminal has; years and small counts stay as they are. */
function grouped(digits: string): string {
  const plain = digits.replace('-', '');
  return plain.length <= 4 ? digits : digits.replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

function sameScalarFields(rows: readonly PlainRecord[]): boolean {
  const keys = Object.keys(rows[0] ?? {});
  if (keys.length === 0 || keys.length > TABLE_COLUMNS_MAX) return false;
  return rows.every((row) => {
    const own = Object.keys(row);
    return (
      own.length === keys.length &&
      keys.every((key) => own.includes(key) && scalarText(row[key]) !== undefined)
    );
  });
}

function isRecord(value: unknown): value is PlainRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function isNumeric(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isTypedArray(value: unknown): value is NodeJS.TypedArray & ArrayLike<unknown> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}
