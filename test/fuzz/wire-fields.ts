/** Protobuf messages as trees of fields, to be changed and put together again with lengths that are right. */

export interface Field {
  readonly number: number;
  readonly type: number;
  /** Of type 0 the number, of type 2 the bytes or, where these are fields again, the fields; else the bytes. */
  readonly content: bigint | Uint8Array | readonly Field[];
}

/** Undefined where the bytes are no fields. */
export function readFields(bytes: Uint8Array, depth = 0): readonly Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === undefined || tag < 8n) return undefined;
    const [number, type] = [Number(tag >> 3n), Number(tag & 7n)];
    if (type === 0) {
      const value = varint();
      if (value === undefined) return undefined;
      fields.push({ number, type, content: value });
      continue;
    }
    const length = type === 1 ? 8n : type === 5 ? 4n : type === 2 ? varint() : undefined;
    if (length === undefined || BigInt(bytes.length - at) < length) return undefined;
    const content = bytes.subarray(at, at + Number(length));
    at += Number(length);
    const inner = type === 2 && depth < 6 && content.length > 1 ? readFields(content, depth + 1) : undefined;
    fields.push({ number, type, content: inner ?? content });
  }
  return fields;
}

export function writeFields(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(
    fields.flatMap(({ number, type, content }) => {
      const tag = varintBytes((BigInt(number) << 3n) | BigInt(type));
      if (typeof content === 'bigint') return [tag, varintBytes(content)];
      const bytes = content instanceof Uint8Array ? content : writeFields(content);
      return type === 2 ? [tag, varintBytes(BigInt(bytes.length)), bytes] : [tag, bytes];
    }),
  );
}

function varintBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A field of bytes with its tag and length. */
export function bytesField(number: number, content: Uint8Array | string): Uint8Array {
  return writeFields([{ number, type: 2, content: Buffer.from(content) }]);
}
