/** The bytes of an Arrow stream, filled batch by batch. The counterpart of arrow-batch.ts, which reads them. */
import type { DuckDBVector } from '@duckdb/node-api';
import { invariant } from '../base/errors.ts';
import { ARROW_BATCH_ROWS } from './arrow-format.ts';
import {
  type BufferPlace,
  batchMessage,
  type ColumnCounts,
  END_OF_STREAM,
  schemaMessage,
} from './arrow-messages.ts';
import { type Column, type ColumnType, widthBytes } from './column-type.ts';
import { copyNumbers, eachBytes, isFixed, type NumberArray, newArray, type VectorRows } from './columns.ts';
import { ALIGNMENT, aligned } from './flatbuffer-writer.ts';

const OFFSET_BYTES = 4;

/** The rows of one column that the batch has so far. */
export class ColumnBatch {
  readonly #type: ColumnType;
  /** Of booleans a byte each, and of texts and bytes where each of them ends. */
  readonly #values: NumberArray;
  readonly #gaps: Uint8Array | undefined;
  #texts: Uint8Array[] = [];
  #textBytes = 0;
  #rows = 0;

  constructor(type: ColumnType, hasGaps: boolean, rowsMax: number) {
    this.#type = type;
    this.#values = isFixed(type) ? newArray(type, rowsMax) : new Int32Array(rowsMax + 1);
    this.#gaps = hasGaps ? new Uint8Array(rowsMax) : undefined;
  }

  takeValues(vector: DuckDBVector, rows: VectorRows): void {
    if (isFixed(this.#type)) copyNumbers(vector, rows, this.#values, this.#rows);
    else this.#takeTexts(vector, rows);
    this.#rows += rows.to - rows.from;
  }

  /** Behind the values of the same rows. */
  takeGaps(vector: DuckDBVector, rows: VectorRows): void {
    if (this.#gaps !== undefined) copyNumbers(vector, rows, this.#gaps, this.#rows - (rows.to - rows.from));
  }

  #takeTexts(vector: DuckDBVector, rows: VectorRows): void {
    const pieces: Uint8Array[] = new Array(rows.to - rows.from);
    const before = this.#textBytes;
    eachBytes(vector, rows, (bytes, row) => {
      pieces[row] = bytes;
      this.#textBytes += bytes.byteLength;
      this.#values[this.#rows + row + 1] = this.#textBytes;
    });
    const joined = new Uint8Array(this.#textBytes - before);
    let at = 0;
    for (const piece of pieces) {
      joined.set(piece, at);
      at += piece.byteLength;
    }
    this.#texts.push(joined);
  }

  counts(): ColumnCounts {
    return [this.#rows, this.#gaps?.subarray(0, this.#rows).reduce((sum, gap) => sum + gap, 0) ?? 0];
  }

  /** Each as pieces that stand behind each other. A column without gaps in this batch says nothing of them. */
  buffers([rows, gapCount]: ColumnCounts): readonly (readonly Uint8Array[])[] {
    const gaps = this.#gaps !== undefined && gapCount > 0 ? [packBits(this.#gaps.subarray(0, rows), 1)] : [];
    if (this.#type === 'BOOLEAN') return [gaps, [packBits(this.#values.subarray(0, rows) as Uint8Array, 0)]];
    const length = isFixed(this.#type) ? rows : rows + 1;
    const { buffer, byteOffset, BYTES_PER_ELEMENT } = this.#values;
    const values = new Uint8Array(buffer, byteOffset, length * BYTES_PER_ELEMENT);
    return isFixed(this.#type) ? [gaps, [values]] : [gaps, [values], this.#texts];
  }

  clear(): void {
    this.#rows = 0;
    this.#texts = [];
    this.#textBytes = 0;
  }
}

/** One bit an element, the lowest first, set where it differs from `zeroFor`. */
function packBits(flags: Uint8Array, zeroFor: 0 | 1): Uint8Array {
  const bits = new Uint8Array(bitBytes(flags.length));
  for (let index = 0; index < flags.length; index++) {
    if (flags[index] !== zeroFor) bits[index >> 3] = (bits[index >> 3] ?? 0) | (1 << (index & 7));
  }
  return bits;
}

function bitBytes(rows: number): number {
  return Math.ceil(rows / 8);
}

export class ArrowStream {
  readonly columns: readonly ColumnBatch[];
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #end = 0;
  #rows = 0;

  /** @param bytesMax what {@link streamBytesMax} gives, and the bytes of all text */
  constructor(columns: readonly Column[], gapped: ReadonlySet<number>, rowCount: number, bytesMax: number) {
    const rowsMax = Math.min(rowCount, ARROW_BATCH_ROWS);
    this.columns = columns.map(({ type }, index) => new ColumnBatch(type, gapped.has(index), rowsMax));
    this.#bytes = new Uint8Array(bytesMax);
    this.#append(schemaMessage(columns));
  }

  /** All columns have so many more. */
  tookRows(rows: number): void {
    this.#rows += rows;
    if (this.#rows === ARROW_BATCH_ROWS) this.#endBatch();
  }

  end(): Uint8Array<ArrayBuffer> {
    if (this.#rows > 0) this.#endBatch();
    this.#append(END_OF_STREAM);
    return this.#bytes.subarray(0, this.#end);
  }

  #endBatch(): void {
    const counts = this.columns.map((column) => column.counts());
    const buffers = this.columns.flatMap((column, index) => column.buffers(counts[index] as ColumnCounts));
    let bodyBytes = 0;
    const places = buffers.map((pieces): BufferPlace => {
      const offset = bodyBytes;
      const bytes = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
      bodyBytes += aligned(bytes);
      return [offset, bytes];
    });
    this.#append(batchMessage(this.#rows, counts, places, bodyBytes));
    for (const pieces of buffers) {
      for (const piece of pieces) this.#append(piece);
      this.#end = aligned(this.#end);
    }
    for (const column of this.columns) column.clear();
    this.#rows = 0;
  }

  #append(bytes: Uint8Array): void {
    invariant(this.#end + bytes.byteLength <= this.#bytes.byteLength, 'a table is larger than it was');
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.byteLength;
  }
}

/** Bytes that the stream of a table takes at most, without those of its texts. */
export function streamBytesMax(
  columns: readonly Column[],
  gapped: ReadonlySet<number>,
  rowCount: number,
): number {
  const batch = (rows: number): number => {
    const buffers = columns.reduce((sum, { type }, index) => {
      const gaps = gapped.has(index) ? aligned(bitBytes(rows)) : 0;
      return sum + gaps + valueBytesMax(type, rows);
    }, 0);
    return headerBytes + buffers;
  };
  const places = columns.flatMap(({ type }): BufferPlace[] => Array(isFixed(type) ? 2 : 3).fill([0, 0]));
  const headerBytes = batchMessage(
    0,
    columns.map(() => [0, 0]),
    places,
    0,
  ).byteLength;
  const rest = rowCount % ARROW_BATCH_ROWS;
  const batches =
    Math.floor(rowCount / ARROW_BATCH_ROWS) * batch(ARROW_BATCH_ROWS) + (rest > 0 ? batch(rest) : 0);
  return schemaMessage(columns).byteLength + batches + END_OF_STREAM.byteLength;
}

/** For a text, without its bytes: where it ends, and what aligns all of them. */
function valueBytesMax(type: ColumnType, rows: number): number {
  if (type === 'BOOLEAN') return aligned(bitBytes(rows));
  if (isFixed(type)) return aligned(rows * widthBytes(type));
  return aligned((rows + 1) * OFFSET_BYTES) + ALIGNMENT - 1;
}
