/**
 * What a member has sent may still be read by its links: nobody changes it or gives its memory back. And what gives
 * memory back does so with nothing that is still needed: results of vectors that are worth releasing are those of the
 * specification.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemRandom } from '../base/system.ts';
import type { Channel } from '../contracts/channel.ts';
import { memoryChannels } from '../testing/memory-channel.ts';
import { serveDealer } from './correlation/dealer.ts';
import { loadKernels } from './kernels/load.ts';
import * as ops from './ops/index.ts';
import type { ProtocolName } from './protocols/table.ts';
import { decode } from './ring/fixed-point.ts';
import type { PublicTensor } from './ring/tensor.ts';
import type { SecretTensor } from './secret.ts';
import { createSession, type Evaluator } from './session.ts';

interface Sent {
  readonly piece: Uint8Array;
  readonly copy: Uint8Array;
}

/** A channel that remembers every piece that goes through it, as it was. */
function watched(channel: Channel, sent: Sent[]): Channel {
  return {
    rank: channel.rank,
    size: channel.size,
    signal: channel.signal,
    receive: (from) => channel.receive(from),
    send(to, message) {
      for (const piece of message instanceof Uint8Array ? [message] : message)
        sent.push({ piece, copy: new Uint8Array(piece) });
      return channel.send(to, message);
    },
  };
}

const changed = (sent: readonly Sent[]): number =>
  sent.filter(({ piece, copy }) => Buffer.compare(piece, copy) !== 0).length;

interface Outcome<T> {
  readonly sent: readonly Sent[];
  readonly values: readonly T[];
}

async function outcomeOf<T>(
  name: ProtocolName,
  size: number,
  dealer: boolean,
  body: (on: Evaluator) => Promise<T>,
): Promise<Outcome<T>> {
  const sent: Sent[] = [];
  const { channels } = memoryChannels(dealer ? size + 1 : size);
  const last = channels[size];
  const dealing = last && serveDealer(watched(last, sent), systemRandom, await loadKernels());
  const values = await Promise.all(
    channels.slice(0, size).map(async (channel) => {
      const options = dealer ? { dealer: size } : {};
      const session = await createSession(name, watched(channel, sent), systemRandom, options);
      const value = await session.run(body);
      session.destroy();
      return value;
    }),
  );
  await dealing;
  return { sent, values };
}

/** So many that every vector, and every 64 planes of bits, is sent as it stands, and is worth releasing. */
const ELEMENTS = 8192;

const share = (on: Evaluator, owner: number, from: number): Promise<SecretTensor> =>
  ops.share(
    on,
    { owner, dtype: 'fixed', shape: [ELEMENTS] },
    on.protocol.rank === owner
      ? Float64Array.from({ length: ELEMENTS }, (_, i) => from + (i % 100))
      : undefined,
  );

type Operation = (on: Evaluator, x: SecretTensor, y: SecretTensor) => Promise<SecretTensor>;

const few: Record<string, Operation> = {
  mul: ops.mul,
  lt: ops.lt,
  eq: ops.eq,
  'product with a public number': (on, x) => ops.mul(on, x, 0.3),
};

const many: Record<string, Operation> = {
  ...few,
  matmul: (on, x, y) => ops.matmul(on, ops.reshape(on, x, [64, 128]), ops.reshape(on, y, [128, 64])),
  div: ops.div,
  maximum: ops.maximum,
  floor: (on, x) => ops.cast(on, x, 'integer'),
  sqrt: (on, _x, y) => ops.sqrt(on, y),
  exp: async (on, x) => ops.exp(on, await ops.mul(on, x, 0.05)),
  'shuffle and sort': async (on, x) => {
    const few = ops.slice(on, x, 0, 4096);
    const [shuffled] = await ops.shuffle(on, few);
    return (await ops.sort(on, shuffled as SecretTensor))[0] as SecretTensor;
  },
};

const inputs = async (on: Evaluator) => [await share(on, 0, -20), await share(on, 1, 1)] as const;

async function opened(on: Evaluator, run: Operation): Promise<Float64Array> {
  const result = await run(on, ...(await inputs(on)));
  const { words, dtype, fracBits } = (await ops.reveal(on, result)) as PublicTensor;
  return decode(words, dtype, fracBits);
}

describe('words that were sent, or given back', () => {
  for (const [name, size, dealer, operations] of [
    ['rep3', 3, false, many],
    ['semi2k', 2, true, few],
    ['semi2k', 2, false, few],
    ['semi2k', 3, true, few],
  ] as const) {
    for (const [operation, run] of Object.entries<Operation>(operations)) {
      it(`make no difference: ${operation}, ${name}, ${size} members${dealer ? ' and a dealer' : ''}`, async () => {
        const { sent, values } = await outcomeOf(name, size, dealer, (on) => opened(on, run));
        assert.ok(
          sent.some(({ copy }) => copy.byteLength >= 16_384),
          'nothing was sent as it stands',
        );
        assert.equal(changed(sent), 0);
        const [wanted] = (await outcomeOf('ref', 2, false, (on) => opened(on, run))).values;
        assert.ok(wanted);
        for (const value of values) {
          assert.equal(value.length, wanted.length);
          const far = value.findIndex((number, i) => {
            const right = wanted[i] as number;
            return !(Math.abs(number - right) <= 1e-3 * Math.max(1, Math.abs(right)));
          });
          assert.equal(far, -1, 'an element is not what the specification gives');
        }
      });
    }
  }

  it('are seen to change', async () => {
    const { sent } = await outcomeOf('rep3', 3, false, async (on) => {
      const x = await share(on, 0, 0);
      const [part] = x.shares.parts;
      await ops.reveal(on, x);
      (part as BigUint64Array)[5] = 77n;
    });
    assert.ok(changed(sent) > 0);
  });
});
