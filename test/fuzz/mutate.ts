/**
 * Changes to bytes. Those of a format keep lengths and frames right, so that what is changed is reached; the others
 * spoil everything.
 */
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { Decoder, Format } from './decoder.ts';
import { type Field, readFields, writeFields } from './wire-fields.ts';

/** No input of a fuzz run is longer: cost is measured for each byte, and short inputs are many. */
export const INPUT_BYTES_MAX = 16 * 1024;

const ODD_NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  63n,
  64n,
  127n,
  128n,
  255n,
  256n,
  4096n,
  65_535n,
  65_536n,
  2n ** 24n,
] as const;
const ODD_LIMITS = [
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
] as const;

type Change = (random: SeededRandom, bytes: Uint8Array, other: Uint8Array) => Uint8Array;

/** One to four changes, at most one of them blind. `other`: an input from which pieces may be taken. */
export function mutate(
  random: SeededRandom,
  { format, inputBytesMax = INPUT_BYTES_MAX }: Pick<Decoder, 'format' | 'inputBytesMax'>,
  bytes: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  const known = changesOf[format];
  let changed = bytes;
  for (let left = 1 + random.below(4); left > 0; left--)
    changed = random.pick(random.chance(0.6) && known.length > 0 ? known : blind)(random, changed, other);
  return changed.subarray(0, inputBytesMax);
}

const oddNumber = (random: SeededRandom): bigint =>
  random.pick(random.chance(0.6) ? ODD_NUMBERS : ODD_LIMITS);
const place = (random: SeededRandom, bytes: Uint8Array): number => random.below(bytes.length + 1);

/** A stretch, more often a short one. */
function stretch(random: SeededRandom, bytes: Uint8Array): readonly [from: number, to: number] {
  const from = place(random, bytes);
  const length = 1 + random.below(random.chance(0.8) ? 16 : bytes.length + 1);
  return [from, Math.min(bytes.length, from + length)];
}

function replaced(bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
}

/** How often something is repeated: mostly a few times, sometimes until the input is full. */
function copies(random: SeededRandom, pieceBytes: number): number {
  const full = Math.max(1, Math.floor(INPUT_BYTES_MAX / Math.max(1, pieceBytes)));
  return Math.min(full, random.chance(0.85) ? 1 + random.below(8) : 1 + random.below(full));
}

const blind: readonly Change[] = [
  (random, bytes) => {
    const at = random.below(Math.max(1, bytes.length));
    return replaced(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
  },
  (random, bytes) => {
    const at = random.below(Math.max(1, bytes.length));
    return replaced(
      bytes,
      at,
      at + 1,
      Uint8Array.of(random.pick([0, 1, 127, 128, 254, 255, random.below(256)])),
    );
  },
  (random, bytes) => oddAt(random, bytes, place(random, bytes), random.pick([2, 4, 8])),
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => replaced(bytes, ...stretch(random, bytes), new Uint8Array()),
  (random, bytes) => {
    const at = place(random, bytes);
    return replaced(
      bytes,
      at,
      at,
      Uint8Array.from({ length: 1 + random.below(16) }, () => random.below(256)),
    );
  },
  (random, bytes) => {
    const [from, to] = stretch(random, bytes);
    const piece = bytes.subarray(from, to);
    return replaced(
      bytes,
      to,
      to,
      Buffer.concat(Array<Uint8Array>(copies(random, piece.length)).fill(piece)),
    );
  },
  (random, bytes, other) =>
    replaced(bytes, ...stretch(random, bytes), other.subarray(...stretch(random, other))),
];

/** A number that is often at the edge of something, in the order of bytes that the format may have. */
function oddAt(random: SeededRandom, bytes: Uint8Array, at: number, width: number): Uint8Array {
  const piece = new Uint8Array(8);
  const view = new DataView(piece.buffer);
  const isLittle = random.chance(0.7);
  view.setBigUint64(0, BigInt.asUintN(8 * width, oddNumber(random)), isLittle);
  const number = isLittle ? piece.subarray(0, width) : piece.subarray(8 - width);
  return replaced(bytes, at, Math.min(bytes.length, at + width), number);
}

function changeField(
  random: SeededRandom,
  fields: readonly Field[],
  all: readonly Field[],
): readonly Field[] {
  const index = random.below(Math.max(1, fields.length));
  const field = fields[index];
  if (field === undefined) return all;
  const { content } = field;
  if (Array.isArray(content) && content.length > 0 && random.chance(0.6))
    return fields.with(index, { ...field, content: changeField(random, content, all) });
  const choice = random.below(6);
  if (choice === 0) return fields.toSpliced(index, 1);
  if (choice === 1) {
    const size = typeof content === 'bigint' ? 2 : content.length + 2;
    return fields.toSpliced(index, 0, ...Array<Field>(copies(random, 4 * size)).fill(field));
  }
  if (choice === 2) return fields.with(index, { ...field, number: 1 + random.below(17) });
  if (choice === 3) return fields.toSpliced(index, 0, random.pick(all));
  if (choice === 4)
    return fields.with(index, { number: field.number, type: 2, content: new Uint8Array(copies(random, 1)) });
  return fields.with(index, { number: field.number, type: 0, content: oddNumber(random) });
}

const protobuf: Change = (random, bytes) => {
  const fields = readFields(bytes);
  return fields === undefined ? bytes : writeFields(changeField(random, fields, flat(fields)));
};

function flat(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((field) =>
    typeof field.content === 'bigint' || field.content instanceof Uint8Array
      ? [field]
      : [field, ...flat(field.content as readonly Field[])],
  );
}

/** Of a value: the structure is changed, and the length before it with it; segments stay where they are. */
const cbor: Change = (random, bytes, other) => {
  if (bytes.length < 9) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = Math.min(bytes.length, 8 + view.getUint32(4, true));
  const structure = changeItem(random, bytes.subarray(8, end), other.subarray(8));
  const head = Uint8Array.from(bytes.subarray(0, 8));
  new DataView(head.buffer).setUint32(4, structure.length, true);
  const segments = bytes.subarray(Math.min(bytes.length, end + ((8 - (end % 8)) % 8)));
  return Buffer.concat([head, structure, new Uint8Array((8 - (structure.length % 8)) % 8), segments]);
};

/** An item's head is anywhere where a byte may be one. */
function changeItem(random: SeededRandom, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(Math.max(1, bytes.length));
  const head = bytes[at] ?? 0;
  switch (random.below(5)) {
    case 0:
      return replaced(bytes, at, at + 1, Uint8Array.of((random.below(8) << 5) | (head & 31)));
    case 1:
      return replaced(bytes, at, at + 1, Uint8Array.of((head & 0xe0) | random.below(32)));
    case 2: {
      const wide = Buffer.alloc(9, (head & 0xe0) | 27);
      wide.writeBigUInt64BE(oddNumber(random), 1);
      return replaced(bytes, at, at + 1, wide);
    }
    case 3: {
      const piece = random.pick([
        [0xf6],
        [0x80],
        [0xa0],
        [0x81],
        [0xa1, 0x61, 0x61],
        [0xda, 0x50, 0x52, 0x56, 0x31],
        [0xc2, 0x41, 1],
      ]);
      const many = Array<readonly number[]>(copies(random, piece.length)).fill(piece).flat();
      return replaced(bytes, at, at, Uint8Array.from(many));
    }
    default:
      return replaced(bytes, at, at, other.subarray(...stretch(random, other)));
  }
}

/** Of an Arrow stream: one of its numbers, or a pair of them over another, as counts, offsets and lengths are. */
const arrowNumber: Change = (random, bytes) => {
  if (bytes.length < 16) return bytes;
  const at = 4 * random.below(Math.floor(bytes.length / 4));
  return oddAt(random, bytes, at, random.pick([2, 4, 8]));
};
const arrowPair: Change = (random, bytes) => {
  if (bytes.length < 48) return bytes;
  const slots = Math.floor(bytes.length / 8) - 2;
  const changed = Uint8Array.from(bytes);
  const [from, to] = [8 * random.below(slots), 8 * random.below(slots)];
  return changed.copyWithin(to, from, from + random.pick([8, 16]));
};

const WORDS = [
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  ':',
  ',',
  '\n',
  '\r',
  '\t',
  '  ',
  '- ',
  '? ',
  ': ',
  '#',
  '&a',
  '*a',
  '!!x ',
  '<<: ',
  '%YAML 1.1\n---\n',
  '---\n',
  '|',
  '>',
  '\\',
  '\\u0000',
  '\ud83d',
  '\u0000',
  '\ufeff',
  '__proto__',
  'null',
  '-0',
  '1e999',
  '9007199254740993',
  'sep=;\n',
  '""',
] as const;

const textWord: Change = (random, bytes) => {
  const at = place(random, bytes);
  const word = Buffer.from(random.pick(WORDS));
  return replaced(bytes, at, at, Buffer.concat(Array<Uint8Array>(copies(random, word.length)).fill(word)));
};
/** A line, or what stands between two separators, again or over another. */
const textPart: Change = (random, bytes) => {
  const text = Buffer.from(bytes).toString('latin1');
  const separator = random.pick(['\n', ',', ':']);
  const parts = text.split(separator);
  const part = random.pick(parts);
  const at = random.below(parts.length);
  const many = Array<string>(copies(random, part.length + 1)).fill(part);
  return Buffer.from(parts.toSpliced(at, random.below(2), ...many).join(separator), 'latin1');
};

const changesOf: Readonly<Record<Format, readonly Change[]>> = {
  bytes: [],
  protobuf: [protobuf],
  cbor: [cbor],
  arrow: [arrowNumber, arrowPair, arrowPair],
  text: [textWord, textPart],
};
