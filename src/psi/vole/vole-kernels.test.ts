/**
 * The parts of the silent VOLE that only compute: against vectors from elsewhere, and one implementation against the
 * other.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { share } from '../../../test/effort.ts';
import { CODE_WORDS_BYTES, encode } from './code.ts';
import { factorTable, multiply } from './gf128.ts';
import { ELEMENT_BYTES, VOLE_TABLE } from './parameters.ts';
import { PART_NODES } from './trees.ts';
import type { VoleKernels } from './vole-kernel-types.ts';
import { TypescriptVoleKernels } from './vole-kernels.ts';
import { wasmVoleKernels } from './wasm-vole-kernels.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const vectors = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));

async function both(): Promise<readonly VoleKernels[]> {
  const wasm = await wasmVoleKernels();
  assert.ok(wasm !== undefined, 'the WebAssembly kernels are there');
  return [new TypescriptVoleKernels(), wasm];
}

/** What `work` leaves in `bytes` bytes that held random ones, the same for each implementation. */
async function compared(
  bytes: number,
  work: (kernels: VoleKernels, start: number) => void,
): Promise<Uint8Array> {
  const before = new Uint8Array(randomBytes(bytes));
  const results = (await both()).map((kernels) => {
    kernels.reserve(kernels.start + bytes);
    kernels.bytes().set(before, kernels.start);
    work(kernels, kernels.start);
    return kernels.bytes().slice(kernels.start, kernels.start + bytes);
  });
  const [first, second] = results as [Uint8Array, Uint8Array];
  assert.equal(Buffer.compare(first, second), 0);
  assert.notEqual(Buffer.compare(first, before), 0);
  return first;
}

describe('GF(2^128)', () => {
  const { products } = vectors('gf128') as { products: [string, string, string][] };

  it('multiplies as another implementation does', () => {
    for (const [x, y, product] of products) {
      assert.equal(hex(multiply(bytesOf(x), bytesOf(y))), product);
      assert.equal(hex(multiply(bytesOf(y), bytesOf(x))), product);
    }
  });

  it('multiplies by a fixed factor, and adds', async () => {
    for (const kernels of await both()) {
      for (const [x, y, product] of products) {
        const table = kernels.start;
        const at = table + 256 * ELEMENT_BYTES * ELEMENT_BYTES;
        kernels.reserve(at + 2 * ELEMENT_BYTES);
        kernels.bytes().set(new Uint8Array(factorTable(bytesOf(x)).buffer), table);
        kernels.bytes().set(bytesOf(y), at);
        kernels.bytes().fill(1, at + ELEMENT_BYTES, at + 2 * ELEMENT_BYTES);
        kernels.multiplyAdd(at + ELEMENT_BYTES, at, 1, table);
        const found = kernels.bytes().slice(at + ELEMENT_BYTES, at + 2 * ELEMENT_BYTES);
        assert.equal(hex(found.map((byte) => byte ^ 1)), product);
      }
    }
  });
});

describe('expand-convolute code', () => {
  /** Outputs for one vector of columns. */
  function encoded(kernels: VoleKernels, outputs: number, columns: Uint8Array, seed: Uint8Array): Uint8Array {
    const words = kernels.start + columns.byteLength;
    kernels.reserve(words + CODE_WORDS_BYTES);
    kernels.bytes().set(columns, kernels.start);
    const count = columns.byteLength / ELEMENT_BYTES;
    const shape = { outputs, columns: count, noise: 1, depth: 1 };
    encode(kernels, shape, { vectors: kernels.start, width: 1, words }, seed);
    return kernels.bytes().slice(kernels.start, kernels.start + outputs * ELEMENT_BYTES);
  }

  it('gives what a program in another language gives, from its matrices', async () => {
    const vector = vectors('expand-convolute') as {
      seed: string;
      outputs: number;
      input: string[];
      output: string[];
    };
    const input = bytesOf(vector.input.join(''));
    for (const kernels of await both()) {
      const output = encoded(kernels, vector.outputs, input, bytesOf(vector.seed));
      assert.equal(hex(output), vector.output.join(''));
    }
  });

  it('has the convolution and the expander of libOTe, under the same coefficients and places', async () => {
    const vector = vectors('libote-expand-convolute') as {
      input: string;
      coefficients: string;
      convolved: string;
      positions: number[][];
      expanded: string;
    };
    const count = vector.input.length / 2 / ELEMENT_BYTES;
    const rows = vector.positions.length;
    const { convolution: width, expanderWeight: weight } = VOLE_TABLE;
    const coefficients = bytesOf(vector.coefficients);
    // There an element is added to those behind it, here those before it are added to an element.
    const bits = new Uint32Array(count);
    for (let j = 0; j < count; j++) {
      for (let back = 1; back <= Math.min(width, j); back++) {
        const at = (j - back) * (width / 8) + ((back - 1) >> 3);
        bits[j] = (bits[j] ?? 0) | ((((coefficients[at] ?? 0) >> ((back - 1) & 7)) & 1) << (back - 1));
      }
    }
    // A word that chooses a place, in its region or among all.
    const region = Math.floor(count / VOLE_TABLE.expanderRegions);
    const chosen = Uint32Array.from(vector.positions.flat(), (place, index) => {
      const entry = index % weight;
      const [within, among] =
        entry < VOLE_TABLE.expanderRegions ? [place - entry * region, region] : [place, count];
      return Math.ceil((within * 2 ** 32) / among);
    });
    const skipped = (width + 1) * ELEMENT_BYTES;
    for (const kernels of await both()) {
      const at = kernels.start;
      const words = at + count * ELEMENT_BYTES;
      const outputs = words + 4 * Math.ceil(Math.max(count, chosen.length) / 4) * 4;
      kernels.reserve(outputs + rows * ELEMENT_BYTES);
      const bytes = kernels.bytes();
      bytes.set(bytesOf(vector.input), at);
      bytes.set(new Uint8Array(bits.buffer), words);
      kernels.convolve({ vectors: at, width: 1, first: 0, count, words });
      const convolved = bytesOf(vector.convolved);
      assert.equal(hex(bytes.subarray(at + skipped, words)), hex(convolved.subarray(skipped)));
      bytes.set(convolved, at);
      bytes.set(new Uint8Array(chosen.buffer), words);
      bytes.fill(0, outputs, outputs + rows * ELEMENT_BYTES);
      // Row by row, each entry by itself: the order of words in the stream is not what is compared.
      for (let index = 0; index < chosen.length; index++) {
        const [row, entry] = [Math.floor(index / weight), index % weight];
        const inRegion = entry < VOLE_TABLE.expanderRegions;
        kernels.gather({
          outputs: outputs + row * ELEMENT_BYTES,
          width: 1,
          rows: 1,
          words: words + 4 * index,
          perRow: 1,
          inputs: at + (inRegion ? entry * region * ELEMENT_BYTES : 0),
          columns: inRegion ? region : count,
        });
      }
      assert.equal(hex(bytes.subarray(outputs, outputs + rows * ELEMENT_BYTES)), vector.expanded);
    }
  });

  it('is no matrix of bits: one bit plane of the columns reaches all planes of the outputs', () => {
    const columns = new Uint8Array(8192 * ELEMENT_BYTES);
    for (let at = 0; at < columns.length; at += ELEMENT_BYTES) columns[at] = at % 3 === 0 ? 1 : 0;
    const outputs = encoded(new TypescriptVoleKernels(), 4096, columns, new Uint8Array(16));
    const planes = new Uint8Array(ELEMENT_BYTES);
    for (const [at, byte] of outputs.entries()) {
      planes[at % ELEMENT_BYTES] = (planes[at % ELEMENT_BYTES] ?? 0) | byte;
    }
    assert.ok(planes.every((byte) => byte === 255));
  });

  it('is linear over the field', () => {
    const columns = new Uint8Array(randomBytes(300 * ELEMENT_BYTES));
    const factor = new Uint8Array(randomBytes(ELEMENT_BYTES));
    const scaled = (elements: Uint8Array): Uint8Array =>
      Buffer.concat(
        Array.from({ length: elements.length / ELEMENT_BYTES }, (_, index) =>
          multiply(elements.subarray(index * ELEMENT_BYTES, (index + 1) * ELEMENT_BYTES), factor),
        ),
      );
    const seed = new Uint8Array(16);
    const kernels = new TypescriptVoleKernels();
    const first = encoded(kernels, 130, columns, seed);
    assert.equal(hex(encoded(kernels, 130, scaled(columns), seed)), hex(scaled(first)));
  });
});

describe('both implementations of the kernels', () => {
  it('double the same', async () => {
    for (const [level, trees] of [
      [0, 7],
      [3, 5],
      [9, 3],
      [12, 2],
    ] as const) {
      const total = trees * 2 ** level;
      const bytes = (2 * total + 2 * PART_NODES + 2 * trees) * ELEMENT_BYTES;
      await compared(bytes, (kernels, nodes) => {
        const left = nodes + 2 * total * ELEMENT_BYTES;
        const right = left + PART_NODES * ELEMENT_BYTES;
        const sums = right + PART_NODES * ELEMENT_BYTES;
        for (let first = Math.floor((total - 1) / PART_NODES) * PART_NODES; first >= 0; first -= PART_NODES) {
          const count = Math.min(PART_NODES, total - first);
          kernels.double({ nodes, perTree: 2 ** level, first, count, left, right, sums });
        }
      });
    }
  });

  it('convolve the same, from the first element on', async () => {
    for (const width of [1, 2] as const) {
      for (const [first, count] of [
        [0, 3],
        [0, 200],
        [10, 40],
        [100, 50],
      ] as const) {
        const bytes = (first + count) * width * ELEMENT_BYTES;
        await compared(bytes + 4 * count + 16, (kernels, vectors) =>
          kernels.convolve({ vectors, width, first, count, words: vectors + bytes }),
        );
      }
    }
  });

  it('convolve and gather two vectors as they do each by itself', async () => {
    const count = 70;
    const bytes = count * ELEMENT_BYTES;
    const [first, second] = [new Uint8Array(randomBytes(bytes)), new Uint8Array(randomBytes(bytes))];
    const random = new Uint8Array(randomBytes(4 * count));
    for (const kernels of await both()) {
      const at = kernels.start;
      const words = at + 4 * bytes;
      kernels.reserve(words + random.byteLength);
      kernels.bytes().set(random, words);
      const through = (width: 1 | 2): void => {
        kernels.convolve({ vectors: at, width, first: 0, count, words });
        const rows = 10;
        kernels.gather({
          outputs: at,
          width,
          rows,
          words,
          perRow: 7,
          inputs: at + 16 * width * rows,
          columns: 60,
        });
      };
      const alone = [first, second].map((vector) => {
        kernels.bytes().set(vector, at);
        through(1);
        return kernels.bytes().slice(at, at + bytes);
      });
      kernels.bytes().set(first, at);
      kernels.spread(at, count);
      for (let j = 0; j < count; j++) {
        const there = at + (2 * j + 1) * ELEMENT_BYTES;
        assert.ok(
          kernels
            .bytes()
            .subarray(there, there + ELEMENT_BYTES)
            .every((byte) => byte === 0),
        );
        kernels.bytes().set(second.subarray(j * ELEMENT_BYTES, (j + 1) * ELEMENT_BYTES), there);
      }
      through(2);
      kernels.separate(at, count, at + 2 * bytes);
      const found = kernels.bytes().slice(at + 2 * bytes, at + 4 * bytes);
      assert.equal(hex(found), hex(Buffer.concat(alone)));
    }
  });

  it('gather the same', async () => {
    for (let run = 0; run < share(10); run++) {
      for (const width of [1, 2] as const) {
        for (const perRow of [1, 10]) {
          const columns = 23 + 977 * run;
          const rows = 50;
          const step = width * ELEMENT_BYTES;
          await compared((rows + columns) * step + 4 * rows * perRow + 16, (kernels, outputs) => {
            const inputs = outputs + rows * step;
            kernels.gather({ outputs, width, rows, words: inputs + columns * step, perRow, inputs, columns });
          });
        }
      }
    }
  });

  it('multiply the same', async () => {
    const count = 40;
    await compared(2 * count * ELEMENT_BYTES + 256 * ELEMENT_BYTES * ELEMENT_BYTES, (kernels, targets) => {
      const elements = targets + count * ELEMENT_BYTES;
      kernels.multiplyAdd(targets, elements, count, elements + count * ELEMENT_BYTES);
    });
  });

  it('choose the last column for the largest word, also of more columns than 2^21', async () => {
    for (const kernels of await both()) {
      const columns = 2 ** 21 + 11;
      const outputs = kernels.start;
      const inputs = outputs + ELEMENT_BYTES;
      const words = inputs + columns * ELEMENT_BYTES;
      kernels.reserve(words + ELEMENT_BYTES);
      const bytes = kernels.bytes();
      bytes.fill(0, outputs, words);
      bytes.fill(255, words, words + 4);
      bytes[words - ELEMENT_BYTES] = 1;
      kernels.gather({ outputs, width: 1, rows: 1, words, perRow: 1, inputs, columns });
      assert.equal(bytes[outputs], 1);
    }
  });
});
