/** Whole runs with `--sandbox`, by the command line: in one, without one, and refused. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventsOf, noProcessWith, run, start } from '../cli/processes.ts';
import { itLong } from '../effort.ts';
import { bubblewrapOr } from './possible.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

let cwd = '';
let tmp = '';
/** With no program in it. */
let empty = '';
const inHere = () => ({ cwd, tmp, main });

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-sandbox-runs-'));
  [tmp, empty] = [join(cwd, 'tmp'), join(cwd, 'empty')];
  for (const path of [tmp, empty, join(cwd, 'job')]) await mkdir(path);
  await writeFile(join(cwd, 'job', 'alice.csv'), 'id,n\na,1\nb,2\nc,3\n');
  await writeFile(join(cwd, 'job', 'bob.csv'), 'id,n\nb,5\nc,6\nd,7\n');
  await writeFile(join(cwd, 'job', 'key.pem'), 'canary');
  await writeFile(join(cwd, 'job', 'part.ts'), 'export const factor: number = 2;\n');
  await writeFile(
    join(cwd, 'job', 'honest.ts'),
    `import { readdirSync } from 'node:fs';
import { job, psi, readTable, z } from 'privity';
import { factor } from './part.ts';
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file, bob: file } }, async ({ alice, bob, reveal }) => {
  const a = alice.run('load', ({ settings }) => readTable(settings.table));
  const b = bob.run('load', ({ settings }) => readTable(settings.table));
  const shared = psi({ on: 'id' }, a, b);
  const sum = bob.run('sum', { rows: shared.bob }, async ({ rows }) => factor * (await rows.mean(['n'])).n);
  const seen = alice.run('look', () => readdirSync('.').join(' '));
  return { sum: await reveal(sum), seen: await reveal(seen) };
});
`,
  );
  await writeFile(
    join(cwd, 'job', 'sly.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => {
  const got = alice.run('call home', async () => {
    try { await fetch('http://127.0.0.1:40001/'); } catch { return 'nothing happened'; }
    return 'out';
  });
  return { got: await reveal(got) };
});
`,
  );
  await writeFile(
    join(cwd, 'job', 'early.ts'),
    `import { writeFileSync } from 'node:fs';
import { job } from 'privity';
try { writeFileSync(${JSON.stringify(join(cwd, 'written'))}, ''); } catch {}
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => ({ one: await reveal(alice.run('one', () => 1)) }));
`,
  );
  await writeFile(
    join(cwd, 'job', 'endless.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, reveal }) => reveal(alice.run('wait', () => { console.log('waiting now'); for (;;); })));
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

const inputs = ['--inputs', 'alice.table=job/alice.csv', '--inputs', 'bob.table=job/bob.csv'];

describe('a run in a sandbox', () => {
  it('comes to its result, and sees of its folder what it imports and was given', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const { code, stdout, stderr } = await run(
      ['local', 'job/honest.ts', '--sandbox', 'required', '--json', ...inputs],
      inHere(),
    );
    assert.equal(code, 0, stdout + stderr);
    const events = eventsOf(stdout);
    const result = events.find(({ event }) => event === 'result');
    // Alice's own table, and not bob's, nor the key beside it.
    assert.deepEqual(result?.value, { sum: 11, seen: 'alice.csv honest.ts part.ts' });
    assert.equal(
      events.filter(({ message }) => message === 'the code of the job runs in a sandbox').length,
      2,
    );
    assert.deepEqual(await readdir(tmp), []);
  });

  it('ends at all parties when its code tries to get out, whatever it makes of the error', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const { code, stdout } = await run(
      ['local', 'job/sly.ts', '--sandbox', '--json', '--report', 'sly'],
      inHere(),
    );
    assert.equal(code, 77, stdout);
    for (const party of ['alice', 'bob']) {
      const report = JSON.parse(await readFile(join(cwd, 'sly', `${party}.json`), 'utf8')) as {
        verdict: { failure: Record<string, string> };
      };
      const { code: failure, origin, facts, stepName } = report.verdict.failure;
      assert.deepEqual(
        { failure, origin, facts, stepName },
        {
          failure: 'POLICY_DENIED',
          origin: 'alice',
          facts: 'the code of the job tried to use the network, which its sandbox refuses',
          stepName: 'call home',
        },
      );
    }
  });

  itLong('has no code outside, not even while the job is looked at', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const { code, stdout, stderr } = await run(['local', 'job/early.ts', '--sandbox', '--json'], inHere());
    assert.equal(code, 0, stdout + stderr);
    assert.ok(!existsSync(join(cwd, 'written')));
  });

  itLong('ends with its supervisor, also in a loop that never returns', async (t) => {
    if (bubblewrapOr(t) === undefined) return;
    const started = start(['local', 'job/endless.ts', '--sandbox', '--json'], inHere());
    await started.said('waiting now');
    started.child.kill('SIGKILL');
    await noProcessWith(tmp);
  });

  itLong(
    'has a stand-in outside, which tells the peers of a killed supervisor, and removes what it has left',
    async (t) => {
      if (bubblewrapOr(t) === undefined) return;
      const started = start(['local', 'job/endless.ts', '--sandbox', '--json'], inHere());
      let said = '';
      started.child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await started.said('waiting now');
      const isAlices = ({ event, role, party }: Readonly<Record<string, unknown>>): boolean =>
        event === 'process.started' && role === 'supervisor' && party === 'alice';
      const [supervisor] = eventsOf(said.slice(0, said.lastIndexOf('\n'))).filter(isAlices);
      process.kill(Number(supervisor?.pid), 'SIGKILL');
      const { stdout } = await started.ended;
      const verdict = eventsOf(stdout).find(({ event, party }) => event === 'verdict' && party === 'bob');
      assert.deepEqual([verdict?.code, verdict?.origin], ['PEER_CRASHED', 'alice'], stdout);
      await noProcessWith(tmp);
      assert.deepEqual(await readdir(tmp), []);
    },
  );
});

describe('a run where no sandbox can be had', () => {
  // Found by PATH only: on this one there is nothing.
  const without = () => ({ ...inHere(), env: { PATH: empty } });

  itLong('says in words what the code could do, if one is preferred', async () => {
    const { code, stdout, stderr } = await run(
      ['local', 'job/honest.ts', '--sandbox', '--json', ...inputs],
      without(),
    );
    assert.equal(code, 0, stdout + stderr);
    const said = eventsOf(stdout).filter(({ level }) => level === 'warn');
    assert.deepEqual(said.map(({ party }) => party).sort(), ['alice', 'bob']);
    for (const { message } of said)
      assert.match(
        String(message),
        /^no sandbox \(bubblewrap is not installed\): the code of the job can read and write every file of this user/,
      );
  });

  it('is refused before any code of the job is loaded, if one is required', async () => {
    const { code, stderr } = await run(['local', 'job/early.ts', '--sandbox', 'required'], without());
    assert.equal(code, 77, stderr);
    assert.match(stderr, /PRIVITY_SANDBOX_MISSING/);
    assert.match(stderr, /apt-get install bubblewrap/);
    assert.ok(!existsSync(join(cwd, 'written')));
  });

  itLong('is refused by the policy in the party file, whatever the command line says', async () => {
    for (const party of ['alice', 'bob']) await run(['keygen', '--party', party], inHere());
    const members = ['alice', 'bob'].map((party, i) => `${party}=127.0.0.1:${7301 + i}=${party}.cert.pem`);
    const create = ['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'];
    const made = await run([...create, ...members.flatMap((member) => ['--party', member])], inHere());
    assert.equal(made.code, 0, made.stderr);
    const file = join(cwd, 'alice.party.yaml');
    await writeFile(file, `${await readFile(file, 'utf8')}\nsandbox: required\n`);
    const given = ['run', 'job/early.ts', '--config', 'alice.party.yaml', '--sandbox', 'off'];
    const { code, stderr } = await run(given, without());
    assert.equal(code, 77, stderr);
    assert.match(stderr, /PRIVITY_SANDBOX_MISSING/);
    assert.ok(!existsSync(join(cwd, 'written')));
    const doctor = await run(['doctor', '--clean'], without());
    assert.match(doctor.stdout, /sandbox.*none can be had: bubblewrap is not installed/);
    assert.match(doctor.stdout, /apt-get install bubblewrap/);
  });
});
