/** The two pure halves of a link against each other, over a connection that breaks whenever fast-check wants it to. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../../base/errors.ts';
import type { MessageSink } from '../../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import type { Chunk, Hello } from './frame.ts';
import { type HelloContext, judgeHello, LINK_PROTOCOL_VERSION } from './hello.ts';
import { Inbox } from './inbox.ts';
import { FRAME_OVERHEAD_BYTES, LINK_LIMITS } from './limits.ts';
import { Outbox } from './outbox.ts';
import { OutgoingMessage } from './outgoing-message.ts';

const limits = { ...LINK_LIMITS, chunkBytes: 10, replayBufferBytesMax: 400, activeMessagesMax: 4 };
const none = new Uint8Array(0);

/** Collects messages in the order in which they began. */
class Collector {
  readonly messages: { header: string; body: number[]; isComplete: boolean }[] = [];
  readonly open = (header: Uint8Array): MessageSink => {
    const message = { header: Buffer.from(header).toString(), body: [] as number[], isComplete: false };
    this.messages.push(message);
    return {
      write: (piece) => void message.body.push(...piece),
      end: () => {
        message.isComplete = true;
        return undefined;
      },
      abort: () => {},
    };
  };
}

const message = (
  header: string,
  pieces: readonly Uint8Array[],
  onTaken = (): void => {},
): OutgoingMessage => {
  const made = new OutgoingMessage(Buffer.from(header), onTaken, () => {});
  made.add(pieces);
  made.end();
  return made;
};

describe('link protocol', () => {
  test('whatever breaks, and wherever: nothing lost, repeated or reordered, and the replay buffer keeps its bound', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('carry' as const), frames: fc.nat(8) }) },
      { weight: 3, arbitrary: fc.constant({ kind: 'acknowledge' as const }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('break' as const), losing: fc.nat(8) }) },
    );
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.uint8Array({ maxLength: 45 }), { maxLength: 3 }), { maxLength: 12 }),
        fc.array(step, { maxLength: 60 }),
        (bodies, steps) => {
          const outbox = new Outbox(limits);
          const collector = new Collector();
          const inbox = new Inbox(limits, collector.open);
          for (const [index, pieces] of bodies.entries()) outbox.add(message(`${index}`, pieces));
          let onTheWay: Chunk[] = [];
          const carry = (frames: number): void => {
            for (let i = 0; i < frames; i++) {
              const frame = outbox.next();
              if (frame === undefined) return;
              onTheWay.push(frame);
            }
          };
          const deliver = (count: number): void => {
            for (const frame of onTheWay.splice(0, count)) assert.equal(inbox.accept(frame), undefined);
          };
          for (const next of [...steps, { kind: 'break' as const, losing: 3 }]) {
            if (next.kind === 'carry') {
              carry(next.frames);
              deliver(Math.ceil(next.frames / 2));
            } else if (next.kind === 'acknowledge') outbox.acknowledge(inbox.noteAcknowledged());
            else {
              deliver(Math.max(0, onTheWay.length - next.losing));
              onTheWay = [];
              outbox.resume(inbox.received);
            }
            assert.ok(outbox.replayBytes <= limits.replayBufferBytesMax + FRAME_OVERHEAD_BYTES);
          }
          for (let rounds = 0; rounds < 1000; rounds++) {
            carry(3);
            deliver(3);
            outbox.acknowledge(inbox.noteAcknowledged());
          }
          assert.deepEqual(
            collector.messages,
            bodies.map((pieces, index) => ({
              header: `${index}`,
              body: pieces.flatMap((piece) => [...piece]),
              isComplete: true,
            })),
          );
          assert.equal(outbox.replayBytes, 0);
          assert.equal(outbox.pendingMessages, 0);
        },
      ),
    );
  });

  test('a frame that is repeated, skipped or out of order is a violation', () => {
    const outbox = new Outbox(limits);
    outbox.add(message('a', [Buffer.alloc(50)]));
    const frames: Chunk[] = [];
    for (let frame = outbox.next(); frame !== undefined; frame = outbox.next()) frames.push(frame);
    for (const order of [[0, 0], [1], [0, 2], [0, 1, 0]]) {
      const inbox = new Inbox(limits, new Collector().open);
      assert.throws(() => {
        for (const index of order) {
          const frame = frames[index];
          if (frame !== undefined) void inbox.accept(frame);
        }
      }, PeerError);
    }
  });

  test('an inbox refuses what no outbox makes', () => {
    const chunk: Chunk = {
      sequence: 1,
      message: 1,
      header: none,
      last: false,
      abandoned: false,
      parts: [],
      payloadBytes: 0,
    };
    const cases: Record<string, Chunk[]> = {
      'chunk of no message': [{ ...chunk, header: undefined }],
      'message number skipped': [{ ...chunk, message: 2 }],
      'message begun twice': [chunk, { ...chunk, sequence: 2 }],
      'chunk after the last': [
        { ...chunk, last: true },
        { ...chunk, sequence: 2, header: undefined },
      ],
      'abandoned and going on': [{ ...chunk, abandoned: true }],
      'oversized header': [{ ...chunk, header: new Uint8Array(limits.headerBytesMax + 1) }],
      'too many open messages': Array.from({ length: limits.openMessagesMax + 1 }, (_, index) => ({
        ...chunk,
        sequence: index + 1,
        message: index + 1,
      })),
    };
    for (const [name, chunks] of Object.entries(cases)) {
      const inbox = new Inbox(limits, new Collector().open);
      assert.throws(() => chunks.map((each) => inbox.accept(each)), PeerError, name);
    }
  });

  test('short messages and long ones take turns', () => {
    const outbox = new Outbox({ ...limits, replayBufferBytesMax: 10_000 });
    outbox.add(message('long', [Buffer.alloc(200)]));
    outbox.next();
    for (const name of ['a', 'b', 'c']) outbox.add(message(name, []));
    const order: number[] = [];
    for (let i = 0; i < 6; i++) order.push(outbox.next()?.message ?? 0);
    // Neither a flood of short messages nor a long body has to wait for all of the other.
    assert.deepEqual(order, [1, 2, 1, 3, 1, 4]);
  });

  test('a message is taken over only when its last chunk has room, and a flush waits for all before it', async () => {
    const outbox = new Outbox(limits);
    let isTaken = false;
    outbox.add(
      message('a', [Buffer.alloc(1000)], () => {
        isTaken = true;
      }),
    );
    let isFlushed = false;
    const flushed = outbox.flushed().then(() => {
      isFlushed = true;
    });
    while (!isTaken) {
      let last = 0;
      for (let frame = outbox.next(); frame !== undefined; frame = outbox.next()) last = frame.sequence;
      assert.ok(last > 0, 'the outbox is stuck');
      if (isTaken) break;
      outbox.acknowledge(last);
      await Promise.resolve();
      assert.ok(!isFlushed);
    }
    outbox.acknowledge(outbox.sent - 1);
    await Promise.resolve();
    assert.ok(!isFlushed);
    outbox.acknowledge(outbox.sent);
    await flushed;
  });

  test('hellos: what begins, what resumes, what is refused', () => {
    const session = Buffer.alloc(16, 1);
    const peerSession = Buffer.alloc(16, 2);
    const context: HelloContext = {
      peer: 'bob',
      self: 'alice',
      runId: 'r1',
      binding: none,
      session,
      peerSession,
      acknowledged: 5,
      sent: 9,
    };
    const hello: Hello = {
      protocol: LINK_PROTOCOL_VERSION,
      party: 'bob',
      runId: 'r1',
      session: peerSession,
      resumes: session,
      received: 7,
      binding: none,
    };
    const codeOf = (change: Partial<Hello>, with_: Partial<HelloContext> = {}): string | number => {
      const verdict = judgeHello({ ...context, ...with_ }, { ...hello, ...change });
      return verdict.kind === 'resume' ? verdict.after : verdict.code;
    };
    const first = { peerSession: undefined, acknowledged: 0 };
    assert.equal(codeOf({}), 7);
    assert.equal(codeOf({ resumes: none, received: 0 }, first), 0);
    assert.equal(codeOf({ runId: '' }), 7);
    assert.equal(codeOf({}, { runId: '' }), 7);
    assert.equal(codeOf({ protocol: 2 }), 'PRIVITY_PROTOCOL_VERSION');
    assert.equal(codeOf({ runId: 'r2' }), 'PRIVITY_RUN_MISMATCH');
    const [this_, other] = [Buffer.alloc(32, 4), Buffer.alloc(32, 5)];
    assert.equal(codeOf({ binding: other }), 7);
    assert.equal(codeOf({ binding: this_ }, { binding: this_ }), 7);
    assert.equal(codeOf({ binding: other }, { binding: this_ }), 'PRIVITY_RUN_MISMATCH');
    assert.equal(codeOf({}, { binding: this_ }), 'PRIVITY_RUN_MISMATCH');
    assert.equal(codeOf({ party: 'carol' }), 'PRIVITY_PROTOCOL_VIOLATION');
    assert.equal(codeOf({ session: Buffer.alloc(15) }), 'PRIVITY_PROTOCOL_VIOLATION');
    assert.equal(codeOf({ session: Buffer.alloc(16, 3) }), 'PRIVITY_SESSION_LOST');
    assert.equal(codeOf({ resumes: Buffer.alloc(16, 3) }), 'PRIVITY_SESSION_LOST');
    assert.equal(codeOf({ resumes: Buffer.alloc(16, 3) }, first), 'PRIVITY_SESSION_LOST');
    assert.equal(codeOf({ received: 4 }), 'PRIVITY_PROTOCOL_VIOLATION');
    assert.equal(codeOf({ received: 10 }), 'PRIVITY_PROTOCOL_VIOLATION');
  });

  test('pauses between dials grow up to their bound, and differ', () => {
    const at = (failures: number, byte: number): number =>
      backoffDelayMs(failures, LINK_LIMITS, { bytes: (length) => new Uint8Array(length).fill(byte) });
    assert.equal(at(1, 0), LINK_LIMITS.backoffMs);
    assert.equal(at(3, 0), 4 * LINK_LIMITS.backoffMs);
    assert.equal(at(1000, 0), LINK_LIMITS.backoffMsMax);
    assert.ok(
      at(1000, 255) < 0.51 * LINK_LIMITS.backoffMsMax && at(1000, 255) >= 0.5 * LINK_LIMITS.backoffMsMax,
    );
  });
});
