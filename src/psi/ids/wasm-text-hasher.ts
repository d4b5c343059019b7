/** SHA-256 of many texts in WebAssembly: texts are copied straight into the module's memory. */
import { readFile } from 'node:fs/promises';
import { ID_BYTES } from '../protocols/protocol.ts';
import { TEXT_ROOM_BYTES, TEXTS_AT_ONCE, type TextHasher } from './text-hasher-types.ts';

/** Functions of kernels/psi-ids.ts. */
interface IdsModule {
  readonly memory: WebAssembly.Memory;
  hashTexts(
    texts: number,
    starts: number,
    lengths: number,
    digests: number,
    count: number,
    scratch: number,
  ): void;
}

/** Below it is the module's own data. */
const HEAP_START = 65_536;
const SCRATCH_BYTES = 2048;
/** What the module reads behind a text, at most. */
const BEHIND_BYTES = 64;
const PAGE_BYTES = 65_536;

/** Texts that it hashes together. */
const LANES = 4;

/** Once in a process; memory, which ids pass through, is each call's own. */
let compiling: Promise<WebAssembly.Module> | undefined;

/** Undefined where WebAssembly, its vector instructions or the compiled file are not there. */
export async function wasmTextHasher(): Promise<TextHasher | undefined> {
  try {
    compiling ??= compile();
    const instance = new WebAssembly.Instance(await compiling, {});
    return hasherOf(instance.exports as unknown as IdsModule);
  } catch {
    return undefined;
  }
}

async function compile(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(new URL('./ids.wasm', import.meta.url)));
}

function hasherOf(module: IdsModule): TextHasher {
  const { memory } = module;
  const startsAt = HEAP_START;
  const lengthsAt = startsAt + TEXTS_AT_ONCE * Uint32Array.BYTES_PER_ELEMENT;
  const scratchAt = lengthsAt + TEXTS_AT_ONCE * Uint32Array.BYTES_PER_ELEMENT;
  const digestsAt = scratchAt + SCRATCH_BYTES;
  const textsAt = digestsAt + TEXTS_AT_ONCE * ID_BYTES;
  const end = textsAt + TEXT_ROOM_BYTES + BEHIND_BYTES;
  memory.grow(Math.max(0, Math.ceil((end - memory.buffer.byteLength) / PAGE_BYTES)));
  const { buffer } = memory;
  const starts = new Uint32Array(buffer, startsAt, TEXTS_AT_ONCE);
  const lengths = new Uint32Array(buffer, lengthsAt, TEXTS_AT_ONCE);
  return {
    name: 'wasm',
    bytes: new Uint8Array(buffer, textsAt, TEXT_ROOM_BYTES),
    starts,
    lengths,
    hash(count) {
      const whole = Math.ceil(count / LANES) * LANES;
      starts.fill(0, count, whole);
      lengths.fill(0, count, whole);
      module.hashTexts(textsAt, startsAt, lengthsAt, digestsAt, whole, scratchAt);
      return new Uint8Array(buffer, digestsAt, count * ID_BYTES);
    },
    clear: () => new Uint8Array(buffer, HEAP_START, end - HEAP_START).fill(0),
  };
}
