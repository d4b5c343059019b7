import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formOf, plainForm } from '../../wire/value-form.ts';
import { compareContracts, mergeByHand } from './compare.ts';
import { contractDigest, readContract } from './contract.ts';
import { ContractUse, type Judged } from './contract-use.ts';
import { contractSentences } from './sentences.ts';

const parties = ['alice', 'bob', 'carol'];
const rows = { name: 'rows(alice.loans)', kind: 'rows', of: 'alice.loans' };
const shared = { name: 'shared', kind: 'shared', of: 'psi on id' };
const toBob = { step: 'mean', kind: 'reveal', from: 'alice', to: ['bob'] };
const base = {
  version: 1,
  parties,
  steps: ['mean', 'psi on id', 'list', 'all'],
  discloses: [
    { ...toBob, what: '{ mean: number }', times: 2 },
    {
      step: 'psi on id',
      kind: 'psi',
      from: 'alice',
      to: ['bob'],
      what: 'intersection [rows(alice.loans)]',
      times: 1,
    },
    {
      step: 'list',
      kind: 'transfer',
      from: 'alice',
      to: ['bob'],
      what: 'list of text up to 4 bytes [shared]',
      times: 'any',
    },
    {
      step: 'all',
      kind: 'transfer',
      from: 'alice',
      to: ['bob', 'carol'],
      what: 'float64 array [rows(alice.loans)]',
      times: 'at most shared',
    },
    {
      step: 'AUC',
      kind: 'secure',
      from: 'alice',
      to: ['bob'],
      what: 'opened fixed tensor, with traces of dropped bits []',
      times: 1,
    },
  ],
  errors: [{ step: 'mean', from: 'alice', text: 'too few', details: { needed: 'number' } }],
  symbols: [rows, shared],
};
const change = (path: string, value: unknown): unknown => {
  const copy = structuredClone(base) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const at = keys.reduce<Record<string, unknown>>((one, key) => one[key] as Record<string, unknown>, copy);
  at[last] = value;
  return copy;
};

describe('a contract as it is read', () => {
  it('is what was written', () => assert.deepEqual(readContract(base), base));

  const wrong: readonly (readonly [string, string, unknown, RegExp])[] = [
    ['another version', 'version', 2, /version: expected 1/],
    ['a key that there is not', 'hash', 'x', /there is no key hash/],
    ['a kind that there is not', 'discloses.0.kind', 'mail', /discloses\.0\.kind: expected one of task, /],
    ['a party of nobody', 'discloses.0.to', ['dave'], /discloses\.0: dave is no party/],
    ['a party that tells itself', 'discloses.0.to', ['alice'], /to itself/],
    ['a step that is not listed', 'steps', ['mean'], /discloses\.1\.step: its step is not among the steps/],
    [
      'a size that is nothing',
      'discloses.0.what',
      'list of number [several]',
      /the size "several" is no number and no symbol/,
    ],
    [
      'a text as long as a symbol',
      'discloses.0.what',
      'text up to shared bytes',
      /the size "shared" is no number/,
    ],
    [
      'a number of times that is nothing',
      'discloses.0.times',
      'often',
      /expected a number, "at most" a number/,
    ],
    ['no times at all', 'discloses.0.times', 0, /discloses\.0\.times/],
    ['a symbol twice', 'symbols', [rows, rows], /a symbol is named twice/],
    ['a detail with a long name', 'errors.0.details', { 'a b': 'number' }, /short names/],
  ];
  for (const [what, path, value, message] of wrong)
    it(`is none with ${what}`, () =>
      assert.throws(() => readContract(change(path, value)), { code: 'PRIVITY_CONTRACT_INVALID', message }));

  it('has a digest of what it says, not of how it is written', () => {
    const turned = Object.fromEntries(Object.entries(base).reverse());
    assert.equal(contractDigest(readContract(turned)), contractDigest(readContract(base)));
    assert.notEqual(
      contractDigest(readContract(change('discloses.0.times', 3))),
      contractDigest(readContract(base)),
    );
  });
});

describe('a contract as it is used up', () => {
  const use = () => new ContractUse(readContract(base));
  const leaving = (step: string, kind: 'reveal' | 'transfer' | 'psi' | 'secure', to = ['bob']) =>
    ({ step, kind, from: 'alice', to }) as const;
  const deniedOf = (judged: Judged): string => ('denied' in judged ? judged.denied : '');

  it('lets what it lists, as often as it says', () => {
    const one = use();
    for (const _ of [1, 2]) assert.ok('claim' in one.take(leaving('mean', 'reveal'), formOf({ mean: 1 })));
    assert.match(
      deniedOf(one.take(leaving('mean', 'reveal'), formOf({ mean: 1 }))),
      /more often than entry 1 allows \(2\)/,
    );
  });

  const refused: readonly (readonly [string, Parameters<ContractUse['take']>, RegExp])[] = [
    [
      'another receiver',
      [leaving('mean', 'reveal', ['bob', 'carol']), formOf({ mean: 1 })],
      /entry 1 lets bob learn it, and nobody else/,
    ],
    [
      'another sender',
      [{ ...leaving('mean', 'reveal'), from: 'carol' }, formOf({ mean: 1 })],
      /has no entry for it/,
    ],
    ['another kind of step', [leaving('mean', 'transfer'), formOf({ mean: 1 })], /has no entry for it/],
    [
      'a second value',
      [leaving('mean', 'reveal'), formOf({ mean: 1, max: 2 })],
      /another form than entry 1 \(\{ mean: number \}\)/,
    ],
    ['a key made of data', [leaving('mean', 'reveal'), formOf({ secret: 1 })], /another form/],
    [
      'a longer text',
      [leaving('list', 'transfer'), formOf(['ab', 'abcde'])],
      /a text is longer than 4 bytes in entry 3/,
    ],
  ];
  for (const [what, call, message] of refused)
    it(`refuses ${what}, in words that all may read`, () => {
      const text = deniedOf(use().take(...call));
      assert.match(text, message);
      assert.doesNotMatch(text, /secret|max/);
    });

  it('says nothing of a name that it does not list', () => {
    assert.equal(
      use().stepDenied('task', 'canary'),
      'a step of kind task has a name that the contract does not list',
    );
    assert.doesNotMatch(use().denied(leaving('canary', 'reveal')) ?? '', /canary/);
    assert.equal(use().stepDenied('exchange', 'rep3: 3 operations'), undefined);
  });

  it('takes a symbol for the same number everywhere', () => {
    const one = use();
    assert.ok('claim' in one.take(leaving('psi on id', 'psi'), plainForm('intersection', [7])));
    assert.equal(one.shared('psi on id', 2), undefined);
    for (const length of [1, 3])
      assert.match(
        deniedOf(one.take(leaving('list', 'transfer'), formOf(new Array(length).fill('a')))),
        /a size is not the "shared" of before in entry 3/,
      );
    assert.ok('claim' in one.take(leaving('list', 'transfer'), formOf(['a', 'b'])));
    const all = () => one.take(leaving('all', 'transfer', ['bob', 'carol']), formOf(new Float64Array(7)));
    assert.match(
      deniedOf(one.take(leaving('all', 'transfer'), formOf(new Float64Array(6)))),
      /not the "rows\(alice\.loans\)" of before/,
    );
    assert.ok('claim' in all() && 'claim' in all());
    assert.match(deniedOf(all()), /more often/, 'as often as rows are shared');
    assert.match(one.shared('psi on id', 5) ?? '', /is not what it was before/);
  });

  it('fixes nothing by what it refuses', () => {
    const one = use();
    const mixed = formOf([['a'], ['b', 'c']]);
    assert.ok('denied' in one.take(leaving('list', 'transfer'), mixed));
    assert.ok(
      'denied' in one.take(leaving('all', 'transfer'), plainForm('float64 array', [5])),
      'shared is not known yet',
    );
    assert.ok('claim' in one.take(leaving('psi on id', 'psi'), plainForm('intersection', [7])));
  });

  it('lets traces of dropped bits go where it says so', () => {
    const traced = use();
    const judged = traced.take(leaving('AUC', 'secure'), plainForm('opened fixed tensor', []));
    assert.ok('claim' in judged);
    assert.equal(
      traced.more(leaving('AUC', 'secure'), judged.claim, 'opened fixed tensor, with traces of dropped bits'),
      undefined,
    );
    const bare = new ContractUse(readContract(change('discloses.4.what', 'opened fixed tensor []')));
    const claimed = bare.take(leaving('AUC', 'secure'), plainForm('opened fixed tensor', []));
    assert.ok('claim' in claimed);
    assert.match(
      bare.more(
        leaving('AUC', 'secure'),
        claimed.claim,
        'opened fixed tensor, with traces of dropped bits',
      ) ?? '',
      /traces/,
    );
  });

  it('lets texts go that it lists, with details of the kinds that it lists', () => {
    const lets = (text: string, details?: Record<string, number | string>): boolean =>
      use().lets({ step: 'mean', from: 'alice', text, details });
    assert.ok(lets('too few'));
    assert.ok(lets('too few', { needed: 7 }));
    assert.ok(!lets('too few', { needed: 'seven' }));
    assert.ok(!lets('too few', { other: 7 }));
    assert.ok(!lets('too few: 3'));
  });
});

describe('contracts side by side', () => {
  const before = readContract(base);
  const more: readonly (readonly [string, string, unknown, RegExp])[] = [
    [
      'another receiver',
      'discloses.0.to',
      ['bob', 'carol'],
      /bob and carol will learn from alice, in step "mean": .*, and carol did not/,
    ],
    ['more often', 'discloses.0.times', 3, /more often than 2/],
    ['any number of times', 'discloses.1.times', 'any', /any number of times, more often than 1/],
    [
      'another form',
      'discloses.0.what',
      '{ mean: number, max: number }',
      /mean and max \(2 values\), 2 times, where it was: \{ mean: number \}/,
    ],
    [
      'another size',
      'discloses.3.what',
      'float64 array [shared]',
      /where it was: float64 array \[rows\(alice\.loans\)\]/,
    ],
    ['a longer text', 'discloses.2.what', 'list of text up to 8 bytes [shared]', /at most 8 bytes/],
    [
      'a text of a failure',
      'errors.0.text',
      'only few',
      /if step "mean" fails at alice, all may read "only few"/,
    ],
    ['a step', 'steps', [...base.steps, 'new'], /there is a step "new", whose name all learn/],
  ];
  for (const [what, path, value, message] of more)
    it(`tell of ${what}`, () => {
      const { more: found } = compareContracts(before, readContract(change(path, value)));
      assert.equal(found.length, 1);
      assert.match(found[0]?.text ?? '', message);
    });

  it('tell of what is no longer disclosed', () => {
    const { more: found, less } = compareContracts(
      before,
      readContract(change('discloses', base.discloses.slice(1))),
    );
    assert.deepEqual([found.length, less.length], [0, 1]);
    assert.match(less[0]?.text ?? '', /bob will learn from alice, in step "mean"/);
  });

  it('are equal where symbols have other names, and where less of a text is enough', () => {
    const renamed = JSON.parse(
      JSON.stringify(base)
        .replaceAll('"name":"shared"', '"name":"both"')
        .replaceAll('[shared]', '[both]')
        .replaceAll('at most shared', 'at most both'),
    );
    assert.deepEqual(compareContracts(before, readContract(renamed)), { more: [], less: [] });
    const shorter = readContract(change('discloses.2.what', 'list of text up to 2 bytes [shared]'));
    assert.deepEqual(compareContracts(before, shorter).more, []);
  });

  it('are joined, so that entries by hand stay', () => {
    const made = readContract(change('discloses', base.discloses.slice(0, 2)));
    const joined = mergeByHand(made, before);
    assert.deepEqual(
      joined.discloses.map(({ step }) => step),
      base.discloses.map(({ step }) => step),
    );
    assert.deepEqual(mergeByHand(before, before), before);
  });
});

describe('a contract in sentences', () => {
  it('says to each reader who learns what', () => {
    const lines = contractSentences(readContract(base), 'bob');
    assert.deepEqual(lines, [
      'alice: nothing.',
      'carol will learn:',
      '- from alice, in step "all": as many single values as rows(alice.loans) says (float64 array), at most shared times (each time perhaps another value)',
      'You will learn:',
      '- from alice, in step "mean": mean (1 value), 2 times (each time perhaps another value)',
      '- from alice, in step "psi on id": intersection [rows(alice.loans)]',
      '- from alice, in step "list": a list of as many texts as shared says, each of at most 4 bytes, any number of times (each time perhaps another value)',
      '- from alice, in step "all": as many single values as rows(alice.loans) says (float64 array), at most shared times (each time perhaps another value)',
      '- from alice, in step "AUC": a result of the secure computation (1 number, with traces of dropped bits: a little of what was rounded off)',
      'If step "mean" fails at alice, all may read: "too few", with needed.',
      'rows(alice.loans): how many rows alice has in the table that is the setting alice.loans.',
      'shared: how many rows both have, as step "psi on id" finds.',
      'Written by hand: not rehearsed.',
    ]);
    assert.ok(
      contractSentences(readContract(base), 'alice').includes(
        'rows(alice.loans): how many rows you have in the table that is the setting alice.loans.',
      ),
    );
  });

  const forms: readonly (readonly [string, string])[] = [
    ['number', 'one number'],
    ['list of number [7]', 'a list of 7 single numbers'],
    [
      'table(id VARCHAR, income DOUBLE) [shared, 2]',
      'as many rows as shared says of a table, each with id and income',
    ],
    ['list of boolean [any]', 'a list of any number of single answers, yes or no'],
    ['opened fixed tensor [3, 4]', 'a result of the secure computation (3 × 4 numbers)'],
    [
      'opened bit: whether all keys are as assumed []',
      'one yes or no of the secure computation: whether all keys are as assumed',
    ],
    [
      'secret fixed tensor, all within -64 to 64 [shared, 15]',
      'no number itself: only that shared × 15 numbers are kept secret, all within -64 to 64 (fixed)',
    ],
    ['list of list of number [2] [3]', 'list of list of number [2] [3]'],
  ];
  for (const [what, words] of forms)
    it(`says ${what} in words`, () => {
      const lines = contractSentences(readContract(change('discloses.3.what', what)));
      assert.ok(
        lines.some((line) => line.startsWith(`- from alice, in step "all": ${words}, at most`)),
        lines.join('\n'),
      );
    });
});
