/** What a failure says to other parties, read on the way: nothing that is private (guarantee G9). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ErrorLink } from '../../src/coordination/public-details.ts';
import { itLong, shareOf } from '../effort.ts';
import { jobFile, Parties } from './parties.ts';

const CANARY = /canary[\w-]*/gi;
const SECRET = 'canary-setting';

interface Heard {
  readonly control: string;
  readonly data: string;
  readonly alice: string;
  readonly bob: string;
  readonly code: string | null;
  readonly aliceReport: string;
  readonly bobReport: string;
  readonly chains: Readonly<Record<'alice' | 'bob', readonly (readonly ErrorLink[])[]>>;
  readonly details: Readonly<Record<'alice' | 'bob', unknown>>;
}

async function hear(how: string, errorDetail: 'redacted' | 'full'): Promise<Heard> {
  const job = jobFile('secrets.ts');
  const parties = await Parties.start({
    parties: { alice: { job }, bob: { job, errorDetail, settings: { secret: SECRET } } },
    args: { how },
    tap: true,
  });
  try {
    await parties.ended();
    const { code } = await parties.get('alice').event('verdict');
    const [control, data] = [parties.tap?.heard('control') ?? '', parties.tap?.heard('data') ?? ''];
    const failuresOf = (name: string) =>
      parties.get(name).events.flatMap((event) => (event.event === 'failure' ? [event] : []));
    const chainsOf = (name: string) => failuresOf(name).flatMap(({ chain }) => (chain ? [chain] : []));
    const reportOf = (name: string) => readFileSync(join(parties.dir, 'reports', `${name}.json`), 'utf8');
    return {
      ...{ control, data, code, alice: parties.get('alice').story(), bob: parties.get('bob').story() },
      ...{ aliceReport: reportOf('alice'), bobReport: reportOf('bob') },
      chains: { alice: chainsOf('alice'), bob: chainsOf('bob') },
      details: { alice: failuresOf('alice')[0]?.details, bob: failuresOf('bob')[0]?.details },
    };
  } finally {
    parties.dispose();
  }
}

const ends: readonly (readonly [how: string, code: string | null])[] = [
  ['error', 'TASK_FAILED'],
  ['object', 'TASK_FAILED'],
  ['getter', 'TASK_FAILED'],
  ['value', 'USAGE'],
  ['exit', 'PROCESS_KILLED'],
  ['attempt', null],
];

describe('privacy of failures, read between the parties', () => {
  for (const [how, code] of shareOf(ends)) {
    it(`${how}: nothing private crosses`, async () => {
      const heard = await hear(how, 'redacted');
      assert.equal(heard.code, code);
      // It can be read, and the failure has passed.
      assert.match(heard.control, new RegExp(code ?? 'TASK_FAILED'));
      for (const plane of ['control', 'data'] as const)
        assert.deepEqual(heard[plane].match(CANARY) ?? [], []);
      assert.deepEqual(heard.alice.match(CANARY) ?? [], []);
      assert.deepEqual(heard.aliceReport.match(CANARY) ?? [], []);
      // A report is made to be shown to others: the party's own, too, has only what may cross.
      assert.deepEqual(heard.bobReport.match(CANARY) ?? [], []);
      assert.match(heard.bob, new RegExp(SECRET));
    });
  }

  itLong('keeps the chain of causes at the origin, in its events', async () => {
    const { chains } = await hear('error', 'redacted');
    assert.deepEqual(chains.alice, []);
    assert.deepEqual(chains.bob, [
      [
        { name: 'canary-class-name', message: `canary-message ${SECRET}` },
        { name: 'RangeError', message: 'canary-cause' },
        { name: 'object', message: '' },
      ],
    ]);
  });

  itLong('lets message and chain cross, where the policy of their party lets them', async () => {
    const { control, chains, aliceReport } = await hear('error', 'full');
    assert.match(control, new RegExp(`canary-message ${SECRET}`));
    assert.deepEqual(chains.alice, chains.bob);
    assert.deepEqual(JSON.parse(aliceReport).verdict.failure.chain, chains.bob[0]);
  });

  itLong('lets of a PublicError cross what its author has said, and nothing else', async () => {
    const heard = await hear('public', 'redacted');
    assert.match(heard.control, /too few rows/);
    assert.deepEqual(heard.details, { alice: { needed: 100 }, bob: { needed: 100 } });
    assert.deepEqual(JSON.parse(heard.aliceReport).verdict.failure.details, { needed: 100 });
    for (const text of [heard.control, heard.alice, heard.aliceReport])
      assert.deepEqual(text.match(CANARY), null);
    assert.match(heard.bob, /canary-cause/);
  });
});
