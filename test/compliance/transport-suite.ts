/**
 * What every Transport must do, and what a Link over it must do. Run by transport-grpc.test.ts and
 * transport-memory.test.ts. Nothing here sleeps for something to happen: what is waited for is awaited.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { PeerError, PeerLostError } from '../../src/base/errors.ts';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type {
  Clock,
  Connection,
  LinkState,
  MessageSink,
  Plane,
  Transport,
} from '../../src/contracts/index.ts';
import { acceptInto, createLink, type LinkLimits, type ManagedLink } from '../../src/transport/index.ts';

/** Two transports, alice and bob, that reach each other, and the means to hurt them. */
export interface TransportPair {
  readonly alice: Transport;
  readonly bob: Transport;
  /** A party that bob refuses because of its identity, where parties have one. */
  readonly mallory?: Transport;
  /** Breaks the connections between alice and bob without a goodbye. */
  breakConnections(): void;
  /** Bytes that may be on their way in one direction: windows and queues of both ends. */
  readonly inFlightBytesMax: number;
  close(): Promise<void>;
}

export class Latch<T> {
  readonly promise: Promise<T>;
  resolve: (value: T) => void = () => {};
  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }
}

/** The system's clock, but its timers keep the process alive: in memory there is no socket that would. */
const clock: Clock = {
  ...systemClock,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

const never = new AbortController().signal;
const text = (value: string): Uint8Array => Buffer.from(value);
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One connection, as both ends see it. */
class Dialled {
  readonly near: Connection;
  readonly far: Connection;
  constructor(near: Connection, far: Connection) {
    this.near = near;
    this.far = far;
  }
}

export function transportSuite(name: string, open: () => Promise<TransportPair>): void {
  describe(`${name} transport`, () => {
    let pair: TransportPair;
    const arrivals: ((connection: Connection) => void)[] = [];
    before(async () => {
      pair = await open();
      pair.bob.accept((connection) => arrivals.shift()?.(connection));
    });
    after(() => pair.close());

    const dial = async (plane: Plane = 'data'): Promise<Dialled> => {
      const arrival = new Latch<Connection>();
      arrivals.push(arrival.resolve);
      const near = await pair.alice.dial('bob', plane, never);
      return new Dialled(near, await arrival.promise);
    };
    const closed = (
      connection: Connection,
      onFrame: (parts: readonly Uint8Array[]) => undefined | Promise<void> = () => undefined,
    ) => {
      const latch = new Latch<Error | undefined>();
      connection.start({ onFrame, onClose: latch.resolve });
      return latch.promise;
    };

    test('both ends know who the other is and which plane it is', async () => {
      for (const plane of ['control', 'data'] as const) {
        const { near, far } = await dial(plane);
        assert.deepEqual([near.peer, near.plane, far.peer, far.plane], ['bob', plane, 'alice', plane]);
        const ends = [closed(near), closed(far)];
        await near.close();
        await Promise.all(ends);
      }
    });

    test('frames of all sizes arrive whole and in order, both ways', async () => {
      const { near, far } = await dial();
      const sizes = [0, 1, 5, 1000, 16_384, 65_531, 65_536, 1_000_000, 3, 4_000_000, 0, 7];
      const fill = (size: number, index: number): Uint8Array => Buffer.alloc(size, index + 1);
      const collect = (connection: Connection): Promise<Uint8Array[]> => {
        const frames: Uint8Array[] = [];
        const latch = new Latch<Uint8Array[]>();
        connection.start({
          onFrame: (parts) => {
            frames.push(Buffer.concat(parts));
            if (frames.length === sizes.length) latch.resolve(frames);
            return undefined;
          },
          onClose: () => {},
        });
        return latch.promise;
      };
      const received = [collect(near), collect(far)];
      for (const [index, size] of sizes.entries()) {
        const frame = fill(size, index);
        const cut = Math.floor(size / 3);
        for (const end of [near, far])
          end.send([frame.subarray(0, cut), frame.subarray(cut, cut), frame.subarray(cut)]);
      }
      for (const frames of await Promise.all(received)) {
        for (const [index, size] of sizes.entries()) {
          assert.equal(frames[index]?.length, size);
          assert.ok(Buffer.from(frames[index] ?? []).equals(fill(size, index)), `frame ${index}`);
        }
      }
      near.destroy();
    });

    test('both ends may send far more than any buffer holds at the same time', async () => {
      const { near, far } = await dial();
      const count = 12;
      const frame = Buffer.alloc(2_000_000);
      const all = [near, far].map((connection) => {
        const latch = new Latch<void>();
        let left = count;
        connection.start({ onFrame: () => void (--left === 0 && latch.resolve()), onClose: () => {} });
        return latch.promise;
      });
      // Without waiting for room, which is worse than what a link does.
      for (const end of [near, far]) for (let i = 0; i < count; i++) end.send([frame]);
      await Promise.all(all);
      near.destroy();
    });

    test('frames sent before the other end starts are kept', async () => {
      const { near, far } = await dial();
      near.send([text('early')]);
      await tick();
      const got = new Latch<string>();
      far.start({ onFrame: (parts) => void got.resolve(Buffer.concat(parts).toString()), onClose: () => {} });
      assert.equal(await got.promise, 'early');
      near.destroy();
    });

    test('a reader that is busy stops the delivery, and in time the sender', async () => {
      const { near, far } = await dial();
      const release = new Latch<void>();
      const done = new Latch<void>();
      let frames = 0;
      let concurrent = 0;
      const total = Math.ceil(pair.inFlightBytesMax / 1_000_000) + 20;
      const end = closed(far, async () => {
        assert.equal(++concurrent, 1, 'no frame may be delivered while another is being taken');
        await release.promise;
        concurrent--;
        if (++frames === total) done.resolve();
      });
      void closed(near);
      const piece = Buffer.alloc(1_000_000);
      let sent = 0;
      let isHeld = false;
      const sending = (async () => {
        for (; sent < total; sent++) {
          if (near.send([piece])) continue;
          await Promise.race([
            near.drained(),
            stalled().then(() => {
              isHeld = true;
            }),
          ]);
          await near.drained();
        }
      })();
      while (!isHeld) await tick();
      assert.ok(sent * piece.length <= pair.inFlightBytesMax, `${sent} MB were taken from the sender`);
      assert.equal(frames, 0);
      release.resolve();
      await Promise.all([sending, done.promise]);
      near.destroy();
      await end;
    });

    test('an orderly close delivers what was sent before, and is no error at either end', async () => {
      for (const closer of ['near', 'far'] as const) {
        const ends = await dial();
        const other = ends[closer === 'near' ? 'far' : 'near'];
        let bytes = 0;
        const otherEnd = closed(other, (parts) => {
          for (const part of parts) bytes += part.length;
          return undefined;
        });
        const closerEnd = closed(ends[closer]);
        for (let i = 0; i < 5; i++) ends[closer].send([Buffer.alloc(300_000)]);
        await ends[closer].close();
        assert.equal(await otherEnd, undefined);
        assert.equal(await closerEnd, undefined);
        assert.equal(bytes, 1_500_000);
      }
    });

    test('an abrupt end is an error at the other end only', async () => {
      for (const closer of ['near', 'far'] as const) {
        const ends = await dial();
        const otherEnd = closed(ends[closer === 'near' ? 'far' : 'near']);
        const closerEnd = closed(ends[closer]);
        ends[closer].send([text('x')]);
        ends[closer].destroy();
        assert.ok((await otherEnd) instanceof PeerLostError);
        assert.equal(await closerEnd, undefined);
      }
    });

    test('a broken connection is an error at both ends, also one that is not started', async () => {
      const { near, far } = await dial();
      const nearEnd = closed(near);
      pair.breakConnections();
      assert.ok((await nearEnd) instanceof PeerLostError);
      assert.ok((await closed(far)) instanceof PeerLostError);
    });

    test('after a close, sending is silent and waiting ends', async () => {
      const { near, far } = await dial();
      void closed(far);
      const end = closed(near);
      near.destroy();
      near.send([text('late')]);
      await near.drained();
      await near.close();
      await end;
    });

    test('a dial that is aborted ends at once; one to nobody is a usage error', async () => {
      await assert.rejects(pair.alice.dial('bob', 'data', AbortSignal.abort(new Error('stop'))), /stop/);
      await assert.rejects(pair.alice.dial('alice', 'data', never), { code: 'PRIVITY_PARTY_UNKNOWN' });
    });

    test('a party with a wrong identity is refused, for good, where parties have one', async () => {
      if (!pair.mallory) return;
      await assert.rejects(
        pair.mallory.dial('bob', 'data', never),
        (error) => error instanceof PeerError && error.failure === 'AUTH_FAILED' && error.party === 'bob',
      );
    });
  });

  linkSuite(name, open);
}

/**
 * Resolves when nothing has moved for a while: used only to tell that a sender is held back, never that something
 * works.
 */
function stalled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}

interface Received {
  readonly header: string;
  readonly body: Buffer;
}

/** Both ends of a link over a pair of transports. */
class LinkPair {
  readonly near: ManagedLink;
  readonly far: ManagedLink;
  readonly received: Received[] = [];
  readonly states: string[] = [];
  #waiters: { count: number; latch: Latch<void> }[] = [];

  constructor(
    pair: TransportPair,
    acceptor: { add(link: ManagedLink): void },
    options: {
      limits?: Partial<LinkLimits>;
      sink?: () => MessageSink;
      onNote?: (payload: Uint8Array) => void;
      runIds?: [string, string];
    } = {},
  ) {
    const note = (who: string) => (state: LinkState, error?: Error) =>
      void this.states.push(
        `${who} ${state}${error === undefined ? '' : ` ${(error as { code?: string }).code}`}`,
      );
    const base = {
      plane: 'data' as const,
      clock,
      random: systemRandom,
      limits: { backoffMs: 5, ...options.limits },
    };
    this.far = createLink({
      ...base,
      transport: pair.bob,
      peer: 'alice',
      role: 'acceptor',
      runId: options.runIds?.[1] ?? 'run',
      handlers: {
        onMessage: (header) => options.sink?.() ?? this.#collect(header),
        ...(options.onNote && { onNote: options.onNote }),
        onState: note('bob'),
      },
    });
    acceptor.add(this.far);
    this.near = createLink({
      ...base,
      transport: pair.alice,
      peer: 'bob',
      role: 'dialer',
      runId: options.runIds?.[0] ?? 'run',
      handlers: { onMessage: () => this.#collect(text('?')), onState: note('alice') },
    });
  }

  arrived(count: number): Promise<void> {
    const latch = new Latch<void>();
    this.#waiters.push({ count, latch });
    this.#settle();
    return latch.promise;
  }

  async close(): Promise<void> {
    await this.near.close();
    await this.far.close();
  }

  #collect(header: Uint8Array): MessageSink {
    const pieces: Uint8Array[] = [];
    return {
      write: (piece) => void pieces.push(piece),
      end: () => {
        this.received.push({ header: Buffer.from(header).toString(), body: Buffer.concat(pieces) });
        this.#settle();
        return undefined;
      },
      abort: () => {
        this.received.push({ header: `${Buffer.from(header)} aborted`, body: Buffer.alloc(0) });
        this.#settle();
      },
    };
  }

  #settle(): void {
    for (const { count, latch } of this.#waiters) if (this.received.length >= count) latch.resolve();
  }
}

function linkSuite(name: string, open: () => Promise<TransportPair>): void {
  describe(`link over ${name}`, () => {
    let pair: TransportPair;
    let acceptor: { add(link: ManagedLink): void };
    before(async () => {
      pair = await open();
      acceptor = acceptInto(pair.bob);
    });
    after(() => pair.close());

    test('messages of all shapes arrive once, whole, in the order in which they began', async () => {
      const links = new LinkPair(pair, acceptor, { limits: { chunkBytes: 1000 } });
      async function* stream(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 20; i++) {
          if (i % 7 === 0) await tick();
          yield Buffer.alloc(i * 100, i);
        }
      }
      const sends = [
        links.near.send(text('empty')),
        links.near.send(text('parts'), [text('a'), text(''), Buffer.alloc(5000, 7), text('z')]),
        links.near.send(text('stream'), stream()),
        links.near.send(text('small'), [text('s')]),
      ];
      await Promise.all(sends);
      await links.near.flushed();
      const byHeader = new Map(links.received.map(({ header, body }) => [header, body]));
      assert.deepEqual([...byHeader.keys()].sort(), ['empty', 'parts', 'small', 'stream']);
      assert.equal(byHeader.get('parts')?.length, 5002);
      assert.equal(byHeader.get('stream')?.length, 19_000);
      assert.ok(byHeader.get('stream')?.subarray(-1900).equals(Buffer.alloc(1900, 19)));
      // The short message does not wait for the long ones.
      assert.ok(links.received.findIndex(({ header }) => header === 'small') < 3);
      await links.close();
    });

    test('breaks in the middle of messages lose, repeat and reorder nothing', async () => {
      const links = new LinkPair(pair, acceptor, {
        limits: { chunkBytes: 20_000, replayBufferBytesMax: 400_000 },
      });
      const count = 40;
      let breaks = 0;
      const breaking = (async () => {
        while (links.received.length < count) {
          await links.arrived(Math.min(count, links.received.length + 4));
          if (links.received.length >= count) break;
          pair.breakConnections();
          breaks++;
        }
      })();
      await Promise.all(
        Array.from({ length: count }, (_, index) =>
          links.near.send(text(`${index}`), [Buffer.alloc(50_000 + index, index)]),
        ),
      );
      await links.near.flushed();
      await breaking;
      assert.ok(breaks >= 3, `${breaks} breaks`);
      assert.equal(links.received.length, count);
      for (const { header, body } of links.received) {
        assert.ok(body.equals(Buffer.alloc(50_000 + Number(header), Number(header))), `message ${header}`);
      }
      await links.close();
    });

    test('a stalled sink holds the sender at the replay bound', async () => {
      const release = new Latch<void>();
      const limits = { chunkBytes: 10_000, replayBufferBytesMax: 100_000 };
      let taken = 0;
      const links = new LinkPair(pair, acceptor, {
        limits,
        sink: () => ({
          write: async (piece) => {
            await release.promise;
            taken += piece.length;
          },
          end: () => undefined,
          abort: () => {},
        }),
      });
      let produced = 0;
      async function* stream(): AsyncGenerator<Uint8Array> {
        while (produced < 1_000_000) {
          produced += 5000;
          yield Buffer.alloc(5000);
        }
      }
      const sending = links.near.send(text('large'), stream());
      await stalled();
      // What is in the replay buffer, and the one piece that is read ahead.
      assert.ok(
        produced <= limits.replayBufferBytesMax + 5000,
        `${produced} bytes were taken from the sender`,
      );
      assert.equal(taken, 0);
      release.resolve();
      await sending;
      await links.near.flushed();
      assert.equal(taken, 1_000_000);
      await links.close();
    });

    test('notes pass while the link is up, and vanish while it is not', async () => {
      const got = new Latch<string>();
      const links = new LinkPair(pair, acceptor, {
        onNote: (payload) => got.resolve(Buffer.from(payload).toString()),
      });
      links.near.note(text('too early'));
      await links.near.send(text('up'));
      await links.near.flushed();
      links.near.note(text('beat'));
      assert.equal(await got.promise, 'beat');
      await links.close();
    });

    test('a body that fails at its sender aborts the message there and nothing else', async () => {
      const links = new LinkPair(pair, acceptor);
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield text('some');
        throw new Error('disk gone');
      }
      await assert.rejects(links.near.send(text('broken'), broken()), /disk gone/);
      await links.near.send(text('whole'), [text('body')]);
      await links.near.flushed();
      assert.deepEqual(
        links.received.map(({ header }) => header),
        ['broken aborted', 'whole'],
      );
      await links.close();
    });

    test('closing tells the peer, rejects what is pending and ends streams', async () => {
      const links = new LinkPair(pair, acceptor);
      await links.near.send(text('one'));
      await links.near.flushed();
      let isReturned = false;
      const hang: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          return: async () => {
            isReturned = true;
            return { done: true, value: undefined };
          },
        }),
      };
      const pending = links.near.send(text('pending'), hang);
      const rejected = assert.rejects(pending, { code: 'PRIVITY_LINK_CLOSED' });
      const flush = assert.rejects(links.near.flushed(), { code: 'PRIVITY_LINK_CLOSED' });
      await links.near.close();
      await Promise.all([rejected, flush]);
      assert.ok(isReturned);
      await assert.rejects(links.near.send(text('late')), { code: 'PRIVITY_LINK_CLOSED' });
      while (links.far.state !== 'closed') await tick();
      assert.ok(links.states.includes('bob closed PRIVITY_LINK_ENDED_BY_PEER'), links.states.join());
    });

    test('a different run is refused at both ends, for good', async () => {
      const links = new LinkPair(pair, acceptor, { runIds: ['monday', 'tuesday'] });
      while (links.near.state !== 'closed' || links.far.state !== 'closed') await tick();
      assert.ok(links.states.includes('alice closed PRIVITY_RUN_MISMATCH'), links.states.join());
      assert.ok(links.states.includes('bob closed PRIVITY_RUN_MISMATCH'), links.states.join());
    });

    test('a peer that was restarted has lost frames: the link ends', async () => {
      const links = new LinkPair(pair, acceptor);
      await links.near.send(text('one'));
      await links.near.flushed();
      const reborn = createLink({
        transport: pair.bob,
        peer: 'alice',
        plane: 'data',
        role: 'acceptor',
        runId: 'run',
        clock,
        random: systemRandom,
        handlers: { onMessage: () => ({ write: () => undefined, end: () => undefined, abort: () => {} }) },
      });
      acceptor.add(reborn);
      pair.breakConnections();
      while (links.near.state !== 'closed' || reborn.state !== 'closed') await tick();
      assert.ok(
        links.states.some((state) => state === 'alice closed PRIVITY_SESSION_LOST'),
        links.states.join(),
      );
      await links.far.close();
    });

    test('a large streamed body passes', async () => {
      let bytes = 0;
      const links = new LinkPair(pair, acceptor, {
        sink: () => ({
          write: (piece) => {
            bytes += piece.length;
            return undefined;
          },
          end: () => undefined,
          abort: () => {},
        }),
      });
      const piece = Buffer.alloc(1_000_000, 5);
      async function* stream(): AsyncGenerator<Uint8Array> {
        for (let i = 0; i < 200; i++) yield piece;
      }
      await links.near.send(text('large'), stream());
      await links.near.flushed();
      assert.equal(bytes, 200_000_000);
      await links.close();
    });
  });
}
