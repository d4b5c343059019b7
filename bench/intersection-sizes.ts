/**
 * From how many rows on which protocol is the faster one: both parties in one process, in processor time, so that other
 * work on the machine does not decide. What it finds is `fromRows` of rr22.
 */
import { createHash } from 'node:crypto';
import { systemRandom } from '../src/base/system.ts';
import { runPsi } from '../src/psi/exchange.ts';
import { KEY_TYPES_BYTES } from '../src/psi/messages.ts';
import { psiProtocols } from '../src/psi/protocols/index.ts';
import { ID_BYTES, type PsiProtocol } from '../src/psi/protocols/protocol.ts';
import { memoryChannels } from '../src/testing/memory-channel.ts';
import { atLeast, beside, plain } from './parts/figure.ts';

const SIZES = [1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
/** The least of so many: the first ones load and compile. */
const ROUNDS = 3;
const MILLISECONDS = 1e3;

const { dh, rr22 } = psiProtocols;

/** Half of both lists are shared. */
function lists(rows: number): readonly Uint8Array[] {
  return [0, rows >> 1].map((from) => {
    const ids = new Uint8Array(new SharedArrayBuffer(ID_BYTES * rows));
    for (let row = 0; row < rows; row++)
      ids.set(
        createHash('sha256')
          .update(`${from + row}`)
          .digest(),
        ID_BYTES * row,
      );
    return ids;
  });
}

/** Milliseconds of processor time of both parties together. */
async function took(protocol: PsiProtocol, [first, second]: readonly Uint8Array[]): Promise<number> {
  const { channels } = memoryChannels(2);
  const before = process.cpuUsage();
  await Promise.all(
    channels.map((channel, rank) =>
      runPsi(channel, [protocol], {
        ids: (rank === 0 ? first : second) ?? new Uint8Array(),
        agreement: new Uint8Array(32),
        keyTypes: new Uint8Array(KEY_TYPES_BYTES),
        acceptKeyTypes: () => undefined,
        signal: new AbortController().signal,
        random: systemRandom,
        threads: 1,
      }),
    ),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MILLISECONDS;
}

async function least(protocol: PsiProtocol, ids: readonly Uint8Array[]): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await took(protocol, ids));
  return best;
}

for (const rows of SIZES) {
  const ids = lists(rows);
  const [byDh, byRr22] = [await least(dh, ids), await least(rr22, ids)];
  const name = `processor time of dh, both parties, ${rows.toLocaleString('en')} rows`;
  const peer = { name: 'rr22', measured: byRr22 };
  // Where it is taken it must be the faster one by far.
  beside(name, byDh, 'ms', peer, { limit: rows < rr22.fromRows ? undefined : atLeast(2) });
}
plain('rr22 is taken from', rr22.fromRows, 'rows on');
