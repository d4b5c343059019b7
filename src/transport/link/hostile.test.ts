/** A peer with a valid identity that means harm: every frame that it sends is one that no Privity sends. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { share } from '../../../test/effort.ts';
import { MemoryNetwork } from '../../../test/parts/memory-network.ts';
import { PeerError } from '../../base/errors.ts';
import { systemClock, systemRandom } from '../../base/system.ts';
import type {
  Connection,
  ConnectionHandlers,
  LinkHandlers,
  MessageSink,
  Transport,
} from '../../contracts/index.ts';
import { acceptInto } from './accept.ts';
import {
  type Chunk,
  decodeFrame,
  encodeAck,
  encodeChunk,
  encodeHello,
  encodeNote,
  encodeRefusal,
  type Frame,
} from './frame.ts';
import { LINK_PROTOCOL_VERSION } from './hello.ts';
import { LINK_LIMITS } from './limits.ts';
import { createLink, type ManagedLink } from './link.ts';

const none = new Uint8Array(0);
const hello = {
  protocol: LINK_PROTOCOL_VERSION,
  party: 'mallory',
  runId: 'r',
  session: Buffer.alloc(16, 9),
  resumes: none,
  received: 0,
  binding: none,
};
const chunk: Chunk = {
  sequence: 1,
  message: 1,
  header: Buffer.from('h'),
  last: false,
  abandoned: false,
  parts: [],
  payloadBytes: 0,
};
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Attack {
  readonly link: ManagedLink;
  readonly connection: Connection;
  /** How the link ended, once it has. */
  error: Error | undefined;
  /** Sinks that were opened and neither ended nor aborted. */
  openSinks: number;
  /** Code of the refusal that the attacker was told. */
  refusal: string | undefined;
}

const linkWithMallory = (transport: Transport, handlers: LinkHandlers): ManagedLink =>
  createLink({
    transport,
    peer: 'mallory',
    plane: 'data',
    role: 'acceptor',
    runId: 'r',
    clock: systemClock,
    random: systemRandom,
    handlers,
  });

async function attack(frames: readonly (readonly Uint8Array[])[]): Promise<Attack> {
  const network = new MemoryNetwork();
  const bob = network.transport('bob');
  const sink = (): MessageSink => {
    result.openSinks++;
    const close = (): undefined => {
      result.openSinks--;
      return undefined;
    };
    return { write: () => undefined, end: close, abort: close };
  };
  const link = linkWithMallory(bob, {
    onMessage: sink,
    onState: (state, error) => {
      if (state === 'closed') result.error = error;
    },
  });
  acceptInto(bob).add(link);
  const connection = await network.transport('mallory').dial('bob', 'data', new AbortController().signal);
  const result: Attack = { link, connection, error: undefined, openSinks: 0, refusal: undefined };
  connection.start({
    onFrame: (parts) => {
      const { body } = decodeFrame(parts);
      if (body.kind === 'refusal') result.refusal = body.refusal.code;
      return undefined;
    },
    onClose: () => {},
  });
  for (const frame of frames) connection.send(frame);
  for (let i = 0; i < 5; i++) await tick();
  return result;
}

describe('a hostile peer', () => {
  const greeting = encodeHello(hello);
  const cases: Record<string, { frames: Uint8Array[][]; code?: string }> = {
    'a frame before the hello': { frames: [encodeChunk(chunk, 0)] },
    'a second hello': { frames: [greeting, greeting] },
    'the hello of another party': { frames: [encodeHello({ ...hello, party: 'alice' })] },
    'another protocol version': {
      frames: [encodeHello({ ...hello, protocol: 99 })],
      code: 'PRIVITY_PROTOCOL_VERSION',
    },
    'a session that never was': {
      frames: [encodeHello({ ...hello, resumes: Buffer.alloc(16, 1) })],
      code: 'PRIVITY_SESSION_LOST',
    },
    'a wrong sequence number': { frames: [greeting, encodeChunk({ ...chunk, sequence: 2 }, 0)] },
    'a repeated frame': { frames: [greeting, encodeChunk(chunk, 0), encodeChunk(chunk, 0)] },
    'an acknowledgement of nothing': { frames: [greeting, encodeAck(1, false)] },
    'an oversized note': { frames: [greeting, encodeNote(Buffer.alloc(LINK_LIMITS.noteBytesMax + 1), 0)] },
    'an oversized header': {
      frames: [greeting, encodeChunk({ ...chunk, header: Buffer.alloc(LINK_LIMITS.headerBytesMax + 1) }, 0)],
    },
    'bytes of nothing': { frames: [greeting, [Buffer.from('ffffffff', 'hex')]] },
    'a body cut off': { frames: [greeting, [Buffer.concat(encodeChunk(chunk, 0)).subarray(0, 5)]] },
  };
  for (const [name, { frames, code = 'PRIVITY_PROTOCOL_VIOLATION' }] of Object.entries(cases)) {
    test(`${name} ends the link, is told to the peer, and leaves nothing open`, async () => {
      const result = await attack(frames);
      assert.ok(result.error instanceof PeerError, String(result.error));
      assert.equal(result.error.code, code);
      assert.equal(result.error.party, 'mallory');
      assert.equal(result.link.state, 'closed');
      assert.equal(result.openSinks, 0);
      assert.equal(result.refusal, code);
    });
  }

  test('a refusal with an invented code and control characters is a violation in clean words', async () => {
    const result = await attack([greeting, encodeRefusal({ code: 'EVIL', message: 'a\u001b[2Jb\n\u202ec' })]);
    assert.ok(result.error instanceof PeerError);
    assert.equal(result.error.code, 'PRIVITY_PROTOCOL_VIOLATION');
    assert.match(result.error.message, /^[\x20-\x7e]*$/);
  });

  test('that asks for acknowledgements and reads none of them makes nobody keep them all', async () => {
    const network = new MemoryNetwork();
    const sink = { write: () => undefined, end: () => undefined, abort: () => undefined };
    const link = linkWithMallory(network.transport('bob'), { onMessage: () => sink });
    const sent: Frame[] = [];
    let handlers: ConnectionHandlers | undefined;
    let drain = (): void => {};
    const drained = new Promise<void>((resolve) => {
      drain = resolve;
    });
    link.attach({
      peer: 'mallory',
      plane: 'data',
      start: (given) => {
        handlers = given;
      },
      send: (parts) => {
        sent.push(decodeFrame(parts));
        return false;
      },
      drained: () => drained,
      close: async () => {},
      destroy: () => {},
    });
    handlers?.onFrame(greeting);
    const frames = 1_000;
    for (let sequence = 1; sequence <= frames; sequence++) {
      handlers?.onFrame(
        encodeChunk({ ...chunk, sequence, header: sequence === 1 ? chunk.header : undefined }, 0),
      );
      handlers?.onFrame(encodeAck(0, true));
    }
    assert.ok(sent.length < 10, `${sent.length} frames wait for a peer that does not read`);
    drain();
    await tick();
    assert.equal(sent.at(-1)?.acknowledged, frames);
    await link.close();
  });

  test('random frames after a hello never do more than end the link', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), async (frames) => {
        const result = await attack([greeting, ...frames.map((frame) => [frame])]);
        if (result.link.state !== 'closed') {
          await result.link.close();
          return;
        }
        // A goodbye and a refusal are the only random frames that end a link without a violation.
        assert.ok(result.error !== undefined);
        assert.equal(result.openSinks, 0);
      }),
      { numRuns: share(200) },
    );
  });
});
