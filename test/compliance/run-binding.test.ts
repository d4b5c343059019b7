/** Two runs of one name: nothing that was made for the one fits the other. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { Plane } from '../../src/contracts/index.ts';
import type { TrailEntry } from '../../src/coordination/failure.ts';
import { tableOf } from '../../src/data/index.ts';
import { MemberChannel } from '../../src/program/data-plane/channel.ts';
import { Exchange } from '../../src/program/data-plane/exchange.ts';
import { Mailbox } from '../../src/program/data-plane/mailbox.ts';
import { BaseOtSender, loadEdwards, receiveBaseOts } from '../../src/secure/correlation/base-ot.ts';
import { createConnector } from '../../src/supervisor/planes/connector.ts';
import type { ManagedLink } from '../../src/transport/index.ts';
import { MemoryNetwork } from '../parts/memory-network.ts';
import { aligned, cleanUp, fails } from '../parts/psi-parties.ts';
import { settleSecure } from '../parts/secure-parties.ts';

after(cleanUp);

const nothing = { write: () => undefined, end: () => undefined, abort: () => undefined };
const run = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const same = { bindingOf: () => run(1) };
const differing = { bindingOf: run };
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

/** How the data link of bob ends, or `up`, with alice in a run of the same name. */
async function linkOf(bobs: string, plane: Plane = 'data'): Promise<unknown> {
  const network = new MemoryNetwork();
  const loop = { clock: systemClock, random: systemRandom };
  const links: ManagedLink[] = [];
  const ends: Promise<unknown>[] = [];
  for (const [transport, binding] of [
    [network.transport('alice'), 'aa'],
    [network.transport('bob'), bobs],
  ] as const) {
    const { self } = transport;
    const options = { transport, plane, order: ['alice', 'bob'], loop };
    const connect = createConnector({ ...options, run: { runId: 'r', binding } });
    ends.push(
      new Promise((resolve) => {
        const onState = (state: string, error?: Error) => {
          if (state === 'up' || state === 'closed') resolve(error === undefined ? state : codeOf(error));
        };
        links.push(connect(self === 'alice' ? 'bob' : 'alice', { onMessage: () => nothing, onState }));
      }),
    );
  }
  const found = await Promise.all(ends);
  await Promise.all(links.map((link) => link.close()));
  assert.equal(found[0], found[1]);
  return found[0];
}

describe('what is made for a run of the same name', () => {
  it('is refused by data links, at both ends', async () => {
    assert.equal(await linkOf('aa'), 'up');
    assert.equal(await linkOf('bb'), 'PRIVITY_RUN_MISMATCH');
  });

  it('does not open a secure device', async () => {
    for (const [protocol, size] of [
      ['rep3', 3],
      ['semi2k', 2],
      ['ref', 2],
    ] as const) {
      const opened = await settleSecure(protocol, size, async () => 'open', same);
      for (const outcome of opened) assert.equal(outcome.status, 'fulfilled', protocol);
      const refused = await settleSecure(protocol, size, async () => 'open', differing);
      assert.ok(
        refused.some((one) => one.status === 'rejected' && codeOf(one.reason) === 'PRIVITY_SECURE_MISMATCH'),
        protocol,
      );
    }
  });

  it('begins no intersection', async () => {
    const [alice, bob] = [
      { table: await tableOf({ id: ['a', 'b'] }) },
      { table: await tableOf({ id: ['b'] }) },
    ];
    await aligned(alice, bob, same);
    await fails(alice, bob, 'either', 'PRIVITY_PSI_MISMATCH', differing);
  });

  it('is told apart by the channels of a program, as are the steps of one run', () => {
    const channelOf = (binding: Uint8Array, stepId: string): MemberChannel => {
      const unused = assert.fail as () => never;
      const handlers = { whereIs: unused, diverged: unused, failed: unused, linkLost: unused };
      const mailbox = new Mailbox({ bytesMax: 1, messagesMax: 1 }, unused as never, unused);
      const parties = ['alice', 'bob'];
      const exchange = new Exchange({ parties, party: 'alice', clock: systemClock, mailbox, ...handlers });
      exchange.bind(binding);
      const channel = new MemberChannel('alice', parties, exchange, new AbortController().signal);
      channel.open({ stepId, name: 'x', kind: 'psi', digest: 'd' } as TrailEntry);
      return channel;
    };
    assert.deepEqual(channelOf(run(1), '3').binding, channelOf(run(1), '3').binding);
    assert.equal(channelOf(run(1), '3').binding?.length, 32);
    assert.notDeepEqual(channelOf(run(1), '3').binding, channelOf(run(2), '3').binding);
    assert.notDeepEqual(channelOf(run(1), '3').binding, channelOf(run(1), '4').binding);
  });

  it('has other keys of oblivious transfer, and so has the other role', async () => {
    const curve = await loadEdwards();
    const keysFor = (theirs: Uint8Array): boolean => {
      const sender = new BaseOtSender(curve, systemRandom);
      const choices = Uint8Array.of(0, 1);
      const received = receiveBaseOts(curve, systemRandom, choices, sender.opening, Uint8Array.of(0, 7));
      const sent = sender.finish(received.answer, theirs);
      const chosen = Buffer.concat([sent.zero.subarray(0, 16), sent.one.subarray(16, 32)]);
      const isSame = chosen.equals(received.keys);
      assert.equal(Buffer.compare(sent.transcript, received.transcript) === 0, isSame);
      return isSame;
    };
    assert.ok(keysFor(Uint8Array.of(0, 7)));
    assert.ok(!keysFor(Uint8Array.of(0, 8)), 'of another run');
    assert.ok(!keysFor(Uint8Array.of(1, 7)), 'of the other role');
  });
});
