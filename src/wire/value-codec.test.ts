import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { PrivityError, UsageError } from '../base/errors.ts';
import { type CodecOptions, decodeValue, encodeValue, snapshotValue } from './value-codec.ts';
import { describeValue } from './value-describe.ts';
import { defaultValueLimits } from './value-limits.ts';
import type { ValueAdapter } from './value-snapshot.ts';
import { memorySource } from './value-source.ts';
import { encodeStructure, leaf } from './value-structure.ts';

async function bytesOf(value: unknown, options?: CodecOptions): Promise<Uint8Array> {
  const encoded = await encodeValue(value, 'The value', options);
  const pieces: Uint8Array[] = [];
  for await (const piece of encoded.body()) pieces.push(piece);
  const all = new Uint8Array(Buffer.concat(pieces));
  assert.equal(all.length, encoded.bytes);
  return all;
}

const decodeBytes = (bytes: Uint8Array, options?: CodecOptions): Promise<unknown> =>
  decodeValue(memorySource([bytes]), options);

async function roundTrip(value: unknown, options?: CodecOptions): Promise<unknown> {
  return decodeBytes(await bytesOf(value, options), options);
}

/** A body with any structure, as a peer could craft it. */
function crafted(structure: Uint8Array, ...segments: Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const push = (part: Uint8Array): void => {
    parts.push(part, new Uint8Array((8 - (part.length % 8)) % 8));
  };
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setUint32(0, 0x31565250, true);
  new DataView(prefix.buffer).setUint32(4, structure.length, true);
  push(prefix);
  push(structure);
  for (const segment of segments) push(segment);
  return new Uint8Array(Buffer.concat(parts));
}

const corrupt = { name: 'DataError', code: 'PRIVITY_VALUE_CORRUPT' };

const typedArrays = fc.oneof(
  fc.int8Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
);
const scalars = fc.oneof(
  fc.constantFrom(
    null,
    undefined,
    true,
    false,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    2 ** 60,
  ),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary-ascii', minLength: 16_000, maxLength: 17_000 }),
  fc.date({ noInvalidDate: true }),
);
const keys = fc.string().filter((key) => key !== '__proto__');
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    scalars,
    typedArrays,
    fc.array(fc.double(), { minLength: 10, maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

describe('the value codec', () => {
  it('gives back what it was given', async () => {
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        assert.deepStrictEqual(await roundTrip(value), value);
      }),
      { numRuns: share(500) },
    );
  });

  it('keeps the order of keys, odd strings, holes in text and extreme numbers', async () => {
    const value = {
      z: 1,
      a: ['\ud800', 'x\udfff', '\ufeffbom', '\u0000', '😀', '', 'constructor'],
      10: -0,
      constructor: 'x',
      toString: null,
      big: [0n, -1n, 255n, 256n, -(2n ** 200n)],
      long: `${'é'.repeat(20_000)}😀`,
      numbers: [...Array(20).keys(), -0, Number.NaN],
    };
    const back = (await roundTrip(value)) as typeof value;
    assert.deepStrictEqual(back, value);
    assert.deepEqual(Object.keys(back), Object.keys(value));
    assert.ok(Number.isNaN(((await roundTrip(new Date(Number.NaN))) as Date).getTime()));
    assert.ok(Object.is(back[10], -0) && Object.is(back.numbers[20], -0));
  });

  it('sends a view’s own bytes only, each array in a buffer of its own', async () => {
    const pool = new Uint8Array(64).fill(7);
    const back = (await roundTrip({ a: pool.subarray(3, 5), b: Buffer.from('hi') })) as Record<
      string,
      Uint8Array
    >;
    assert.deepEqual(back, { a: Uint8Array.of(7, 7), b: new Uint8Array(Buffer.from('hi')) });
    assert.equal(back.a?.buffer.byteLength, 2);
    assert.equal(back.b?.constructor, Uint8Array);
  });

  it('puts typed arrays at multiples of 8 bytes', async () => {
    const bytes = await bytesOf({
      s: 'abc',
      x: Float64Array.of(1.5),
      y: Uint8Array.of(9),
      z: Float64Array.of(2.5),
    });
    const at = (value: number): number =>
      Buffer.from(bytes).indexOf(new Uint8Array(Float64Array.of(value).buffer));
    assert.equal(at(1.5) % 8, 0);
    assert.equal(at(2.5) % 8, 0);
  });

  it('takes the value as it is now', async () => {
    const value = { list: [1, 2], data: Float64Array.of(1), more: { a: 1 } as Record<string, number> };
    const pending = snapshotValue(value, 'The value');
    value.list.push(3);
    value.data[0] = 9;
    value.more.b = 2;
    const body = (await pending.encode()).body() as readonly Uint8Array[];
    assert.deepEqual(await decodeValue(memorySource(body)), {
      list: [1, 2],
      data: Float64Array.of(1),
      more: { a: 1 },
    });
  });

  it('decodes from pieces cut anywhere', async () => {
    const value = { x: Float64Array.of(1, 2, 3), s: 'x'.repeat(20_000) };
    const bytes = await bytesOf(value);
    for (const size of [1, 7, 8, 4096]) {
      const pieces = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      assert.deepEqual(await decodeValue(memorySource(pieces)), value);
    }
  });

  it('streams Blobs and gives them back with their type', async () => {
    const blob = new Blob(['abc'.repeat(100_000)], { type: 'text/csv' });
    const encoded = await encodeValue({ blob, empty: new Blob([]) }, 'The value');
    assert.ok(Symbol.asyncIterator in encoded.body());
    const back = (await roundTrip({ blob, empty: new Blob([]) })) as Record<string, Blob>;
    assert.equal(back.blob?.type, 'text/csv');
    assert.equal(await back.blob?.text(), await blob.text());
    assert.equal(back.empty?.size, 0);
  });

  it('leaves other kinds of objects to their adapters', async () => {
    class Box {
      readonly text: string;
      constructor(text: string) {
        this.text = text;
      }
    }
    const adapter: ValueAdapter = {
      kind: 'box',
      matches: (value) => value instanceof Box,
      encode: async (value) => new Uint8Array(Buffer.from((value as Box).text)),
      decode: async (bytes) => new Box(Buffer.from(bytes).toString()),
      shape: (value) => [(value as Box).text.length],
    };
    const options = { adapters: [adapter] };
    assert.deepEqual(await roundTrip([new Box('a'), new Box('b')], options), [new Box('a'), new Box('b')]);
    await assert.rejects(decodeBytes(await bytesOf(new Box('a'), options)), corrupt);
    assert.deepEqual(describeValue(new Box('abc'), [adapter]), { type: 'box', shape: [3] });
  });
});

describe('what cannot be sent', () => {
  class Secret {
    x = 1;
  }
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  const hostile = new Proxy(new Secret(), {
    get: () => {
      throw new Error('canary');
    },
  });
  const cases: readonly [string, unknown][] = [
    ['a function', () => 1],
    ['a symbol', Symbol('canary')],
    ['a Map', new Map([['canary', 1]])],
    ['a Set', new Set()],
    ['a Promise', Promise.resolve()],
    ['an Error', new Error('canary')],
    ['a RegExp', /x/],
    ['a class instance', new Secret()],
    ['a proxy of one', hostile],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a DataView', new DataView(new ArrayBuffer(8))],
    ['a cycle', cycle],
    ['too deep a value', deep(65)],
    ['an accessor', Object.defineProperty({}, 'canary', { get: () => 1, enumerable: true })],
    ['a symbol key', { [Symbol('canary')]: 1 }],
    ['the key __proto__', JSON.parse('{"__proto__": 1}')],
    ['a key that is no text', { '\ud800': 1 }],
    ['a sparse array', Array(3)],
    ['an array with properties', Object.assign([1], { canary: 1 })],
    ['a subclass of Array', new (class List extends Array {})()],
    ['a huge bigint', 1n << 2_000_000n],
    ['a boxed number', Object(1)],
  ];
  for (const [what, value] of cases) {
    it(`${what} is refused at once, without its content`, () => {
      for (const wrapped of [value, { canary: [value] }]) {
        assert.throws(
          () => snapshotValue(wrapped, 'The value'),
          (error: unknown) => {
            assert.ok(error instanceof UsageError);
            assert.equal(error.code, 'PRIVITY_VALUE_NOT_SENDABLE');
            assert.doesNotMatch(error.message, /canary|Secret/);
            return true;
          },
        );
      }
    });
  }

  it('depth at the limit passes', async () => {
    assert.deepEqual(await roundTrip(deep(64)), deep(64));
  });

  it('limits hold at both ends', async () => {
    const limits = { ...defaultValueLimits, itemsMax: 100, memoryBytesMax: 1000, structureBytesMax: 250 };
    const options = { limits };
    const refused = (value: unknown, code: string) =>
      assert.rejects(encodeValue(value, 'The value', options), { code });
    await refused(Array(101).fill('x'), 'PRIVITY_VALUE_NOT_SENDABLE');
    await refused(new Uint8Array(1001), 'PRIVITY_VALUE_TOO_LARGE');
    await refused('x'.repeat(300), 'PRIVITY_VALUE_NOT_SENDABLE');
    await assert.rejects(decodeBytes(await bytesOf(Array(101).fill('x')), options), corrupt);
    await assert.rejects(decodeBytes(await bytesOf(new Uint8Array(1001)), options), {
      code: 'PRIVITY_VALUE_TOO_LARGE',
    });
    await assert.rejects(decodeBytes(await bytesOf('x'.repeat(300)), options), {
      code: 'PRIVITY_VALUE_TOO_LARGE',
    });
    assert.ok(await bytesOf(new Blob(['x'.repeat(5000)]), options), 'Blobs are not held in memory');
  });
});

describe('what costs more than its bytes', () => {
  it('is bounded at both ends: strings and plain arrays, and objects of other rooms', async () => {
    const limits = { ...defaultValueLimits, heapBytesMax: 1_000, objectsMax: 2 };
    const numbers = Array.from({ length: 200 }, (_, i) => i / 3);
    const tooLarge = { code: 'PRIVITY_VALUE_TOO_LARGE' };
    await assert.rejects(encodeValue(numbers, 'The value', { limits }), tooLarge);
    await assert.rejects(decodeBytes(await bytesOf(numbers), { limits }), tooLarge);
    const odd = { a: '\ud800'.repeat(300), b: '\ud800'.repeat(300) };
    await assert.rejects(decodeBytes(await bytesOf(odd), { limits }), tooLarge);
    assert.deepEqual(await roundTrip(Float64Array.from(numbers), { limits }), Float64Array.from(numbers));
    class Box {}
    const boxes: ValueAdapter = {
      kind: 'box',
      matches: (value) => value instanceof Box,
      encode: async () => Uint8Array.of(1),
      decode: async () => new Box(),
    };
    const three = [new Box(), new Box(), new Box()];
    await assert.rejects(encodeValue(three, 'The value', { limits, adapters: [boxes] }), {
      code: 'PRIVITY_VALUE_NOT_SENDABLE',
    });
    const bytes = await bytesOf(three, { adapters: [boxes] });
    await assert.rejects(decodeBytes(bytes, { limits, adapters: [boxes] }), tooLarge);
  });

  it('lets other work have its turn', async (t) => {
    const bytes = await bytesOf(Array.from({ length: 60_000 }, (_, i) => ({ i, at: new Date(0) })));
    const turns = t.mock.method(globalThis, 'setImmediate').mock;
    await decodeBytes(bytes);
    assert.ok(turns.callCount() >= 6, `${turns.callCount()} turns`);
  });

  it('does not decode half a character', async () => {
    const structure = encodeStructure({ segments: [3], root: leaf('utf16', 0) });
    await assert.rejects(decodeBytes(crafted(structure, Uint8Array.of(1, 2, 3))), corrupt);
  });
});

describe('hostile bytes', () => {
  const nested = (byte: number, levels: number): Uint8Array =>
    Uint8Array.from([0x83, 1, 0x80, ...Array(levels).fill(byte), 0xf6]);
  const structure = (root: unknown, segments: number[] = []): Uint8Array =>
    encodeStructure({ segments, root });
  const seeds: readonly [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['another magic', new Uint8Array(16).fill(1)],
    ['a structure longer than what there is', Uint8Array.from([0x50, 0x52, 0x56, 0x31, 255, 255, 255, 255])],
    ['an empty structure', crafted(new Uint8Array(0))],
    ['another format', crafted(encode([2, [], null]))],
    ['no array', crafted(encode({ a: 1 }))],
    ['deep arrays', crafted(nested(0x81, 100_000))],
    ['deep tags', crafted(nested(0xc2, 100_000))],
    [
      'deep maps',
      crafted(Uint8Array.from([0x83, 1, 0x80, ...Array(50_000).fill([0xa1, 0x61, 0x61]).flat(), 0xf6])),
    ],
    ['a declared array of 2^32', crafted(Uint8Array.from([0x83, 1, 0x80, 0x9a, 255, 255, 255, 255, 0xf6]))],
    [
      'a declared array of 2^53',
      crafted(Uint8Array.from([0x83, 1, 0x80, 0x9b, 0, 0x1f, 255, 255, 255, 255, 255, 255])),
    ],
    ['a declared string of 2^32', crafted(Uint8Array.from([0x83, 1, 0x80, 0x7a, 255, 255, 255, 255, 0x61]))],
    ['an array without end', crafted(Uint8Array.from([0x83, 1, 0x80, 0x9f, 0xf6, 0xff]))],
    ['a tag that is not ours', crafted(Uint8Array.from([0x83, 1, 0x80, 0xc1, 0x01]))],
    ['a regular expression', crafted(Uint8Array.from([0x83, 1, 0x80, 0xd8, 0x23, 0x61, 0x61]))],
    ['bytes in the structure', crafted(encode([1, [], Uint8Array.of(1, 2)]))],
    [
      'a 64-bit integer',
      crafted(Uint8Array.from([0x83, 1, 0x80, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255])),
    ],
    ['a number as key', crafted(Uint8Array.from([0x83, 1, 0x80, 0xa1, 1, 2]))],
    ['a key twice', crafted(Uint8Array.from([0x83, 1, 0x80, 0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]))],
    [
      'the key __proto__',
      crafted(Uint8Array.from([0x83, 1, 0x80, 0xa1, 0x69, ...Buffer.from('__proto__'), 0xa0])),
    ],
    ['a huge bignum', crafted(structure(Array(2).fill(0)).slice(0, 3))],
    ['trailing bytes', Uint8Array.from([...crafted(structure(null)), ...new Uint8Array(8)])],
    ['a segment nobody owns', crafted(structure(null, [8]), new Uint8Array(8))],
    ['a segment used twice', crafted(structure([leaf('u8', 0), leaf('u8', 0)], [8]), new Uint8Array(8))],
    ['a leaf without a segment', crafted(structure(leaf('u8', 0)))],
    ['a leaf with index __proto__', crafted(structure(leaf('u8', '__proto__'), [8]), new Uint8Array(8))],
    ['a negative index', crafted(structure(leaf('u8', -1), [8]), new Uint8Array(8))],
    ['segments longer than what arrived', crafted(structure(leaf('u8', 0), [1e15]), new Uint8Array(8))],
    ['a negative length', crafted(structure(leaf('u8', 0), [-8]), new Uint8Array(8))],
    ['half a float64', crafted(structure(leaf('f64', 0), [4]), new Uint8Array(4))],
    ['half of a number list', crafted(structure(leaf('numbers', 0), [4]), new Uint8Array(4))],
    ['broken UTF-8', crafted(structure(leaf('utf8', 0), [2]), Uint8Array.of(0xff, 0xfe))],
    ['an unknown kind', crafted(structure(leaf('eval', 0), [8]), new Uint8Array(8))],
    ['a kind of Object.prototype', crafted(structure(leaf('constructor', 0), [8]), new Uint8Array(8))],
    ['a malformed date', crafted(structure(leaf('date', 'now')))],
    ['a Blob without type', crafted(structure(leaf('blob', 0), [8]), new Uint8Array(8))],
    ['a leaf in a leaf', crafted(structure(leaf('u8', leaf('date', 0)), [8]), new Uint8Array(8))],
  ];
  for (const [what, bytes] of seeds) {
    it(`${what} is refused with a typed error`, async () => {
      await assert.rejects(decodeBytes(bytes), corrupt);
    });
  }

  it('random bytes never do anything else than a value or a typed error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (noise, framed) => {
        const bytes = framed ? crafted(Uint8Array.from([0x83, 1, 0x80, ...noise])) : noise;
        await decodeBytes(bytes).catch((error: unknown) => assert.ok(error instanceof PrivityError));
      }),
      { numRuns: share(2000) },
    );
  });

  it('damaged and truncated values never do anything else, either', async () => {
    const limits = { ...defaultValueLimits, memoryBytesMax: 1_000_000 };
    await fc.assert(
      fc.asyncProperty(
        values,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
        async (value, flips, cut) => {
          const bytes = await bytesOf(value);
          for (const [at, byte] of flips) bytes[at % bytes.length] = byte;
          const end = flips.length === 0 ? cut % bytes.length : bytes.length;
          await decodeBytes(bytes.subarray(0, end), { limits }).catch((error: unknown) =>
            assert.ok(error instanceof PrivityError, String(error)),
          );
          assert.equal(({} as Record<string, unknown>).polluted, undefined);
        },
      ),
      { numRuns: share(1000) },
    );
  });
});

describe('the ledger’s words', () => {
  it('name kind and shape, never content', () => {
    const words = (value: unknown) => describeValue(value);
    assert.deepEqual(words(1), { type: 'number' });
    assert.deepEqual(words(null), { type: 'null' });
    assert.deepEqual(words('canary'), { type: 'string' });
    assert.deepEqual(words([1, 2]), { type: 'array', shape: [2] });
    assert.deepEqual(words({ canary: 1 }), { type: 'record', shape: [1] });
    assert.deepEqual(words(new Uint8Array(3)), { type: 'bytes', shape: [3] });
    assert.deepEqual(words(new Float32Array(3)), { type: 'float32 array', shape: [3] });
    assert.deepEqual(words({ shape: [1, 3], data: new Int32Array(3) }), {
      type: 'int32 tensor',
      shape: [1, 3],
    });
    assert.deepEqual(words({ shape: [2, 3], data: new Int32Array(3) }), { type: 'record', shape: [2] });
    assert.deepEqual(words(new Date(0)), { type: 'date' });
    assert.deepEqual(words(new Blob(['abc'])), { type: 'blob', shape: [3] });
  });
});
