/** An intersection by rr22 in several buckets, of which one party's process is killed: at both ends, real processes. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/cli/local/ports.ts';
import { type Ended, eventsOf, processesIn, run, type Started, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
/** Three buckets, which are under way together. */
const ROWS = 600_000;
/** In every id, and nowhere else. */
const CANARY = 'canary7';
/** What the table takes, the intersection, and all of a failure on a machine however loaded. */
const RUN_TIMEOUT_MS = 300_000;

const STAND_IN_MS = 30_000;

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-psi-killed-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'job.ts'),
    `import { job, psi, readTable, z } from 'privity';
const file = z.object({ table: z.string() });
export default job({ parties: ['alice', 'bob'], settings: { alice: file, bob: file } }, async ({ alice, bob, reveal }) => {
  const left = alice.run('load left', ({ settings }) => readTable(settings.table));
  const right = bob.run('load right', ({ settings }) => readTable(settings.table));
  const both = psi({ on: 'id', protocol: 'rr22' }, left, right);
  const done = bob.run('hold', { rows: both.bob }, async ({ rows }) => {
    console.log('has the rows');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return rows.rowCount;
  });
  return { shared: await reveal(done) };
});
`,
  );
  const [first, second] = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  for (const [place, party] of ['alice', 'bob'].entries()) {
    const ids = Array.from({ length: ROWS }, (_, row) => `${CANARY}-${row + (place * ROWS) / 2}`);
    await writeFile(join(cwd, `${party}.csv`), `id\n${ids.join('\n')}\n`);
    await privity('keygen', '--party', party);
  }
  await privity(
    ...['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'],
    ...['--party', `alice=127.0.0.1:${first}=alice.cert.pem`],
    ...['--party', `bob=127.0.0.1:${second}=bob.cert.pem`],
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

async function privity(...args: string[]): Promise<void> {
  const ended = await run(args, { cwd, tmp, main });
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
}

const runAs = (party: string): Started =>
  start(
    [
      'run',
      'job.ts',
      '--config',
      `${party}.party.yaml`,
      '--json',
      '--inputs',
      `${party}.table=${party}.csv`,
      '--report',
      `${party}-reports`,
    ],
    { cwd, tmp, main, timeoutMs: RUN_TIMEOUT_MS },
  );

/** When bob's process is killed: what he has said by then. */
const MOMENTS = [
  ['in the setup', '"kind":"psi"'],
  ['while buckets are under way', '"event":"step.progress"'],
  ['at the end', 'has the rows'],
] as const;

/** Bob's process of this role is killed when he has said so much. */
async function killed(role: 'program' | 'supervisor', text: string): Promise<readonly [Ended, Ended]> {
  const [alice, bob] = [runAs('alice'), runAs('bob')];
  let said = '';
  bob.child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await bob.said(text);
  const events = eventsOf(said.slice(0, said.lastIndexOf('\n') + 1));
  const { pid } = events.find((event) => event.event === 'process.started' && event.role === role) ?? {};
  assert.ok(typeof pid === 'number');
  process.kill(pid, 'SIGKILL');
  return Promise.all([alice.ended, bob.ended]);
}

/** The stand-in of a killed supervisor stays until it has told all others, and clears up. */
async function nothingIsLeft(): Promise<void> {
  const end = Date.now() + STAND_IN_MS;
  while (Date.now() < end && (processesIn(cwd).length > 0 || (await readdir(tmp)).length > 0))
    await delay(50);
  assert.deepEqual(processesIn(cwd), []);
  assert.deepEqual(await readdir(tmp), []);
}

const verdictsOf = ({ stdout }: Ended) => eventsOf(stdout).filter(({ event }) => event === 'verdict');

describe('an intersection by rr22 of which a process is killed', () => {
  for (const [moment, text] of MOMENTS)
    for (const role of ['program', 'supervisor'] as const)
      it(`${role} ${moment}: one verdict, no id is told, nothing is left`, async () => {
        const ended = await killed(role, text);
        const [atAlice] = verdictsOf(ended[0]);
        assert.ok(atAlice, ended[0].stdout.slice(-3000));
        assert.equal(atAlice.outcome, 'failed');
        for (const verdict of verdictsOf(ended[1])) assert.equal(verdict.digest, atAlice.digest);
        if (role === 'program') assert.equal(verdictsOf(ended[1]).length, 1);
        for (const { stdout, stderr } of ended) assert.ok(!(stdout + stderr).includes(CANARY));
        for (const name of await readdir(cwd, { recursive: true }))
          if (name.endsWith('.json')) assert.ok(!(await readFile(join(cwd, name), 'utf8')).includes(CANARY));
        await nothingIsLeft();
      });
});
