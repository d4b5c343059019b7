import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PSI_MESSAGE_BYTES_MAX } from '../../psi/protocols/dh/messages.ts';
import { FRAME_HEADER_BYTES, PART_BYTES_MAX } from '../../secure/correlation/dealer-frames.ts';
import { HEADER_BYTES, MESSAGE_BYTES_MAX } from '../../secure/rounds.ts';
import type { DataFrame } from '../../wire/value-frame.ts';
import { CHANNEL_MESSAGE_BYTES_MAX, type Mail, Mailbox } from './mailbox.ts';
import { FileSpillStore, MemorySpillStore, type SpillStore } from './spill.ts';

const frame: DataFrame = { kind: 'value', stepId: '0', digest: '00'.repeat(16), sequence: 0 };
const bytes = (length: number, fill = 1): Uint8Array => new Uint8Array(length).fill(fill);
const complete = (mail: Mail) => new Promise<void>((resolve, reject) => mail.whenComplete(resolve, reject));
const content = async (mail: Mail) => mail.source().read(0, mail.source().size);

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-mailbox-'));
});
after(() => rm(dir, { recursive: true, force: true }));

const stores: readonly [string, (bytesMax: number) => SpillStore][] = [
  ['files', (bytesMax) => new FileSpillStore(dir, bytesMax)],
  ['memory', (bytesMax) => new MemorySpillStore(bytesMax)],
];

for (const [name, create] of stores) {
  describe(`a spill store in ${name}`, () => {
    it('gives back what was appended, anywhere in it', async () => {
      const store = create(1000);
      const file = await store.create();
      await file.append(bytes(3, 1));
      await file.append(bytes(3, 2));
      await file.seal();
      assert.equal(file.size, 6);
      assert.deepEqual([...(await file.read(2, 3))], [1, 2, 2]);
      const blob = await file.blob(2, 2, 'x/y');
      assert.deepEqual([[...new Uint8Array(await blob.arrayBuffer())], blob.type], [[1, 2], 'x/y']);
      assert.equal(store.files, 1);
      assert.equal(await store.close(), 1);
      assert.equal(store.files, 0);
    });

    it('is bounded over all its files, and what is removed makes room', async () => {
      const store = create(10);
      const [first, second] = [await store.create(), await store.create()];
      await first.append(bytes(6));
      await assert.rejects(second.append(bytes(5)), { code: 'PRIVITY_MAILBOX_FULL' });
      await first.remove();
      await second.append(bytes(10));
      await store.close();
    });

    it('closing twice does nothing', async () => {
      const store = create(10);
      await store.create();
      assert.equal(await store.close(), 1);
      assert.equal(await store.close(), 0);
    });
  });
}

describe('spill files', () => {
  it('are private, and gone with their folder after closing', async () => {
    const store = new FileSpillStore(dir, 1000);
    const file = await store.create();
    await file.append(bytes(5));
    const [folder] = await readdir(dir);
    assert.equal((await stat(join(dir, String(folder)))).mode & 0o777, 0o700);
    assert.equal((await stat(join(dir, String(folder), '0'))).mode & 0o777, 0o600);
    await store.close();
    assert.deepEqual(await readdir(dir), []);
  });

  it('fail with a typed error that names no path', async () => {
    const store = new FileSpillStore(join(dir, 'missing'), 1000);
    await assert.rejects(store.create(), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'PRIVITY_SPILL_FAILED');
      assert.match(error.message, /ENOENT/);
      assert.doesNotMatch(error.message, /missing/);
      return true;
    });
  });
});

describe('the mailbox', () => {
  const limits = { bytesMax: 10, messagesMax: 3 };
  const open = (spillBytesMax = 1000) => {
    const failures: unknown[] = [];
    const spill = new MemorySpillStore(spillBytesMax);
    return { failures, spill, box: new Mailbox(limits, spill, (error) => failures.push(error)) };
  };

  it('keeps messages in memory while there is room', async () => {
    const { box, spill } = open();
    const { mail, sink } = box.receive('bob', frame);
    assert.equal(sink.write(bytes(4, 1)), undefined);
    assert.equal(sink.write(bytes(4, 2)), undefined);
    assert.equal(sink.end(), undefined);
    await complete(mail);
    assert.equal(box.bytes, 8);
    assert.deepEqual([...(await content(mail))], [1, 1, 1, 1, 2, 2, 2, 2]);
    await mail.release();
    assert.deepEqual([box.bytes, box.messages, spill.files], [0, 0, 0]);
  });

  it('moves a message to a file when there is none, and gives its memory back', async () => {
    const { box, spill } = open();
    const small = box.receive('bob', frame);
    void small.sink.write(bytes(6, 9));
    const { mail, sink } = box.receive('carol', frame);
    void sink.write(bytes(4, 1));
    await Promise.all([sink.write(bytes(4, 2)), sink.write(bytes(100, 3)), sink.end()]);
    await complete(mail);
    assert.equal(box.bytes, 6);
    assert.equal(spill.files, 1);
    const all = await content(mail);
    assert.deepEqual([all.length, all[3], all[7], all[8]], [108, 1, 2, 3]);
    await mail.release();
    assert.equal(spill.files, 0);
  });

  it('keeps a message that comes byte by byte in few pieces', async () => {
    const failures: unknown[] = [];
    const box = new Mailbox({ ...limits, bytesMax: 1e6 }, new MemorySpillStore(10), (error) =>
      failures.push(error),
    );
    const { mail, sink } = box.receive('bob', frame);
    const sent = Uint8Array.from({ length: 50_000 }, (_, i) => i);
    const large = bytes(2_000, 5);
    for (let at = 0; at < sent.length; at++) {
      void sink.write(sent.subarray(at, at + 1));
      if (at === 100) void sink.write(large);
    }
    void sink.end();
    await complete(mail);
    assert.ok((mail.pieces()?.length ?? 0) < 30, `${mail.pieces()?.length} pieces`);
    assert.equal(box.bytes, 52_000);
    const whole = Buffer.concat([sent.subarray(0, 101), large, sent.subarray(101)]);
    assert.deepEqual(Buffer.from(await content(mail)), whole);
    assert.deepEqual(Buffer.from(await mail.source().read(99, 2_100)), whole.subarray(99, 2_199));
  });

  it('takes no message of a protocol that is longer than protocols send', async () => {
    const longest = Math.max(
      HEADER_BYTES + MESSAGE_BYTES_MAX,
      FRAME_HEADER_BYTES + PART_BYTES_MAX,
      PSI_MESSAGE_BYTES_MAX,
    );
    assert.ok(longest <= CHANNEL_MESSAGE_BYTES_MAX);
    const failures: unknown[] = [];
    const box = new Mailbox({ ...limits, bytesMax: 1e9 }, new MemorySpillStore(10), (error) =>
      failures.push(error),
    );
    const { mail, sink } = box.receive('bob', { ...frame, kind: 'channel' });
    void sink.write(bytes(CHANNEL_MESSAGE_BYTES_MAX));
    assert.equal(failures.length, 0);
    void sink.write(bytes(1));
    assert.deepEqual(
      failures.map((error) => (error as { code?: string }).code),
      ['PRIVITY_FRAME_INVALID'],
    );
    await assert.rejects(complete(mail), (error) => error === undefined);
  });

  it('keeps the file under a Blob until the store is closed', async () => {
    const { box, spill } = open();
    const { mail, sink } = box.receive('bob', frame);
    await sink.write(bytes(50, 7));
    await sink.end();
    const blob = await mail.source().blob(0, 50, '');
    await mail.release();
    assert.equal(spill.files, 1);
    assert.equal(blob.size, 50);
    assert.equal(await spill.close(), 1);
  });

  it('says at once when it cannot keep a message', async () => {
    const { box, failures } = open(20);
    const { mail, sink } = box.receive('bob', frame);
    await sink.write(bytes(30));
    assert.equal((failures[0] as { code?: string }).code, 'PRIVITY_MAILBOX_FULL');
    await assert.rejects(complete(mail), (error) => error === undefined);
    await sink.write(bytes(30));
    assert.equal(failures.length, 1);
  });

  it('is bounded in the number of messages', () => {
    const { box } = open();
    for (let i = 0; i < 3; i++) box.receive('bob', frame);
    assert.throws(() => box.receive('bob', frame), { code: 'PRIVITY_MAILBOX_FULL' });
  });

  it('passes the error of a link that ends on, and releases everything when it is closed', async () => {
    const { box } = open();
    const error = new Error('link');
    const first = box.receive('bob', frame);
    first.sink.abort(error);
    await assert.rejects(complete(first.mail), error);
    const { sink } = box.receive('bob', frame);
    void sink.write(bytes(5));
    assert.equal(await box.close(), 2);
    assert.deepEqual([box.bytes, box.messages], [0, 0]);
    assert.equal(sink.write(bytes(5)), undefined, 'late pieces are dropped');
    assert.equal(box.bytes, 0);
  });
});
