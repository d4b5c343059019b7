/**
 * The one message of a profile: for each key column in their order, in COLUMN_BYTES whatever was found,
 *
 * | bytes | |
 * | ----- | - |
 * | 4, 4 × 10, 4 × 66 | rows; of each trait; of each length |
 * | 36 × 70 | formats: rows (4), runs (1: 0 none, 1 exact, 2 mixed, 3 any length), signs (1: how many; 64 of ASCII) |
 *
 * Numbers are little-endian, multiples of the minimum count. What is not used is zero. So the length of the message
 * tells nothing. What no column can have is refused: signs that are no format, more rows in all classes than there are.
 */
import type { DecodeBound } from '../../base/decode-bound.ts';
import { KEY_COLUMNS_MAX } from '../key-types.ts';
import { PART_HEADER_BYTES, type Part, requireLength, violation } from '../messages.ts';
import { FORMAT_CHARS_MAX, isFormat, type Runs } from './classes.ts';
import {
  type ColumnCounts,
  FORMATS_MAX,
  type FormatCount,
  type KeyTrait,
  LENGTH_MAX,
  TRAITS,
} from './profile.ts';

/** Kind in the header of a message; those of protocols are others. */
export const PROFILE = 7;

const COUNT_BYTES = 4;
const FORMAT_BYTES = COUNT_BYTES + 2 + FORMAT_CHARS_MAX;
/** Of any kind. */
const FORMATS_ALL = FORMATS_MAX.exact + FORMATS_MAX.mixed + FORMATS_MAX.any;
const FORMATS_AT = COUNT_BYTES * (1 + TRAITS.length + LENGTH_MAX + 1);
/** Of one key column. */
export const COLUMN_BYTES = FORMATS_AT + FORMATS_ALL * FORMAT_BYTES;

const RUNS: readonly (Runs | undefined)[] = [undefined, 'exact', 'mixed', 'any'];

/** A column is some hundred numbers and 36 short texts. */
export const PROFILE_MESSAGE_BOUND: DecodeBound = {
  bytesMax: PART_HEADER_BYTES + KEY_COLUMNS_MAX * COLUMN_BYTES,
  memory: { perByte: 32, once: 128 * 1024 },
  steps: { perByte: 8, once: 5_000 },
};

export function encodeProfiles(columns: readonly ColumnCounts[]): Part {
  const body = new Uint8Array(columns.length * COLUMN_BYTES);
  for (const [index, { rows, traits, lengths, formats }] of columns.entries()) {
    const column = body.subarray(index * COLUMN_BYTES, (index + 1) * COLUMN_BYTES);
    const view = new DataView(column.buffer, column.byteOffset, column.byteLength);
    const counts = [rows, ...TRAITS.map((trait) => traits[trait]), ...lengths];
    for (const [at, count] of counts.entries()) view.setUint32(at * COUNT_BYTES, count, true);
    for (const [nth, format] of formats.entries()) {
      const at = FORMATS_AT + nth * FORMAT_BYTES;
      view.setUint32(at, format.rows, true);
      column[at + 4] = RUNS.indexOf(format.runs);
      column[at + 5] = format.signs.length;
      column.set(Buffer.from(format.signs, 'latin1'), at + 6);
    }
  }
  return { kind: 'part', part: PROFILE, index: 0, body };
}

/** @throws {PeerError} PRIVITY_PSI_PROTOCOL */
export function decodeProfiles(
  { part, index, body }: Part,
  columns: number,
  minimum: number,
): readonly ColumnCounts[] {
  if (part !== PROFILE || index !== 0) throw violation('another message than a profile');
  requireLength(body, columns * COLUMN_BYTES, 'a profile');
  return Array.from({ length: columns }, (_, nth) =>
    decodeColumn(body.subarray(nth * COLUMN_BYTES, (nth + 1) * COLUMN_BYTES), minimum),
  );
}

function decodeColumn(column: Uint8Array, minimum: number): ColumnCounts {
  const view = new DataView(column.buffer, column.byteOffset, column.byteLength);
  const rows = view.getUint32(0, true);
  const count = (at: number): number => {
    const given = view.getUint32(at, true);
    if (given % minimum !== 0) throw violation('a profile with a count that is not rounded');
    if (given > rows) throw violation('a profile with a class of more rows than there are');
    return given;
  };
  count(0);
  const traits = TRAITS.map((trait, nth) => [trait, count(COUNT_BYTES * (1 + nth))] as const);
  const lengths = Array.from({ length: LENGTH_MAX + 1 }, (_, length) =>
    count(COUNT_BYTES * (1 + TRAITS.length + length)),
  );
  const formats = decodeFormats(column, count);
  requireSum(lengths, rows);
  requireSum(
    formats.map((format) => format.rows),
    rows,
  );
  return { rows, traits: Object.fromEntries(traits) as Record<KeyTrait, number>, lengths, formats };
}

function decodeFormats(column: Uint8Array, count: (at: number) => number): readonly FormatCount[] {
  const formats: FormatCount[] = [];
  for (let nth = 0; nth < FORMATS_ALL; nth++) {
    const at = FORMATS_AT + nth * FORMAT_BYTES;
    const rows = count(at);
    const runs = RUNS[column[at + 4] ?? 0];
    const length = column[at + 5] ?? 0;
    const bytes = column.subarray(at + 6, at + FORMAT_BYTES);
    if (length > FORMAT_CHARS_MAX || bytes.subarray(length).some((byte) => byte !== 0))
      throw violation('a profile with something behind a format');
    if (runs === undefined) {
      if (rows !== 0 || length !== 0 || column[at + 4] !== 0)
        throw violation('a profile with rows of no format');
      continue;
    }
    const signs = Buffer.from(bytes.subarray(0, length)).toString('latin1');
    if (rows === 0 || formats.length < nth || !isFormat(signs, runs))
      throw violation('a profile with a format that no text has');
    if (formats.some((other) => other.runs === runs && other.signs === signs))
      throw violation('a profile with a format twice');
    formats.push({ signs, runs, rows });
  }
  return formats;
}

/** A row has one length and one format; of rounded counts the sum is no more than the rounded number of rows. */
function requireSum(counts: readonly number[], rows: number): void {
  if (counts.reduce((sum, count) => sum + count, 0) > rows)
    throw violation('a profile with more rows in all classes than there are');
}
