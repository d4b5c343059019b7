/** An intersection of lists of ids, without tables: both parties in one process. */
import { createHash } from 'node:crypto';
import { systemRandom } from '../../src/base/system.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import { type PsiExchange, type PsiKeysFound, runCount, runKeyed, runPsi } from '../../src/psi/exchange.ts';
import { KEY_TYPES_BYTES } from '../../src/psi/messages.ts';
import { BOTH, type PsiMatches, type PsiProtocol, type PsiTold } from '../../src/psi/protocols/protocol.ts';

/** Ids of the numbers from `from` on, in memory that threads share. */
export function idBytes(from: number, rows: number): Uint8Array {
  const ids = new Uint8Array(new SharedArrayBuffer(32 * rows));
  for (let row = 0; row < rows; row++)
    ids.set(
      createHash('sha256')
        .update(`${from + row}`)
        .digest(),
      32 * row,
    );
  return ids;
}

export interface PlainOptions {
  readonly told?: PsiTold;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export function runPlain(
  channel: Channel,
  protocol: PsiProtocol,
  ids: Uint8Array,
  options?: PlainOptions,
): Promise<PsiMatches | undefined> {
  return runPsi(channel, [protocol], exchangeOf(channel, ids, options));
}

export function runPlainCount(
  channel: Channel,
  protocol: PsiProtocol,
  ids: Uint8Array,
  options?: PlainOptions,
): Promise<number | undefined> {
  return runCount(channel, [protocol], exchangeOf(channel, ids, options));
}

export function runPlainKeyed(
  channel: Channel,
  protocol: PsiProtocol,
  ids: Uint8Array,
  options: PlainOptions & { readonly told: PsiTold },
): Promise<PsiKeysFound> {
  return runKeyed(channel, [protocol], { ...exchangeOf(channel, ids, options), told: options.told });
}

function exchangeOf(
  channel: Channel,
  ids: Uint8Array,
  { threads = 0, signal = channel.signal, onProgress, told = BOTH }: PlainOptions = {},
): PsiExchange {
  return {
    ids,
    told,
    agreement: new Uint8Array(32),
    keyTypes: new Uint8Array(KEY_TYPES_BYTES),
    acceptKeyTypes: () => undefined,
    signal,
    random: systemRandom,
    threads,
    ...(onProgress && { onProgress }),
  };
}
