import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { compared, plainProfile, profiled } from '../../../test/parts/profile-parties.ts';
import { cleanUp } from '../../../test/parts/psi-parties.ts';
import { tableOf } from '../../data/table-of.ts';
import { memoryChannels } from '../../testing/memory-channel.ts';
import { formatText } from './classes.ts';
import { compareKeys, prepareProfile } from './compare.ts';
import { MINIMUM_COUNT } from './profile.ts';

after(cleanUp);

const tableOfIds = (list: readonly (string | null)[]) => tableOf({ id: [...list] });
const times = (count: number, text: (i: number) => string | null): (string | null)[] =>
  Array.from({ length: count }, (_, i) => text(i));

/** What is told of keys that each stand for enough rows. */
async function formatsOf(...texts: readonly string[]): Promise<readonly string[]> {
  const table = await tableOfIds(texts.flatMap((text) => times(MINIMUM_COUNT, () => text)));
  const [{ own }] = await compared({ table }, { table });
  return Object.keys(own[0]?.formats ?? {}).sort();
}

describe('the profile of a column', () => {
  it('has formats: signs of classes with lengths of runs', async () => {
    const formats = await formatsOf(
      'AB12345678',
      ' x y\u00a0z\t',
      'a.b-c/d+e(f)g@h:i',
      'É漢9\u0007',
      'k_{*}%',
    );
    assert.deepEqual(formats, ['A{2}9{8}', 'U{2}9U', '_a_a_a_', 'a.a-a/a+a(a)a@a:a', 'aP{5}']);
  });

  it('tells of signs alone that there are signs, since such a format would be the text', async () => {
    assert.deepEqual(await formatsOf('-', 'n/a', '(.) :'), ['P', 'P{3}_P', 'a/a']);
  });

  it('takes together by any length what is too varied, and leaves the rest out', async () => {
    const names = times(
      100,
      (i) => `${'x'.repeat(1 + (i % 10))}.${'y'.repeat(1 + Math.floor(i / 10))}@example.org`,
    );
    const table = await tableOfIds([...names, ...times(19, (i) => `q${i}`)]);
    const [{ own }] = await compared({ table }, { table });
    assert.deepEqual(own[0]?.formats, { 'a{*}.a{*}@a{*}.a{*}': 100 });
    assert.equal(own[0]?.rows, 100, '119 rows, rounded down');
  });

  it('takes letters and digits together where they are mixed, as in what is random', async () => {
    const hex = (i: number) => createHash('sha256').update(String(i)).digest('hex');
    const uuid = (i: number) => hex(i).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    const table = await tableOfIds(times(300, uuid));
    const bare = await tableOfIds(times(300, (i) => hex(i).slice(0, 32)));
    const [{ own, peer, suggestions }] = await compared({ table }, { table: bare });
    assert.deepEqual(own[0]?.formats, { 'x{8}-x{4}-x{4}-x{4}-x{12}': 300 });
    assert.deepEqual(peer[0]?.formats, { 'x{32}': 300 });
    assert.match(suggestions[0]?.why ?? '', /differ by signs between letters and digits/);
  });

  it('has no format of fewer rows than one in a hundred', async () => {
    const table = await tableOfIds([...times(3_980, () => 'AB12'), ...times(39, () => 'rare')]);
    const [{ own }] = await compared({ table }, { table });
    assert.deepEqual(own[0]?.formats, { 'A{2}9{2}': 3_980 });
    const more = await tableOfIds([...times(3_940, () => 'AB12'), ...times(40, () => 'more')]);
    const [{ own: told }] = await compared({ table: more }, { table: more });
    assert.deepEqual(told[0]?.formats, { 'A{2}9{2}': 3_940, 'a{4}': 40 });
  });

  it('has lengths in characters, up to one that stands for all longer ones', async () => {
    const table = await tableOfIds([
      ...times(20, () => ''),
      ...times(20, () => '😀é'),
      ...times(20, (i) => 'x'.repeat(65 + i)),
    ]);
    const [{ own }] = await compared({ table }, { table });
    assert.deepEqual(own[0]?.lengths, { '0': 20, '2': 20, '65+': 20 });
    assert.deepEqual(own[0]?.formats, { 'U{2}': 20 });
  });

  it('has traits of what makes keys differ', async () => {
    const columns: Readonly<Record<string, string>> = {
      digits: '4711',
      lowerCase: 'abc',
      upperCase: 'ABC',
      otherCharacters: '漢',
      leadingZeros: ' 007',
      spaceAround: 'x\u00a0',
      notNfc: 'e\u0301',
      compatible: '\uff11',
    };
    for (const [trait, text] of Object.entries(columns)) {
      const table = await tableOfIds(times(20, () => text));
      const [{ own }] = await compared({ table }, { table });
      assert.ok(Object.keys(own[0]?.traits ?? {}).includes(trait), trait);
    }
    const plain = await tableOfIds([...times(20, () => '10'), ...times(20, () => null)]);
    const [{ own }] = await compared({ table: plain }, { table: plain });
    assert.deepEqual(own[0]?.traits, { missing: 20, digits: 20 });
  });

  it('is of the text by which keys are compared, whatever the type', async () => {
    const ids = await tableOfIds(times(40, (i) => String(i + 100)));
    const typed = await ids.query(
      "SELECT CAST(id AS BIGINT) AS n, DATE '2024-01-01' + CAST(id AS INTEGER) AS d, TIMESTAMP '2024-01-01 00:00:00' AS t, CAST(id AS INTEGER) % 2 = 0 AS b FROM rows",
    );
    const plan = plainProfile(['n', 'd', 't', 'b']);
    const [{ own }] = await compared({ table: typed, plan }, { table: typed, plan });
    assert.deepEqual(
      own.map(({ type, formats }) => [type, Object.keys(formats)]),
      [
        ['whole number', ['9{3}']],
        ['date', ['9{4}-9{2}-9{2}']],
        ['timestamp', ['9{4}-9{2}-9{2}_9{2}:9{2}:9{2}']],
        ['boolean', []],
      ],
    );
    assert.deepEqual([own[3]?.lengths, own[3]?.traits], [{}, {}], 'a length would be a value');
  });

  it('is what is left after the rules that the job declares', async () => {
    const table = await tableOfIds([...times(40, (i) => ` AB${i + 10}`), ...times(20, () => 'X')]);
    const plan = { normalise: [['trim', 'lower'] as const] };
    const [{ own }] = await compared({ table, plan }, { table, plan });
    assert.deepEqual(own[0]?.formats, { 'a{2}9{2}': 40, a: 20 });
    const numbers = await table.query('SELECT CAST(length(id) AS BIGINT) AS id FROM rows');
    const zeros = { normalise: [[{ zeros: 8 }] as const] };
    const [{ own: filled }] = await compared({ table: numbers, plan: zeros }, { table, plan: zeros });
    assert.deepEqual([filled[0]?.type, filled[0]?.formats], ['text', { '9{8}': 60 }]);
    const dates = { normalise: [[{ date: 'DD.MM.YYYY' }] as const] };
    const [{ own: read }] = await compared({ table, plan: dates }, { table, plan: dates });
    assert.deepEqual(read[0]?.traits, { unreadable: 60 });
  });

  it('of columns of different names and parties goes side by side', async () => {
    const a = await tableOf({
      id: times(20, (i) => `A${i + 10}`) as string[],
      day: times(20, () => 'x') as string[],
    });
    const b = await tableOf({
      key: times(40, (i) => `${i + 10}`) as string[],
      on: times(40, () => 'yy') as string[],
    });
    const plan = {
      on: [
        ['id', 'day'],
        ['key', 'on'],
      ] as const,
    };
    const [atAlice, atBob] = await compared({ table: a, plan }, { table: b, plan });
    assert.deepEqual(atAlice.own, atBob.peer);
    assert.deepEqual(atAlice.peer, atBob.own);
    assert.deepEqual(
      atAlice.own.map(({ column }) => column),
      ['id', 'day'],
    );
    assert.deepEqual(
      atAlice.peer.map(({ column, formats }) => [column, formats]),
      [
        ['key', { '9{2}': 40 }],
        ['on', { 'a{2}': 40 }],
      ],
    );
  });

  it('of a table of fewer rows than the minimum is nothing but the type', async () => {
    const few = await tableOfIds(times(19, (i) => `few${i}`));
    const [{ own, suggestions }] = await compared({ table: few }, { table: few });
    assert.deepEqual(own, [{ column: 'id', type: 'text', rows: 0, traits: {}, lengths: {}, formats: {} }]);
    assert.deepEqual(suggestions, []);
  });
});

describe('what a party is shown of its own rows', () => {
  const padded = () => tableOfIds(times(100, (i) => String(i * 7).padStart(8, '0')));
  const plain = () => tableOfIds(times(100, (i) => String(i * 7)));

  it('is what a suggested rule would change there, and at no other', async () => {
    const [atAlice, atBob] = await compared({ table: await padded() }, { table: await plain() });
    const shown = ({ suggestions }: typeof atAlice) =>
      suggestions.map(({ rule, changedRows, unreadableRows }) => ({ rule, changedRows, unreadableRows }));
    assert.deepEqual(shown(atAlice), [{ rule: { zeros: 8 }, changedRows: 0, unreadableRows: 0 }]);
    assert.deepEqual(shown(atBob), [{ rule: { zeros: 8 }, changedRows: 100, unreadableRows: 0 }]);
    assert.deepEqual(atAlice.suggestions[0]?.examples(), []);
    assert.deepEqual(atBob.suggestions[0]?.examples(), [
      { before: '0', after: '00000000' },
      { before: '7', after: '00000007' },
      { before: '14', after: '00000014' },
    ]);
  });

  it('is one rule after the other, and ways to read dates each by itself', async () => {
    const a = await tableOfIds(times(60, (i) => ` Ab${i + 10} `));
    const b = await tableOfIds(times(60, (i) => `ab${i + 10}`));
    const [{ suggestions }] = await compared({ table: a }, { table: b });
    assert.deepEqual(
      suggestions.map(({ rule, examples }) => [rule, examples()[0]]),
      [
        ['trim', { before: ' Ab10 ', after: 'Ab10' }],
        ['lower', { before: 'Ab10', after: 'ab10' }],
      ],
    );
    const days = times(56, (i) => `${String((i % 28) + 1).padStart(2, '0')}/02/2024`);
    const written = await tableOf({ id: days as string[] });
    const typed = await (await plain()).query(
      "SELECT DATE '2024-02-01' + CAST(id AS INTEGER) AS id FROM rows",
    );
    const [asRead, asTyped] = await compared({ table: written }, { table: typed });
    for (const { changedRows, unreadableRows } of asTyped.suggestions)
      assert.deepEqual([changedRows, unreadableRows], [0, 0], 'a DATE needs no reading');
    assert.deepEqual(
      asRead.suggestions.map(({ rule, changedRows, unreadableRows }) => [rule, changedRows, unreadableRows]),
      [
        [{ date: 'DD/MM/YYYY' }, 56, 0],
        [{ date: 'MM/DD/YYYY' }, 24, 32],
      ],
    );
  });

  it('a rule that is followed makes the intersection that was missing', async () => {
    const plan = { normalise: [[{ zeros: 8 }] as const] };
    const [{ own, peer, suggestions }] = await compared(
      { table: await padded(), plan },
      { table: await plain(), plan },
    );
    assert.deepEqual(own[0]?.formats, peer[0]?.formats);
    assert.deepEqual(suggestions, []);
  });

  it('is text for people, which the log has, too', async () => {
    const { results, notes } = await profiled({ table: await padded() }, { table: await plain() });
    const [, atBob] = results;
    assert.ok(atBob && 'text' in atBob);
    assert.deepEqual(notes[1], atBob.text.split('\n'));
    assert.deepEqual(atBob.text.split('\n'), [
      'profile of keys: numbers of rows, rounded down to multiples of 20',
      'id here: text, 100 rows; lengths 3; formats 9{3} (80); 100 with digits',
      'id at the peer: text, 100 rows; lengths 8; formats 9{8} (100); 100 with digits; 100 with leading zeros',
      'id: { zeros: 8 } is suggested (leading zeros: 100 % of the rows of one side, 0 % of the other); here it would change 100 rows',
    ]);
  });
});

it('ends at once when the run does', async () => {
  const table = await tableOfIds(times(20, () => 'x'));
  const stop = new AbortController();
  const { channels } = memoryChannels(2, { signal: stop.signal });
  const [channel] = channels;
  assert.ok(channel);
  const plan = plainProfile(['id']);
  const own = await prepareProfile(table, 0, plan, { signal: stop.signal });
  const waiting = compareKeys(channel, table, plan, own, { signal: stop.signal });
  stop.abort(new Error('the run is over'));
  await assert.rejects(waiting, /the run is over/);
  await assert.rejects(prepareProfile(table, 0, plan, { signal: stop.signal }), /the run is over/);
});

it('a format is shown so that none can be taken for another', () => {
  assert.equal(formatText('A99 aa', 'exact'), 'A9{2}_a{2}');
  assert.equal(formatText('A9@a.U', 'any'), 'A{*}9{*}@a{*}.U{*}');
  assert.equal(formatText('9--9', 'any'), '9{*}-{2}9{*}');
});
