/** The built command line with the real supervisor: what a newcomer does, and the events that are promised. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { freePorts } from '../../src/cli/local/ports.ts';
import { itLong } from '../effort.ts';
import { eventSchema, eventSchemas, schemaCoversType, typeCoversSchema } from './event-schema.ts';
import { here } from './here.ts';
import { eventsOf, noProcessWith, run, start } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const SECRET = 'canary-8d1f';

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-cli-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'sum.ts'),
    `import { existsSync } from 'node:fs';
import { job, z } from 'privity';
export default job({ parties: ['alice', 'bob'], args: z.object({ fail: z.string().optional(), wait: z.string().optional(), until: z.string().optional() }) },
  async ({ alice, bob, args, reveal }) => {
    const a = alice.run('load a', () => 20);
    const b = bob.run('load b', async () => {
      console.log('loading at bob');
      if (args.fail) throw new Error('row 17: ${SECRET}');
      while (args.until && !existsSync(args.until)) await new Promise((resolve) => setTimeout(resolve, 50));
      if (args.wait) await new Promise(() => setInterval(() => undefined, 1000));
      return 22;
    });
    return { sum: await reveal(bob.run('add', { a: a.to(bob), b }, ({ a, b }) => a + b)) };
  });
`,
  );
  await writeFile(
    join(cwd, 'page.ts'),
    `import { writeFile } from 'node:fs/promises';
import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice }) => {
  alice.run('page', ({ reportFile }) => writeFile(reportFile, '<!doctype html><title>${SECRET}</title>'));
});
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

/** The words of a field that takes nothing else; undefined for others. */
function wordsOf(field: unknown): readonly string[] | undefined {
  if (field instanceof z.ZodEnum) return Object.values(field.def.entries).map(String);
  const isWrapped = field instanceof z.ZodNullable || field instanceof z.ZodOptional;
  return isWrapped ? wordsOf(field.unwrap()) : undefined;
}

const checked = (stdout: string) => eventsOf(stdout).map((event) => eventSchema.parse(event));

describe('docs/events.md', () => {
  it('describes every event and every field, and no others', async () => {
    const page = await readFile(new URL('../../../docs/events.md', import.meta.url), 'utf8');
    const sections = new Map(
      page
        .split(/^### /m)
        .slice(1)
        .map((part) => [/^`([^`]+)`/.exec(part)?.[1] ?? '', part.split(/^## /m)[0] ?? '']),
    );
    const fieldsOf = (part: string) => [...part.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]).sort();
    assert.deepEqual(
      [...sections.keys()].sort(),
      eventSchemas.map((schema) => schema.shape.event.value).sort(),
    );
    for (const schema of eventSchemas) {
      const own = Object.keys(schema.shape).filter(
        (key) => !['event', 'time', 'runId', 'party'].includes(key),
      );
      assert.deepEqual(
        fieldsOf(sections.get(schema.shape.event.value) ?? ''),
        own.sort(),
        schema.shape.event.value,
      );
    }
    assert.ok(schemaCoversType && typeCoversSchema);
  });

  it('lists the words of a field that has no others, or names the event that does', async () => {
    const page = await readFile(new URL('../../../docs/events.md', import.meta.url), 'utf8');
    const compared: string[] = [];
    for (const schema of eventSchemas) {
      const { event, ...fields } = schema.shape;
      const section = page.split(`### \`${event.value}\`\n`)[1]?.split(/^##/m)[0] ?? '';
      for (const [name, field] of Object.entries(fields)) {
        const words = wordsOf(field);
        const type = new RegExp(`^\\| \`${name}\` \\| (.*?) \\| `, 'm').exec(section)?.[1] ?? '';
        // Codes have a page of their own.
        if (words === undefined || name === 'code' || type.startsWith('as in')) continue;
        const listed = [...type.matchAll(/`([^`]+)`/g)].map(([, word]) => word);
        assert.deepEqual(listed, words, `${event.value}.${name}`);
        compared.push(name);
      }
    }
    const all = ['role', 'state', 'kind', 'outcome', 'what', 'blame', 'level'];
    assert.deepEqual([...new Set(compared)].sort(), all.sort());
  });

  it('would notice an undocumented field', () => {
    const event = { event: 'report', time: '2026-01-02T03:04:05.678Z', runId: 'r', party: 'a', path: 'p' };
    assert.ok(eventSchema.safeParse(event).success);
    assert.ok(!eventSchema.safeParse({ ...event, extra: 1 }).success);
  });
});

describe('a real local run', () => {
  it('prints the promised events and the result', async () => {
    const ended = await run(['local', 'sum.ts', '--json', '--report', 'reports'], { cwd, tmp, main });
    assert.equal(ended.code, 0, ended.stderr);
    const events = checked(ended.stdout);
    const kinds = new Set(events.map((event) => event.event));
    for (const kind of [
      'run.started',
      'process.started',
      'process.exited',
      'peer.state',
      'step.started',
      'step.finished',
      'verdict',
      'result',
      'reclaimed',
      'report',
      'log',
    ] as const) {
      assert.ok(kinds.has(kind), kind);
    }
    const results = events.filter((event) => event.event === 'result');
    assert.deepEqual(
      results.map((event) => event.value),
      [{ sum: 42 }, { sum: 42 }],
    );
    const verdicts = events.filter((event) => event.event === 'verdict');
    assert.equal(new Set(verdicts.map((event) => event.digest)).size, 1);
    assert.deepEqual((await readdir(join(cwd, 'reports'))).sort(), ['alice.json', 'bob.json']);
    assert.deepEqual(await readdir(tmp), []);
  });

  itLong('keeps the text of a failure where it happened', async () => {
    const log = join(cwd, 'fail.log');
    const args = ['local', 'sum.ts', '--json', '--arg', 'fail=yes', '--log', log];
    const ended = await run(args, { cwd, tmp, main });
    assert.equal(ended.code, 70, ended.stderr);
    const events = checked(ended.stdout);
    const verdicts = events.filter((event) => event.event === 'verdict');
    assert.deepEqual(
      verdicts.map((event) => [event.code, event.origin]),
      [
        ['TASK_FAILED', 'bob'],
        ['TASK_FAILED', 'bob'],
      ],
    );
    assert.equal(new Set(verdicts.map((event) => event.digest)).size, 1);
    const telling = events.filter((event) => JSON.stringify(event).includes(SECRET));
    assert.ok(telling.length > 0, 'the canary is where it may be');
    assert.deepEqual([...new Set(telling.map((event) => event.party))], ['bob']);
    assert.deepEqual(await readdir(tmp), []);

    const lines = eventsOf(await readFile(log, 'utf8'));
    const [failure] = events.filter((event) => event.event === 'failure');
    assert.ok(lines.every((line) => line.runId === failure?.runId && line.incident !== undefined));
    for (const party of ['alice', 'bob']) {
      const own = lines.filter((line) => line.party === party && line.event !== 'summary');
      const incidents = own
        .slice(own.findIndex((line) => line.event === 'verdict'))
        .map((line) => line.incident);
      assert.deepEqual([...new Set(incidents)], [failure?.incident], party);
      assert.equal(
        own.some((line) => JSON.stringify(line).includes(SECRET)),
        party === 'bob',
      );
    }
    const summary = lines.at(-1);
    assert.equal(summary?.event, 'summary');
    for (const part of [/what +TASK_FAILED/, /where +bob, step/, /why/, /alice +\d step/, /to do/])
      assert.match(String(summary?.text), part);
  });

  itLong('keeps the page of results that a step has written, for its party alone', async () => {
    const ended = await run(['local', 'page.ts', '--report', 'pages'], { cwd, tmp, main });
    assert.equal(ended.code, 0, ended.stderr);
    const folder = join(cwd, 'pages');
    assert.deepEqual((await readdir(folder)).sort(), ['alice.html', 'alice.json', 'bob.json']);
    assert.match(await readFile(join(folder, 'alice.html'), 'utf8'), new RegExp(SECRET));
    assert.match(ended.stdout, /the page of the job is .*alice\.html/);
    for (const text of [ended.stdout, await readFile(join(folder, 'alice.json'), 'utf8')])
      assert.ok(!text.includes(SECRET));
    assert.deepEqual(await readdir(tmp), []);
  });

  itLong('reports that cannot be written are told, and are no success', async () => {
    await writeFile(join(cwd, 'taken'), '');
    const early = await run(['local', 'sum.ts', '--report', 'taken'], { cwd, tmp, main });
    assert.equal(early.code, 74, early.stdout);
    assert.match(early.stderr, /taken: the report cannot be written \(EEXIST\)[\s\S]*PRIVITY_FILE_WRITE/);

    const until = join(cwd, 'go-on');
    const reports = join(cwd, 'reports-late');
    const started = start(['local', 'sum.ts', '--report', reports, '--arg', `until=${until}`], {
      cwd,
      tmp,
      main,
    });
    await started.said('loading at bob');
    await rm(reports, { recursive: true });
    await writeFile(reports, '');
    await writeFile(until, '');
    const late = await started.ended;
    assert.match(late.stdout, /verdict: completed/);
    assert.match(late.stdout, /alice.*error: .*alice\.json: the report cannot be written/);
    assert.equal(late.code, 74, late.stdout);
    assert.deepEqual(await readdir(tmp), []);
  });

  itLong('is cancelled by one signal, for all, and leaves nothing', async () => {
    const started = start(['local', 'sum.ts', '--arg', 'wait=yes', '--run-id', `cancel-${process.pid}`], {
      cwd,
      tmp,
      main,
    });
    await started.said('loading at bob');
    started.child.kill('SIGINT');
    const ended = await started.ended;
    assert.equal(ended.code, 130, ended.stdout);
    assert.match(ended.stdout, /■ sum\.ts cancelled/);
    await noProcessWith(`cancel-${process.pid}`);
    assert.deepEqual(await readdir(tmp), []);
  });

  itLong('leaves nothing when it is killed, and does not say that anybody cancelled', async () => {
    const started = start(['local', 'sum.ts', '--arg', 'wait=yes', '--run-id', `kill-${process.pid}`], {
      cwd,
      tmp,
      main,
    });
    await started.said('loading at bob');
    started.child.kill('SIGKILL');
    await started.ended;
    await noProcessWith(`kill-${process.pid}`);
    assert.deepEqual(await readdir(tmp), []);
    const { stdout } = await run(['runs', 'show', `kill-${process.pid}`], { cwd, tmp, main });
    assert.match(stdout, /CANCELLED, incident/);
    assert.match(stdout, /why +cancelled, because the process that started this party is gone/);
    assert.doesNotMatch(stdout, /operator/);
  });
});

describe('two parties in two terminals', () => {
  itLong('find each other with files made by keygen and federation create', async () => {
    const [first, second] = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
    const privity = (...args: string[]) => run(args, { cwd, tmp, main });
    for (const party of ['alice', 'bob'])
      assert.equal((await here(['keygen', '--party', party], { cwd })).code, 0);
    const created = await here(
      [
        ...['federation', 'create', '--name', 'demo', '--out', 'federation.yaml'],
        ...[
          '--party',
          `alice=127.0.0.1:${first}=alice.cert.pem`,
          '--party',
          `bob=127.0.0.1:${second}=bob.cert.pem`,
        ],
      ],
      { cwd },
    );
    assert.equal(created.code, 0, created.stderr);
    const both = await Promise.all(
      ['alice', 'bob'].map((party) =>
        privity('run', 'sum.ts', '--party', party, '--config', `${party}.party.yaml`),
      ),
    );
    for (const ended of both) {
      assert.equal(ended.code, 0, ended.stdout + ended.stderr);
      assert.match(ended.stdout, /Result\n {2}sum {2}42/);
    }
    const [a, b] = both.map((ended) => /run (\S+), verdict (\S+)/.exec(ended.stdout)?.slice(1));
    assert.deepEqual(a, b);
    assert.match(
      both[0]?.stdout ?? '',
      /What left alice \(nothing else did\)\n {2}alice → bob {2}load a {2}number/,
    );
  });
});
