/**
 * The inner loops over rows in WebAssembly: operands are copied into the module's memory, and results out of it.
 */
import { readFile } from 'node:fs/promises';
import { invariant } from '../../base/errors.ts';
import type { Random } from '../../contracts/random.ts';
import { rowCount } from '../okvs/okvs.ts';
import { OKVS_VALUE_BYTES, type OkvsShape } from '../okvs/shape.ts';
import { ROW_INPUT_BYTES, rowsToHash } from './blake3.ts';
import {
  BEHIND_BLOCKS_BYTES,
  decodeLayout,
  encodeLayout,
  HEAP_START,
  layout,
  paddedColumns,
  TABLE_CHUNK,
} from './layout.ts';
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

/** The message and the output of four rows. */
const HASH_SCRATCH_BYTES = 512;

/** By as much the last vector of the last row may go beyond it. */
const VECTOR_BYTES = 16;

/** Tags of both lists in a part, about: its table of 32 KiB stays in the first cache. */
const TAGS_IN_PART = 2048;

/** Behind tags, which may be read with the last one. */
const TAG_SLACK_BYTES = 8;

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
    const at = layout({
      key: key.length,
      inputs: ROW_INPUT_BYTES * HASH_ROWS,
      outputs: outputBytes * HASH_ROWS + VECTOR_BYTES,
      scratch: HASH_SCRATCH_BYTES,
    });
    this.#reserve(at.end);
    this.#heap.set(key, at.key);
    for (let row = 0; row < rows; row += HASH_ROWS) {
      const count = Math.min(HASH_ROWS, rows - row);
      this.#heap.set(inputs.subarray(row * ROW_INPUT_BYTES, (row + count) * ROW_INPUT_BYTES), at.inputs);
      const vectored = Math.ceil(count / 4) * 4;
      this.#module.hashRows(at.key, at.inputs, at.outputs, vectored, outputBytes, at.scratch);
      outputs.set(this.#heap.subarray(at.outputs, at.outputs + count * outputBytes), row * outputBytes);
    }
    return outputs;
  }

  encode(shape: OkvsShape, rows: Uint8Array, random: Random): Uint8Array | undefined {
    const count = rowCount(shape, rows);
    const { rows: rowsAt, order, bands, blocks, tables, counters, fetched, end } = encodeLayout(shape, count);
    this.#reserve(end);
    this.#heap.set(rows, rowsAt);
    this.#module.sortRows(rowsAt, count, shape.starts, order, bands, counters);
    this.#heap.fill(0, bands, blocks);
    const isWhole = this.#module.eliminate(
      rowsAt,
      order,
      count,
      bands,
      blocks,
      fetched,
      ...masks(shape.band),
    );
    if (!isWhole) return undefined;
    this.#heap.set(random.bytes((shape.columns - count) * OKVS_VALUE_BYTES), rowsAt);
    const columns = paddedColumns(shape);
    this.#module.solve(bands, blocks, columns, columns - shape.columns, rowsAt, tables, TABLE_CHUNK);
    return this.#heap.slice(blocks, blocks + shape.columns * OKVS_VALUE_BYTES);
  }

  decode(shape: OkvsShape, encoding: Uint8Array, rows: Uint8Array): Uint8Array {
    const count = rowCount(shape, rows, encoding);
    const {
      rows: rowsAt,
      order,
      blocks,
      values,
      tables,
      counters,
      fetched,
      end,
    } = decodeLayout(shape, count);
    this.#reserve(end);
    this.#heap.set(rows, rowsAt);
    this.#heap.set(encoding, blocks);
    const behind = blocks + encoding.length;
    this.#heap.fill(0, behind, behind + BEHIND_BLOCKS_BYTES);
    this.#module.sortRows(rowsAt, count, shape.starts, order, values, counters);
    const bits = masks(shape.band);
    this.#module.decode(rowsAt, order, count, blocks, values, tables, TABLE_CHUNK, fetched, ...bits);
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
    const at = layout({
      seed: SEED_BYTES,
      own: own.length + TAG_SLACK_BYTES,
      peer: peer.length + TAG_SLACK_BYTES,
      items: 8 * total,
      counts: 4 * parts,
      rows: 4 * peerCount,
    });
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
