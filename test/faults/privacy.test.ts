/** What a failure says to other parties, read on the way: nothing that is private (guarantee G9). */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jobFile, Parties } from './parties.ts';

const CANARY = /canary[\w-]*/gi;
const SECRET = 'canary-setting';

interface Heard {
  readonly control: string;
  readonly data: string;
  readonly alice: string;
  readonly bob: string;
  readonly code: string | null;
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
    return { control, data, code, alice: parties.get('alice').story(), bob: parties.get('bob').story() };
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
  for (const [how, code] of ends) {
    it(`${how}: nothing private crosses`, async () => {
      const heard = await hear(how, 'redacted');
      assert.equal(heard.code, code);
      // It can be read, and the failure has passed.
      assert.match(heard.control, new RegExp(code ?? 'TASK_FAILED'));
      for (const plane of ['control', 'data'] as const)
        assert.deepEqual(heard[plane].match(CANARY) ?? [], []);
      assert.deepEqual(heard.alice.match(CANARY) ?? [], []);
      assert.match(heard.bob, new RegExp(SECRET));
    });
  }

  it('sees a message that crosses, where the policy of its party lets it', async () => {
    const { control } = await hear('error', 'full');
    assert.match(control, new RegExp(`canary-message ${SECRET}`));
  });
});
