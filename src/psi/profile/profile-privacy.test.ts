import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type ProfileParty, plainProfile, profiled } from '../../../test/parts/profile-parties.ts';
import { cleanUp } from '../../../test/parts/psi-parties.ts';
import { PrivityError } from '../../base/errors.ts';
import { relationOf } from '../../data/table.ts';
import { tableOf } from '../../data/table-of.ts';
import { keyDigests } from '../keys.ts';
import { DIGEST_BYTES, KEYS_BYTES, PART_HEADER_BYTES } from '../messages.ts';
import type { Runs } from './classes.ts';
import { COLUMN_BYTES, decodeProfiles, encodeProfiles } from './messages.ts';
import {
  type ColumnCounts,
  type KeyTrait,
  LENGTH_MAX,
  MINIMUM_COUNT,
  TRAITS,
  toldCounts,
} from './profile.ts';

after(cleanUp);

const tableOfIds = (list: readonly string[]) => tableOf({ id: [...list] });
const times = (count: number, text: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => text(i));
const sent = async (alice: ProfileParty, bob = alice): Promise<Buffer> =>
  Buffer.concat((await profiled(alice, bob)).frames[0] ?? []);

describe('what the peer of a profile sees', () => {
  const secretIds = times(300, (i) => `canary-${String(i).padStart(6, '0')}`);

  it('no id and no digest of one, in a message or a log', async () => {
    const table = await tableOfIds(secretIds);
    // Of another form at the peer, so that there are suggestions, with examples.
    const other = await tableOfIds(secretIds.map((id) => ` ${id.toUpperCase()}`));
    const { results, frames, notes } = await profiled({ table }, { table: other });
    const seen = Buffer.concat(frames.flat());
    const digests = await keyDigests(relationOf(table), ['id'], new AbortController().signal);
    for (let i = 0; i < secretIds.length; i++)
      assert.ok(!seen.includes(Buffer.from(digests.subarray(32 * i, 32 * i + 12))));
    const [, atBob] = results;
    assert.ok(atBob && 'suggestions' in atBob);
    assert.match(
      atBob.suggestions[0]?.examples()[0]?.before ?? '',
      /CANARY/,
      'the canary is there to be found',
    );
    for (const text of [seen.toString('latin1'), notes.flat().join(), JSON.stringify(results)])
      assert.doesNotMatch(text, /canary|CANARY|00012/);
  });

  it('messages of one length, whatever the keys are', async () => {
    const one = await profiled({ table: await tableOfIds(['x']) }, { table: await tableOfIds(secretIds) });
    const lengths = one.frames.map((frames) => frames.map(({ length }) => length));
    const expected = [KEYS_BYTES, PART_HEADER_BYTES + COLUMN_BYTES];
    assert.deepEqual(lengths, [expected, expected]);
  });

  it('nothing of a class of fewer rows than the minimum', async () => {
    const common = times(100, (i) => `AB${i + 100}`);
    const rare = times(MINIMUM_COUNT - 1, (i) => `${i}:rare@here.${'z'.repeat(i % 3)}`);
    const withRare = await sent({ table: await tableOfIds([...common, ...rare]) });
    const without = await sent({ table: await tableOfIds([...common, ...times(19, (i) => `AB${i + 500}`)]) });
    assert.ok(!withRare.includes('@'));
    // Of lengths, traits and formats nothing differs but by what the other rows have.
    assert.deepEqual(decoded(withRare)?.formats, [{ signs: 'AA999', runs: 'exact', rows: 100 }]);
    assert.deepEqual(decoded(without)?.rows, decoded(withRare)?.rows);
    const { lowerCase, otherCharacters } = decoded(withRare)?.traits ?? {};
    assert.deepEqual([lowerCase, otherCharacters], [0, 0]);
  });

  it('and the check for that sees such a class where the minimum is taken away', async () => {
    const table = await tableOfIds([...times(100, (i) => `AB${i + 100}`), ...times(3, () => 'rare@here')]);
    const seen = await sent({ table, plan: { minimumCount: 1 } });
    assert.ok(seen.includes('@'));
  });

  it('only multiples of the minimum, so that one row more rarely shows', async () => {
    const of = async (rows: number) => sent({ table: await tableOfIds(times(rows, (i) => `AB${i + 100}`)) });
    const [fewer, more, next] = [await of(100), await of(119), await of(120)];
    assert.deepEqual(decoded(fewer), decoded(more));
    assert.notDeepEqual(decoded(more), decoded(next));
  });

  it('less, where this party asks for more rows than the job', async () => {
    const table = await tableOfIds([...times(100, (i) => `AB${i + 100}`), ...times(40, (i) => `x${i}`)]);
    const counts = decoded(await sent({ table, ownMinimum: 50 }));
    assert.deepEqual(counts?.formats, [{ signs: 'AA999', runs: 'exact', rows: 100 }]);
  });
});

function decoded(frames: Buffer): ColumnCounts | undefined {
  const body = frames.subarray(KEYS_BYTES + PART_HEADER_BYTES);
  return decodeProfiles({ kind: 'part', part: 7, index: 0, body }, 1, 1)[0];
}

/** A profile that nothing is wrong with. */
const honest: ColumnCounts = {
  rows: 100,
  traits: Object.fromEntries(TRAITS.map((trait) => [trait, 20])) as Record<KeyTrait, number>,
  lengths: Array.from({ length: LENGTH_MAX + 1 }, (_, length) => (length < 5 ? 20 : 0)),
  formats: [
    { signs: 'A 99', runs: 'exact', rows: 60 },
    { signs: 'a@a', runs: 'any', rows: 20 },
  ],
};

describe('a profile that a peer has made up', () => {
  const body = (counts: Partial<ColumnCounts>): Uint8Array => encodeProfiles([{ ...honest, ...counts }]).body;
  const decode = (bytes: Uint8Array, part = 7, columns = 1) =>
    decodeProfiles({ kind: 'part', part, index: 0, body: bytes }, columns, 20);
  const refused = (bytes: Uint8Array, says: RegExp, part?: number, columns?: number): void =>
    assert.throws(
      () => decode(bytes, part, columns),
      (error) =>
        error instanceof PrivityError && error.code === 'PRIVITY_PSI_PROTOCOL' && says.test(error.message),
    );

  it('is taken where it is well-formed', () => {
    assert.deepEqual(decode(body({})), [honest]);
    assert.deepEqual(toldCounts(honest, 20), honest);
  });

  it('is refused where it has another length, kind or number of columns', () => {
    refused(body({}).subarray(1), /a profile of 2827 bytes where 2828 were due/);
    refused(body({}), /another message than a profile/, 8);
    refused(body({}), /where 5656 were due/, 7, 2);
  });

  it('is refused where counts are not rounded, or more than the rows', () => {
    refused(body({ rows: 101 }), /not rounded/);
    refused(body({ traits: { ...honest.traits, digits: 19 } }), /not rounded/);
    refused(body({ traits: { ...honest.traits, digits: 120 } }), /more rows than there are/);
    refused(body({ lengths: honest.lengths.map((count) => count + 20) }), /more rows in all classes/);
    refused(
      body({ formats: honest.formats.map((format) => ({ ...format, rows: 60 })) }),
      /more rows in all classes/,
    );
  });

  it('is refused where a format is none: a text, signs alone, a run in one of any length, one twice, one of no row', () => {
    const of = (signs: string, runs: Runs = 'exact', rows = 20) => body({ formats: [{ signs, runs, rows }] });
    for (const signs of ['Anna', '8', '<b>', '9\n9', 'é', '', '-', '@@'])
      refused(of(signs), /a format that no text has/);
    refused(of('aa@a', 'any'), /a format that no text has/);
    for (const signs of ['a-x', '-', 'P']) refused(of(signs, 'mixed'), /a format that no text has/);
    refused(of('a', 'exact', 0), /a format that no text has/);
    const [first] = honest.formats;
    refused(body({ formats: first ? [first, { ...first, rows: 20 }] : [] }), /a format twice/);
  });

  it('is refused where something hides in what is not used', () => {
    const bytes = body({});
    for (const at of [COLUMN_BYTES - 1, COLUMN_BYTES - 65, COLUMN_BYTES - 66]) {
      const hidden = new Uint8Array(bytes);
      hidden[at] = 1;
      refused(hidden, /behind a format|no format|no text has/);
    }
    const gap = body({ formats: [{ signs: '', runs: 'exact', rows: 0 }, ...honest.formats] });
    gap[COLUMN_BYTES - 36 * 70 + 4] = 0;
    refused(gap, /a format that no text has/);
  });

  it('ends the run at the party that gets it, and so does another wish', async () => {
    const table = await tableOfIds(times(40, (i) => `A${i + 10}`));
    const forged = await profiled(
      { table },
      { table },
      {
        tap(from, _, bytes) {
          if (from === 0 || bytes.length === KEYS_BYTES) return bytes;
          return Buffer.concat([bytes.subarray(0, PART_HEADER_BYTES), body({ rows: 19 })]);
        },
      },
    );
    const [atAlice] = forged.results;
    assert.ok(atAlice instanceof PrivityError && atAlice.code === 'PRIVITY_PSI_PROTOCOL');
    for (const plan of [{ minimumCount: 30 }, { normalise: [['trim'] as const] }, plainProfile(['key'])]) {
      const named = await tableOf({ key: times(40, (i) => `A${i + 10}`) });
      const { results, frames } = await profiled({ table }, { table: 'on' in plan ? named : table, plan });
      assert.ok(
        results.some((error) => error instanceof PrivityError && error.code === 'PRIVITY_PSI_MISMATCH'),
      );
      for (const list of frames) assert.ok(list.length <= 1, 'nothing was told before both wanted the same');
    }
  });

  it('and a digest of another run', async () => {
    const table = await tableOfIds(['x']);
    const { results } = await profiled(
      { table },
      { table },
      {
        tap(_, __, bytes) {
          const digest = bytes.subarray(PART_HEADER_BYTES, PART_HEADER_BYTES + DIGEST_BYTES);
          if (bytes.length !== KEYS_BYTES) return bytes;
          return Buffer.concat([
            bytes.subarray(0, PART_HEADER_BYTES),
            digest.map((byte) => byte ^ 1),
            bytes.subarray(PART_HEADER_BYTES + DIGEST_BYTES),
          ]);
        },
      },
    );
    assert.ok(
      results.some((error) => error instanceof PrivityError && error.code === 'PRIVITY_PSI_MISMATCH'),
    );
  });
});
