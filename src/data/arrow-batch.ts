/**
 * Record batches of an Arrow stream, and the columns that they hold together: read stretch by stretch, as they are
 * written to a table.
 */
import type { Column, ColumnType } from './column-type.ts';
import { widthBytes } from './column-type.ts';
import {
  arrayOver,
  type ColumnData,
  type ColumnSource,
  type ColumnStream,
  copyInto,
  isFixed,
  type NumberArray,
  newArray,
} from './columns.ts';
import { decodeUtf8, type FlatTable, malformed } from './flatbuffer.ts';

/** One message of a stream. */
export interface Message {
  readonly header: FlatTable;
  readonly body: Uint8Array;
}

/** The parts of a batch that belong to one column. */
interface Piece {
  readonly nullCount: number;
  readonly gaps: Uint8Array;
  /** Values; of text and bytes the offsets. */
  readonly values: Uint8Array;
  readonly text: Uint8Array;
}

/** A batch whose counts have been checked against its bytes. */
export class Batch {
  readonly rowCount: number;
  readonly #header: FlatTable;
  readonly #body: Uint8Array;

  /**
   * Every row must be paid for with bytes of its own: what several columns share would be paid for once and made many
   * times.
   */
  constructor({ header, body }: Message, columns: readonly Column[]) {
    if (header.table(3) !== undefined) malformed('compressed columns');
    this.#header = header;
    this.#body = body;
    this.rowCount = header.size(0);
    if (header.vector(1, 16).length !== columns.length) malformed('another number of columns than announced');
    const buffers = columns.reduce((sum, { type }) => sum + buffersOf(type), 0);
    if (header.vector(2, 16).length !== buffers) malformed('another number of buffers than its columns have');
    this.#requireOrder(buffers);
    let buffer = 0;
    for (const [place, { type }] of columns.entries()) {
      this.#requireRows(type, place, buffer);
      buffer += buffersOf(type);
    }
  }

  /** `place`: of the column; `buffer`: where its buffers begin. */
  piece(type: ColumnType, place: number, buffer: number): Piece {
    const [, nullCount] = this.#header.pair(this.#header.vector(1, 16), place);
    return {
      nullCount,
      gaps: this.#bufferAt(buffer),
      values: this.#bufferAt(buffer + 1),
      text: isFixed(type) ? EMPTY : this.#bufferAt(buffer + 2),
    };
  }

  /** One behind the other, none within another. Where an empty one stands does not matter. */
  #requireOrder(count: number): void {
    const buffers = this.#header.vector(2, 16);
    let end = 0;
    for (let index = 0; index < count; index++) {
      const [offset, length] = this.#header.pair(buffers, index);
      if (offset + length > this.#body.byteLength) malformed('a buffer outside of its message');
      if (length === 0) continue;
      if (offset < end) malformed('buffers that overlap, or are out of order');
      end = offset + length;
    }
  }

  #requireRows(type: ColumnType, place: number, buffer: number): void {
    const [length, nullCount] = this.#header.pair(this.#header.vector(1, 16), place);
    if (length !== this.rowCount) malformed('columns of different length');
    if (nullCount > length) malformed('more gaps than rows');
    if (this.#bufferAt(buffer + 1).byteLength < bytesNeeded(type, length))
      malformed('a column shorter than announced');
    if (nullCount > 0 && this.#bufferAt(buffer).byteLength < Math.ceil(length / 8))
      malformed('gaps without a map');
  }

  #bufferAt(index: number): Uint8Array {
    const [offset, length] = this.#header.pair(this.#header.vector(2, 16), index);
    return this.#body.subarray(offset, offset + length);
  }
}

const EMPTY = new Uint8Array();

export function buffersOf(type: ColumnType): number {
  return isFixed(type) ? 2 : 3;
}

/** Bytes that `rows` values of a column need at least; for text and bytes, those of the offsets. */
function bytesNeeded(type: ColumnType, rows: number): number {
  if (type === 'BOOLEAN') return Math.ceil(rows / 8);
  if (isFixed(type)) return rows * widthBytes(type);
  return rows === 0 ? 0 : (rows + 1) * 4;
}

/** One column through all batches. */
export class ArrowColumn implements ColumnStream {
  readonly name: string;
  readonly type: ColumnType;
  readonly #place: number;
  readonly #buffer: number;
  readonly #batches: readonly Batch[];
  /** The batch in which the next stretch begins, its first row, its part of this column. */
  #batch = 0;
  #firstRow = 0;
  #piece: Piece | undefined;
  #gapsSeen = 0;

  constructor({ name, type }: Column, place: number, buffer: number, batches: readonly Batch[]) {
    this.name = name;
    this.type = type;
    this.#place = place;
    this.#buffer = buffer;
    this.#batches = batches;
  }

  textBytes(offset: number, rows: number): number {
    if (isFixed(this.type)) return 0;
    let sum = 0;
    let firstRow = this.#firstRow;
    for (let index = this.#batch; firstRow < offset + rows; index++) {
      const batch = this.#batches[index];
      if (batch === undefined) break;
      const [from, to] = within(batch.rowCount, offset - firstRow, rows);
      if (from < to) {
        const offsets = offsetsOf(batch.piece(this.type, this.#place, this.#buffer).values);
        sum += Math.max(0, offsets(to) - offsets(from));
      }
      firstRow += batch.rowCount;
    }
    return sum;
  }

  /** @throws {MalformedError} */
  read(offset: number, rows: number): Pick<ColumnSource, 'values' | 'nulls'> {
    const values: ColumnData = isFixed(this.type) ? newArray(this.type, rows) : new Array(rows);
    const nulls = new Uint8Array(rows);
    let hasNulls = false;
    for (let done = 0; done < rows; ) {
      const batch = this.#batches[this.#batch];
      if (batch === undefined) break;
      this.#piece ??= batch.piece(this.type, this.#place, this.#buffer);
      const [from, to] = within(batch.rowCount, offset + done - this.#firstRow, rows - done);
      if (this.#piece.nullCount > 0) {
        this.#gapsSeen += markGaps(nulls, done, this.#piece.gaps, from, to);
        hasNulls = true;
      }
      this.#take(values, done, this.#piece, from, to, nulls);
      done += to - from;
      if (to === batch.rowCount) this.#leave(batch, this.#piece);
    }
    return { values, nulls: hasNulls ? nulls : undefined };
  }

  #leave(batch: Batch, { nullCount }: Piece): void {
    if (this.#gapsSeen !== nullCount) malformed('another number of gaps than announced');
    this.#batch += 1;
    this.#firstRow += batch.rowCount;
    this.#piece = undefined;
    this.#gapsSeen = 0;
  }

  #take(
    into: ColumnData,
    at: number,
    { values, text }: Piece,
    from: number,
    to: number,
    nulls: Uint8Array,
  ): void {
    if (this.type === 'BOOLEAN') {
      const flags = into as Uint8Array;
      for (let row = from; row < to; row++)
        flags[at + row - from] = ((values[row >> 3] ?? 0) >> (row & 7)) & 1;
    } else if (isFixed(this.type)) {
      const width = widthBytes(this.type);
      copyInto(into as NumberArray, arrayOver(this.type, values.subarray(from * width, to * width)), at);
    } else takeTexts(this.type, into as unknown[], at, values, text, from, to, nulls);
  }
}

/** The rows of a batch that a stretch has: it begins `offset` rows behind the batch's first row. */
function within(rowCount: number, offset: number, rows: number): readonly [from: number, to: number] {
  return [Math.min(rowCount, Math.max(0, offset)), Math.min(rowCount, Math.max(0, offset + rows))];
}

function offsetsOf(bytes: Uint8Array): (row: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (row) => view.getInt32(4 * row, true);
}

/** How many gaps there are. */
function markGaps(nulls: Uint8Array, at: number, map: Uint8Array, from: number, to: number): number {
  let seen = 0;
  for (let row = from; row < to; row++) {
    if ((((map[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) continue;
    nulls[at + row - from] = 1;
    seen++;
  }
  return seen;
}

/** Text or bytes; what stands under a gap is nobody's. */
function takeTexts(
  type: ColumnType,
  into: unknown[],
  at: number,
  offsetBytes: Uint8Array,
  text: Uint8Array,
  from: number,
  to: number,
  nulls: Uint8Array,
): void {
  const offsets = offsetsOf(offsetBytes);
  let start = offsets(from);
  for (let row = from; row < to; row++) {
    const end = offsets(row + 1);
    if (start < 0 || end < start || end > text.byteLength) malformed('text outside of its column');
    const place = at + row - from;
    const piece = text.subarray(start, end);
    if (nulls[place] !== 1) into[place] = type === 'VARCHAR' ? decodeUtf8(piece) : piece;
    start = end;
  }
}
