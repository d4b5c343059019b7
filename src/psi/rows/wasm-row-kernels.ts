/**
 * The inner loops over rows in WebAssembly: operands are copied into the module's memory, and results out of it.
 */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { rowCount } from '../okvs/okvs.ts';
import { OKVS_VALUE_BYTES, type OkvsShape } from '../okvs/shape.ts';
import { ROW_INPUT_BYTES, rowsToHash } from './blake3.ts';
import { behindBlocks, decodeLayout, encodeLayout, layout, paddedColumns, TABLE_CHUNK } from './layout.ts';
import type { RowKernels, TagMatches } from './row-kernel-types.ts';
import { checkTags } from './tag-match.ts';

type Call = (...args: readonly (number | bigint)[]) => number;

/** Functions of kernels/psi.ts. */
interface RowModule {
  readonly memory: WebAssembly.Memory;
  readonly hashRows: Call;
  readonly sortRows: Call;
  readonly eliminate: Call;
  readonly solve: Call;
  readonly decode: Call;
  readonly layTags: Call;
  readonly countTags: Call;
  readonly partTags: Call;
  readonly matchParts: Call;
}

/** Rows hashed at once: with what comes out, some 300 KiB, which stay in the cache. */
const HASH_ROWS = 4096;

/** Tags of both lists in a part, about: its table of 32 KiB stays in the first cache. */
const TAGS_IN_PART = 2048;

/** Bytes behind tags that may be read with the last one. */
const TAG_SLACK = 8;

const SEED_BYTES = 32;

/** Seeds tried for the table of tags: that one is bad has a chance below 2^-40, unless somebody knew it. */
const SEEDS_MAX = 3;

/** What `matchParts` returns. */
const OUTCOMES = ['distinct', 'own', 'peer', 'crowded'] as const;

/** Once in a process; memory, which secrets pass through, is each caller's own. */
let compiling: Promise<WebAssembly.Module> | undefined;

/** Undefined where WebAssembly, its vector instructions or the compiled file are not there. */
export async function wasmRowKernels(): Promise<RowKernels | undefined> {
  try {
    compiling ??= compile();
    const instance = new WebAssembly.Instance(await compiling, {});
    return new WasmRowKernels(instance.exports as unknown as RowModule);
  } catch {
    return undefined;
  }
}

async function compile(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(new URL('./psi.wasm', import.meta.url)));
}

class WasmRowKernels implements RowKernels {
  readonly name = 'wasm';
  readonly #module: RowModule;
  #heap: Uint8Array;

  constructor(module: RowModule) {
    this.#module = module;
    this.#heap = new Uint8Array(module.memory.buffer);
  }

  hashRows(key: Uint8Array, inputs: Uint8Array, outputBytes: number): Uint8Array {
    const rows = rowsToHash(key, inputs, outputBytes);
    const outputs = new Uint8Array(rows * outputBytes);
    // The last vector of the last row may go beyond it.
    const { at, end } = layout(key.length, ROW_INPUT_BYTES * HASH_ROWS, outputBytes * HASH_ROWS + 16, 512);
    const [keyAt, inputAt, outputAt, scratch] = at as [number, number, number, number];
    this.#reserve(end);
    this.#heap.set(key, keyAt);
    for (let row = 0; row < rows; row += HASH_ROWS) {
      const count = Math.min(HASH_ROWS, rows - row);
      this.#heap.set(inputs.subarray(row * ROW_INPUT_BYTES, (row + count) * ROW_INPUT_BYTES), inputAt);
      this.#module.hashRows(keyAt, inputAt, outputAt, Math.ceil(count / 4) * 4, outputBytes, scratch);
      outputs.set(this.#heap.subarray(outputAt, outputAt + count * outputBytes), row * outputBytes);
    }
    return outputs;
  }

  encode(shape: OkvsShape, rows: Uint8Array, random: Random): Uint8Array | undefined {
    const count = rowCount(shape, rows);
    const at = encodeLayout(shape, count);
    this.#reserve(at.end);
    this.#heap.set(rows, at.rows);
    this.#module.sortRows(at.rows, count, shape.starts, at.order, at.pairs, at.counters);
    this.#heap.fill(0, at.bands, at.blocks);
    const { rows: first, order, bands, blocks, fetched } = at;
    if (!this.#module.eliminate(first, order, count, bands, blocks, fetched, ...masks(shape.band)))
      return undefined;
    this.#heap.set(random.bytes((shape.columns - count) * OKVS_VALUE_BYTES), at.fill);
    const columns = paddedColumns(shape);
    this.#module.solve(bands, blocks, columns, columns - shape.columns, at.fill, at.tables, TABLE_CHUNK);
    return this.#heap.slice(blocks, blocks + shape.columns * OKVS_VALUE_BYTES);
  }

  decode(shape: OkvsShape, encoding: Uint8Array, rows: Uint8Array): Uint8Array {
    const count = rowCount(shape, rows, encoding);
    const at = decodeLayout(shape, count);
    this.#reserve(at.end);
    this.#heap.set(rows, at.rows);
    this.#heap.set(encoding, at.blocks);
    const behind = at.blocks + encoding.length;
    this.#heap.fill(0, behind, behind + behindBlocks);
    this.#module.sortRows(at.rows, count, shape.starts, at.order, at.pairs, at.counters);
    const { rows: first, order, blocks, values, tables } = at;
    this.#module.decode(first, order, count, blocks, values, tables, TABLE_CHUNK, ...masks(shape.band));
    return this.#heap.slice(values, values + count * OKVS_VALUE_BYTES);
  }

  matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number, random: Random): TagMatches {
    checkTags(own, peer, tagBytes);
    for (let tries = 0; tries < SEEDS_MAX; tries++) {
      const matches = this.#matchTags(own, peer, tagBytes, random.bytes(SEED_BYTES));
      if (matches !== undefined) return matches;
    }
    invariant(false, 'tags that crowd the table under every seed');
  }

  #matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number, seed: Uint8Array): TagMatches | undefined {
    const [ownCount, peerCount] = [own.length / tagBytes, peer.length / tagBytes];
    const total = ownCount + peerCount;
    const bits = Math.max(0, Math.ceil(Math.log2(total / TAGS_IN_PART)));
    const parts = 2 ** bits;
    const lengths = [
      SEED_BYTES,
      own.length + TAG_SLACK,
      peer.length + TAG_SLACK,
      8 * total,
      4 * parts,
      4 * peerCount,
    ];
    const { at, end } = layout(...lengths);
    const [seedAt, ownAt, peerAt, items, counts, rows] = at as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.#reserve(end);
    this.#heap.set(seed, seedAt);
    this.#heap.set(own, ownAt);
    this.#heap.set(peer, peerAt);
    this.#heap.fill(0, counts, counts + 4 * parts);
    this.#module.layTags(tagBytes, seedAt);
    this.#module.countTags(ownAt, ownCount, counts, BigInt(bits));
    this.#module.countTags(peerAt, peerCount, counts, BigInt(bits));
    const largest = toPlaces(new Uint32Array(this.#heap.buffer, counts, parts));
    this.#module.partTags(ownAt, ownCount, counts, BigInt(bits), items, 0);
    this.#module.partTags(peerAt, peerCount, counts, BigInt(bits), items, 1);
    // Two places for a tag, rounded up to a power of two.
    this.#reserve(end + 4 * 8 * largest);
    this.#heap.fill(0xff, rows, rows + 4 * peerCount);
    const outcome = OUTCOMES[this.#module.matchParts(ownAt, peerAt, items, counts, parts, end, rows)];
    if (outcome === 'crowded') return undefined;
    if (outcome === 'own' || outcome === 'peer') return { repeated: outcome };
    return { rows: new Uint32Array(this.#heap.buffer, rows, peerCount).slice() };
  }

  clear(): void {
    this.#heap.fill(0, layout().end);
  }

  #reserve(end: number): void {
    const { memory } = this.#module;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    if (this.#heap.buffer !== memory.buffer) this.#heap = new Uint8Array(memory.buffer);
  }
}

/** Turns how many items each part has into where it begins; returns the most that one has. */
function toPlaces(counts: Uint32Array): number {
  let [before, largest] = [0, 0];
  for (const [part, count] of counts.entries()) {
    counts[part] = before;
    before += count;
    largest = Math.max(largest, count);
  }
  return largest;
}

/** Of the bits of a band that count, in its lower and its upper half. */
function masks(bits: number): readonly [bigint, bigint] {
  const mask = (1n << BigInt(bits)) - 1n;
  return [BigInt.asUintN(64, mask), mask >> 64n];
}
