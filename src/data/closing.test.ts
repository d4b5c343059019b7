/** The database is closed while it is used: native calls go on in threads of their own. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { share } from '../../test/effort.ts';
import { deferred } from '../base/deferred.ts';
import { PrivityError } from '../base/errors.ts';
import { closeDatabase, withConnection, withReader } from './database.ts';
import { tableOf } from './table-of.ts';

after(() => closeDatabase());

const FOR_EVER = 'SELECT count(*) FROM range(100000000000) a, range(1000) b';
const USES = 12;

const outcome = (use: Promise<unknown>): Promise<string> =>
  use.then(
    () => 'done',
    (error: unknown) => (error instanceof PrivityError ? error.code : String(error)),
  );

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Begins nothing once `isClosing`: what is begun then is of another database. */
async function use(column: { readonly id: Uint32Array }, isClosing: () => boolean): Promise<void> {
  await tableOf(column);
  if (isClosing()) return;
  await withReader((connection) => connection.run('SELECT 1'));
  if (isClosing()) return;
  await withConnection((connection) => connection.run(FOR_EVER));
}

describe('closing the database', () => {
  // What a native call uses must not be freed before it ends: the process crashed, or stood still for ever.
  it('is safe at any moment of those who use it, and each is told', async () => {
    const told = new Set<string>();
    const column = { id: Uint32Array.from({ length: 40 }, (_, row) => row) };
    for (let turns = 0; turns < share(120); turns++) {
      let closing = false;
      const uses = Array.from({ length: USES }, () => outcome(use(column, () => closing)));
      for (let turn = 0; turn < turns; turn++) await nextTurn();
      closing = true;
      await closeDatabase();
      for (const code of await Promise.all(uses)) told.add(code);
    }
    told.delete('done');
    assert.deepEqual([...told], ['PRIVITY_DATABASE_STATE']);
  });

  it('has ended every statement when it resolves', async () => {
    const begun = deferred<void>();
    let running = false;
    const using = withConnection(async (connection) => {
      running = true;
      begun.resolve();
      await connection.run(FOR_EVER).finally(() => {
        running = false;
      });
    });
    const refused = assert.rejects(using, { code: 'PRIVITY_DATABASE_STATE' });
    await begun.promise;
    await closeDatabase();
    assert.equal(running, false);
    await refused;
  });

  it('does not wait for a reader who waits for something else, and interrupts it when it goes on', async () => {
    const [waits, goOn] = [deferred<void>(), deferred<void>()];
    const using = withConnection(async (connection) => {
      await connection.run('SELECT 1');
      waits.resolve();
      await goOn.promise;
      await connection.run(FOR_EVER);
    });
    await waits.promise;
    await closeDatabase();
    goOn.resolve();
    await assert.rejects(using, { code: 'PRIVITY_DATABASE_STATE' });
  });
});
