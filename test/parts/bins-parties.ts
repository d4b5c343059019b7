/** An intersection into shares of lists of ids, without a device: both parties in one process. */
import { systemRandom } from '../../src/base/system.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import type { Random } from '../../src/contracts/random.ts';
import { PsiLine } from '../../src/psi/line.ts';
import { ID_BYTES } from '../../src/psi/protocols/protocol.ts';
import type { Bins } from '../../src/psi/shares/bins.ts';
import { runBins } from '../../src/psi/shares/run-bins.ts';

/** Of one party. */
export interface BinsSide {
  readonly ids: Uint8Array;
  readonly holds: boolean;
  readonly peerRows: number;
  readonly payload?: readonly BigUint64Array[];
  readonly columns?: number;
}

export interface BinsOptions {
  readonly bucketRows?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly random?: Random;
  advance?(ids: number): void;
}

export async function runSide(channel: Channel, side: BinsSide, options: BinsOptions = {}): Promise<Bins> {
  const { ids, holds, peerRows, payload = [], columns = payload.length } = side;
  const { threads = 0, signal = channel.signal, random = systemRandom, advance = () => {} } = options;
  const line = new PsiLine(channel);
  const onAbort = (): void => line.fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await runBins(
      line,
      {
        ids,
        holds,
        payload,
        columns,
        ownRows: ids.byteLength / ID_BYTES,
        peerRows,
        receives: false,
        peerReceives: false,
        tagBytes: 16,
        agreement: new Uint8Array(32),
        random,
        threads,
        signal,
        advance,
      },
      options.bucketRows,
    );
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Columns of random words, and of words at the borders of what a word can be. */
export function someColumns(rows: number, columns: number): BigUint64Array[] {
  return Array.from({ length: columns }, (_, column) => {
    const words = new BigUint64Array(systemRandom.bytes(8 * rows).buffer);
    const special = [0n, 2n ** 64n - 1n, 2n ** 32n - 1n, 2n ** 63n, BigInt(column)];
    for (const [row, word] of special.entries()) if (row < rows) words[row] = word;
    return words;
  });
}
