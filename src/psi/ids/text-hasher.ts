/**
 * SHA-256 of many texts. Two implementations give the same results: WebAssembly (kernels/psi-ids.ts), and this one,
 * which serves where WebAssembly is not there, and says what is computed.
 */
import { createHash } from 'node:crypto';
import { ID_BYTES } from '../protocols/protocol.ts';
import { TEXT_ROOM_BYTES, TEXTS_AT_ONCE, type TextHasher } from './text-hasher-types.ts';
import { wasmTextHasher } from './wasm-text-hasher.ts';

export function typescriptTextHasher(): TextHasher {
  const bytes = new Uint8Array(TEXT_ROOM_BYTES);
  const [starts, lengths] = [new Uint32Array(TEXTS_AT_ONCE), new Uint32Array(TEXTS_AT_ONCE)];
  const digests = new Uint8Array(TEXTS_AT_ONCE * ID_BYTES);
  return {
    name: 'typescript',
    bytes,
    starts,
    lengths,
    hash(count) {
      for (let at = 0; at < count; at++) {
        const start = starts[at] as number;
        const text = bytes.subarray(start, start + (lengths[at] as number));
        digests.set(createHash('sha256').update(text).digest(), at * ID_BYTES);
      }
      return digests.subarray(0, count * ID_BYTES);
    },
    clear() {
      bytes.fill(0);
      digests.fill(0);
    },
  };
}

/** The fastest that runs here. */
export async function loadTextHasher(): Promise<TextHasher> {
  return (await wasmTextHasher()) ?? typescriptTextHasher();
}
