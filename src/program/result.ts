/** The result of a job as plain JSON, for events and reports: whatever a job can return, in a form that people can read. */
import { Table } from '../data/table.ts';
import { isTypedArray } from '../wire/value-kinds.ts';

/** Elements of one array in a result; a longer one is told by its length. Events are lines, not files. */
export const RESULT_ITEMS_MAX = 10_000;

/** Bigints become decimal strings, dates ISO 8601, bytes and numbers arrays, tables and Blobs their size. */
export function resultToJson(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Table) return { table: { rows: value.rowCount, columns: value.columns } };
  if (value instanceof Blob) return { blob: { bytes: value.size, type: value.type } };
  if (isTypedArray(value)) {
    return value.length > RESULT_ITEMS_MAX ? { items: value.length } : Array.from(value as ArrayLike<unknown>, resultToJson);
  }
  if (Array.isArray(value)) {
    return value.length > RESULT_ITEMS_MAX ? { items: value.length } : value.map(resultToJson);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resultToJson(item)]));
}
