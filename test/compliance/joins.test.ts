/** Who gets and tells what: every row of the table in docs/psi.md, executed by both parties, with its ledgers. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { closeDatabase, type Table, tableOf } from '../../src/data/index.ts';
import { psi } from '../../src/program/devices/psi.ts';
import type { SharedJoin, SharedPayload } from '../../src/program/devices/psi-into-options.ts';
import type { PsiOptions } from '../../src/program/devices/psi-options.ts';
import { secure } from '../../src/program/devices/secure/device.ts';
import type { At, Secret } from '../../src/program/model/at.ts';
import type { AnyDevice } from '../../src/program/model/device-types.ts';
import { job } from '../../src/program/model/job.ts';
import { useWorlds } from '../parts/program-world.ts';
import { projectRoot } from '../tidy/project-files.ts';

const open = useWorlds();
after(closeDatabase);

type Cell = string | null;
type Rows = readonly Cell[];

interface Row {
  readonly options: string;
  readonly gets: readonly string[];
  readonly tells: readonly string[];
}

const rows: readonly Row[] =
  readFileSync(join(projectRoot, 'docs/psi.md'), 'utf8')
    .split('\n### For each combination of options\n')[1]
    ?.split('\n#')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
    .map(([options = '', ...cells]) => ({
      options: options.replaceAll('`', ''),
      gets: cells.slice(0, 2),
      tells: cells.slice(2),
    })) ?? [];

const optionsOf = ({ options }: Row, device?: unknown): Record<string, unknown> =>
  Function('device', `return ${options}`)(device) as Record<string, unknown>;
const staysOnDevice = (row: Row): boolean => 'into' in optionsOf(row);

/** Of alice and bob: two keys that both have, others that differ, and what options are about. */
function inputs(options: Record<string, unknown>): readonly [Rows, Rows] {
  const a = ['k1', 'k2', 'k3', 'k4', 'k5'];
  const b = ['k9', 'k3', 'k1', 'k8'];
  if (options.nulls)
    return [
      [...a, null],
      [null, ...b, null],
    ];
  if (options.duplicates)
    return [
      [...a, 'k1', 'k1'],
      [...b, 'k1', 'k8'],
    ];
  if (options.normalise) return [a.map((id) => ` ${id.toUpperCase()}`), b];
  return [a, b];
}

/** What the words of the table mean, without a protocol. */
function meaning(words: string, [own, theirs]: readonly [Rows, Rows]): readonly Cell[] | undefined {
  const plain = (list: Rows) => list.flatMap((id) => (id === null ? [] : [id.trim().toLowerCase()]));
  const [mine, other] = [plain(own), plain(theirs)];
  const shared: string[] = [];
  const rest = [...other];
  for (const id of mine) {
    const at = rest.indexOf(id);
    if (at >= 0) shared.push(...rest.splice(at, 1));
  }
  const without = mine.filter((id) => !other.includes(id));
  const sentences: Readonly<Record<string, readonly Cell[] | undefined>> = {
    'rows that both have': shared,
    nothing: undefined,
    'all rows': mine,
    'rows that both have, and gaps for other rows': [
      ...shared,
      ...Array.from({ length: other.length - shared.length }, () => null),
    ],
    'rows that the other lacks': without,
    'how many rows both have': [String(shared.length)],
  };
  const key = words.replace(/\b(her|his) /g, '').replace(/\b(she|he) lacks/, 'the other lacks');
  assert.ok(Object.hasOwn(sentences, key), `the table says "${words}", which no test knows`);
  return sentences[key];
}

/** Of the party of this rank those columns that it gives: what they hold follows from the key. */
function withColumns(ids: Rows, options: Record<string, unknown>, rank: 0 | 1): Promise<Table> {
  const names = givenBy(options, rank === 0 ? 'alice' : 'bob');
  const x = Float64Array.from(ids, (id) => xOf(id));
  const y = ids.map((id) => yOf(id));
  return tableOf({
    id: [...ids],
    ...(names.includes('x') ? { x } : {}),
    ...(names.includes('y') ? { y } : {}),
  });
}

const xOf = (id: Cell): number => Number(id?.slice(1)) + 0.5;
const yOf = (id: Cell): string => `y of ${id}`;

function givenBy({ payload = {} }: Record<string, unknown>, party: string): readonly string[] {
  const of = (payload as Record<string, string | readonly string[] | undefined>)[party] ?? [];
  return typeof of === 'string' ? [of] : of;
}

/** A line for each row: key, and columns of the other side. */
async function tableText(table: Table): Promise<readonly string[]> {
  const cells = table.columns.map(({ name }) => `coalesce(CAST("${name}" AS VARCHAR), '-')`);
  const texts = await table.query(`SELECT concat_ws('|', ${cells.join(', ')}) AS line FROM rows`);
  return texts.strings('line');
}

async function run(options: Record<string, unknown>, tables: readonly [Rows, Rows]) {
  const w = await open(
    job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
      const table = (rank: 0 | 1) => () => withColumns(tables[rank], options, rank);
      const a = alice.run('a', table(0));
      const b = bob.run('b', table(1));
      const wanted = { on: 'id', ...options } as PsiOptions<'alice' | 'bob'>;
      const results: Record<string, unknown> = psi(wanted as never, a, b);
      const shown: Record<string, unknown> = {};
      for (const party of [alice, bob] as unknown as readonly (typeof alice)[]) {
        const result = results[party.name];
        if (result === undefined) continue;
        const list = party.run(
          'list',
          { result: result as At<'alice', Table | number> },
          async ({ result }) => {
            return typeof result === 'number' ? [String(result)] : tableText(result);
          },
        );
        shown[party.name] = await reveal(list);
      }
      return shown;
    }),
  );
  const results = (await w.results()) as Record<string, Record<string, readonly string[]>>;
  const ledger = (party: string) => w.of(party).host.disclosures.filter(({ kind }) => kind === 'psi');
  return { shown: results.alice ?? {}, ledgers: [ledger('alice'), ledger('bob')] };
}

/** The sum of each column on the device, and what each of the two tells, with carol as the third member. */
async function runInto(row: Row) {
  const [a, b] = inputs({});
  const w = await open(
    job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
      const device = secure([alice, bob, carol], { protocol: 'rep3' });
      const numbers = (ids: Rows, name: string) => () =>
        tableOf({ id: [...ids], [name]: Float64Array.from(ids, (id) => Number(id?.slice(1))) });
      const options = { on: 'id', ...optionsOf(row, device) } as never;
      const [left, right] = [alice.run('a', numbers(a, 'x')), bob.run('b', numbers(b, 'y'))];
      const joined = psi(options, left, right) as unknown as SharedJoin<AnyDevice, SharedPayload>;
      const sums: Record<string, number[]> = {};
      for (const party of ['alice', 'bob']) {
        const secrets = Object.values(joined[party] ?? {}) as unknown as readonly Secret<AnyDevice>[];
        if (secrets.length > 0) sums[party] = [];
        for (const secret of secrets) sums[party]?.push((await reveal(secret.sum())).data[0] ?? 0);
      }
      return { matches: (await reveal(joined.matches.cast('integer').sum())).data[0], columns: sums };
    }),
  );
  const { carol } = (await w.results()) as Record<string, { matches: number; columns: object }>;
  const told = (party: string): string =>
    w
      .of(party)
      .host.disclosures.filter(({ kind }) => kind === 'psi' || kind === 'share')
      .map(({ type }) => type)
      .join('; ');
  return { ...carol, columns: carol?.columns ?? {}, ledgers: [told('alice'), told('bob')] };
}

describe('who gets and tells what: the table of docs/psi.md', () => {
  it('has a row for each combination that psi does not refuse', async () => {
    assert.ok(rows.length > 10, 'the table was not found');
    const seen = new Set(rows.map((row) => keyOf(optionsOf(row))));
    for (const kind of ['inner', 'left', 'anti'])
      for (const receivers of [undefined, 'alice'])
        for (const payload of [undefined, { bob: ['x'] }])
          for (const cardinality of [undefined, true]) {
            const options = {
              ...(kind === 'inner' ? {} : { join: kind }),
              ...(receivers === undefined ? {} : { receivers }),
              ...(payload === undefined ? {} : { payload }),
              ...(cardinality === undefined ? {} : { cardinality }),
            };
            const isRefused = await run(options, inputs(options)).then(
              () => false,
              () => true,
            );
            assert.notEqual(seen.has(keyOf(options)), isRefused, keyOf(options));
          }
  });

  for (const row of rows.filter((row) => !staysOnDevice(row)))
    it(row.options, async () => {
      const options = optionsOf(row);
      const tables = inputs(options);
      const { shown, ledgers } = await run(options, tables);
      for (const [rank, party] of (['alice', 'bob'] as const).entries()) {
        const [own, theirs] = rank === 0 ? tables : [tables[1], tables[0]];
        const expected = meaning(row.gets[rank]?.replace(/, with .*$/, '') ?? '', [own, theirs]);
        const [ownGiven, given] = ['alice', 'bob'].map((name) => givenBy(options, name));
        const [mine = [], others = []] = rank === 0 ? [ownGiven, given] : [given, ownGiven];
        const line = (id: Cell): string => {
          const isMatched = theirs.some((other) => other !== null && other === id);
          const cell = (name: string): string => String(name === 'x' ? xOf(id) : yOf(id));
          const cells = [...mine.map((name) => (id === null ? '-' : cell(name)))];
          return [id ?? '-', ...cells, ...others.map((name) => (isMatched ? cell(name) : '-'))].join('|');
        };
        const words = others.length > 0 ? `, with ${rank === 0 ? 'his' : 'her'} ${others.join(', ')}` : '';
        assert.ok((row.gets[rank] ?? '').endsWith(words));
        const got = shown[party]?.map((text) => text.trim().toLowerCase()).sort();
        assert.deepEqual(got, expected?.map(line).sort(), party);
        const [entry, ...more] = ledgers[rank] ?? [];
        assert.deepEqual(more, []);
        const told = (entry?.type ?? '').split('; ');
        const ownWords = told.filter((text) =>
          /^left out here|^by |^each row padded to \d+ bytes$/.test(text),
        );
        assert.equal(told.filter((text) => !ownWords.includes(text)).join('; '), row.tells[rank]);
        const empty = own.filter((id) => id === null).length;
        if (options.nulls)
          assert.match(ownWords.join(), new RegExp(`left out here: ${empty} rows without a key, 0 with`));
        else assert.doesNotMatch(ownWords.join(), /left out/);
        assert.deepEqual(entry?.shape, [own.length - empty]);
      }
    });

  const onDevice = rows.filter(staysOnDevice);
  it('has rows of results that stay on a device', () => assert.ok(onDevice.length >= 2));
  for (const row of onDevice)
    it(row.options, async () => {
      const { matches, columns, ledgers } = await runInto(row);
      assert.deepEqual(row.gets, ['nothing', 'nothing']);
      // k1 and k3.
      assert.equal(matches, 2);
      for (const [party, names] of Object.entries(columns)) assert.deepEqual(names, [4], party);
      assert.deepEqual(ledgers, row.tells);
    });

  it('would notice a row that says something else', async () => {
    const wrong = meaning('her rows that he lacks', inputs({}));
    const { shown, ledgers } = await run({}, inputs({}));
    assert.notDeepEqual([...(shown.alice ?? [])].sort(), wrong);
    assert.notEqual(ledgers[0]?.[0]?.type, 'key types, number of rows');
    assert.throws(() => meaning('some of her rows', inputs({})), { code: 'ERR_ASSERTION' });
  });
});

const keyOf = (options: Record<string, unknown>): string =>
  Object.entries(options)
    .map(([name, value]) => (typeof value === 'string' ? `${name}: ${value}` : name))
    .sort()
    .join();
