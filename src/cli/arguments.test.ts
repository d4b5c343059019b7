import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../base/errors.ts';
import { RECORD_BOUND_MAX } from '../config/record-bounds.ts';
import {
  parseAge,
  parseArgs,
  parseBounds,
  parseDays,
  parseDuration,
  parseMemory,
  parsePrivateSettings,
  parseRunId,
} from './arguments.ts';

const usage =
  (message: RegExp, code = 'PRIVITY_COMMAND_LINE') =>
  (error: unknown) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };

describe('--arg', () => {
  it('splits at the first = and keeps the rest', () => {
    assert.deepEqual(parseArgs(['a=1', 'b=x=y', 'c=']), { a: '1', b: 'x=y', c: '' });
  });

  it('law: any key without = and any value come back', () => {
    const key = fc.string({ minLength: 1 }).filter((text) => !text.includes('='));
    fc.assert(
      fc.property(key, fc.string(), (name, value) => {
        assert.equal(parseArgs([`${name}=${value}`])[name], value);
      }),
    );
  });

  it('refuses a missing = and a key given twice, without quoting a value', () => {
    assert.throws(() => parseArgs(['secret']), usage(/^--arg: expected KEY=VALUE/));
    assert.throws(() => parseArgs(['=secret']), usage(/^(?!.*secret)/));
    assert.throws(() => parseArgs(['k=secret', 'k=secret']), usage(/^--arg: k is given twice$/));
  });

  it('takes __proto__ for a name like any other', () => {
    const args = parseArgs(['__proto__=x']);
    assert.equal(Object.getPrototypeOf(args), Object.prototype);
    assert.deepEqual(Object.keys(args), ['__proto__']);
  });
});

describe('--inputs and --setting', () => {
  const parties = ['alice', 'bob'];

  it('sorts settings by party and makes files absolute', () => {
    const given = {
      inputs: ['alice.table=data/a.csv', 'bob.table=/b.csv'],
      settings: ['bob.limit=5', 'bob.a.b=c'],
    };
    assert.deepEqual(parsePrivateSettings(given, parties, '/here'), {
      alice: { table: '/here/data/a.csv' },
      bob: { table: '/b.csv', limit: '5', 'a.b': 'c' },
    });
  });

  it('takes a key without a party for the one party that runs here', () => {
    const given = { inputs: ['table=a.csv'], settings: [] };
    assert.deepEqual(parsePrivateSettings(given, parties, '/here', 'alice').alice, { table: '/here/a.csv' });
    assert.throws(() => parsePrivateSettings(given, parties, '/here'), usage(/expected PARTY\.KEY/));
  });

  it("refuses another party's settings, unknown parties, empty files and repetitions", () => {
    const one = (text: string) => ({ inputs: [text], settings: [] });
    assert.throws(
      () => parsePrivateSettings(one('bob.table=secret'), parties, '/', 'alice'),
      usage(/^(?!.*secret).*belong|given where bob runs/),
    );
    assert.throws(
      () => parsePrivateSettings(one('alcie.table=f'), parties, '/'),
      usage(/did you mean "alice"\?/, 'PRIVITY_CONFIG_PARTY_UNKNOWN'),
    );
    assert.throws(() => parsePrivateSettings(one('alice.table='), parties, '/'), usage(/expected a file/));
    assert.throws(
      () => parsePrivateSettings({ inputs: ['alice.t=f'], settings: ['alice.t=g'] }, parties, '/'),
      usage(/given twice/),
    );
  });
});

describe('--bound and durations', () => {
  it('reads units', () => {
    assert.deepEqual(parseBounds(['joinTimeoutMs=2m', 'graceMs=500', 'lostAfterMs=1.5s']), {
      joinTimeoutMs: 120_000,
      graceMs: 500,
      lostAfterMs: 1_500,
    });
    assert.equal(parseDuration('--wait', '1h'), 3_600_000);
    assert.equal(parseDuration('--wait', '7d'), 604_800_000);
  });

  it('refuses unknown bounds and durations that are none', () => {
    assert.throws(() => parseBounds(['joinTimeout=1s']), usage(/did you mean "joinTimeoutMs"\?/));
    for (const text of ['', '0', '-1s', '8d', '1w', '1e3', '9999999h', 'NaN', ' 1s']) {
      assert.throws(() => parseBounds([`graceMs=${text}`]), usage(/expected a duration.* to 7d/), text);
    }
  });

  it('of ages reach as far back as records may be kept', () => {
    assert.equal(parseAge('--older-than', '14d'), 14 * 86_400_000);
    assert.equal(parseAge('--older-than', '720h'), 30 * 86_400_000);
    assert.equal(parseAge('--older-than', `${RECORD_BOUND_MAX.days}d`), RECORD_BOUND_MAX.days * 86_400_000);
    for (const text of ['3651d', '0d', '2 weeks'])
      assert.throws(() => parseAge('--older-than', text), usage(/--older-than: .* to 3650d/), text);
  });
});

describe('--run-id and --days', () => {
  it('takes what may name a folder', () => {
    assert.equal(parseRunId('run_7-a'), 'run_7-a');
    for (const text of ['', '../x', '-x', 'a b', 'x'.repeat(65)])
      assert.throws(() => parseRunId(text), usage(/--run-id/), text);
  });

  it('takes whole days in range', () => {
    assert.equal(parseDays('30'), 30);
    for (const text of ['0', '1.5', '3651', 'x', ''])
      assert.throws(() => parseDays(text), usage(/--days/), text);
  });
});

describe('--memory-max', () => {
  it('takes a size with its unit, and nothing else', () => {
    assert.equal(parseMemory('512MiB'), 512 * 1024 ** 2);
    assert.equal(parseMemory('1.5GiB'), 1536 * 1024 ** 2);
    assert.equal(parseMemory('1TiB'), 1024 ** 4);
    const wrongs = [
      '',
      '2',
      '2G',
      '2GB',
      '2gib',
      '2 GiB',
      '-2GiB',
      '1e3MiB',
      '100MiB',
      '65TiB',
      '2GiB ',
      '0x2GiB',
    ];
    for (const text of wrongs)
      assert.throws(() => parseMemory(text), usage(/--memory-max: expected a size such as 512MiB/), text);
  });
});
