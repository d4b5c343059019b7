import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { PARTIES_MAX } from '../../coordination/limits.ts';
import { isJob, job, RESERVED_PARTY_NAMES } from './job.ts';
import { parseArgs, parseSettings } from './schema.ts';
import type { Schema } from './schema-types.ts';

// biome-ignore lint/suspicious/noExplicitAny: a job in plain JavaScript, which nothing keeps from these calls
const js = job as any;

describe('job', () => {
  it('is inert, frozen and recognisable', () => {
    const made = job({ parties: ['alice', 'north-clinic-2'] }, () => 1);
    assert.ok(isJob(made) && Object.isFrozen(made) && Object.isFrozen(made.parties));
    for (const other of [null, 1, {}, { parties: ['a'] }, () => 1]) assert.ok(!isJob(other));
  });

  const wrong: readonly [string, () => unknown][] = [
    ['no options', () => js()],
    ['no function', () => js({ parties: ['alice'] })],
    ['no parties', () => js({ parties: [] }, () => 1)],
    ['parties that are no list', () => js({ parties: 'alice' }, () => 1)],
    [
      'too many parties',
      () => js({ parties: Array.from({ length: PARTIES_MAX + 1 }, (_, i) => `p${i}`) }, () => 1),
    ],
    ['a party twice', () => js({ parties: ['alice', 'alice'] }, () => 1)],
    ['an unknown option', () => js({ parties: ['alice'], timeout: 1 }, () => 1)],
    ['a deadline that is none', () => js({ parties: ['alice'], stepDeadlineMs: 0 }, () => 1)],
    ['a deadline in words', () => js({ parties: ['alice'], stepDeadlineMs: '5s' }, () => 1)],
    ['a deadline beyond all timers', () => js({ parties: ['alice'], stepDeadlineMs: 2 ** 31 }, () => 1)],
    ['settings of a stranger', () => js({ parties: ['alice'], settings: { bob: [] } }, () => 1)],
    ['settings that are no schema', () => js({ parties: ['alice'], settings: { alice: { x: 1 } } }, () => 1)],
    ['args that are no schema', () => js({ parties: ['alice'], args: { x: 1 } }, () => 1)],
    ...['Alice', '', '1st', 'a_b', 'a b', '-a', 'a'.repeat(32), '__proto__', 5, ...RESERVED_PARTY_NAMES].map(
      (name): [string, () => unknown] => [`a party called ${name}`, () => js({ parties: [name] }, () => 1)],
    ),
  ];
  for (const [what, make] of wrong) {
    it(`refuses ${what}`, () => assert.throws(make, { name: 'UsageError', code: 'PRIVITY_JOB_INVALID' }));
  }
});

describe('public arguments', () => {
  const schema = z.object({ limit: z.coerce.number().max(10), name: z.string().default('x') });

  it('are parsed by the schema and frozen', async () => {
    const args = await parseArgs(schema, { limit: '5' });
    assert.deepEqual({ ...args }, { limit: 5, name: 'x' });
    assert.ok(Object.isFrozen(args));
    assert.deepEqual({ ...(await parseArgs(undefined, {})) }, {});
  });

  it('are refused when they do not fit, are missing or unknown', async () => {
    const refused = async (given: Record<string, unknown>, words: RegExp, by: Schema | undefined = schema) =>
      assert.rejects(parseArgs(by, given), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'PRIVITY_ARGS_INVALID');
        assert.match(error.message, words);
        return true;
      });
    await refused({ limit: '50' }, /: limit: expected at most 10\. Pass/);
    await refused({}, /: limit is missing\. Pass/);
    await refused({ limit: 1, limt: 2 }, /: limt is unknown; did you mean "limit"\? Pass them/);
    await assert.rejects(parseArgs(undefined, { limit: 1 }), { code: 'PRIVITY_ARGS_INVALID' });
    await refused(
      { x: 1 },
      /not describe a record/,
      z.any().transform(() => 5),
    );
  });
});

describe('what a schema finds', () => {
  const entry: Record<string, readonly [z.ZodType, string | undefined, string]> = {
    text: [z.string(), undefined, 'text is missing'],
    number: [z.coerce.number(), undefined, 'number is missing'],
    choice: [z.enum(['x', 'y']), undefined, 'choice is missing'],
    either: [z.union([z.number(), z.boolean()]), undefined, 'either is missing'],
    ten: [z.coerce.number(), 'ten', 'ten: "ten" is not a number'],
    whole: [z.coerce.number().int(), '1.5', 'whole: "1.5" is not a whole number'],
    unconverted: [
      z.number(),
      '5',
      `unconverted: "5" is text, of which the job's schema does not make a number (z.coerce would)`,
    ],
    sure: [z.boolean(), 'yes', 'sure: "yes" is not true or false'],
    day: [z.coerce.date(), 'someday', 'day: "someday" is not a date'],
    mode: [z.enum(['x', 'y']), 'z', 'mode: "z" is not one of x, y'],
    both: [z.union([z.number(), z.boolean()]), 'q', 'both: "q" is not a number or true or false'],
    few: [z.coerce.number().positive(), '0', 'few: expected more than 0'],
    short: [z.string().min(3), 'a', 'short: expected at least 3 characters'],
    own: [z.string().refine(() => false, 'what its author says'), 'a', 'own: what its author says'],
    long: [z.coerce.number(), 'n'.repeat(100), `long: "${'n'.repeat(40)}…" is not a number`],
  };
  for (const [name, [schema, value, text]] of Object.entries(entry))
    it(`is told in words for people: ${text.slice(0, 60)}`, async () => {
      const given = value === undefined ? {} : { [name]: value };
      const all = z.object({ [name]: schema });
      await assert.rejects(parseArgs(all, given), (error: Error) => {
        assert.equal(
          error.message,
          `The public arguments do not fit the job: ${text}. Pass them with --arg name=value.`,
        );
        return true;
      });
      // Of a private setting the value is not told.
      await assert.rejects(parseSettings('alice', all, given), (error: Error & { code?: string }) => {
        assert.equal(
          error.code,
          value === undefined ? 'PRIVITY_SETTING_MISSING' : 'PRIVITY_SETTINGS_INVALID',
        );
        assert.ok(
          error.message.includes(`: ${text.replace(/: ".*?"/, '')}. Set them with --setting alice.`),
          error.message,
        );
        return true;
      });
    });

  it('is told key by key where the schema allows no others', async () => {
    const strict = z.strictObject({ table: z.string(), inner: z.strictObject({}).optional() });
    const given = { table: 'x', elsewhere: 'y', inner: { deep: 1 } };
    await assert.rejects(parseArgs(strict, given), /elsewhere is unknown; known: table, inner/);
    await assert.rejects(parseArgs(strict, given), /inner\.deep is unknown/);
  });
});

describe('private settings', () => {
  const rejects = (promise: Promise<unknown>, code: string, words: RegExp) =>
    assert.rejects(promise, (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });

  it('can be declared by their names, as strings', async () => {
    const settings = await parseSettings('alice', ['table', 'n'], { table: 'x.csv', n: 5 });
    assert.deepEqual([settings.table, settings.n], ['x.csv', '5']);
    await rejects(
      parseSettings('alice', ['table'], {}),
      'PRIVITY_SETTING_MISSING',
      /Set it with --setting alice\.table=VALUE, a file with --inputs alice\.table=FILE, or under/,
    );
    await rejects(
      parseSettings('alice', ['a'], { a: 'canary', b: 'canary' }),
      'PRIVITY_SETTINGS_INVALID',
      /b is unknown/,
    );
    await rejects(
      parseSettings('alice', ['a'], { a: { canary: 1 } }),
      'PRIVITY_SETTINGS_INVALID',
      /a is not a simple/,
    );
  });

  it('can be declared by a schema', async () => {
    const schema = z.object({ file: z.string(), tries: z.number().optional() });
    const settings = await parseSettings('alice', schema, { file: 'x' });
    assert.deepEqual([settings.file, settings.tries], ['x', undefined]);
    assert.throws(() => settings.fiel, { code: 'PRIVITY_SETTING_MISSING' });
    await rejects(
      parseSettings('alice', schema, { file: 5 }),
      'PRIVITY_SETTINGS_INVALID',
      /: file is not text\./,
    );
    await rejects(
      parseSettings('alice', schema, { file: 'canary', x: 1 }),
      'PRIVITY_SETTINGS_INVALID',
      /x is unknown/,
    );
  });

  it('that are mistyped are told with the name that was meant', async () => {
    const meant = /: tabel is unknown; did you mean "table"\? Set them/;
    const given = { tabel: 'canary' };
    const one = { table: z.string() };
    const other: Schema = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: () => ({ issues: [{ message: 'missing', path: ['table'] }] }),
      },
    };
    for (const declared of [['table'], z.object(one), z.strictObject(one), z.looseObject(one), other])
      await rejects(parseSettings('alice', declared, given), 'PRIVITY_SETTINGS_INVALID', meant);
    const optional = z.object({ table: z.string().optional() });
    await rejects(parseSettings('alice', optional, given), 'PRIVITY_SETTINGS_INVALID', meant);
    // What else is wrong is told, too.
    const two = z.object({ table: z.string(), limit: z.number() });
    await rejects(
      parseSettings('alice', two, given),
      'PRIVITY_SETTINGS_INVALID',
      /tabel is unknown; did you mean "table"\? limit is missing\./,
    );
    await rejects(
      parseSettings('alice', z.object(one), { file: 'canary' }),
      'PRIVITY_SETTING_MISSING',
      /table is missing/,
    );
    const undeclared = await parseSettings('alice', undefined, given);
    assert.throws(() => undeclared.table, /alice has no setting "table", but one "tabel"\. Set it/);
  });

  it('are never quoted by schemas that would', async () => {
    const quoting: Schema = {
      '~standard': {
        version: 1,
        vendor: 'other',
        validate: (value) => ({
          issues: [{ message: `got ${JSON.stringify(value)}`, path: [{ key: 'file' }] }],
        }),
      },
    };
    await rejects(
      parseSettings('alice', quoting, { file: 'canary' }),
      'PRIVITY_SETTINGS_INVALID',
      /file is not as declared/,
    );
  });

  it('without a declaration are strings that complain when they are missing', async () => {
    const settings = await parseSettings('alice', undefined, { table: 'x.csv' });
    assert.equal(settings.table, 'x.csv');
    assert.throws(() => settings.tabel, { code: 'PRIVITY_SETTING_MISSING' });
    assert.equal(await Promise.resolve(settings), settings);
    assert.equal(JSON.stringify(settings), '{"table":"x.csv"}');
  });
});
