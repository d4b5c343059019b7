import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../base/system.ts';
import {
  DAY_MS,
  DEFAULT_RECORD_BOUNDS,
  logBytesMax,
  parseRecordSetting,
  recordBounds,
} from '../config/record-bounds.ts';
import type { RunEvent, RunEventBody } from '../observe/events.ts';
import type { RunReport } from '../observe/report.ts';
import { publicLine, publicReport } from '../record/bundle.ts';
import { openFileSink } from '../record/file-sink.ts';
import { findRun } from '../record/find-run.ts';
import { choose, isRunning } from '../record/purge.ts';
import type { FailureEvent, LogLine } from '../record/read-log.ts';
import { LOG_FILE, readRecordFile } from '../record/record-file.ts';
import { makeFolder } from '../record/record-folder.ts';
import { type RecordPlan, RunRecord } from '../record/run-record.ts';
import { recordsFolder } from '../record/state-folder.ts';
import type { StoredRun } from '../record/stored-run.ts';
import { completeKilled, keepHouse, readRuns } from '../record/stored-runs.ts';
import { OwnClaim } from '../supervisor/machine/claim.ts';
import { RunBoard } from './output/run-board.ts';
import { runText } from './output/runs-text.ts';
import { createStyle } from './output/style.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'privity-record-test-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const event = (body: RunEventBody, runId = 'run-1'): RunEvent => ({
  ...body,
  time: new Date().toISOString(),
  runId,
  party: 'alice',
});
const word = (message: string): RunEventBody => ({ event: 'log', level: 'info', message });
const failure = (incident: string): RunEventBody => ({
  event: 'failure',
  ...{ code: 'TASK_FAILED', origin: 'alice', reporter: 'alice', stepId: '1', stepName: 'load', incident },
  ...{ blame: 'user', retryable: false, message: 'the text' },
});

const broken: string[] = [];
let opens = 0;
const planOf = (change: Partial<RecordPlan> = {}): RecordPlan => ({
  ...{
    base,
    isRunFolder: false,
    party: 'alice',
    parties: ['alice', 'bob'],
    job: '/h/job.ts',
    runId: '',
  },
  ...{
    logBytesMax: 10_000,
    clock: systemClock,
    random: `r${++opens}`,
    onBroken: (reason: string) => broken.push(reason),
  },
  ...change,
});

async function opened(change: Partial<RecordPlan> = {}): Promise<RunRecord> {
  const record = await RunRecord.open(planOf(change));
  assert.ok(record);
  return record;
}

const runsNow = () => readRuns(base, Date.now());

describe('where records lie', () => {
  it('is the state folder of the system', () => {
    const folder = (platform: NodeJS.Platform, home: string, env = {}) =>
      recordsFolder({ platform, home, env });
    assert.equal(folder('linux', '/h'), '/h/.local/state/privity/runs');
    assert.equal(folder('linux', '/h', { XDG_STATE_HOME: '/s' }), '/s/privity/runs');
    assert.equal(folder('linux', '/h', { XDG_STATE_HOME: 's' }), '/h/.local/state/privity/runs');
    assert.equal(folder('darwin', '/u'), '/u/Library/Application Support/privity/runs');
    assert.equal(folder('win32', 'C:\\Users\\a'), 'C:\\Users\\a\\AppData\\Local\\privity\\runs');
    assert.equal(folder('win32', 'C:\\Users\\a', { LOCALAPPDATA: 'D:\\l' }), 'D:\\l\\privity\\runs');
    assert.equal(folder('linux', ''), undefined);
  });

  it('can be a place in which nothing can be made, without waiting for ever', {
    timeout: 30_000,
  }, async () => {
    await assert.rejects(makeFolder('/proc/nowhere/privity/runs'), { code: 'ENOENT' });
    broken.length = 0;
    assert.equal(await RunRecord.open(planOf({ base: '/proc/nowhere/privity/runs' })), undefined);
    assert.deepEqual(broken, ['ENOENT']);
  });
});

describe('the setting of records', () => {
  it('is read from the environment, and the nearest one holds', () => {
    assert.equal(parseRecordSetting(undefined), undefined);
    assert.equal(parseRecordSetting(' off '), 'off');
    assert.deepEqual(parseRecordSetting('runs=5, bytes=2M,days=7'), {
      runs: 5,
      bytes: 2 * 1024 ** 2,
      days: 7,
    });
    for (const wrong of ['on', 'runs=0', 'runs=2M', 'days=', 'bytes=9999999G', 'x=1', 'runs=1;days=2'])
      assert.throws(() => parseRecordSetting(wrong), { code: 'PRIVITY_COMMAND_LINE' }, wrong);
    assert.deepEqual(recordBounds([undefined, { runs: 3 }, 'off']), { ...DEFAULT_RECORD_BOUNDS, runs: 3 });
    assert.equal(recordBounds(['off', { runs: 3 }]), 'off');
  });
});

describe('a record', () => {
  it('is there from the first event on, under the id when that is known, for its owner only', async () => {
    const record = await opened();
    record.event(event(word('first'), ''));
    const [before] = await runsNow();
    assert.match(before?.name ?? '', /^starting-\d{8}T\d{6}-r\d+$/);
    assert.deepEqual([before?.runId, before?.parties[0]?.state], ['', 'running']);

    record.event(event(failure('0123abcd'), 'provisional'));
    record.event(event(word('second'), 'run-1'));
    await record.end({ exitCode: 70, summary: 'the end' });
    const [run, ...others] = await runsNow();
    assert.deepEqual([run?.name, run?.runId, others.length], ['run-1', 'run-1', 0]);
    assert.deepEqual(await readdir(base), ['run-1']);
    const facts = await readRecordFile(join(base, 'run-1', 'alice'));
    assert.deepEqual([facts?.runIds, facts?.incidents], [['provisional', 'run-1'], ['0123abcd']]);
    assert.deepEqual([facts?.ending, facts?.exitCode], ['ended', 70]);
    for (const wanted of ['run-1', 'provisional', 'prov', '0123ab'])
      assert.equal(findRun(await runsNow(), wanted).run.name, 'run-1', wanted);
    const text = await readFile(join(record.place.folder, LOG_FILE), 'utf8');
    assert.deepEqual(
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event),
      ['log', 'failure', 'log', 'summary'],
    );
    if (process.platform === 'win32') return;
    const modes = [
      record.place.folder,
      ...['record.json', LOG_FILE].map((name) => join(record.place.folder, name)),
    ];
    assert.deepEqual(
      await Promise.all(modes.map(async (path) => ((await stat(path)).mode & 0o777).toString(8))),
      ['700', '600', '600'],
    );
  });

  it('of a run whose id another run has had stands beside it; of another party, within it', async () => {
    for (const party of ['alice', 'bob', 'alice']) {
      const record = await opened({ party });
      record.event(event(word('x')));
      await record.end({ exitCode: 0 });
    }
    assert.deepEqual((await readdir(base)).sort(), ['run-1', 'run-1+2']);
    assert.deepEqual((await readdir(join(base, 'run-1'))).sort(), ['alice', 'bob']);
    const runs = await runsNow();
    assert.throws(() => findRun(runs, 'run'), { code: 'PRIVITY_RECORD_AMBIGUOUS' });
    assert.throws(() => findRun(runs, 'other'), { code: 'PRIVITY_RECORD_UNKNOWN' });
    assert.equal(findRun(runs, 'run-1+2').run.parties.length, 1);
  });

  it('has a log of bounded length, in which failures have room when it is full', async () => {
    const record = await opened({ logBytesMax: 2_000 });
    for (let n = 0; n < 100; n++) record.event(event(word('x'.repeat(100))));
    record.event(event(failure('0123abcd')));
    await record.end({ exitCode: 70, summary: 'the end' });
    const text = await readFile(join(record.place.folder, LOG_FILE), 'utf8');
    assert.ok(text.length < 4_000, String(text.length));
    assert.match(text, /"0123abcd".*the text/);
    assert.match(text, /the end/);
    const facts = await readRecordFile(record.place.folder);
    assert.ok((facts?.linesLeftOut ?? 0) > 80);
    assert.ok(logBytesMax({ ...DEFAULT_RECORD_BOUNDS, bytes: 1_600 }) === 100);
  });

  it('of a supervisor that is gone is completed by its reader', async () => {
    const record = await opened({ runId: 'run-1' });
    record.event(event(failure('0123abcd')));
    await record.end({ exitCode: 0 });
    const folder = join(base, 'run-1', 'alice');
    const facts = await readRecordFile(folder);
    await writeFile(join(folder, 'record.json'), JSON.stringify({ ...facts, ending: null, endedAt: null }));
    await writeFile(join(folder, LOG_FILE), `${await readFile(join(folder, LOG_FILE), 'utf8')}{"cut`);
    await completeKilled(await runsNow(), Date.now());
    const [run] = await runsNow();
    assert.deepEqual([run?.parties[0]?.state, run?.parties[0]?.facts?.ending], ['killed', 'killed']);
    const lines = (await readFile(join(folder, LOG_FILE), 'utf8')).trim().split('\n');
    assert.equal(lines.at(-2), '{"cut');
    const last = JSON.parse(lines.at(-1) ?? '');
    assert.deepEqual([last.event, last.incident, last.runId], ['supervisor.gone', '0123abcd', 'run-1']);
  });

  it('of a supervisor that is gone ends with the last line of its log, whenever and by however many it is read', async () => {
    const record = await opened({ runId: 'run-1' });
    record.event({ ...event(word('the last')), time: '2026-01-02T03:04:05.678Z' });
    await record.end({ exitCode: 0 });
    const folder = join(base, 'run-1', 'alice');
    const facts = await readRecordFile(folder);
    await writeFile(join(folder, 'record.json'), JSON.stringify({ ...facts, ending: null, endedAt: null }));
    const found = await runsNow();
    await Promise.all([1, 2, 3].map(() => completeKilled(found, Date.now())));
    await completeKilled(found, Date.now());
    const lines = (await readFile(join(folder, LOG_FILE), 'utf8')).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)).map((line) => [line.event, line.time]),
      ['log', 'supervisor.gone'].map((name) => [name, '2026-01-02T03:04:05.678Z']),
    );
    assert.deepEqual((await readdir(folder)).sort(), [LOG_FILE, 'record.json'].sort());
    const runs = await runsNow();
    const board = new RunBoard(['alice']);
    const style = createStyle(false);
    const [run] = runs;
    assert.ok(run);
    const text = runText({ run, board, failures: [], incident: undefined }, style);
    assert.match(text, /went down, after 2026-01-02T03:04:05\.678Z; until then/);
  });

  it('that can no longer be written is told once, and holds nobody up', {
    skip: process.platform !== 'linux',
  }, async () => {
    const reasons: string[] = [];
    const file = await openFileSink('/dev/full', 'log', { onLost: (reason) => reasons.push(reason) });
    assert.equal(file.write('a line\n'), true);
    await file.close(1_000);
    assert.equal(file.write('another\n'), false);
    assert.deepEqual(reasons, ['ENOSPC']);
  });
});

describe('the bounds of records', () => {
  const party = { folder: '', party: 'alice', facts: undefined, bytes: 0, writtenMs: 0 } as const;
  const now = 1_000 * DAY_MS;
  const someRuns = fc
    .array(
      fc.record({
        age: fc.integer({ min: 0, max: 100 }),
        bytes: fc.integer({ min: 0, max: 1_000 }),
        state: fc.constantFrom('running', 'ended', 'killed', 'refused'),
      }),
      { maxLength: 12 },
    )
    .map((all): StoredRun[] =>
      all
        .sort((a, b) => a.age - b.age)
        .map(({ age, bytes, state }, index) => ({
          ...{ name: `r${index}`, runId: `r${index}`, folder: '', startedMs: now - age * DAY_MS, bytes },
          parties: [{ ...party, state }],
        })),
    );

  it('law: what goes on stays, what is left is within the bounds, and nothing else goes', () => {
    const rules = fc.record({
      runs: fc.integer({ min: 0, max: 6 }),
      bytes: fc.integer({ min: 0, max: 3_000 }),
      ageMs: fc.integer({ min: 0, max: 100 }).map((days) => days * DAY_MS),
    });
    fc.assert(
      fc.property(someRuns, rules, (runs, rule) => {
        const gone = new Set(choose(runs, rule, now));
        const left = runs.filter((run) => !gone.has(run));
        assert.ok([...gone].every((run) => !isRunning(run, now)));
        const ended = left.filter((run) => !isRunning(run, now));
        assert.ok(ended.every((run) => now - run.startedMs <= rule.ageMs));
        for (const run of ended) {
          const newer = runs.slice(0, runs.indexOf(run) + 1);
          assert.ok(
            newer.length <= rule.runs && newer.reduce((sum, { bytes }) => sum + bytes, 0) <= rule.bytes,
          );
        }
        const within = choose(runs, { runs: runs.length, bytes: 12_000, ageMs: 100 * DAY_MS }, now);
        assert.deepEqual(within, []);
      }),
    );
  });

  it('hold at every run: the oldest go, with what is in them, and what goes on stays', async () => {
    const going = await opened({ runId: 'going' });
    for (const name of ['r1', 'r2', 'r3']) {
      const record = await opened({ runId: name });
      await record.end({ exitCode: 0 });
      // Runs of one millisecond have no order.
      while (Date.now() <= Date.parse((await readRecordFile(record.place.folder))?.startedAt ?? ''));
    }
    await keepHouse(base, { runs: 2, bytes: 1e9, days: 1 }, Date.now());
    assert.deepEqual((await readdir(base)).sort(), ['going', 'r2', 'r3']);
    await keepHouse(base, { runs: 9, bytes: 1, days: 1 }, Date.now());
    assert.deepEqual((await readdir(base)).sort(), ['going', 'r3'], 'the newest stays, however large');
    await keepHouse(base, { runs: 9, bytes: 1e9, days: 1 }, Date.now() + 2 * DAY_MS);
    assert.deepEqual(await readdir(base), ['going']);
    await going.end({ exitCode: 0 });
  });

  it('take what a removal that was cut short has left, and not what has just been made', async () => {
    await mkdir(join(base, 'old', 'alice'), { recursive: true });
    await writeFile(join(base, 'old', 'alice', LOG_FILE), '');
    await keepHouse(base, { runs: 0, bytes: 0, days: 1 }, Date.now());
    assert.deepEqual(await readdir(base), ['old']);
    await keepHouse(base, { runs: 0, bytes: 0, days: 1 }, Date.now() + 2 * DAY_MS);
    assert.deepEqual(await readdir(base), []);
  });

  it('leave alone what another machine may be running', async () => {
    const folder = join(base, 'far', 'alice');
    await mkdir(folder, { recursive: true });
    new OwnClaim(folder, { kind: 'run', party: 'alice', runId: 'far', listen: null }, 0);
    const claim = JSON.parse(await readFile(join(folder, 'claim.json'), 'utf8'));
    await writeFile(join(folder, 'claim.json'), JSON.stringify({ ...claim, host: 'another' }));
    const [run] = await runsNow();
    assert.ok(run);
    assert.equal(run.parties[0]?.state, 'unknown');
    assert.deepEqual(choose([run], { runs: 0 }, Date.now()), []);
    assert.deepEqual(choose([run], { runs: 0 }, Date.now() + 30 * DAY_MS), [run]);
  });
});

describe('a failure in a record', () => {
  const show = async (...told: object[]): Promise<string> => {
    const record = await opened({ runId: 'run-1' });
    await record.end({ exitCode: 69 });
    const [run] = await runsNow();
    assert.ok(run);
    const failures = told.map((one) => ({ ...event(failure('9c3f0b5b77')), ...one }) as FailureEvent);
    return runText(
      { run, board: new RunBoard(['alice']), failures, incident: undefined },
      createStyle(false),
    );
  };
  const lost = { code: 'PEER_CRASHED', origin: 'bob', stepId: null, message: undefined } as const;

  it('that this party has noticed sends nobody to a place where nothing is, and says what was seen', async () => {
    const text = await show({ ...lost, reporter: 'alice', seenHere: 'no connection since noon' });
    assert.match(text, /why +alice noticed it; bob itself may know nothing of it\n/);
    assert.match(text, /seen +no connection since noon\n/);
    assert.doesNotMatch(text, /privity runs show/);
  });

  it('that is one of several cancellations of one run is told once', async () => {
    const cancelled = (origin: string): object => ({ code: 'CANCELLED', origin, incident: `i-${origin}` });
    const text = await show(cancelled('alice'), cancelled('bob'), cancelled('carol'));
    assert.equal(text.match(/^CANCELLED/gm)?.length, 1);
    assert.match(text, /\n {2}also cancelled at bob and carol\n/);
  });

  it('is laid out by the width of its words, in any script', async () => {
    const text = await show({ details: { 患者数の合計: 3, rows: 4 } });
    assert.match(text, /^ {4}患者数の合計 {2}3$/m);
    assert.match(text, /^ {4}rows {10}4$/m);
  });

  it('that another has noticed is known there, and one of its origin at its origin', async () => {
    assert.match(
      await show({ ...lost, reporter: 'carol' }),
      /why +carol noticed it; bob itself may know nothing of it; what it has seen: privity runs show 9c3f0b5b at carol\n/,
    );
    assert.match(
      await show({ origin: 'bob', reporter: 'bob', message: undefined }),
      /why +the text of an error stays where it happened: privity runs show 9c3f0b5b at bob\n/,
    );
  });
});

describe('what may be given away', () => {
  const line = (value: Record<string, unknown>): LogLine => ({
    ...{ text: '', time: 't', party: 'alice', event: String(value.event), incident: 'i' },
    value,
  });

  it('is picked: no text, no field and no event that is not listed', () => {
    const secret = 'canary';
    const said = [
      failure('i'),
      {
        event: 'failure',
        stack: secret,
        chain: [{ message: secret }],
        details: { x: secret },
        later: secret,
      },
      { event: 'log', level: 'warn', message: secret },
      { event: 'output', text: secret },
      { event: 'summary', text: secret },
      { event: 'error', message: secret },
      { event: 'report', path: secret },
      { event: 'result', value: secret },
      { event: 'run.started', job: secret, parties: ['alice'] },
      { event: 'peer.state', peer: 'bob', state: 'lost', reason: secret },
      { event: 'reclaimed', items: {}, leftovers: [secret] },
      { event: 'of.a.later.version', text: secret },
    ].map((value) => publicLine(line(value as Record<string, unknown>)));
    assert.doesNotMatch(JSON.stringify(said), /canary|the text/);
    assert.deepEqual(said[0], {
      ...{ time: 't', party: 'alice', event: 'failure', incident: 'i', code: 'TASK_FAILED', origin: 'alice' },
      ...{ stepId: '1', stepName: 'load', blame: 'user', retryable: false, reporter: 'alice' },
    });
    assert.equal(said.filter((one) => one === undefined).length, 6);
  });

  it('is the report without the paths of this machine', () => {
    const report = {
      party: 'alice',
      job: { file: '/h/canary/job.ts', hash: 'h' },
      leftovers: ['/tmp/canary'],
    };
    const given = publicReport({ ...report, later: 'canary' } as unknown as RunReport);
    assert.doesNotMatch(JSON.stringify(given), /canary/);
    assert.deepEqual([given.party, given.job], ['alice', { file: 'job.ts', hash: 'h' }]);
  });
});
