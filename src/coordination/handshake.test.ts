import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testHello } from '../../test/core/core-world.ts';
import { differences, isOwnRunId, type Mismatch, mismatch, ownRunId, runBinding } from './handshake.ts';
import {
  argumentItem,
  boundedItems,
  factsOf,
  HELLO_ITEMS_MAX,
  ITEM_NAME_CHARS_MAX,
  type Item,
  type JobFacts,
} from './hello-facts.ts';
import { decodeMessage, encodeMessage } from './messages.ts';
import type { Hello } from './types.ts';

const file = (name: string, digest: string, also = digest): Item => ({ name, digest, also });
const facts = (more: Partial<JobFacts> = {}): Hello['facts'] =>
  factsOf({ files: [], args: [], node: 'v20.1.0', duckdb: '1.5.6', lockfile: '', ...more });

function compare(...hellos: readonly Partial<Hello>[]): Mismatch | null {
  const names = ['alice', 'bob', 'carol'];
  return mismatch(new Map(hellos.map((more, i) => [names[i] ?? '?', testHello(i, more)])));
}

describe('contracts of disclosures', () => {
  it('are one at all parties, or none', () => {
    const contract = 'ab'.repeat(32);
    assert.equal(compare({ contract }, { contract }), null);
    assert.equal(compare({}, { contract: '' }), null);
    assert.equal(
      compare({ contract }, { contract }, {})?.facts,
      'contract: alice and bob have abababababab, carol has none; carol differs from the others',
    );
  });

  it('cross in a hello', () => {
    const hello = testHello(0, { contract: 'ab'.repeat(32) });
    const read = decodeMessage(encodeMessage({ type: 'hello', hello }, []), []);
    assert.equal(read.type === 'hello' && read.hello.contract, hello.contract);
  });
});

describe('the binding of a run', () => {
  const bindingOf = (...hellos: readonly Partial<Hello>[]): string =>
    runBinding(new Map(hellos.map((more, i) => [['alice', 'bob'][i] ?? '?', testHello(i, more)])));
  const nonces = [{ nonce: 'a1' }, { nonce: 'b1' }] as const;
  const both = (more: Partial<Hello>) => nonces.map((own) => ({ ...own, ...more }));
  const runId = 'the same name';

  it('is the same at all parties, and another for whatever differs between two runs of one name', () => {
    const one = bindingOf(...both({ runId }));
    assert.match(one, /^[0-9a-f]{64}$/);
    const hellos = both({ runId }).map(
      (more, i) => [['alice', 'bob'][i] ?? '?', testHello(i, more)] as const,
    );
    assert.equal(runBinding(new Map([...hellos].reverse())), one);
    const others = [
      bindingOf({ nonce: 'a2', runId }, { nonce: 'b1', runId }),
      bindingOf({ nonce: 'a1', runId }, { nonce: 'b2', runId }),
      bindingOf({ nonce: 'b1', runId }, { nonce: 'a1', runId }),
      bindingOf(...both({ runId: 'another' })),
      bindingOf(...both({ runId, job: 'another' })),
      bindingOf(...both({ runId, args: 'others' })),
      bindingOf(...both({ runId, federation: 'another' })),
      bindingOf(...both({ runId, protocol: 'another' })),
      bindingOf(...both({ runId, contract: 'c0ffee' })),
    ];
    assert.equal(new Set([one, ...others]).size, 1 + others.length);
  });
});

describe('a mismatch', () => {
  it('names the file that differs, with both digests', () => {
    const files = (rate: string) =>
      facts({ files: [file('', '0'), file('lib/rate.ts', rate), file('x.ts', '1')] });
    const found = compare({ job: 'a', facts: files('aaaaaaaaaa') }, { job: 'b', facts: files('bbbbbbbbbb') });
    assert.equal(found?.facts, 'file lib/rate.ts: alice has aaaaaaaa, bob has bbbbbbbb');
    const job = compare(
      { job: 'a', facts: facts({ files: [file('', 'a')] }) },
      { job: 'b', facts: facts({ files: [file('', 'b')] }) },
    );
    assert.equal(job?.facts, 'the job file: alice has a, bob has b');
  });

  it('names a file that only one has, and counts what it does not name', () => {
    const files = [...'abcde'].map((name) => file(`${name}.ts`, '1'));
    const found = compare({ job: 'a', facts: facts({ files }) }, { job: 'b', facts: facts() });
    assert.match(found?.facts ?? '', /^file a\.ts: alice has 1, bob has none; .*; and 2 more$/);
  });

  it('says that only line ends differ, and only then', () => {
    const of = (digest: string, also: string) => ({
      job: digest,
      facts: facts({ files: [file('', digest, also)] }),
    });
    assert.match(compare(of('a', 'same'), of('b', 'same'))?.facts ?? '', /; only the line ends differ$/);
    assert.doesNotMatch(compare(of('a', 'one'), of('b', 'other'))?.facts ?? '', /line ends/);
  });

  it('names the argument that differs, with both values', () => {
    const year = (value: number) =>
      facts({ args: [argumentItem('by', '"age"'), argumentItem('year', `${value}`)] });
    const found = compare({ args: '1', facts: year(2024) }, { args: '2', facts: year(2025) });
    assert.equal(found?.facts, 'argument year: alice has 2024, bob has 2025');
  });

  it('is of the odd one out, where there is a majority', () => {
    const found = compare({ runId: 'r' }, { runId: 's' }, { runId: 'r' });
    assert.equal(found?.facts, 'run id: alice and carol have r, bob has s; bob differs from the others');
    assert.equal(found?.origin, 'bob');
    assert.doesNotMatch(compare({ runId: 'r' }, { runId: 's' }, { runId: 't' })?.facts ?? '', /differs/);
    assert.equal(compare({ runId: 'r' }, { runId: 's' })?.origin, 'alice');
  });

  it('has one incident, in whatever order the hellos came', () => {
    const [a, b] = [testHello(0), testHello(1, { job: 'other' })];
    const one = mismatch(
      new Map([
        ['alice', a],
        ['bob', b],
      ]),
    );
    assert.deepEqual(
      mismatch(
        new Map([
          ['bob', b],
          ['alice', a],
        ]),
      ),
      one,
    );
    assert.notEqual(
      mismatch(
        new Map([
          ['alice', { ...a, nonce: 'n' }],
          ['bob', b],
        ]),
      )?.incident,
      one?.incident,
    );
  });

  it('is another protocol, with the versions that speak it, before all else', () => {
    const found = compare(
      { protocol: 'p/2', version: '0.1.0', job: 'x' },
      { protocol: 'p/3', version: '0.2.0' },
    );
    assert.equal(
      found?.facts,
      'protocol version: alice has p/2 (Privity 0.1.0), bob has p/3 (Privity 0.2.0)',
    );
  });

  it('is another minor version of DuckDB; another patch, or none, is not', () => {
    const of = (duckdb: string) => ({ facts: facts({ duckdb }) });
    assert.equal(
      compare(of('1.4.9'), of('1.5.0'))?.facts,
      'version of DuckDB: alice has 1.4.9, bob has 1.5.0',
    );
    assert.equal(compare(of('1.5.6-r.1'), of('1.5.9'), of('')), null);
  });

  it('is none where only the versions of Privity, Node.js and the lockfile differ, which are shown', () => {
    const [a, b] = [
      testHello(0, { facts: facts() }),
      testHello(1, { version: '9', facts: facts({ node: 'v22', lockfile: 'yarn.lock 1' }) }),
    ];
    const hellos = new Map([
      ['alice', a],
      ['bob', b],
    ]);
    assert.equal(mismatch(hellos), null);
    assert.deepEqual(differences(hellos), [
      'version of Privity: alice has 0, bob has 9',
      'version of Node.js: alice has v20.1.0, bob has v22',
      'lockfile: alice has none, bob has yarn.lock 1',
    ]);
  });

  it('does not take a list that was cut for a difference', () => {
    const many = Array.from({ length: 300 }, (_, i) => file(`${1000 + i}.ts`, '1'));
    const [long, longer] = [
      facts({ files: many.with(299, file('1299.ts', '2')) }),
      facts({ files: [...many] }),
    ];
    const found = compare({ job: 'a', facts: long }, { job: 'b', facts: longer });
    assert.equal(found?.facts, 'job: alice has a, bob has b');
  });
});

describe('a hello', () => {
  const longest = '\u8000'.repeat(ITEM_NAME_CHARS_MAX);
  const items = Array.from({ length: 2 * HELLO_ITEMS_MAX }, (_, i) =>
    file(`${i}${longest}`, longest, longest),
  );

  it('lists the first by name, and counts the rest', () => {
    const { listed, more } = boundedItems(items);
    assert.ok(listed.length > 10);
    assert.equal(listed.length + more, items.length);
    assert.ok(boundedItems([file('b', '1'), file('a', '1')]).listed.every(({ name }, i) => name === 'ab'[i]));
  });

  it('that lists more than it may, or at greater length, is refused', () => {
    const over = (listed: readonly Item[]): Hello =>
      testHello(0, {
        facts: {
          ...factsOf({ files: [], args: [], node: '', duckdb: '', lockfile: '' }),
          files: { listed, more: 0 },
        },
      });
    for (const listed of [
      Array.from({ length: HELLO_ITEMS_MAX + 1 }, () => file('a', '1')),
      [file(`${longest}a`, '1')],
      [file('a', longest)],
    ])
      assert.throws(
        () =>
          decodeMessage(encodeMessage({ type: 'hello', hello: over(listed) }, ['alice', 'bob']), [
            'alice',
            'bob',
          ]),
        {
          code: 'PRIVITY_CONTROL_MESSAGE_INVALID',
        },
      );
  });
});

it("a party's own run id is told from what an operator gives", () => {
  assert.ok(isOwnRunId(ownRunId('nonce')));
  assert.ok(isOwnRunId(''));
  assert.ok(!isOwnRunId('monday-1'));
});
