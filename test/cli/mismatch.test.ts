/** Two parties in two terminals whose jobs, or paths to them, are not the same: what each of them is told. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/cli/local/ports.ts';
import { itLong, shareOf } from '../effort.ts';
import { here } from './here.ts';
import { type Ended, eventsOf, run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const JOB = `import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob'], args: z.object({ year: z.string() }) }, async ({ alice, args, reveal }) => {
  const { rate } = await import('./lib/rate.ts');
  return reveal(alice.run('rate', () => rate() + args.year));
});
`;
const rate = (n: number): string => `export const rate = (): number => ${n};\n`;

let cwd: string;
let tmp: string;
const privity = (...args: string[]): Promise<Ended> => run(args, { cwd, tmp, main });

before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-mismatch-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  const ports = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  const parties: string[] = [];
  for (const [i, party] of ['alice', 'bob'].entries()) {
    const address = `127.0.0.1:${ports[i]}`;
    assert.equal((await here(['keygen', '--party', party, '--address', address], { cwd })).code, 0);
    parties.push('--party', `${party}=${address}=${party}.cert.pem`);
    await mkdir(join(cwd, party, 'lib'), { recursive: true });
    await writeFile(join(cwd, party, 'job.ts'), JOB);
  }
  await here(['federation', 'create', '--name', 'demo', '--out', 'federation.yaml', ...parties], { cwd });
});
after(() => rm(cwd, { recursive: true, force: true }));

interface Told {
  readonly code: number | null;
  readonly failure: Readonly<Record<string, unknown>>;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

async function both(
  years: readonly [string, string],
  rates: readonly [string, string],
): Promise<readonly Told[]> {
  return Promise.all(
    ['alice', 'bob'].map(async (party, i) => {
      await writeFile(join(cwd, party, 'lib/rate.ts'), rates[i] ?? '');
      const bound = ['--bound', 'lostAfterMs=10s', '--bound', 'suspectAfterMs=5s'];
      const words = [
        '--config',
        `${party}.party.yaml`,
        '--arg',
        `year=${years[i]}`,
        '--report',
        'reports',
        ...bound,
      ];
      const { code, stdout } = await privity('run', join(party, 'job.ts'), '--json', ...words);
      const events = eventsOf(stdout);
      return { code, events, failure: events.find(({ event }) => event === 'failure') ?? {} };
    }),
  );
}

describe('two parties whose programs differ', () => {
  itLong('are told the same: which file, its digests, one incident; and every event has a run', async () => {
    const told = await both(['2024', '2024'], [rate(1), rate(1000)]);
    assert.deepEqual(
      told.map(({ code }) => code),
      [78, 78],
    );
    for (const [i, { failure, events }] of told.entries()) {
      // Which copy, each party is told of its own alone: nothing of it is in what is given to others.
      const own = join(cwd, ['alice', 'bob'][i] ?? '');
      assert.ok(String(failure.seenHere).startsWith(`this party runs ${join(own, 'job.ts')}, by `));
      assert.ok(!(await readFile(join(cwd, `reports/${['alice', 'bob'][i]}.json`), 'utf8')).includes(cwd));
      assert.equal(failure.code, 'PROGRAM_MISMATCH');
      assert.match(
        String(failure.message),
        /^file lib\/rate\.ts: alice has [0-9a-f]{8}, bob has [0-9a-f]{8}$/,
      );
      assert.ok(events.every(({ runId }) => /^own-[0-9a-f]{12}$/.test(String(runId))));
    }
    assert.equal(told[0]?.failure.incident, told[1]?.failure.incident);
    // Reports of a run that never began are still known to be of one run.
    const merged = await here(['explain', 'reports/alice.json', 'reports/bob.json'], { cwd });
    assert.equal(merged.code, 0, merged.stderr);
  });

  itLong('are told that only line ends differ', async () => {
    const [alice] = await both(['2024', '2024'], [rate(1), rate(1).replace('\n', '\r\n')]);
    assert.match(String(alice?.failure.message), /lib\/rate\.ts: .*; only the line ends differ$/);
  });

  itLong('are told the argument with both values', async () => {
    const told = await both(['2024', '2025'], [rate(1), rate(1)]);
    for (const { failure } of told)
      assert.equal(failure.message, 'argument year: alice has "2024", bob has "2025"');
  });

  itLong(
    'and run, if they do not: from then on under the id that they agree on, which is told beside their own',
    async () => {
      const told = await both(['2024', '2024'], [rate(1), rate(1)]);
      assert.deepEqual(
        told.map(({ code }) => code),
        [0, 0],
      );
      const ids = told.map(({ events }) => {
        const at = events.findIndex(({ event }) => event === 'run.started');
        const { runId, ownRunId } = events[at] ?? {};
        assert.ok(events.slice(0, at).every((event) => event.runId === ownRunId));
        assert.ok(events.slice(at).every((event) => event.runId === runId));
        assert.notEqual(runId, ownRunId);
        return runId;
      });
      assert.equal(ids[0], ids[1]);
      const { runId, versions } = JSON.parse(await readFile(join(cwd, 'reports/bob.json'), 'utf8'));
      assert.equal(runId, ids[0]);
      assert.deepEqual(
        versions.map(({ party, node }: Record<string, string>) => [party, node]),
        [
          ['alice', process.version],
          ['bob', process.version],
        ],
      );
    },
  );
});

describe('a job that cannot be run', () => {
  const wrong: readonly (readonly [string, string, string | null, number, string])[] = [
    ['is not there', 'gone.ts', null, 66, 'PRIVITY_JOB_NOT_FOUND'],
    ['is a folder', 'alice', null, 66, 'PRIVITY_JOB_NOT_FOUND'],
    ['is no code', 'data.csv', 'a,b\n', 66, 'PRIVITY_JOB_NOT_FOUND'],
    ['does not compile', 'broken.ts', 'const = 1;', 64, 'PRIVITY_JOB_SYNTAX'],
    ['waits while it is loaded', 'waits.ts', 'await 1;', 64, 'PRIVITY_JOB_TOP_LEVEL_AWAIT'],
    ['has no default export', 'named.ts', 'export const x = 1;', 64, 'PRIVITY_JOB_NOT_A_JOB'],
    [
      'is one for others',
      'others.ts',
      "import { job } from 'privity'; export default job({ parties: ['carol'] }, () => 1);",
      78,
      'PRIVITY_JOB_PARTIES_DIFFER',
    ],
  ];
  for (const [what, file, text, exit, code] of shareOf(wrong, 3)) {
    it(`because it ${what} is refused before anybody is dialled`, async () => {
      if (text !== null) await writeFile(join(cwd, file), text);
      // Bob would be met here.
      const yaml = await readFile(join(cwd, 'federation.yaml'), 'utf8');
      const port = Number(/address: 127\.0\.0\.1:(\d+)/g.exec(yaml.split('name: bob')[1] ?? '')?.[1]);
      let dialled = 0;
      const listening = createServer((socket) => {
        dialled++;
        socket.destroy();
      });
      await new Promise<void>((done) => listening.listen(port, '127.0.0.1', done));
      try {
        const ended = await privity('run', file, '--config', 'alice.party.yaml', '--json');
        assert.equal(ended.code, exit, ended.stderr);
        assert.match(ended.stderr, new RegExp(code));
        assert.deepEqual(eventsOf(ended.stdout), []);
        assert.equal(dialled, 0);
      } finally {
        listening.close();
      }
      for (const command of code === 'PRIVITY_JOB_PARTIES_DIFFER' ? [] : ['local', 'explore']) {
        const ended = await privity(command, file);
        assert.equal(ended.code, exit, ended.stderr);
        assert.match(ended.stderr, new RegExp(code));
      }
    });
  }
});
