/** What a party that receives nothing of an intersection sends of its rows, once a row has been opened. */
import type { ColumnType } from '../../src/data/column-type.ts';
import { decodeRows, encodeRows, type RawColumn, ROWS_BOUND } from '../../src/psi/sealed/row-bytes.ts';
import { type Decoder, someBytes } from './decoder.ts';

const types: readonly ColumnType[] = ['BOOLEAN', 'INTEGER', 'VARCHAR', 'DOUBLE', 'BLOB'];

function row(bytes: number, text: Uint8Array, more: Uint8Array, isGap: boolean): Uint8Array {
  const column = (type: ColumnType, values: RawColumn['values'], gap = 0): RawColumn => ({
    type,
    values,
    nulls: Uint8Array.of(gap),
  });
  const columns = [
    column('BOOLEAN', Uint8Array.of(1)),
    column('INTEGER', Int32Array.of(isGap ? 0 : -7), isGap ? 1 : 0),
    column('VARCHAR', [text]),
    column('DOUBLE', Float64Array.of(Number.NaN)),
    column('BLOB', [more]),
  ];
  return encodeRows(columns, 1, bytes);
}

/** What a row takes beside its text. */
const SHORTEST = 32;

const rows: Decoder = {
  name: 'row of columns that matching rows open',
  author: 'a peer',
  functions: ['psi/sealed/row-bytes.ts decodeRows'],
  bound: ROWS_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PSI_CHECK'],
  valid: (random) =>
    row(64, Buffer.from('é'.repeat(random.below(8))), someBytes(random, 9), random.chance(0.5)),
  decode: (bytes) => decodeRows(types, bytes, bytes.byteLength),
  hostile: (bytes) => {
    const text = new Uint8Array(Math.max(0, bytes - SHORTEST));
    return [
      row(text.byteLength + SHORTEST, text.fill(0x61), new Uint8Array(), false),
      row(text.byteLength + SHORTEST, new Uint8Array(), text, true),
      new Uint8Array(bytes),
    ];
  },
};

export const sealedDecoders: readonly Decoder[] = [rows];
