import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PeerError } from '../../base/errors.ts';
import type { LinkHandlers, LinkState } from '../../contracts/index.ts';
import { CONTROL_MESSAGE_BYTES_MAX } from '../../coordination/limits.ts';
import { encodeMessage } from '../../coordination/messages.ts';
import { LINK_LIMITS, type ManagedLink } from '../../transport/index.ts';
import { controlLinkLimits } from '../planes/connector.ts';
import type { EventLoop } from '../seam/platform.ts';
import { ControlPlane } from './control-plane.ts';

const parties = ['alice', 'bob'];

/** Alice's control plane over a link that answers as it is told. */
function plane(answer: { send?: () => Promise<void>; note?: () => void; state?: LinkState }) {
  const told: string[] = [];
  const closed: Error[] = [];
  const later: (() => void)[] = [];
  let handlers: LinkHandlers | undefined;
  const link = {
    peer: 'bob',
    plane: 'control',
    state: answer.state ?? 'up',
    send: answer.send ?? (() => Promise.resolve()),
    note: answer.note ?? (() => undefined),
    flushed: () => Promise.resolve(),
    close: async (reason?: Error) => {
      if (reason) closed.push(reason);
    },
  } as unknown as ManagedLink;
  const control = new ControlPlane(
    0,
    parties,
    (_, given) => {
      handlers = given;
      return link;
    },
    { later: (run: () => void) => later.push(run) } as unknown as EventLoop,
    {
      onMessage: (peer, message) => told.push(`${message.type} from ${peer}`),
      onLink: () => undefined,
      onRefused: (peer, error) => told.push(`refused ${peer}: ${(error as PeerError).code}`),
      onTrouble: () => undefined,
      onUnsent: (peer, error) => told.push(`unsent ${peer}: ${error.message}`),
    },
  );
  const turn = async (): Promise<void> => {
    for (const run of later.splice(0)) run();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const sink = (header: Uint8Array) => handlers?.onMessage(header) ?? assert.fail('no link was made');
  return { control, told, closed, turn, sink };
}

const refusing = () => Promise.reject(new RangeError('too long'));

describe('the control plane', () => {
  it('tells of a message that a link which stands does not take', async () => {
    for (const state of ['up', 'down', 'connecting'] as const) {
      const { control, told, turn } = plane({ send: refusing, state });
      control.send(1, { type: 'ready' });
      await turn();
      assert.deepEqual(told, ['unsent 1: too long']);
    }
  });

  it('does not tell of one that a closed link cannot take: that it has closed was told', async () => {
    const { control, told, turn } = plane({ send: refusing, state: 'closed' });
    control.send(1, { type: 'ready' });
    await turn();
    assert.deepEqual(told, []);
  });

  it('tells of a heartbeat that a link does not take', () => {
    const note = (): void => {
      throw new RangeError('too long');
    };
    const { control, told } = plane({ note });
    control.send(1, { type: 'heartbeat', heads: [], answering: true });
    assert.deepEqual(told, ['unsent 1: too long']);
  });

  it('refuses a peer whose message has a body, once', () => {
    const { told, closed, sink } = plane({});
    const taking = sink(encodeMessage({ type: 'ready' }, parties));
    for (const piece of [new Uint8Array(0), new Uint8Array(1), new Uint8Array(1)]) taking.write(piece);
    taking.end();
    assert.deepEqual(told, ['refused 1: PRIVITY_CONTROL_MESSAGE_INVALID']);
    assert.equal((closed[0] as PeerError | undefined)?.failure, 'PROTOCOL_VIOLATION');
    const whole = sink(encodeMessage({ type: 'ready' }, parties));
    whole.end();
    assert.deepEqual(told.slice(1), ['ready from 1']);
  });

  it('says nothing that a link does not carry', () => {
    assert.ok(CONTROL_MESSAGE_BYTES_MAX <= LINK_LIMITS.headerBytesMax);
    assert.ok(CONTROL_MESSAGE_BYTES_MAX <= LINK_LIMITS.noteBytesMax);
    const { headerBytesMax, noteBytesMax } = controlLinkLimits(1_000);
    assert.deepEqual([headerBytesMax, noteBytesMax], [CONTROL_MESSAGE_BYTES_MAX, CONTROL_MESSAGE_BYTES_MAX]);
  });
});
