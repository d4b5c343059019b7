import { jsonLine } from '../base/steering.ts';
import type { RunEvent } from '../observe/events.ts';

/**
 * JSON has no bytes, no big integers and no numbers beyond the finite. What a job returns may have them: they become
 * text or lists here, never an error and never a silent null.
 */
function plain(this: Readonly<Record<string, unknown>>, key: string, seen: unknown): unknown {
  // JSON.stringify hands over what toJSON made of the value; a Buffer's is a record of numbers.
  const value = this[key] instanceof Uint8Array ? this[key] : seen;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (ArrayBuffer.isView(value) && !(value instanceof DataView))
    return Array.from(value as unknown as ArrayLike<unknown>);
  return value;
}

/** One event as one line: what `--json` prints. */
export function eventLine(event: RunEvent): string {
  return recordLine(event);
}

/** Any record as one line of JSON. */
export function recordLine(record: object): string {
  return jsonLine(record, plain);
}

/**
 * Reads what {@link eventLine} wrote. Undefined if the line is none: the caller decides what to do with stray output.
 */
export function parseEventLine(line: string): RunEvent | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return undefined;
    const { event, time, runId, party } = value as Record<string, unknown>;
    const whole = [event, time, runId, party].every((field) => typeof field === 'string');
    return whole ? (value as RunEvent) : undefined;
  } catch {
    return undefined;
  }
}
