/**
 * What a node's store must do in every database. Run by node-store-embedded.test.ts and node-store-postgres.test.ts.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { EnvironmentError, PrivityError } from '../../src/base/errors.ts';
import { systemClock, systemRandom } from '../../src/base/system.ts';
import type { Clock } from '../../src/contracts/index.ts';
import { NODE_LIMITS } from '../../src/node/model/limits.ts';
import type { AuditEntry } from '../../src/node/model/records.ts';
import { verifyAudit } from '../../src/node/store/audit.ts';
import type { Backend } from '../../src/node/store/backend.ts';
import { Changes } from '../../src/node/store/changes.ts';
import { MIGRATIONS, prepare } from '../../src/node/store/migrations.ts';
import { type NodeStore, openStore, type StoreOptions } from '../../src/node/store/store.ts';
import {
  ALICE,
  audit,
  dataset,
  decide,
  decision,
  grant,
  line,
  NOON,
  proposal,
  propose,
  rule,
  runRow,
} from './node-store-parts.ts';

/** Where stores can be made. */
export interface StorePlaces {
  /** A place without a store. */
  fresh(): Promise<StoreOptions['place']>;
  /** The database beneath the store, unprepared. */
  backend(place: StoreOptions['place']): Promise<Backend>;
  dispose(): Promise<void>;
}

const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  return true;
};

export function nodeStoreSuite(name: string, start: () => Promise<StorePlaces>): void {
  let places: StorePlaces;
  const open = (place: StoreOptions['place'], change: Partial<StoreOptions> = {}): Promise<NodeStore> =>
    openStore({ owner: ALICE, place: { ...place, lockWaitMs: 1 }, clock: systemClock, ...change });

  /** Runs code on a new store, and closes that. */
  const withStore = async (code: (store: NodeStore, place: StoreOptions['place']) => Promise<void>) => {
    const place = await places.fresh();
    const store = await open(place);
    try {
      await code(store, place);
    } finally {
      await store.close();
    }
  };

  /** What somebody could do to a store who may write it without its node. */
  const behindItsBack = async (place: StoreOptions['place'], statements: readonly string[]) => {
    const backend = await places.backend(place);
    try {
      for (const statement of statements) await backend.execute(statement);
    } finally {
      await backend.close();
    }
  };

  describe(`the store of a node (${name})`, () => {
    before(async () => {
      places = await start();
    });
    after(() => places.dispose());

    describe('a change', () => {
      it('is kept whole, and is there after the store was opened again', async () => {
        const place = await places.fresh();
        const store = await open(place);
        const [id = ''] = await propose(store, 0, 1);
        await decide(store, id, 7);
        await store.close();
        const again = await open(place);
        const { state, life, proposal: kept } = (await again.proposals.get(id)) ?? assert.fail();
        assert.deepEqual([state, life, kept], ['approved', { approvals: 7 }, proposal(0)]);
        assert.deepEqual((await again.proposals.answers(id)).decisions, [decision(id, 'alice')]);
        assert.deepEqual(await again.outbox.waiting(), { bob: 1, carol: 1 });
        assert.equal((await again.audit.head()).seq, 1);
        await again.close();
      });

      it('that throws leaves nothing, and harms none of those that share its commit', () =>
        withStore(async (store) => {
          const fault = new Error('changed my mind');
          const changes = Array.from({ length: 30 }, (_, n) =>
            store.change(async (tx) => {
              await tx.outbox.put({ partner: 'bob', messageId: `m${n}`, body: '', createdAt: NOON });
              await audit(tx, n);
              if (n % 3 === 1) throw fault;
              return n;
            }),
          );
          const outcomes = await Promise.allSettled(changes);
          outcomes.forEach((outcome, n) => {
            if (n % 3 === 1) assert.equal((outcome as PromiseRejectedResult).reason, fault);
            else assert.deepEqual(outcome, { status: 'fulfilled', value: n });
          });
          const kept = (await store.outbox.next('bob', 100)).map(({ messageId }) => messageId);
          assert.deepEqual(
            kept,
            Array.from({ length: 30 }, (_, n) => `m${n}`).filter((_, n) => n % 3 !== 1),
          );
          assert.deepEqual(await store.audit.verify(), { isIntact: true, head: await store.audit.head() });
          assert.equal((await store.audit.head()).seq, 20);
        }));

      it('is not seen before it is through, and sees itself', () =>
        withStore(async (store) => {
          await store.change(async (tx) => {
            await tx.partners.put({ name: 'bob', fingerprint: 'b', address: 'bob:1', at: NOON });
            assert.equal((await tx.partners.list()).length, 1);
            assert.deepEqual(await store.partners.list(), []);
          });
          assert.equal((await store.partners.list()).length, 1);
        }));

      it('comes after those that were asked for before it, and none overlaps another', () =>
        withStore(async (store) => {
          const seen: number[] = [];
          await Promise.all(
            Array.from({ length: 200 }, (_, n) =>
              store.change(async (tx) => {
                const before = (await tx.audit.head()).seq;
                await audit(tx, n);
                assert.equal((await tx.audit.head()).seq, before + 1);
                seen.push(n);
              }),
            ),
          );
          assert.deepEqual(seen, [...seen.keys()]);
        }));

      it('that is over cannot write any more', () =>
        withStore(async (store) => {
          const leaked = await store.change(async (tx) => tx);
          await assert.rejects(
            leaked.partners.put({ name: 'bob', fingerprint: 'b', address: 'bob:1', at: NOON }),
            codeIs('PRIVITY_INTERNAL'),
          );
          assert.deepEqual(await store.partners.list(), []);
        }));

      it('with a text or number that would not come back as it is, is refused', () =>
        withStore(async (store) => {
          const message = { partner: 'bob', messageId: 'm', body: 'x', createdAt: NOON };
          for (const wrong of [
            { body: 'a\0b' },
            { body: 'half \udc00' },
            { createdAt: 0.5 },
            { createdAt: 2 ** 60 },
          ])
            await assert.rejects(
              store.change(async (tx) => {
                await tx.outbox.put({ ...message, messageId: 'before' });
                await tx.outbox.put({ ...message, ...wrong });
              }),
              codeIs('PRIVITY_STORE_VALUE'),
            );
          assert.deepEqual(await store.outbox.waiting(), {});
          const strange = {
            ...message,
            body: 'ü 🏥 "\'; drop table runs',
            createdAt: Number.MAX_SAFE_INTEGER,
          };
          await store.change((tx) => tx.outbox.put(strange));
          const [kept] = await store.outbox.next('bob', 1);
          assert.deepEqual([kept?.body, kept?.createdAt], [strange.body, strange.createdAt]);
        }));

      it('that waits for ever is given up, and the next is made', async () => {
        const place = await places.fresh();
        const backend = await places.backend(place);
        await prepare(backend, ALICE);
        const alarms: (() => void)[] = [];
        const clock: Clock = {
          ...systemClock,
          after: (_, ring) => {
            alarms.push(ring);
            return { cancel: () => undefined };
          },
        };
        const changes = new Changes({ backend, clock, onUndone: () => undefined, changeTimeoutMs: 5_000 });
        let begun: () => void = () => undefined;
        const hasBegun = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const stuck = changes.make(async (db) => {
          await db.insertInto('meta').values({ key: 'x', value: 'y' }).execute();
          begun();
          await new Promise(() => undefined);
        });
        const next = changes.make((db) => db.selectFrom('meta').selectAll().where('key', '=', 'x').execute());
        await hasBegun;
        alarms[0]?.();
        await assert.rejects(stuck, codeIs('PRIVITY_STORE_SLOW'));
        assert.deepEqual(await next, []);
        await changes.close();
        await backend.close();
      });

      it('that was asked for before the store was closed comes through, and none after it', async () => {
        const place = await places.fresh();
        const store = await open(place);
        const last = store.change((tx) => audit(tx, 1));
        const closing = store.close();
        await assert.rejects(
          store.change((tx) => audit(tx, 2)),
          codeIs('PRIVITY_STORE_CLOSED'),
        );
        await Promise.all([last, closing]);
        const again = await open(place);
        assert.equal((await again.audit.head()).seq, 1);
        await again.close();
      });
    });

    it('that has lost a whole group tells each of its callers why', async () => {
      const place = await places.fresh();
      const backend = await places.backend(place);
      await prepare(backend, ALICE);
      const full = new EnvironmentError('PRIVITY_STORE_FULL', 'there is no room left');
      // As SQLite does where not even the log of a transaction can grow.
      const undoing: Backend = {
        ...{ place: backend.place, words: backend.words, reads: backend.reads, writes: backend.writes },
        ...{ lost: backend.lost, tables: () => backend.tables(), close: () => backend.close() },
        ...{
          begin: () => backend.begin(),
          commit: () => backend.commit(),
          rollback: () => backend.rollback(),
        },
        execute: async (statement) => {
          if (statement.startsWith('rollback to')) await backend.rollback();
          await backend.execute(statement);
        },
      };
      const changes = new Changes({ backend: undoing, clock: systemClock, onUndone: () => undefined });
      const insert = (key: string) =>
        changes.make((db) => db.insertInto('meta').values({ key, value: '' }).execute());
      const outcomes = await Promise.allSettled([
        insert('first'),
        changes.make(() => Promise.reject(full)),
        insert('third'),
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason),
        [full, full, full],
      );
      await insert('later');
      const kept = await backend.reads.selectFrom('meta').select('key').where('value', '=', '').execute();
      assert.deepEqual(kept, [{ key: 'later' }]);
      await changes.close();
      await backend.close();
    });

    describe('opened', () => {
      it('is refused to a second node, until the first lets go', async () => {
        const place = await places.fresh();
        const first = await open(place);
        await assert.rejects(open(place), codeIs('PRIVITY_STORE_IN_USE'));
        await first.change((tx) => audit(tx, 1));
        await first.close();
        await (await open(place)).close();
      });

      it('is refused to another party and under another key, and taken over with the former one', async () => {
        const place = await places.fresh();
        await (await open(place)).close();
        const bob = { party: 'bob', fingerprint: 'b'.repeat(64) };
        for (const owner of [bob, { ...bob, fingerprint: ALICE.fingerprint }])
          await assert.rejects(open(place, { owner }), codeIs('PRIVITY_STORE_OTHER_PARTY'));
        const renewed = { party: 'alice', fingerprint: 'c'.repeat(64) };
        await assert.rejects(open(place, { owner: renewed }), codeIs('PRIVITY_STORE_OTHER_PARTY'));
        const known = { ...renewed, formerFingerprints: [ALICE.fingerprint] };
        await (await open(place, { owner: known })).close();
        await (await open(place, { owner: renewed })).close();
        await assert.rejects(open(place), codeIs('PRIVITY_STORE_OTHER_PARTY'));
      });

      it('goes forward by the steps that it has not, and is refused where it is ahead', async () => {
        const place = await places.fresh();
        await (await open(place)).close();
        const newer = [...MIGRATIONS, () => ['alter table "partners" add column "note" text']];
        const broken = [...MIGRATIONS, () => ['create table "half" ("x" int)', 'create nonsense']];
        const migrate = async (steps: typeof MIGRATIONS): Promise<readonly string[]> => {
          const backend = await places.backend(place);
          try {
            await prepare(backend, ALICE, steps);
            return await backend.tables();
          } finally {
            await backend.close();
          }
        };
        await assert.rejects(migrate(broken), codeIs('PRIVITY_STORE_FAILED'));
        assert.ok(!(await migrate(MIGRATIONS)).includes('half'));
        await migrate(newer);
        await migrate(newer);
        await assert.rejects(open(place), codeIs('PRIVITY_STORE_NEWER'));
      });

      it('of the first version is brought forward, with all that is in it, and keeps rules then', async () => {
        const place = await places.fresh();
        const backend = await places.backend(place);
        await prepare(backend, ALICE, MIGRATIONS.slice(0, 1));
        assert.ok(!(await backend.tables()).includes('rules'));
        await backend.close();
        await behindItsBack(place, [
          `insert into "partners" ("name", "fingerprint", "address", "addedAt", "link") values ('bob', 'f', 'bob:1', 1, 'null')`,
        ]);
        const store = await open(place);
        assert.deepEqual(
          (await store.partners.list()).map(({ name }) => name),
          ['bob'],
        );
        await store.change((tx) => tx.rules.add(rule('r1')));
        assert.deepEqual(await store.rules.get('r1'), rule('r1'));
        await store.close();
      });

      it('is refused where something else is in its place', async () => {
        const place = await places.fresh();
        await behindItsBack(place, ['create table "customers" ("id" int)']);
        await assert.rejects(open(place), codeIs('PRIVITY_STORE_CORRUPT'));
      });
    });

    describe('keeps', () => {
      it('rules, which are active until they end or are removed, and what each has decided', () =>
        withStore(async (store) => {
          const ids = await propose(store, 0, 2);
          const [first = '', second = ''] = ids;
          await store.change(async (tx) => {
            for (const id of ['r1', 'r2', 'r3']) await tx.rules.add(rule(id));
            await tx.rules.add({ ...rule('r4'), until: NOON });
          });
          assert.equal(await store.change((tx) => tx.rules.use('r1', first, NOON)), true);
          // Whichever rule it is: a proposal is decided by one.
          assert.equal(await store.change((tx) => tx.rules.use('r2', first, NOON)), false);
          assert.equal(await store.change((tx) => tx.rules.use('r1', second, NOON)), true);
          assert.equal(await store.change((tx) => tx.rules.remove('r3', NOON)), true);
          assert.equal(await store.change((tx) => tx.rules.remove('r3', NOON)), false);
          assert.deepEqual(
            (await store.rules.active(NOON)).map(({ id, uses }) => [id, uses]),
            [
              ['r1', 2],
              ['r2', 0],
            ],
          );
          assert.equal((await store.rules.list()).length, 4);
          assert.equal((await store.rules.get('r3'))?.removedAt, NOON);
        }));

      it('partners, with what was last known of each', () =>
        withStore(async (store) => {
          await store.change(async (tx) => {
            for (const name of ['carol', 'bob'])
              await tx.partners.put({ name, fingerprint: name, address: `${name}:1`, at: NOON });
            await tx.partners.seen('bob', NOON + 5, { roundTripMs: 3 });
            await tx.partners.put({ name: 'bob', fingerprint: 'new', address: 'bob:2', at: NOON + 9 });
            assert.equal(await tx.partners.seen('mallory', NOON, {}), false);
            await tx.outbox.put({ partner: 'carol', messageId: 'm', body: '', createdAt: NOON });
          });
          assert.deepEqual(
            (await store.partners.list()).map(({ name }) => name),
            ['bob', 'carol'],
          );
          assert.deepEqual(await store.partners.get('bob'), {
            name: 'bob',
            fingerprint: 'new',
            address: 'bob:2',
            addedAt: NOON,
            seenAt: NOON + 5,
            link: { roundTripMs: 3 },
          });
          assert.equal(await store.change((tx) => tx.partners.remove('carol')), true);
          assert.deepEqual(await store.outbox.waiting(), {});
          assert.equal(await store.partners.get('carol'), undefined);
        }));

      it('datasets', () =>
        withStore(async (store) => {
          assert.equal(await store.change((tx) => tx.datasets.add(dataset)), true);
          assert.equal(await store.change((tx) => tx.datasets.add({ ...dataset, owner: 'eve' })), false);
          assert.deepEqual(await store.datasets.get('patients'), dataset);
          await store.change((tx) =>
            tx.datasets.replace({ ...dataset, description: 'Half of it', createdAt: 1 }),
          );
          assert.deepEqual(await store.datasets.list(), [{ ...dataset, description: 'Half of it' }]);
          assert.equal(await store.change((tx) => tx.datasets.remove('patients')), true);
          assert.deepEqual(await store.datasets.list(), []);
        }));

      it('grants, and for ever what they were used for', () =>
        withStore(async (store) => {
          const wide = grant('g1');
          const narrow = grant('g2', { columns: ['age'], rows: 'age > 18', usesMax: 2, partner: 'carol' });
          const use = { grant: 'g1', dataset: 'patients', partner: 'bob' };
          await store.change(async (tx) => {
            await tx.grants.add(wide);
            await tx.grants.add(narrow);
            // The clock is set back between the two.
            assert.equal(
              await tx.grants.use({ ...use, runId: 'r1', at: NOON + 9, table: { rows: 20 } }),
              true,
            );
            assert.equal(await tx.grants.use({ ...use, runId: 'r1', at: NOON, table: null }), false);
            assert.equal(await tx.grants.use({ ...use, runId: 'r2', at: NOON, table: { rows: 21 } }), true);
            for (const step of ['3', '3', '4'])
              await tx.grants.refuse({ ...use, runId: 'r1', step, at: NOON });
          });
          assert.deepEqual(await store.grants.get('g1'), { ...wide, uses: 2, refusals: 2 });
          assert.deepEqual(await store.grants.list({ partner: 'carol' }), [narrow]);
          const asked = { dataset: 'patients', partner: 'bob' };
          assert.equal(await store.grants.runs(asked), 2);
          assert.equal(await store.grants.runs({ ...asked, from: NOON + 1 }), 1);
          assert.equal(await store.grants.runs({ ...asked, to: NOON + 9 }), 1);
          assert.equal(await store.grants.runs({ ...asked, partner: 'carol' }), 0);
          assert.equal(await store.grants.refusals(asked), 2);
          assert.deepEqual(await store.grants.lastUse('patients', 'bob'), {
            ...use,
            runId: 'r2',
            at: NOON,
            table: { rows: 21 },
          });
          assert.equal(await store.change((tx) => tx.grants.revoke('g1', NOON + 20)), true);
          assert.equal(await store.change((tx) => tx.grants.revoke('g1', NOON + 30)), false);
          assert.equal((await store.grants.get('g1'))?.revokedAt, NOON + 20);
        }));

      it('proposals and answers, each once', () =>
        withStore(async (store) => {
          const one = proposal(1);
          await propose(store, 0, 5);
          assert.equal(
            await store.change((tx) => tx.proposals.add(one, { state: 'refused', life: null, at: NOON })),
            false,
          );
          await store.change(async (tx) => {
            assert.equal(await tx.proposals.decide(decision(one.id, 'bob')), true);
            assert.equal(await tx.proposals.decide(decision(one.id, 'alice', 'refused')), true);
            assert.equal(await tx.proposals.decide(decision(one.id, 'alice')), false);
            const document = { proposal: one.id, party: 'bob', by: 'bo', reason: 'done', at: NOON };
            assert.equal(await tx.proposals.withdraw({ document, signature: 's' }), true);
            assert.equal(await tx.proposals.withdraw({ document, signature: 't' }), false);
            assert.equal(
              await tx.proposals.set(one.id, { state: 'withdrawn', life: { a: [1] }, at: NOON + 3 }),
              true,
            );
            assert.equal(await tx.proposals.set('p0', { state: 'approved', life: null, at: NOON }), false);
          });
          const { decisions, withdrawal } = await store.proposals.answers(one.id);
          assert.deepEqual(decisions, [decision(one.id, 'bob'), decision(one.id, 'alice', 'refused')]);
          assert.equal(withdrawal?.signature, 's');
          const known = await store.proposals.get(one.id);
          assert.deepEqual(
            [known?.state, known?.life, known?.changedAt],
            ['withdrawn', { a: [1] }, NOON + 3],
          );
          assert.equal(await store.proposals.count('proposed', 'bob'), 4);
          assert.equal(await store.proposals.count('proposed', 'carol'), 0);
          assert.equal(await store.proposals.hasMade('bob', 4, 0), true);
          assert.equal(await store.proposals.hasMade('bob', 4, NOON + 1_000_000), false);
          assert.equal(await store.proposals.hasMade('bob', 1_000, 0), false);
          assert.equal((await store.proposals.expired(['proposed'], NOON + 999, 10)).length, 0);
          assert.equal((await store.proposals.expired(['proposed', 'approved'], NOON + 1_000, 10)).length, 4);
        }));

      it('an answer of no proposal that it knows is refused', () =>
        withStore(async (store) => {
          await assert.rejects(
            store.change((tx) => tx.proposals.decide(decision('p0', 'bob'))),
            codeIs('PRIVITY_STORE_FAILED'),
          );
        }));

      it('pages of proposals and of runs, the newest first, whatever the clock was', () =>
        withStore(async (store) => {
          const ids = await propose(store, 0, 25);
          const [first = ''] = ids;
          await store.change(async (tx) => {
            for (let n = 1; n <= 25; n++) {
              const state = n % 5 === 0 ? 'failed' : 'completed';
              const of = n % 2 === 0 ? first : (ids[n - 1] ?? '');
              assert.equal(await tx.runs.add(runRow(of, n, { state, createdAt: NOON - n })), true);
            }
            assert.equal(await tx.runs.add(runRow(first, 2)), false);
          });
          const all = async <Row>(
            page: (before?: number) => Promise<{ rows: readonly Row[]; next: number | null }>,
          ) => {
            const found: Row[] = [];
            for (let before: number | undefined; ; ) {
              const { rows, next } = await page(before);
              found.push(...rows);
              if (next === null) return found;
              before = next;
            }
          };
          const newest = [...ids].reverse();
          const proposals = await all((before) => store.proposals.list({ before, limit: 10 }));
          assert.deepEqual(
            proposals.map(({ id }) => id),
            newest,
          );
          const numbers = async (asked: object) =>
            (await all((before) => store.runs.list({ ...asked, before, limit: 3 }))).map(
              (run) => run.occurrence,
            );
          assert.deepEqual(await numbers({ state: 'failed' }), [25, 20, 15, 10, 5]);
          assert.deepEqual(await numbers({ proposal: first, state: 'failed' }), [20, 10]);
          assert.deepEqual((await numbers({ proposal: first })).length, 13);
          assert.deepEqual((await store.runs.list({ limit: 25 })).next, null);
          assert.deepEqual(await store.runs.counts(), { failed: 5, completed: 20 });
        }));

      it('runs through their life, and those that are to be looked after', () =>
        withStore(async (store) => {
          const [id = ''] = await propose(store, 0, 1);
          await store.change(async (tx) => {
            for (let n = 1; n <= 3; n++) await tx.runs.add(runRow(id, n));
            await tx.runs.set(`${id}-1-1`, { state: 'running', startedAt: NOON });
            await tx.runs.set(`${id}-2-1`, {
              state: 'failed',
              endedAt: NOON,
              code: 'TASK_FAILED',
              incident: 'i1',
            });
            assert.equal(await tx.runs.set('none', { state: 'failed' }), false);
          });
          const active = await store.runs.active();
          assert.deepEqual(
            active.map(({ occurrence, state }) => [occurrence, state]),
            [
              [1, 'running'],
              [3, 'waiting'],
            ],
          );
          assert.equal((await store.runs.ofIncident('i1'))?.runId, `${id}-2-1`);
          assert.equal((await store.runs.get(`${id}-1-1`))?.startedAt, NOON);
        }));

      it('schedules, by when they come next', () =>
        withStore(async (store) => {
          const ids = await propose(store, 0, 3);
          await store.change(async (tx) => {
            for (const [n, proposal] of ids.entries())
              await tx.schedules.set({ proposal, nextOccurrence: 1, nextAt: NOON - n });
            await tx.schedules.set({ proposal: ids[0] ?? '', nextOccurrence: 2, nextAt: null });
          });
          assert.deepEqual(
            (await store.schedules.due(NOON - 1, 10)).map(({ proposal }) => proposal),
            [ids[2], ids[1]],
          );
          assert.deepEqual(
            (await store.schedules.list(10)).map(({ proposal }) => proposal),
            [ids[2], ids[1], ids[0]],
          );
          assert.equal(await store.change((tx) => tx.schedules.remove(ids[1] ?? '')), true);
          assert.equal(await store.schedules.get(ids[1] ?? ''), undefined);
        }));

      it('what partners have learnt, added up, also when the runs are purged', () =>
        withStore(async (store) => {
          const [id = ''] = await propose(store, 0, 1);
          await store.change(async (tx) => {
            for (let n = 1; n <= 3; n++) {
              const run = runRow(id, n, { state: 'completed', endedAt: NOON + n });
              await tx.runs.add(run);
              // The clock was set back before the third.
              const at = n === 3 ? NOON - 50 : NOON + n;
              const lines = [line('2', { at }), line('2', { at }), line('5', { at, shape: [3, 2] })];
              assert.equal(await tx.learnt.add(run.runId, lines), true);
              assert.equal(await tx.learnt.add(run.runId, lines), false);
            }
            await tx.runs.add(runRow(id, 4, { state: 'running' }));
            await tx.learnt.add(`${id}-4-1`, [line('2', { partner: 'carol' })]);
          });
          const expected = {
            dataset: 'patients',
            partner: 'bob',
            kind: 'reveal',
            type: 'number',
            runs: 3,
            firstAt: NOON - 50,
            lastAt: NOON + 2,
            lastRun: `${id}-3-1`,
          };
          const sums = [
            { ...expected, step: '2', shape: null, times: 6 },
            { ...expected, step: '5', shape: [3, 2], times: 3 },
          ];
          assert.deepEqual(await store.learnt.summary('patients', 'bob'), sums);
          assert.equal((await store.learnt.ofRun(`${id}-1-1`)).length, 3);
          assert.deepEqual(await store.runs.old({ keep: 3 }), [`${id}-1-1`]);
          assert.deepEqual(await store.runs.old({ keep: 0 }), [`${id}-1-1`, `${id}-2-1`, `${id}-3-1`]);
          assert.deepEqual(await store.runs.old({ keep: 4 }), []);
          assert.deepEqual(await store.runs.old({ endedBefore: NOON + 3 }), [`${id}-1-1`, `${id}-2-1`]);
          // The fourth still runs, whatever is asked.
          await store.change((tx) => tx.runs.purge([`${id}-1-1`, `${id}-2-1`, `${id}-4-1`]));
          assert.deepEqual(await store.learnt.ofRun(`${id}-1-1`), []);
          assert.equal((await store.learnt.ofRun(`${id}-3-1`)).length, 3);
          assert.deepEqual(await store.learnt.summary('patients', 'bob'), sums);
          assert.equal((await store.runs.list({ limit: 10 })).rows.length, 2);
        }));

      it('that a packed job is needed while it may run, was not sent, or a run of it is kept', () =>
        withStore(async (store) => {
          const [id = ''] = await propose(store, 0, 1);
          const { bundle } = (await store.proposals.get(id))?.proposal.document.job ?? { bundle: '' };
          const isNeeded = () => store.proposals.needsBundle(bundle);
          const message = { partner: 'carol', messageId: `proposal-${id}` };
          assert.equal(await isNeeded(), true);
          await store.change(async (tx) => {
            await tx.proposals.set(id, { state: 'withdrawn', life: null, at: NOON });
            await tx.outbox.put({ ...message, body: '{}', createdAt: NOON });
            await tx.runs.add(runRow(id, 1, { state: 'failed', endedAt: NOON }));
          });
          assert.equal(await isNeeded(), true);
          await store.change((tx) => tx.outbox.acknowledged(message.partner, message.messageId));
          assert.equal(await isNeeded(), true);
          await store.change((tx) => tx.runs.purge([`${id}-1-1`]));
          assert.equal(await isNeeded(), false);
          assert.equal(await store.proposals.needsBundle('none'), false);
        }));

      it('messages for each partner in order until they are acknowledged, and takes each of theirs once', () =>
        withStore(async (store) => {
          await store.change(async (tx) => {
            for (let n = 0; n < 5; n++)
              for (const partner of ['bob', 'carol'])
                await tx.outbox.put({
                  partner,
                  messageId: `m${n}`,
                  body: `${partner} ${n}`,
                  createdAt: NOON - n,
                });
            const again = { partner: 'bob', messageId: 'm3', body: 'another', createdAt: NOON };
            assert.equal(await tx.outbox.put(again), false);
            assert.equal(await tx.outbox.acknowledged('bob', 'm1'), true);
            assert.equal(await tx.outbox.acknowledged('bob', 'm1'), false);
          });
          assert.deepEqual(
            (await store.outbox.next('bob', 3)).map(({ body }) => body),
            ['bob 0', 'bob 2', 'bob 3'],
          );
          assert.deepEqual(await store.outbox.waiting(), { bob: 4, carol: 5 });
          await store.change(async (tx) => {
            assert.equal(await tx.inbox.take('bob', 'x', NOON), true);
            assert.equal(await tx.inbox.take('bob', 'x', NOON), false);
            assert.equal(await tx.inbox.take('carol', 'x', NOON), true);
            for (let n = 0; n < 10; n++) await tx.inbox.take('bob', `y${n}`, NOON - n);
            await tx.inbox.prune('bob', 5);
            assert.equal(await tx.inbox.take('bob', 'y5', NOON), false);
            assert.equal(await tx.inbox.take('carol', 'x', NOON), false);
            assert.equal(await tx.inbox.take('bob', 'y4', NOON), true);
          });
        }));
    });

    it('takes no more messages for a partner than a node may keep', async () => {
      const place = await places.fresh();
      await (await open(place)).close();
      await behindItsBack(place, [
        `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${NODE_LIMITS.outboxMessagesMax - 1})
          insert into "outbox" ("partner", "messageId", "body", "createdAt") select 'bob', 'm' || i, '', 0 from n`,
      ]);
      const store = await open(place);
      const put = (partner: string, messageId: string) =>
        store.change((tx) => tx.outbox.put({ partner, messageId, body: '', createdAt: NOON }));
      assert.equal(await put('bob', 'last'), true);
      await assert.rejects(put('bob', 'more'), codeIs('PRIVITY_NODE_OUTBOX_FULL'));
      assert.equal(await put('bob', 'last'), false);
      assert.equal(await put('carol', 'more'), true);
      await store.change((tx) => tx.outbox.acknowledged('bob', 'm1'));
      assert.equal(await put('bob', 'more'), true);
      await store.close();
    });

    describe('the audit log', () => {
      const LINES = 8;

      /** A store with some lines, which somebody then changes behind its back. */
      const tampered = async (statements: readonly string[]) => {
        const place = await places.fresh();
        const store = await open(place);
        for (let n = 1; n <= LINES; n++) await store.change((tx) => audit(tx, n));
        const kept = await store.audit.head();
        await store.close();
        await behindItsBack(place, statements);
        const again = await open(place);
        try {
          return { found: await again.audit.verify(), later: await again.audit.verify([kept]) };
        } finally {
          await again.close();
        }
      };

      const where = async (...statements: string[]) => {
        const { found } = await tampered(statements);
        return found.isIntact ? 'intact' : [found.fault, found.seq];
      };

      const copied = `"at", "by", "what", "about", "detail", "before", "digest" from "audit"`;

      it('finds a line that was changed, removed, moved, inserted or cut off', async () => {
        assert.equal(await where(), 'intact');
        assert.deepEqual(await where(`update "audit" set "detail" = '{"n":9}' where "seq" = 4`), [
          'changed',
          4,
        ]);
        assert.deepEqual(await where('delete from "audit" where "seq" = 3'), ['missing', 3]);
        assert.deepEqual(await where('delete from "audit" where "seq" = 1'), ['missing', 1]);
        const swap = [99, 5, 6].map(
          (to, n) => `update "audit" set "seq" = ${to} where "seq" = ${[5, 6, 99][n]}`,
        );
        assert.deepEqual(await where(...swap), ['changed', 5]);
        const shift = [8, 7, 6, 5].map((seq) => `update "audit" set "seq" = ${seq + 1} where "seq" = ${seq}`);
        const insert = `insert into "audit" select 5, ${copied} where "seq" = 2`;
        assert.deepEqual(await where(...shift, insert), ['changed', 5]);
        assert.deepEqual(await where(`insert into "audit" select 9, ${copied} where "seq" = 8`), [
          'changed',
          9,
        ]);
        assert.deepEqual(await where('delete from "audit" where "seq" > 6'), ['cut', 7]);
        assert.deepEqual(await where('delete from "audit"'), ['cut', 1]);
        assert.deepEqual(await where(`delete from "meta" where "key" = 'auditHead'`), ['misplaced', 1]);
      });

      it('shows by a head that was kept elsewhere that its end was cut off together with the head beside it', async () => {
        const { found, later } = await tampered([
          'delete from "audit" where "seq" > 6',
          `update "meta" set "value" = (select '{"digest":"' || "digest" || '","seq":6}' from "audit" where "seq" = 6)
            where "key" = 'auditHead'`,
        ]);
        assert.equal(found.isIntact, true);
        assert.deepEqual(later.isIntact ? later : [later.fault, later.seq], ['cut', 7]);
      });

      it('is exported as lines that can be checked without the store', () =>
        withStore(async (store) => {
          for (let n = 1; n <= LINES; n++) await store.change((tx) => audit(tx, n));
          const lines: AuditEntry[] = [];
          for await (const text of store.audit.lines()) {
            assert.ok(text.endsWith('\n'));
            lines.push(JSON.parse(text) as AuditEntry);
          }
          const head = await store.audit.head();
          assert.deepEqual(verifyAudit(lines, { heads: [head] }), { isIntact: true, head });
          assert.deepEqual(await store.audit.page({ after: 2, limit: 2 }), lines.slice(2, 4));
          assert.deepEqual(await store.audit.page({ limit: 9, about: 'p3' }), [lines[2]]);
          assert.deepEqual(await store.audit.newest({ before: 4, limit: 2 }), [lines[2], lines[1]]);
        }));
    });

    it('takes a token until it expires or is revoked, and does not keep it', () =>
      withStore(async (store) => {
        const life = { name: 'ann', role: 'approver', at: NOON, expiresAt: NOON + 10 } as const;
        const { token, text } = await store.change((tx) => tx.tokens.create(systemRandom, life));
        const other = await store.change((tx) => tx.tokens.create(systemRandom, { ...life, name: 'bo' }));
        assert.deepEqual(await store.tokens.check(text, NOON + 9), { isValid: true, token });
        assert.deepEqual(await store.tokens.check(text, NOON + 10), { isValid: false, fault: 'expired' });
        const mixed = text.slice(0, 'privity_'.length + 16) + other.text.slice('privity_'.length + 16);
        for (const wrong of ['', 'x'.repeat(1e6), mixed, text.toUpperCase(), `${text}A`])
          assert.deepEqual(await store.tokens.check(wrong, NOON), { isValid: false, fault: 'unknown' });
        const listed = JSON.stringify(await store.tokens.list());
        assert.ok(listed.includes(token.id) && !listed.includes(text.slice(-43)));
        assert.equal(await store.change((tx) => tx.tokens.revoke(token.id, NOON + 1)), true);
        assert.deepEqual(await store.tokens.check(text, NOON + 2), { isValid: false, fault: 'revoked' });
        assert.equal((await store.tokens.check(other.text, NOON + 2)).isValid, true);
      }));
  });
}
