/** What the parties of a run say to each other: control messages, headers of values, values, tables. */
import {
  Table as ArrowTable,
  Binary,
  Bool,
  type DataType,
  Float64,
  Int8,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { encode } from 'cborg';
import { cut, emptyBoard, seal } from '../../src/coordination/board.ts';
import type { Failure } from '../../src/coordination/failure.ts';
import { CONTROL_BOUND, decodeMessage, encodeMessage } from '../../src/coordination/messages.ts';
import type { Message } from '../../src/coordination/types.ts';
import { ARROW_BOUND, arrowError, decodeArrow } from '../../src/data/arrow-decode.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { decodeValue, snapshotValue, VALUE_BOUND } from '../../src/wire/value-codec.ts';
import { DATA_HEADER_BOUND, decodeDataFrame, encodeDataFrame } from '../../src/wire/value-frame.ts';
import type { ValueAdapter } from '../../src/wire/value-snapshot.ts';
import { memorySource } from '../../src/wire/value-source.ts';
import { encodeStructure, leaf } from '../../src/wire/value-structure.ts';
import { type Decoder, repeated, someBytes, times } from './decoder.ts';
import { bytesField, writeFields } from './wire-fields.ts';

const PARTIES = times(64, (index) => `party-${index}`);
const hex = (random: SeededRandom, digits = 32): string =>
  Buffer.from(someBytes(random, digits / 2)).toString('hex');

function someFailure(random: SeededRandom): Failure {
  const [party = ''] = PARTIES;
  return {
    code: random.pick([
      'TASK_FAILED',
      'PEER_UNREACHABLE',
      'CANCELLED',
      'INTERNAL',
    ] as const) as Failure['code'],
    origin: party,
    reporter: random.pick(PARTIES),
    incident: hex(random),
    ...(random.chance(0.5) ? { stepId: '3/0/1', stepName: 'rate' } : {}),
    ...(random.chance(0.5) ? { message: 'it broke', details: { rows: 3, ok: true, why: 'x' } } : {}),
    ...(random.chance(0.3) ? { chain: [{ name: 'TypeError', message: 'x', code: 'E1' }] } : {}),
  };
}

function someMessage(random: SeededRandom): Message {
  const digest = hex(random);
  const entry = {
    branch: '',
    position: 1,
    digest,
    stepId: '1',
    kind: 'task' as const,
    name: 'rate',
    places: ['party-1'],
  };
  const item = { name: 'job.ts', digest: 'abc', also: 'def' };
  switch (random.below(9)) {
    case 0:
      return {
        type: 'hello',
        hello: {
          ...{
            protocol: '2',
            version: '0.1.0',
            federation: digest,
            job: digest,
            args: digest,
            runId: 'r',
            nonce: digest,
          },
          facts: {
            files: { listed: [item, item], more: 3 },
            args: { listed: [item], more: 0 },
            node: '20',
            duckdb: '1.5',
            lockfile: '',
          },
        },
      };
    case 1:
      return {
        type: 'heartbeat',
        heads: [{ branch: '', position: 4, digest }],
        answering: random.chance(0.5),
        said: random.below(9),
      };
    case 2: {
      let board = emptyBoard(PARTIES.length);
      for (let left = random.below(4); left > 0; left--) {
        const votes = PARTIES.map((_, party) =>
          party < 3 ? { failure: party === 1 ? someFailure(random) : null } : null,
        );
        const view = { scope: '3', members: [0, 1, 2], inside: true, over: false, votes };
        const scopes = random.chance(0.4) ? null : times(random.below(3), () => view);
        board = seal(board, random.below(64), {
          failure: random.chance(0.5) ? someFailure(random) : null,
          ready: false,
          nonce: digest,
          signature: digest,
          scopes,
        });
        board = cut(board, random.below(32), 32 + random.below(32));
      }
      return {
        type: 'board',
        board,
        reports: PARTIES.map((_, i) => (i < 2 ? { version: i, digest, decided: false } : null)),
      };
    }
    case 3: {
      const { stepName, message, details, chain } = someFailure(random);
      return {
        type: 'text',
        party: 1,
        text: {
          ...(stepName === undefined ? {} : { stepName }),
          ...(message === undefined ? {} : { message }),
          ...(details ? { details } : {}),
          ...(chain ? { chain } : {}),
        },
      };
    }
    case 4:
      return { type: 'diverged', branch: '', entries: times(1 + random.below(4), () => entry), ended: true };
    case 5:
      return {
        type: 'vote',
        scope: '3',
        failure: random.chance(0.5) ? someFailure(random) : null,
        members: [0, 2, 5],
        early: random.chance(0.5),
      };
    case 6:
      return { type: 'conclaveEnd', conclave: '2', fin: { steps: 4, digest } };
    case 7:
      return { type: 'textWanted', party: 3, epoch: 1 };
    default:
      return { type: 'fin', fin: { steps: random.below(99), digest } };
  }
}

const control: Decoder = {
  name: 'control message',
  author: 'a peer',
  functions: ['coordination/messages.ts decodeMessage'],
  bound: CONTROL_BOUND,
  format: 'protobuf',
  codes: ['PRIVITY_CONTROL_MESSAGE_INVALID'],
  valid: (random) => encodeMessage(someMessage(random), PARTIES),
  decode: (bytes) => decodeMessage(bytes, PARTIES),
  hostile: (bytes) => {
    const nested = (...path: number[]) => {
      const [last = 1, ...outer] = path.toReversed();
      return outer.reduce(
        (inner, number) => bytesField(number, inner),
        repeated(bytesField(last, ''), bytes - 4 * path.length),
      );
    };
    return [
      ...[1, 2, 3].map((list) => nested(3, list)),
      nested(3, 1, 8),
      bytesField(3, repeated(bytesField(1, repeated(bytesField(8, bytesField(1, 'x')), 300)), bytes)),
      nested(1, 8),
      nested(2, 1),
      nested(4, 2),
      nested(10, 9),
      bytesField(8, repeated(Uint8Array.of(0x18, 1), bytes - 8)),
      bytesField(8, bytesField(3, new Uint8Array(bytes - 8))),
      repeated(bytesField(15, ''), bytes),
      repeated(bytesField(5, ''), bytes),
      bytesField(10, bytesField(6, repeated('[', Math.min(bytes, 16_000)))),
      bytesField(10, bytesField(8, repeated('"a":1,', Math.min(bytes, 16_000), '{', '"b":1}'))),
    ];
  },
};

const header: Decoder = {
  name: 'header of a value',
  author: 'a peer',
  functions: ['wire/value-frame.ts decodeDataFrame'],
  bound: DATA_HEADER_BOUND,
  format: 'protobuf',
  codes: ['PRIVITY_FRAME_INVALID'],
  valid: (random) =>
    encodeDataFrame({
      kind: random.chance(0.5) ? 'value' : 'channel',
      stepId: random.pick(['0', '17/3/4', '1/0/2/1/3']),
      digest: hex(random),
      sequence: random.below(2) * random.below(1e6),
    }),
  decode: (bytes) => decodeDataFrame(bytes, 'bob'),
  hostile: () => [
    repeated(bytesField(9, ''), 1_024),
    writeFields([{ number: 2, type: 2, content: repeated('1/0/', 1_000, '', '1') }]),
    writeFields([{ number: 2, type: 2, content: repeated('0', 1_000) }]),
  ],
};

/** Tables without a database behind them. */
const tables: ValueAdapter = {
  kind: 'table',
  matches: (value) => value instanceof ArrayBuffer,
  encode: async (value) => new Uint8Array(value as ArrayBuffer),
  decode: async (bytes) => readTable(bytes),
};

async function readTable(bytes: Uint8Array): Promise<unknown> {
  const decoded = decodeArrow(bytes);
  try {
    for (let at = 0; at < decoded.rowCount; at += 2048)
      for (const column of decoded.columns) {
        const rows = Math.min(2048, decoded.rowCount - at);
        column.textBytes(at, rows);
        column.read(at, rows);
      }
  } catch (error) {
    throw arrowError(error, bytes);
  }
  return decoded;
}

/** A record of what can be sent. */
function someValue(random: SeededRandom, depth = 0): unknown {
  const inner = (): unknown => (depth > 3 ? null : someValue(random, depth + 1));
  switch (random.below(depth === 0 ? 4 : 14)) {
    case 0:
      return Object.fromEntries(times(random.below(6), (index) => [`k${index}`, inner()]));
    case 1:
      return times(random.below(6), inner);
    case 2:
      return times(16 + random.below(30), () => random.next());
    case 3:
      return Float64Array.from(times(random.below(20), () => random.next()));
    case 4:
      return someBytes(random, random.below(30));
    case 5:
      return 'x\u{1f600}'.repeat(random.below(3)) + String(random.next());
    case 6:
      return '\ud800';
    case 7:
      return new Date(random.below(1e12));
    case 8:
      return BigInt(`0x1${hex(random)}`) * (random.chance(0.5) ? 1n : -1n);
    case 9:
      return new Blob([someBytes(random, random.below(30))], { type: 'text/plain' });
    case 10:
      return someBytes(random, 0).buffer;
    case 11:
      return -0;
    case 12:
      return undefined;
    default:
      return random.next() * 1e6;
  }
}

/** Bodies are put together when the module is loaded: encoding one takes a turn of the event loop. */
async function bodyOf(value: unknown): Promise<Uint8Array> {
  const encoded = await snapshotValue(value, 'The value', { adapters: [tables] }).encode();
  const parts: Uint8Array[] = [];
  for await (const piece of encoded.body()) parts.push(piece);
  return Buffer.concat(parts);
}

function crafted(structure: Uint8Array, segments: readonly Uint8Array[] = []): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(0x31565250, 0);
  prefix.writeUInt32LE(structure.length, 4);
  return Buffer.concat(
    [prefix, structure, ...segments].flatMap((part) => [part, new Uint8Array((8 - (part.length % 8)) % 8)]),
  );
}

export async function valueDecoder(
  random: SeededRandom,
  tableBytes: readonly Uint8Array[],
): Promise<Decoder> {
  const bodies = await Promise.all([
    ...times(60, () => bodyOf(someValue(random))),
    ...tableBytes.map((bytes) => bodyOf({ table: new Uint8Array(bytes).buffer, n: 3 })),
  ]);
  const list = (root: Uint8Array): Uint8Array => crafted(Buffer.concat([Uint8Array.of(0x83, 1, 0x80), root]));
  const array = (items: number): Uint8Array => Uint8Array.of(0x99, items >>> 8, items);
  const many = (item: number[], bytes: number): Uint8Array => {
    const count = Math.floor((bytes - 24) / item.length);
    return list(Buffer.concat([array(count), repeated(Uint8Array.from(item), count * item.length)]));
  };
  const leaves = (bytes: number, kind: string, segment: Uint8Array): Uint8Array => {
    const count = Math.floor(bytes / (16 + kind.length + segment.length + ((8 - (segment.length % 8)) % 8)));
    const root = times(count, (index) => leaf(kind, index));
    return crafted(
      encodeStructure({ segments: times(count, () => segment.length), root }),
      times(count, () => segment),
    );
  };
  return {
    name: 'value',
    author: 'a peer',
    functions: ['wire/value-codec.ts decodeValue', 'wire/value-structure.ts decodeStructure'],
    bound: VALUE_BOUND,
    format: 'cbor',
    codes: [
      'PRIVITY_VALUE_CORRUPT',
      'PRIVITY_VALUE_TOO_LARGE',
      'PRIVITY_TABLE_CORRUPT',
      'PRIVITY_TABLE_LIMIT',
    ],
    valid: (random) => random.pick(bodies),
    decode: (bytes) => decodeValue(memorySource([bytes]), { adapters: [tables] }),
    hostile: (bytes) => [
      many([0xa0], bytes),
      many([0x80], bytes),
      many([0xf6], bytes),
      many([0x61, 0x61], bytes),
      many([0x81, 0x81, 0x80], bytes),
      many([0xa1, 0x61, 0x61, 0xa0], bytes),
      many([0xc2, 0x41, 1], bytes),
      many([0xfb, 0, 0, 0, 0, 0, 0, 0, 0], bytes),
      many([0xda, 0x50, 0x52, 0x56, 0x31, 0x82, 0x64, 0x64, 0x61, 0x74, 0x65, 0x01], bytes),
      leaves(bytes, 'u8', new Uint8Array()),
      leaves(bytes, 'blob', new Uint8Array()),
      leaves(bytes, 'utf8', Uint8Array.of(0x61)),
      leaves(bytes, 'numbers', new Uint8Array(8)),
      crafted(encodeStructure({ segments: [8 * Math.floor(bytes / 8)], root: leaf('numbers', 0) }), [
        new Uint8Array(8 * Math.floor(bytes / 8)),
      ]),
      list(encode(Object.fromEntries(times(Math.floor(bytes / 9), (index) => [`k${index}`, 0])))),
      list(encode(Object.fromEntries(times(Math.floor(bytes / 9), (index) => [String(index * 7919), 0])))),
      list(
        Buffer.concat([
          Uint8Array.of(0xc2, 0x5a, 0, 0, bytes >> 8, bytes & 255),
          new Uint8Array(bytes & 0xffff).fill(255),
        ]),
      ),
    ],
  };
}

const types: readonly (() => DataType)[] = [
  () => new Float64(),
  () => new Int8(),
  () => new Bool(),
  () => new Utf8(),
  () => new Binary(),
  () => new TimestampMicrosecond('UTC'),
];

function someTable(random: SeededRandom): Uint8Array {
  const rows = random.below(12);
  const columns = times(1 + random.below(5), (index) => {
    const type = random.pick(types)();
    const values = times(rows, (row) => {
      if (random.chance(0.2)) return null;
      if (type instanceof Utf8) return `t${row}`.repeat(random.below(4));
      if (type instanceof Binary) return someBytes(random, random.below(6));
      if (type instanceof Bool) return random.chance(0.5);
      return type instanceof TimestampMicrosecond ? row : random.below(100);
    });
    return [`c${index}`, vectorFromArray(values, type)] as const;
  });
  return tableToIPC(new ArrowTable(Object.fromEntries(columns)), 'stream');
}

/** One column of so many rows of a type. */
function tall(type: DataType, rows: number, value: unknown): Uint8Array {
  return tableToIPC(new ArrowTable({ c: vectorFromArray(Array(rows).fill(value), type) }), 'stream');
}

function wide(columns: number): Uint8Array {
  const vector = vectorFromArray([''], new Utf8());
  return tableToIPC(
    new ArrowTable(Object.fromEntries(times(columns, (index) => [`c${index}`, vector]))),
    'stream',
  );
}

function manyBatches(count: number): Uint8Array {
  const one = tableToIPC(new ArrowTable({ x: vectorFromArray([1], new Int8()) }), 'stream');
  const schemaBytes = 8 + new DataView(one.buffer, one.byteOffset).getInt32(4, true);
  const batch = one.subarray(schemaBytes, one.length - 8);
  return Buffer.concat([
    one.subarray(0, schemaBytes),
    ...Array<Uint8Array>(count).fill(batch),
    one.subarray(one.length - 8),
  ]);
}

export function arrowDecoder(random: SeededRandom): Decoder & { readonly streams: readonly Uint8Array[] } {
  const streams = times(40, () => someTable(random));
  return {
    streams,
    name: 'table',
    author: 'a peer',
    functions: ['data/arrow-decode.ts decodeArrow', 'data/flatbuffer.ts decodeUtf8'],
    bound: ARROW_BOUND,
    format: 'arrow',
    codes: ['PRIVITY_TABLE_CORRUPT', 'PRIVITY_TABLE_LIMIT'],
    valid: (from) => from.pick(streams),
    decode: readTable,
    hostile: (bytes) => [
      tall(new Bool(), 8 * bytes, true),
      tall(new Int8(), bytes, 1),
      tall(new Utf8(), Math.floor(bytes / 4), ''),
      tall(new Utf8(), Math.floor(bytes / 5), 'a'),
      tall(new Binary(), Math.floor(bytes / 4), new Uint8Array()),
      tall(new Utf8(), Math.floor(bytes / 4), null),
      wide(Math.floor(bytes / 300)),
      manyBatches(Math.floor(bytes / 200)),
    ],
  };
}

export const runDecoders: readonly Decoder[] = [control, header];
