/** Against the server of `npm run test:postgres`; without one, a word says what is left out. */
import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { PrivityError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { openPostgres, type PostgresPlace } from '../../src/node/store/postgres.ts';
import { openStore } from '../../src/node/store/store.ts';
import { share } from '../effort.ts';
import { killNodes } from './node-store-kills.ts';
import { ALICE, audit, propose } from './node-store-parts.ts';
import { nodeStoreSuite } from './node-store-suite.ts';

const url = process.env.PRIVITY_TEST_POSTGRES;

/** A database for each store, by the server's own user. */
class Databases {
  readonly #admin: pg.Client;
  readonly #url: string;
  static #made = 0;

  constructor(url: string) {
    this.#url = url;
    this.#admin = new pg.Client({ connectionString: url });
  }

  open = () => this.#admin.connect();

  query = (sql: string) => this.#admin.query(sql);

  async fresh(): Promise<PostgresPlace> {
    const name = `store_${Databases.#made++}`;
    await this.#admin.query(`create database ${name}`);
    const place = new URL(this.#url);
    place.pathname = name;
    return { url: place.href, lockWaitMs: 1 };
  }

  close = () => this.#admin.end();
}

/** Between a store and its server, until nothing goes through any more and nobody is told. */
async function swallowingRelay(url: string) {
  const to = new URL(url);
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    sockets.push(near, far);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(url);
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    swallow: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  assert.doesNotMatch(error.message, /secret/);
  return true;
};

if (url === undefined)
  it('is left out here', (t) => {
    t.diagnostic('left out: the store in PostgreSQL, because no server was given (npm run test:postgres)');
    assert.ok(true);
  });
else {
  nodeStoreSuite('PostgreSQL', async () => {
    const databases = new Databases(url);
    await databases.open();
    return {
      fresh: () => databases.fresh(),
      backend: (place) => openPostgres(place as PostgresPlace, systemClock),
      dispose: () => databases.close(),
    };
  });

  describe('the store of a node in PostgreSQL', () => {
    const databases = new Databases(url);
    before(() => databases.open());
    after(() => databases.close());

    it('tells that its session was ended, and then writes no more', async () => {
      const place = await databases.fresh();
      let tell: (code: string) => void = () => undefined;
      const told = new Promise<string>((resolve) => {
        tell = resolve;
      });
      const store = await openStore({
        owner: ALICE,
        place,
        clock: systemClock,
        onLost: ({ code }) => tell(code),
      });
      await store.change((tx) => audit(tx, 1));
      await databases.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted
        and database = (select oid from pg_database where datname = '${new URL(place.url).pathname.slice(1)}')`);
      assert.equal(await told, 'PRIVITY_STORE_LOST');
      await assert.rejects(
        store.change((tx) => audit(tx, 2)),
        codeIs('PRIVITY_STORE_LOST'),
      );
      // Another node may have it now, while this one can still read.
      const next = await openStore({ owner: ALICE, place, clock: systemClock });
      assert.equal((await store.audit.head()).seq, 1);
      await store.close();
      await next.close();
    });

    it('ended in the middle of a change tells its caller, and keeps nothing of it', async () => {
      const place = await databases.fresh();
      const store = await openStore({ owner: ALICE, place, clock: systemClock });
      await assert.rejects(
        store.change(async (tx) => {
          await audit(tx, 1);
          await databases.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'`,
          );
          await audit(tx, 2);
        }),
        codeIs('PRIVITY_STORE_LOST'),
      );
      await store.close();
      const next = await openStore({ owner: ALICE, place, clock: systemClock });
      assert.equal((await next.audit.head()).seq, 0);
      await next.close();
    });

    it('whose network swallows everything is lost within a bound, whether somebody writes or not', async () => {
      for (const isWriting of [true, false]) {
        const place = await databases.fresh();
        const relay = await swallowingRelay(place.url);
        const patience = isWriting ? { answerTimeoutMs: 200 } : { answerTimeoutMs: 200, heartbeatMs: 50 };
        let tell: (code: string) => void = () => undefined;
        const lost = new Promise<string>((resolve) => {
          tell = resolve;
        });
        const store = await openStore({
          owner: ALICE,
          place: { url: relay.url, ...patience },
          clock: systemClock,
          onLost: ({ code }) => tell(code),
        });
        await store.audit.head();
        relay.swallow();
        if (isWriting)
          await assert.rejects(
            store.change((tx) => audit(tx, 1)),
            codeIs('PRIVITY_STORE_LOST'),
          );
        assert.equal(await lost, 'PRIVITY_STORE_LOST');
        await store.close();
        await relay.close();
      }
    });

    it('gives up a statement that takes too long, and goes on', async () => {
      const place = new URL((await databases.fresh()).url);
      place.searchParams.set('statement_timeout', '50');
      const backend = await openPostgres({ url: place.href }, systemClock);
      await assert.rejects(backend.execute('select pg_sleep(30)'), codeIs('PRIVITY_STORE_SLOW'));
      await backend.execute('select 1');
      await backend.close();
    });

    it('reads on after a session for reading was ended', async () => {
      const place = await databases.fresh();
      const store = await openStore({ owner: ALICE, place, clock: systemClock });
      await propose(store, 0, 3);
      assert.equal(await store.proposals.count('proposed'), 3);
      await databases.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like '%count(*)%' and state = 'idle'`,
      );
      const counts = async (): Promise<number> => store.proposals.count('proposed').catch(counts);
      assert.equal(await counts(), 3);
      await store.close();
    });

    it('killed has lost nothing that it had acknowledged, and left nothing half-done', async (t) => {
      const told = await killNodes(share(100), 15, async () => ({ url: (await databases.fresh()).url }));
      t.diagnostic(JSON.stringify(told));
      assert.ok(told.acknowledged > told.kills);
    });

    it('says what is full, locked or not there, without the password', async () => {
      const place = await databases.fresh();
      const store = await openStore({ owner: ALICE, place, clock: systemClock });
      const other = new pg.Client({ connectionString: place.url });
      await other.connect();
      await other.query('begin; lock table privity.audit');
      await assert.rejects(
        store.change((tx) => audit(tx, 1)),
        codeIs('PRIVITY_STORE_LOCKED'),
      );
      await other.query('rollback');
      await other.query(`create function privity.full() returns trigger language plpgsql as
        $$ begin raise exception 'disk' using errcode = '53100'; end $$;
        create trigger full_disk before insert on privity.audit execute function privity.full()`);
      await assert.rejects(
        store.change((tx) => audit(tx, 1)),
        codeIs('PRIVITY_STORE_FULL'),
      );
      await other.query('drop trigger full_disk on privity.audit');
      await other.end();
      await store.change((tx) => audit(tx, 1));
      await store.close();
      const nowhere = { url: 'postgres://ann:secret@127.0.0.1:1/none' };
      await assert.rejects(
        openStore({ owner: ALICE, place: nowhere, clock: systemClock }),
        codeIs('PRIVITY_STORE_UNREACHABLE'),
      );
      const wrong = new URL(place.url);
      wrong.password = 'secret';
      await assert.rejects(
        openStore({ owner: ALICE, place: { url: wrong.href }, clock: systemClock }),
        codeIs('PRIVITY_STORE_UNREACHABLE'),
      );
    });
  });
}

it('says how to have the package that speaks to PostgreSQL', async () => {
  const missing = () => Promise.reject(new Error('Cannot find package'));
  await assert.rejects(
    openPostgres({ url: 'postgres://ann:secret@127.0.0.1/x' }, systemClock, missing),
    (error) => {
      codeIs('PRIVITY_STORE_DRIVER_MISSING')(error);
      assert.match((error as Error).message, /npm install pg/);
      return true;
    },
  );
});

it('that does not answer at all is given up within a bound', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const url = `postgres://ann:secret@127.0.0.1:${(silent.address() as AddressInfo).port}/x`;
  await assert.rejects(
    openStore({ owner: ALICE, place: { url, connectTimeoutMs: 50 }, clock: systemClock }),
    codeIs('PRIVITY_STORE_UNREACHABLE'),
  );
  await new Promise((resolve) => {
    silent.close(resolve);
  });
});
