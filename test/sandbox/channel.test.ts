/**
 * Code of a job writes to the channel to its supervisor: the run ends at all parties with the reason, and no supervisor
 * does.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventsOf, run } from '../cli/processes.ts';
import { itLong, shareOf } from '../effort.ts';
import { bubblewrapOr } from './possible.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const job = fileURLToPath(new URL('../../../test/sandbox/jobs/channel-ways.ts', import.meta.url));
const ways = [
  ...[
    'nothing',
    'no JSON',
    'an answer to nothing',
    'a handle of an unknown kind',
    'a failure without one',
    'a command that is no text',
    'a thousand at once',
  ],
  ...[
    'a peer that is none',
    'a failure of a stranger',
    'a failure of an unknown code',
    'news of nothing',
    'more values than there are words for',
    'an unknown kind',
    'a line without an end',
  ],
];

let cwd = '';
let tmp = '';
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-channel-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
});
after(() => rm(cwd, { recursive: true, force: true }));

async function refused(way: string, by: string, ...flags: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(['local', job, '--arg', `way=${way}`, '--json', ...flags], {
    cwd,
    tmp,
    main,
  });
  const told = stdout + stderr;
  assert.equal(code, 77, told);
  const verdicts = eventsOf(stdout).filter(({ event }) => event === 'verdict');
  assert.deepEqual(verdicts.map(({ party, code: failure, origin }) => [party, failure, origin]).sort(), [
    ['alice', 'POLICY_DENIED', 'alice'],
    ['bob', 'POLICY_DENIED', 'alice'],
  ]);
  const failures = eventsOf(stdout).filter(({ event, party }) => event === 'failure' && party === 'alice');
  assert.equal(failures.length, 1, 'told once, however often it was tried');
  assert.match(told, new RegExp(`tried to speak to the supervisor in place of Privity, which ${by} refuses`));
  assert.deepEqual(await readdir(tmp), []);
}

describe('code of a job writes to the channel to its supervisor', () => {
  for (const way of shareOf(ways, 4)) it(way, () => refused(way, 'Privity'));

  itLong('in a sandbox', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    await refused('no JSON', 'its sandbox', '--sandbox', 'required');
  });
});
