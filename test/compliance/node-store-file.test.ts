/** The embedded store as a file: who may read it, who holds it, and what becomes of it when the disk fails it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import Libsql from 'libsql';
import { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { LOCK_FILE, openEmbedded, STORE_FILE } from '../../src/node/store/embedded.ts';
import { openStore } from '../../src/node/store/store.ts';
import { ALICE, audit, numbersIn, writeNumber } from './node-store-parts.ts';

const writer = fileURLToPath(new URL('./node-store-writer.js', import.meta.url));
const MIB = 1024 * 1024;

const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

describe('the file of a store', () => {
  let folder = '';
  let made = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'privity-node-file-'));
  });
  after(() => rm(folder, { recursive: true }));
  const fresh = () => ({ folder: join(folder, String(made++)), lockWaitMs: 1 });
  const open = (place: { readonly folder: string }) => openStore({ owner: ALICE, place, clock: systemClock });

  /** A writer in a process of its own, until it ends, or has said `until`. */
  const write = (place: object, command: readonly string[] = [], until?: string) => {
    const [name = '', ...args] = [...command, process.execPath, writer, JSON.stringify(place)];
    const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const words: string[] = [];
    const said = createInterface({ input: child.stdout });
    const isOver = once(said, 'close');
    const isReached = new Promise<void>((resolve) => {
      said.on('line', (word) => {
        words.push(word);
        if (word === until) resolve();
      });
    });
    return {
      child,
      words,
      isReached: until === undefined ? isOver : Promise.race([isReached, isOver]),
      isOver,
    };
  };

  it('is read by its user only, also where it was there before', async () => {
    const place = fresh();
    await mkdir(place.folder);
    writeFileSync(join(place.folder, STORE_FILE), '', { mode: 0o644 });
    const store = await open(place);
    await store.change((tx) => audit(tx, 1));
    for (const name of [STORE_FILE, `${STORE_FILE}-wal`, `${STORE_FILE}-shm`, LOCK_FILE])
      assert.equal(statSync(join(place.folder, name)).mode & 0o777, 0o600, name);
    await store.close();
  });

  it('is written ahead, with an fsync for each commit, and with its foreign keys', async () => {
    const backend = openEmbedded(fresh());
    const { writes } = backend;
    const is = async (name: string) =>
      Object.values((await sql`pragma ${sql.raw(name)}`.execute(writes)).rows[0] ?? {});
    assert.deepEqual(await is('journal_mode'), ['wal']);
    assert.deepEqual(await is('synchronous'), [2]);
    assert.deepEqual(await is('foreign_keys'), [1]);
    await assert.rejects(sql`delete from meta`.execute(backend.reads), codeIs('PRIVITY_STORE_FAILED'));
    await backend.close();
  });

  it('is held against other processes, also after this one has read it, until the node is killed', async () => {
    const place = fresh();
    const store = await open(place);
    // With locks of the file itself, this would have let it go.
    closeSync(openSync(join(place.folder, STORE_FILE), 'r'));
    const refused = spawnSync(process.execPath, [writer, JSON.stringify(place)], { encoding: 'utf8' });
    assert.match(refused.stderr, /PRIVITY_STORE_IN_USE/);
    assert.doesNotMatch(refused.stdout, /open$/m);
    await store.close();
    const { child, isReached, isOver } = write(place, [], '3');
    await isReached;
    await assert.rejects(open(place), codeIs('PRIVITY_STORE_IN_USE'));
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), isOver]);
    await (await open(place)).close();
  });

  it('that is damaged, or no database, is refused and left as it is', async () => {
    const place = fresh();
    const store = await open(place);
    for (let n = 0; n < 50; n++) await writeNumber(store, n);
    await store.close();
    const file = join(place.folder, STORE_FILE);
    // All of it is in the file once another has opened and closed it.
    new Libsql(file).exec('pragma wal_checkpoint(truncate)');
    for (const name of [`${file}-wal`, `${file}-shm`]) rmSync(name, { force: true });
    const whole = readFileSync(file);
    const inside = Buffer.from(whole);
    inside.fill(0x5a, 4096 * 3, 4096 * 6);
    for (const damaged of [Buffer.from('id,name\n1,ann\n'.repeat(500)), inside]) {
      writeFileSync(file, damaged);
      await assert.rejects(open(place), codeIs('PRIVITY_STORE_CORRUPT'));
      assert.deepEqual(readFileSync(file), damaged);
    }
    writeFileSync(file, whole);
    const again = await open(place);
    assert.equal(await numbersIn(again), 50);
    await again.close();
  });

  it('that another program writes is waited for, and then said to be locked', {
    timeout: 60_000,
  }, async () => {
    const place = fresh();
    const store = await open(place);
    const tool = new Libsql(join(place.folder, STORE_FILE));
    tool.exec('begin immediate');
    await assert.rejects(
      store.change((tx) => audit(tx, 1)),
      codeIs('PRIVITY_STORE_LOCKED'),
    );
    assert.equal((await store.audit.head()).seq, 0);
    tool.exec('rollback');
    await store.change((tx) => audit(tx, 1));
    await store.close();
  });

  it('that may not grow is told, and keeps what it has acknowledged', async () => {
    const place = fresh();
    const { words, isReached } = write(place, ['prlimit', `--fsize=${MIB}`]);
    await isReached;
    const numbers = words.filter((word) => /^\d+$/.test(word));
    assert.ok(numbers.length > 0);
    assert.deepEqual(new Set(words.slice(2 + numbers.length)), new Set(['PRIVITY_STORE_FAILED']));
    const store = await open(place);
    assert.equal(await numbersIn(store), numbers.length);
    await store.close();
  });

  it('on a disk that is full is told, and goes on when there is room', async (t) => {
    const disk = join(folder, 'disk');
    await mkdir(disk);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    if (mounted.status !== 0)
      return t.diagnostic('left out: a full disk, because this user may not mount one');
    try {
      const filler = join(disk, 'filler');
      writeFileSync(filler, Buffer.alloc(MIB));
      const store = await open({ folder: join(disk, 'state') });
      const outcome = async (n: number): Promise<string> =>
        writeNumber(store, n).then(
          () => 'kept',
          (error: PrivityError) => error.code,
        );
      let n = 0;
      let last = 'kept';
      for (; last === 'kept'; n++) last = await outcome(n);
      assert.equal(last, 'PRIVITY_STORE_FULL');
      // Those that share a commit fail together, and nothing of them is kept.
      assert.deepEqual(
        new Set(await Promise.all([n, n + 1, n + 2].map(outcome))),
        new Set(['PRIVITY_STORE_FULL']),
      );
      assert.equal(await numbersIn(store), n - 1);
      rmSync(filler);
      await writeNumber(store, n - 1);
      assert.equal(await numbersIn(store), n);
      await store.close();
      const again = await open({ folder: join(disk, 'state') });
      assert.equal(await numbersIn(again), n);
      await again.close();
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  });
});
