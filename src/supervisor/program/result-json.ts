/**
 * What a job returned, as JSON for the `result` event: everything that a value may be has a JSON form, bounded in size.
 */

/**
 * Elements of one array and fields of one record that an event carries; results are for reading, tables go to files.
 */
const ELEMENTS_MAX = 10_000;
const DEPTH_MAX = 32;
/**
 * Bytes that an event carries: a small model or image. Of more there is their number alone: a part of them would be of
 * no use.
 */
export const RESULT_BYTES_MAX = 1024 * 1024;

/**
 * Characters of the JSON of a result: some 200,000 numbers. Of more there is their number alone; tables go to files.
 */
export const RESULT_JSON_CHARS_MAX = 4 * 1024 * 1024;

/** A result as its party's supervisor is told of it. */
export function resultJson(value: unknown): unknown {
  const json = toJson(value);
  const { length } = JSON.stringify(json);
  return length > RESULT_JSON_CHARS_MAX ? { characters: length } : json;
}

export function toJson(value: unknown, depth = 0): unknown {
  if (depth > DEPTH_MAX) return '…';
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return value.toString();
    case 'string':
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectToJson(value, depth);
    default:
      return null;
  }
}

function objectToJson(value: object, depth: number): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array || value instanceof DataView) return bytesToJson(value);
  if (value instanceof ArrayBuffer) return bytesToJson(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return listToJson([...(value as unknown as Iterable<unknown>)], depth);
  if (Array.isArray(value)) return listToJson(value, depth);
  if (value instanceof Blob) return { bytes: value.size };
  const entries = Object.entries(value);
  const shown = entries.slice(0, ELEMENTS_MAX).map(([key, item]) => [key, toJson(item, depth + 1)]);
  const rest = entries.length - shown.length;
  return Object.fromEntries(rest > 0 ? [...shown, ['…', `${rest} more`]] : shown);
}

function bytesToJson({ buffer, byteOffset, byteLength }: ArrayBufferView): unknown {
  if (byteLength > RESULT_BYTES_MAX) return { bytes: byteLength };
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function listToJson(list: readonly unknown[], depth: number): unknown[] {
  const shown = list.slice(0, ELEMENTS_MAX).map((item) => toJson(item, depth + 1));
  return list.length > ELEMENTS_MAX ? [...shown, `… ${list.length - ELEMENTS_MAX} more`] : shown;
}
