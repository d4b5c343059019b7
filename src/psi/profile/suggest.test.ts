import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ruleProblem } from '../joins/normalise.ts';
import type { KeyClass } from '../key-types.ts';
import { type ColumnProfile, type FormatCount, type KeyTrait, LENGTH_MAX, TRAITS } from './profile.ts';
import { suggest } from './suggest.ts';

interface Seen {
  readonly formats?: Readonly<Record<string, number>>;
  readonly any?: Readonly<Record<string, number>>;
  readonly traits?: { readonly [K in KeyTrait]?: number };
  readonly type?: KeyClass;
}

const ROWS = 1_000;
const counts = (given: Readonly<Record<string, number>>, runs: FormatCount['runs']): FormatCount[] =>
  Object.entries(given).map(([signs, rows]) => ({ signs, runs, rows }));

function profile({ formats = {}, any = {}, traits = {}, type = 'text' }: Seen): ColumnProfile {
  const all = TRAITS.map((trait) => [trait, traits[trait] ?? 0] as const);
  return {
    type: { class: type, fromText: false },
    rows: ROWS,
    traits: Object.fromEntries(all) as Record<KeyTrait, number>,
    lengths: new Array(LENGTH_MAX + 1).fill(0),
    formats: [...counts(formats, 'exact'), ...counts(any, 'any')],
  };
}

const rules = (a: Seen, b: Seen) => suggest(profile(a), profile(b)).map(({ rule }) => rule);
const words = (a: Seen, b: Seen) => suggest(profile(a), profile(b)).map(({ why }) => why);

describe('what two profiles suggest', () => {
  const cases: readonly (readonly [string, Seen, Seen, readonly unknown[]])[] = [
    ['nothing, where both are alike', { formats: { AA99: ROWS } }, { formats: { AA99: ROWS } }, []],
    [
      'trim, for space around',
      { formats: { ' 999': ROWS }, traits: { spaceAround: ROWS } },
      { formats: { '999': ROWS } },
      ['trim'],
    ],
    ['nfkc, for compatible characters', { traits: { compatible: 40, notNfc: 40 } }, {}, ['nfkc']],
    ['nfc, for accents apart', { traits: { notNfc: 40 } }, {}, ['nfc']],
    [
      'lower, for capital letters at one side',
      { formats: { AA99: ROWS }, traits: { upperCase: ROWS } },
      { formats: { aa99: ROWS }, traits: { lowerCase: ROWS } },
      ['lower'],
    ],
    [
      'lower, for both ways at both sides',
      { formats: { A9: 500, a9: 500 }, traits: { upperCase: 500, lowerCase: 500 } },
      { formats: { A9: 500, a9: 500 }, traits: { upperCase: 500, lowerCase: 500 } },
      ['lower'],
    ],
    [
      'no case, for names with a capital letter at both sides',
      { any: { Aa: ROWS }, traits: { upperCase: ROWS, lowerCase: ROWS } },
      { any: { Aa: ROWS }, traits: { upperCase: ROWS, lowerCase: ROWS } },
      [],
    ],
    [
      'zeros to the length to which one side fills up',
      { formats: { '99999999': ROWS }, traits: { leadingZeros: 900 } },
      { formats: { '9999999': 800, '999999': 200 } },
      [{ zeros: 8 }],
    ],
    [
      'the same for a number at the other side, which becomes text by it',
      { formats: { '99999999': ROWS }, traits: { leadingZeros: 900 } },
      { formats: { '9999999': ROWS }, type: 'whole number' },
      [{ zeros: 8 }],
    ],
    [
      'zeros to the longer of two lengths',
      { formats: { '99999999': ROWS }, traits: { leadingZeros: 900 } },
      { formats: { '9999999999': ROWS }, traits: { leadingZeros: ROWS } },
      [{ zeros: 10 }],
    ],
    [
      'zeros stripped where nobody fills up to a length',
      { formats: { '99999': 500, '999': 500 }, traits: { leadingZeros: 300 } },
      { formats: { '99': 500, '999': 500 } },
      ['strip'].map((zeros) => ({ zeros })),
    ],
    [
      'zeros stripped where the other side has longer numbers',
      { formats: { '99999': ROWS }, traits: { leadingZeros: 300 } },
      { formats: { '999999': ROWS } },
      [{ zeros: 'strip' }],
    ],
    [
      'no zeros, where both fill up alike',
      { formats: { '99999': ROWS }, traits: { leadingZeros: 300 } },
      { formats: { '99999': ROWS }, traits: { leadingZeros: 290 } },
      [],
    ],
    [
      'the date format of the side that is no DATE',
      { formats: { '99.99.9999': ROWS } },
      { formats: { '9999-99-99': ROWS }, type: 'date' },
      [{ date: 'DD.MM.YYYY' }],
    ],
    [
      'short days and months',
      { formats: { '9.9.9999': 100, '99.9.9999': 400, '99.99.9999': 400 } },
      { formats: { '9999-99-99': ROWS } },
      [{ date: 'D.M.YYYY' }],
    ],
    [
      'both ways to read a date that does not tell',
      { formats: { '99/99/9999': ROWS } },
      { formats: { '9999-99-99': ROWS } },
      [{ date: 'DD/MM/YYYY' }, { date: 'MM/DD/YYYY' }],
    ],
    [
      'another date format that begins with the year',
      { formats: { '9999/99/99': ROWS } },
      { formats: { '9999-99-99': ROWS } },
      [{ date: 'YYYY/MM/DD' }],
    ],
    [
      'no date, where both are written alike',
      { formats: { '99/99/9999': ROWS } },
      { formats: { '99/99/9999': ROWS } },
      [],
    ],
  ];
  for (const [what, a, b, expected] of cases)
    it(what, () => {
      assert.deepEqual(rules(a, b), expected);
    });

  it('words alone, where no rule does it', () => {
    const phones = { '+99 999 9999999': 600, '9999/9999999': 400 };
    assert.match(
      words({ formats: phones }, { formats: { '+999999999999': ROWS } })[0] ?? '',
      /^phone numbers in several forms/,
    );
    assert.deepEqual(rules({ formats: phones }, { formats: { '+999999999999': ROWS } }), [undefined]);
    assert.match(
      words({ formats: { '999-999': ROWS } }, { formats: { '999999': ROWS } })[0] ?? '',
      /signs between letters and digits/,
    );
    assert.match(
      words({ formats: { AA99: ROWS } }, { formats: { '999': ROWS } })[0] ?? '',
      /different kinds of key/,
    );
    assert.match(
      words({ formats: { '99.99.9999': ROWS } }, { formats: { '99/99/9999': ROWS } })[0] ?? '',
      /make a DATE of one/,
    );
    assert.match(
      words({ formats: { '99.99.9999': ROWS } }, { formats: { '9999-99-99': ROWS } })[0] ?? '',
      /first read YYYY-MM-DD/,
    );
  });

  it('nothing but types to a side that has told nothing', () => {
    const none = { ...profile({ type: 'date' }), rows: 0 };
    const full = profile({ formats: { ' 9': ROWS }, traits: { spaceAround: ROWS } });
    assert.deepEqual(
      suggest(none, full).map(({ rule }) => rule),
      [undefined],
    );
    assert.deepEqual(suggest({ ...none, type: full.type }, full), []);
  });

  const counted = fc.integer({ min: 0, max: ROWS });
  const seen = fc.record({
    formats: fc.dictionary(
      fc.constantFrom(
        '99',
        '99999999',
        '99.99.9999',
        '9999-99-99',
        'AA9',
        'aa9',
        '+999 9999999',
        '999/9999999',
        ' 9 ',
      ),
      counted,
    ),
    any: fc.dictionary(fc.constantFrom('Aa', 'a@a', 'U'), counted),
    traits: fc.record(Object.fromEntries(TRAITS.map((trait) => [trait, counted])), { requiredKeys: [] }),
    type: fc.constantFrom<KeyClass>('text', 'whole number', 'date'),
  });
  it('the same at both parties, and rules that a job can declare', () => {
    fc.assert(
      fc.property(seen, seen, (a, b) => {
        const advice = suggest(profile(a), profile(b));
        assert.deepEqual(suggest(profile(b), profile(a)), advice);
        for (const { rule } of advice)
          assert.equal(rule === undefined ? undefined : ruleProblem(rule), undefined);
      }),
    );
  });
});
