/**
 * The messages of an Arrow stream that we write, but for the values in them
 * (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format).
 */
import { type ArrowType, arrowType, arrowTypes, messageHeader } from './arrow-format.ts';
import type { Column } from './column-type.ts';
import { type FlatFields, flat, writeFlat } from './flatbuffer-writer.ts';

/** Number of the version in Schema.fbs: V5, of Arrow 1.0 and all since. */
const VERSION = 4;

/** Stands before each message, and before the length zero that ends the stream. */
const MARK = [0xff, 0xff, 0xff, 0xff] as const;

export const END_OF_STREAM = Uint8Array.of(...MARK, 0, 0, 0, 0);

/** A place in the body of a batch. */
export type BufferPlace = readonly [offset: number, bytes: number];

/** Of one column in a batch. */
export type ColumnCounts = readonly [rows: number, gaps: number];

export function schemaMessage(columns: readonly Column[]): Uint8Array {
  const fields = columns.map(({ name, type }): FlatFields => {
    const described = arrowTypes[type];
    const typeFields = flat.table(fieldsOf(described));
    // Name, nullable, type, no dictionary, and children, which readers want to see even if there are none.
    return [
      flat.text(name),
      flat.uint8(1),
      flat.uint8(described.kind),
      typeFields,
      undefined,
      flat.tables([]),
    ];
  });
  return message(messageHeader.schema, [flat.int16(0), flat.tables(fields)], 0);
}

/** Its length depends on how many columns and buffers there are alone. */
export function batchMessage(
  rows: number,
  columns: readonly ColumnCounts[],
  buffers: readonly BufferPlace[],
  bodyBytes: number,
): Uint8Array {
  const header = [flat.int64(rows), flat.pairs(columns), flat.pairs(buffers)];
  return message(messageHeader.recordBatch, header, bodyBytes);
}

function message(kind: number, header: FlatFields, bodyBytes: number): Uint8Array {
  const metadata = writeFlat([
    flat.int16(VERSION),
    flat.uint8(kind),
    flat.table(header),
    flat.int64(bodyBytes),
  ]);
  const framed = new Uint8Array(8 + metadata.byteLength);
  framed.set(MARK);
  new DataView(framed.buffer).setInt32(4, metadata.byteLength, true);
  framed.set(metadata, 8);
  return framed;
}

/** The counterpart of `decodeType` in arrow-decode.ts. */
function fieldsOf({ kind, unit = 0, signed, zone }: ArrowType): FlatFields {
  switch (kind) {
    case arrowType.int:
      return [flat.int32(unit), flat.uint8(signed ? 1 : 0)];
    case arrowType.floatingPoint:
    case arrowType.date:
      return [flat.int16(unit)];
    case arrowType.timestamp:
      return zone ? [flat.int16(unit), flat.text(zone)] : [flat.int16(unit)];
    default:
      return [];
  }
}
