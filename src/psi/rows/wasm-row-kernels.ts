/** The inner loops over rows in WebAssembly: operands are copied into the module's memory, and results out of it. */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { checkEncoding, checkMap, checkRows, rowCount } from '../okvs/okvs.ts';
import { OKVS_ROW_BYTES, OKVS_ROWS_MAX, OKVS_VALUE_BYTES, type OkvsShape } from '../okvs/shape.ts';
import { ROW_INPUT_BYTES, rowsToHash } from './blake3.ts';
import { gatherInputs } from './gather.ts';
import {
  BEHIND_BLOCKS_BYTES,
  bucketLayout,
  HASH_ROWS,
  HEAP_START,
  hashLayout,
  mapLayout,
  matchLayout,
  paddedColumns,
  SEED_BYTES,
  TABLE_CHUNK,
} from './layout.ts';
import type { RowBucket, RowKernels, TagMatches } from './row-kernel-types.ts';
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
  readonly copyValues: Call;
  readonly mapBlocks: Call;
  readonly layTags: Call;
  readonly countTags: Call;
  readonly partTags: Call;
  readonly matchParts: Call;
}

/** Tags of both lists in a part, about: its table of 32 KiB stays in the first cache. */
const TAGS_IN_PART = 2048;

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
  /** The bucket that lies in memory. */
  #current: RowBucket | undefined;

  constructor(module: RowModule) {
    this.#module = module;
    this.#heap = new Uint8Array(module.memory.buffer);
  }

  hashRows(key: Uint8Array, inputs: Uint8Array, outputBytes: number): Uint8Array {
    const rows = rowsToHash(key, inputs, outputBytes);
    this.#current = undefined;
    const at = hashLayout(outputBytes);
    this.#reserve(at.end);
    this.#heap.set(key, at.key);
    const outputs = new Uint8Array(rows * outputBytes);
    for (let row = 0; row < rows; row += HASH_ROWS) {
      const count = this.#lay(inputs, row, at.inputs);
      this.#hash(count, outputBytes, at, at.outputs);
      outputs.set(this.#heap.subarray(at.outputs, at.outputs + count * outputBytes), row * outputBytes);
    }
    return outputs;
  }

  bucket(shape: OkvsShape, rows: Uint8Array): RowBucket {
    const count = rowCount(rows);
    const at = bucketLayout(shape, count);
    this.#reserve(at.end);
    this.#heap.set(rows, at.rows);
    return this.#bucket(shape, count);
  }

  hashedBucket(shape: OkvsShape, key: Uint8Array, inputs: Uint8Array, which?: Uint32Array): RowBucket {
    const all = rowsToHash(key, inputs, OKVS_ROW_BYTES);
    const count = which?.length ?? all;
    invariant(count <= OKVS_ROWS_MAX, 'rows of another shape');
    const at = bucketLayout(shape, count);
    this.#reserve(at.end);
    this.#heap.set(key, at.key);
    for (let row = 0; row < count; row += HASH_ROWS) {
      const some = this.#lay(inputs, row, at.inputs, which);
      this.#hash(some, OKVS_ROW_BYTES, at, at.rows + row * OKVS_ROW_BYTES);
    }
    return this.#bucket(shape, count);
  }

  /** The next inputs, as many as are hashed at once; gives how many. */
  #lay(inputs: Uint8Array, first: number, to: number, which?: Uint32Array): number {
    if (which !== undefined) {
      const words = (HASH_ROWS * ROW_INPUT_BYTES) / Uint32Array.BYTES_PER_ELEMENT;
      return gatherInputs(inputs, which, first, new Uint32Array(this.#heap.buffer, to, words));
    }
    const part = inputs.subarray(first * ROW_INPUT_BYTES, (first + HASH_ROWS) * ROW_INPUT_BYTES);
    this.#heap.set(part, to);
    return part.length / ROW_INPUT_BYTES;
  }

  #hash(
    count: number,
    outputBytes: number,
    at: Readonly<Record<'key' | 'inputs' | 'scratch', number>>,
    outputs: number,
  ): void {
    this.#module.hashRows(at.key, at.inputs, outputs, Math.ceil(count / 4) * 4, outputBytes, at.scratch);
  }

  /** Of the rows that lie in memory. */
  #bucket(shape: OkvsShape, count: number): RowBucket {
    const { rows, order, tables, counters, fetched, blocks, work } = bucketLayout(shape, count);
    const module = this.#module;
    const bits = masks(shape.band);
    module.sortRows(rows, count, shape.starts, order, work, counters);
    const bucket: RowBucket = {
      count,
      values: () => {
        this.#check(bucket);
        module.copyValues(rows, count, work);
        return this.#heap.slice(work, work + count * OKVS_VALUE_BYTES);
      },
      encode: (random) => {
        this.#check(bucket);
        checkRows(shape, count);
        const columns = paddedColumns(shape);
        const fill = work + columns * OKVS_VALUE_BYTES;
        this.#heap.fill(0, work, fill);
        if (!module.eliminate(rows, order, count, work, blocks, fetched, ...bits)) return undefined;
        this.#heap.set(random.bytes((shape.columns - count) * OKVS_VALUE_BYTES), fill);
        module.solve(work, blocks, columns, columns - shape.columns, fill, tables, TABLE_CHUNK);
        return this.#heap.slice(blocks, blocks + shape.columns * OKVS_VALUE_BYTES);
      },
      decode: (encoding) => {
        this.#check(bucket);
        checkEncoding(shape, encoding);
        this.#heap.set(encoding, blocks);
        const behind = blocks + encoding.length;
        this.#heap.fill(0, behind, behind + BEHIND_BLOCKS_BYTES);
        module.decode(rows, order, count, blocks, work, tables, TABLE_CHUNK, fetched, ...bits);
        return this.#heap.slice(work, work + count * OKVS_VALUE_BYTES);
      },
    };
    this.#current = bucket;
    return bucket;
  }

  #check(bucket: RowBucket): void {
    invariant(bucket === this.#current, 'a bucket was used after another call');
  }

  mapBlocks(basis: Uint8Array, blocks: Uint8Array): Uint8Array {
    checkMap(basis, blocks);
    this.#current = undefined;
    const at = mapLayout(blocks.length);
    this.#reserve(at.end);
    this.#heap.set(basis, at.basis);
    this.#heap.set(blocks, at.blocks);
    this.#module.mapBlocks(at.basis, at.blocks, blocks.length / OKVS_VALUE_BYTES, at.tables);
    return this.#heap.slice(at.blocks, at.blocks + blocks.length);
  }

  matchTags(own: Uint8Array, peer: Uint8Array, tagBytes: number, random: Random): TagMatches {
    checkTags(own, peer, tagBytes);
    this.#current = undefined;
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
    const at = matchLayout(own.length, peer.length, tagBytes, parts);
    this.#reserve(at.end);
    this.#heap.set(seed, at.seed);
    this.#heap.set(own, at.own);
    this.#heap.set(peer, at.peer);
    this.#heap.fill(0, at.counts, at.counts + 4 * parts);
    this.#module.layTags(tagBytes, at.seed);
    this.#module.countTags(at.own, ownCount, at.counts, bits);
    this.#module.countTags(at.peer, peerCount, at.counts, bits);
    const largest = toPlaces(new Uint32Array(this.#heap.buffer, at.counts, parts));
    this.#module.partTags(at.own, ownCount, at.counts, bits, at.items, 0);
    this.#module.partTags(at.peer, peerCount, at.counts, bits, at.items, 1);
    // Two places of 8 bytes for a tag, rounded up to a power of two.
    this.#reserve(at.end + 4 * 8 * largest);
    this.#heap.fill(0xff, at.rows, at.rows + 4 * peerCount);
    const code = this.#module.matchParts(at.own, at.peer, at.items, at.counts, parts, at.end, at.rows);
    const outcome = OUTCOMES[code];
    if (outcome === 'crowded') return undefined;
    if (outcome === 'own' || outcome === 'peer') return { repeated: outcome };
    return { rows: new Uint32Array(this.#heap.buffer, at.rows, peerCount).slice() };
  }

  clear(): void {
    this.#current = undefined;
    this.#heap.fill(0, HEAP_START);
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
