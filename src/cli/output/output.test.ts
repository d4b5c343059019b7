import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { UsageError } from '../../base/errors.ts';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import type { RunEvent, RunEventBody } from '../../observe/events.ts';
import type { Wait } from '../../observe/report.ts';
import { errorLine, parseErrorLine, reportOf } from '../../record/error-report.ts';
import { eventLine, parseEventLine } from '../../record/event-line.ts';
import { streamSink } from '../../record/text-sink.ts';
import { alignColumns, wrapText } from './columns.ts';
import { errorText } from './error-text.ts';
import { sentence } from './plain-lines.ts';
import { ONGOING_INTERVAL_MS, PlainRun } from './plain-run.ts';
import { guarded, printable, printableData, printableText } from './printable.ts';
import { count, duration, size } from './quantity.ts';
import { RunBoard } from './run-board.ts';
import { createStyle, wantsColour } from './style.ts';
import { numberText, valueText } from './value-text.ts';

const START = Date.parse('2026-01-02T03:04:05.000Z');

const at = (party: string, body: RunEventBody, afterMs = 0): RunEvent => ({
  ...body,
  time: new Date(START + afterMs).toISOString(),
  runId: 'r1',
  party,
});

const failedVerdict = (code: FailureCode): RunEventBody => ({
  event: 'verdict',
  outcome: 'failed',
  code,
  origin: 'bob',
  stepId: '3',
  stepName: 'load',
  digest: 'd1',
  incident: 'i1',
  blame: failureCodes[code].blame,
  retryable: failureCodes[code].retryable,
  attached: [],
});

const waitFor = (wait: Partial<Wait>): RunEventBody => ({
  event: 'waiting',
  peer: 'bob',
  what: 'value',
  stepId: null,
  stepName: null,
  sinceMs: 0,
  ...wait,
});

const steering = /(?![\n])[\p{Cc}\p{Cf}]/u;

describe('a program that does not answer', () => {
  const busy = (afterMs: number, sinceMs: number): RunEvent =>
    at('alice', { event: 'busy', peer: 'bob', stepId: '4', stepName: 'score', sinceMs }, afterMs);

  it('is named at once, and then now and then', () => {
    const run = new PlainRun(['alice'], ['alice', 'bob'], START);
    const said = [0, 1_000, 4_000, ONGOING_INTERVAL_MS + 1].map((ms) => run.take(busy(ms, 25_000 + ms)));
    assert.equal(said[0], 'bob\'s program has been busy in step 4 "score" for 25 s');
    assert.deepEqual(
      said.map((line) => line !== undefined),
      [true, false, false, true],
    );
  });

  it('is part of a wait, and is forgotten when it is not told of any more', () => {
    const board = new RunBoard(['alice'], ['alice', 'bob']);
    board.apply(at('alice', { event: 'peer.state', peer: 'bob', state: 'up' }));
    board.apply(
      at('alice', { event: 'run.started', job: 'job.ts', parties: ['alice', 'bob'], ownRunId: 'own-1' }),
    );
    const about = { stepId: '4', stepName: 'score', sinceMs: 25_000 };
    board.apply(at('alice', waitFor({ stepId: '5', stepName: 'sum', sinceMs: 26_000, busy: about })));
    board.apply(busy(0, 25_000));
    assert.equal(
      board.describe('alice', START),
      'waits for bob, step 5 "sum" (26.0 s); bob\'s program has been busy in step 4 "score" for 25 s',
    );
    assert.equal(board.isBusy(board.party('alice'), 'bob', START + 1_000)?.sinceMs, 25_000);
    assert.equal(board.isBusy(board.party('alice'), 'bob', START + 5_000), undefined);
  });
});

describe('text that others had a hand in', () => {
  it('cannot steer the terminal', () => {
    assert.equal(printable('a\u001b[2Jb\u009bc\rd'), 'a\\x1b[2Jb\\x9bc\\x0dd');
    assert.equal(printable('a\nb\tc'), 'a\\nb\\tc');
    assert.equal(printableText('a\r\nb\tc'), 'a\nb\tc');
    assert.equal(printable('abc\u202edef\u2066'), 'abc\\u202edef\\u2066');
    assert.equal(printable('Zoë 安全'), 'Zoë 安全');
  });

  it('cannot reach a stream past a writer that forgot it; colours can, where there are any', () => {
    const painted = `${createStyle(true).red('a')}\u009b\u202e\u001b[2J\r`;
    assert.equal(guarded(painted, true), `${createStyle(true).red('a')}\\x9b\\u202e\\x1b[2J\\x0d`);
    assert.doesNotMatch(guarded(painted, false), steering);
    assert.equal(guarded('\r\u001b[2K3 of 4', true), '\r\u001b[2K3 of 4');
    assert.deepEqual(printableData({ 'a\n': ['\u001b', 1, null] }), { 'a\\n': ['\\x1b', 1, null] });
  });

  it('law: JSON without them parses back to the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ [text]: text });
        assert.doesNotMatch(line.trimEnd(), steering);
        assert.deepEqual(JSON.parse(line), { [text]: text });
      }),
    );
  });

  it('law: no control character is left, in values either', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => assert.doesNotMatch(printable(text), steering)),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const line of valueText(value)) assert.doesNotMatch(line, steering);
      }),
    );
  });
});

describe('layout', () => {
  it('knows how wide a script is on a terminal', () => {
    assert.deepEqual(
      alignColumns([
        ['安全', 'x'],
        ['abcd', 'y'],
      ]),
      ['安全  x', 'abcd  y'],
    );
    assert.deepEqual(wrapText('安全 ab', 5), ['安全', 'ab']);
  });

  it('aligns names in any script, and cuts them between characters', () => {
    // Two columns a character, one, none, and two for a picture of several.
    assert.deepEqual(valueText({ 平均年齢: 1, mean: 2, 'ete\u0301': 3, '👍🏽': 4 }), [
      '平均年齢  1',
      'mean      2',
      'ete\u0301       3',
      '👍🏽        4',
    ]);
    const rows = [
      { 患者: 'P1', age: 7 },
      { 患者: '田中', age: 40 },
    ];
    assert.deepEqual(valueText(rows), ['患者  age', 'P1      7', '田中   40']);
    // Eleven names that are short by their characters do not fit beside each other.
    const wide = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`${'患'.repeat(20)}${i}`, i]));
    assert.equal(valueText(wide).length, 11);
    assert.deepEqual(valueText({ a: '患'.repeat(150) }), [`a  ${'患'.repeat(99)}…`]);
    assert.deepEqual(valueText({ a: '👍🏽'.repeat(150) }), [`a  ${'👍🏽'.repeat(99)}…`]);
  });

  it('aligns columns, numbers to the right', () => {
    assert.deepEqual(
      alignColumns(
        [
          ['a', '1'],
          ['bcd', '22'],
        ],
        { right: [1], indent: ' ' },
      ),
      [' a     1', ' bcd  22'],
    );
    assert.deepEqual(
      alignColumns([
        [createStyle(true).bold('a'), 'x'],
        ['bc', 'y'],
      ]).map(stripVTControlCharacters),
      ['a   x', 'bc  y'],
    );
  });

  it('wraps between words and keeps every word', () => {
    assert.deepEqual(wrapText('aa bb cc', 5), ['aa bb', 'cc']);
    const words = fc.array(fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b') }), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.integer({ min: 1, max: 20 }), (list, columns) => {
        assert.equal(wrapText(list.join(' '), columns).join(' '), list.join(' '));
      }),
    );
  });

  it('writes quantities as people do', () => {
    assert.deepEqual([0, 999, 1_500, 61_000, 3_660_000].map(duration), [
      '0 ms',
      '999 ms',
      '1.5 s',
      '1 min 1 s',
      '1 h 1 min',
    ]);
    assert.deepEqual([1, 1_023, 2_048, 5 * 1024 ** 3].map(size), [
      '1 byte',
      '1023 bytes',
      '2.0 KiB',
      '5.0 GiB',
    ]);
    assert.deepEqual(
      [count(1, 'step'), count(0, 'step'), count(2, 'try', 'tries')],
      ['1 step', '0 steps', '2 tries'],
    );
    assert.deepEqual(
      [3, 12_345, -1_234_567, 0.1 + 0.2, 14.127291739894552, 1e-7, Number.NaN].map(numberText),
      ['3', '12 345', '-1 234 567', '0.3', '14.1273', '1.00000e-7', 'NaN'],
    );
  });

  it('decides about colours as others do', () => {
    const tty = { isTTY: true };
    assert.equal(wantsColour({}, tty), true);
    assert.equal(wantsColour({}, {}), false);
    assert.equal(wantsColour({ NO_COLOR: '1' }, tty), false);
    assert.equal(wantsColour({ NO_COLOR: '', TERM: 'dumb' }, tty), false);
    assert.equal(wantsColour({ FORCE_COLOR: '1' }, {}), true);
    assert.equal(wantsColour({ FORCE_COLOR: '0' }, tty), false);
  });
});

describe('results', () => {
  it('aligns records and makes tables of like ones', () => {
    assert.deepEqual(
      valueText({ shared: 113, means: { alice: { radius: 14.127291 }, bob: { radius: 2 } }, ok: true }),
      ['shared  113', 'means', '          radius', '  alice  14.1273', '  bob          2', 'ok  yes'],
    );
    assert.deepEqual(
      valueText([
        { a: 1, b: 'x' },
        { a: 22, b: 'y' },
      ]),
      [' a  b', ' 1  x', '22  y'],
    );
    assert.deepEqual(
      valueText({ list: [1, 2], bytes: new Uint8Array(3), big: 10n ** 20n, typed: Float64Array.of(1, 2.5) }),
      ['list   1, 2', 'bytes  3 bytes', 'big    100 000 000 000 000 000 000', 'typed  1, 2.5'],
    );
    assert.deepEqual(
      [valueText([]), valueText({}), valueText(null), valueText('x')],
      [['(empty list)'], ['(empty)'], ['–'], ['x']],
    );
  });

  it('lays long records out side by side, and loses nothing', () => {
    for (const length of [10, 11, 12, 13, 31]) {
      const record = Object.fromEntries(Array.from({ length }, (_, i) => [`x${i}`, i + 0.5]));
      const lines = valueText(record);
      assert.equal(lines.length, length <= 10 ? length : Math.ceil(length / 3));
      for (let i = 0; i < length; i += 1)
        assert.match(lines.join('\n'), new RegExp(`(^|\\s)x${i} +${i}\\.5(\\s|$)`));
    }
  });

  it('is bounded in depth, rows and width', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1_000; i += 1) deep = { deep };
    assert.ok(valueText(deep).length < 20);
    const rows = Array.from({ length: 10_000 }, (_, a) => ({ a }));
    assert.ok(valueText(rows).length < 50);
    assert.match(valueText(rows).at(-1) ?? '', /and 9960 more rows/);
    assert.ok((valueText({ text: 'x'.repeat(1e6) })[0] ?? '').length < 300);
  });
});

describe('events as lines', () => {
  it('come back as they went, with a plain form for what JSON lacks', () => {
    const value = { big: 12n, bytes: Buffer.from('ab'), array: Float64Array.of(1, 2), nan: Number.NaN };
    const line = eventLine(at('alice', { event: 'result', value }));
    assert.equal(line.split('\n').length, 2);
    const back = parseEventLine(line.trimEnd());
    assert.ok(back?.event === 'result');
    assert.deepEqual(back.value, { big: '12', bytes: 'YWI=', array: [1, 2], nan: 'NaN' });
  });

  it('are told from stray output', () => {
    for (const text of [
      '',
      'hello',
      '{',
      '{}',
      '{"event":1}',
      '[1]',
      'null',
      '{"event":"x","time":"","runId":""}',
    ]) {
      assert.equal(parseEventLine(text), undefined, text);
    }
  });

  it('become sentences', () => {
    assert.equal(
      sentence(at('a', { event: 'step.started', stepId: '3', name: 'load', kind: 'task' })),
      'step 3 "load" begins',
    );
    assert.equal(
      sentence(at('a', failedVerdict('TASK_FAILED'))),
      'verdict: TASK_FAILED at bob, step 3 "load"',
    );
    assert.equal(
      sentence(at('a', { event: 'process.exited', role: 'program', pid: 7, code: null, signal: 'SIGKILL' })),
      'program process 7 was killed by SIGKILL',
    );
    assert.equal(sentence(at('a', { event: 'log', level: 'warn', message: 'x\u001b' })), 'warn: x\\x1b');
  });
});

describe('the board', () => {
  it('says what a party does and what it waits for', () => {
    const board = new RunBoard(['alice'], ['alice', 'bob', 'carol']);
    // Three seconds after the last event, as if nothing more had come.
    const now = (): string => board.describe('alice', START + 3_000);
    assert.equal(now(), 'waits for bob, carol to join');
    board.apply(at('alice', { event: 'peer.state', peer: 'bob', state: 'up' }));
    assert.equal(now(), 'waits for carol to join');
    board.apply(at('alice', waitFor({ peer: 'carol', what: 'join', sinceMs: 2_000 })));
    assert.equal(now(), 'waits for carol to join (2.0 s)');
    board.apply(at('alice', { event: 'peer.state', peer: 'carol', state: 'up' }));
    assert.equal(now(), 'comparing job, arguments and federation');
    board.apply(at('alice', waitFor({ what: 'start', sinceMs: 3_000 }), 2_000));
    assert.equal(now(), 'waits for bob to load the job (3.0 s)');
    board.apply(
      at('alice', { event: 'run.started', job: 'j', parties: ['alice', 'bob', 'carol'], ownRunId: 'own-1' }),
    );
    assert.equal(now(), 'all parties are here');
    board.apply(at('alice', { event: 'step.started', stepId: '1', name: 'psi', kind: 'psi' }));
    assert.equal(now(), 'psi (3.0 s)');
    board.apply(at('alice', { event: 'step.progress', stepId: '1', done: 1, total: 3 }));
    assert.equal(now(), 'psi 33%, 1 of 3 rows (3.0 s)');
    board.apply(at('alice', { event: 'step.started', stepId: '2', name: 'count', kind: 'reveal' }));
    assert.equal(now(), 'psi 33%, 1 of 3 rows (3.0 s)');
    board.apply(at('alice', waitFor({ stepId: '2', sinceMs: 1_500 })));
    assert.equal(now(), 'psi 33%, 1 of 3 rows (3.0 s)', 'what waits beside its work holds nobody up');
    board.apply(at('alice', waitFor({ stepId: '1', sinceMs: 1_600 })));
    assert.equal(now(), 'psi 33%, 1 of 3 rows (3.0 s), waits for bob (1.6 s)');
    board.apply(
      at('alice', {
        event: 'step.finished',
        stepId: '1',
        name: 'psi',
        kind: 'psi',
        outcome: 'completed',
        durationMs: 5,
      }),
    );
    assert.equal(now(), 'reveals count (3.0 s) · 1 step done');
    board.apply(at('alice', waitFor({ stepId: '2', stepName: 'count', sinceMs: 1_500 })));
    assert.equal(now(), 'waits for bob, step 2 "count" (1.5 s) · 1 step done');
    assert.equal(board.describe('alice', START + 9_000), 'reveals count (9.0 s) · 1 step done', 'it is over');
    board.apply(at('alice', { event: 'peer.state', peer: 'bob', state: 'suspect' }));
    assert.equal(now(), 'bob is suspect · 1 step done');
    board.apply(at('alice', { event: 'peer.state', peer: 'bob', state: 'up' }));
    const done = { event: 'step.finished', stepId: '2', name: 'count', kind: 'reveal' } as const;
    board.apply(at('alice', { ...done, outcome: 'completed', durationMs: 5 }));
    board.apply(at('alice', waitFor({ what: 'end', sinceMs: 4_000 }), 4_000));
    assert.equal(now(), 'waits for bob to come to the end (4.0 s) · 2 steps done');
    board.apply(at('alice', failedVerdict('PEER_CRASHED')));
    assert.equal(now(), 'stopped: PEER_CRASHED at bob, step 3 "load"');
  });
});

describe('errors', () => {
  it('say what, what to do and the code, on lines or in one', () => {
    const wrong = reportOf(
      new UsageError('PRIVITY_CONFIG_VALUE', 'f:1:2: a: expected b\nf:2:2: c: expected d'),
    );
    const text = errorText(wrong, createStyle(false));
    assert.match(text, /^error f:1:2: a: expected b\n {6}f:2:2: c: expected d\n {2}to do {2}Write what/);
    assert.match(text, /code {3}PRIVITY_CONFIG_VALUE, exit code 64\n$/);
    assert.doesNotMatch(text, /at .*\.js/);
    assert.deepEqual(parseErrorLine(errorLine(wrong).trimEnd()), wrong);
    for (const line of ['', '{}', '{"error":"PRIVITY_NONE"}', '{"error":"PRIVITY_CONFIG_VALUE"', 'text']) {
      assert.equal(parseErrorLine(line), undefined, line);
    }
  });

  it('show the stack of defects only', () => {
    const defect = reportOf(new TypeError('x is not a function'));
    assert.equal(defect.error, 'PRIVITY_INTERNAL');
    assert.equal(defect.exitCode, 70);
    assert.match(errorText(defect, createStyle(false)), /TypeError: x is not a function\n +at /);
    assert.equal(reportOf('text').error, 'PRIVITY_INTERNAL');
    assert.ok(Object.hasOwn(errorCatalogue, defect.error));
  });
});

describe('the sink', () => {
  it('drops what a reader that stands still cannot take, and what one that is gone will not', async () => {
    const stuck = new Writable({ write: () => undefined }) as unknown as NodeJS.WriteStream;
    const sink = streamSink(stuck, 10);
    assert.equal(sink.write('0123456789'), true);
    assert.equal(sink.write('a'), true);
    assert.equal(sink.write('b'), false);
    await sink.flush(1);
    const gone = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('EPIPE')),
    }) as unknown as NodeJS.WriteStream;
    const closed = streamSink(gone);
    closed.write('a');
    await new Promise((resolve) => setImmediate(resolve));
    await closed.flush(10_000);
    assert.equal(closed.write('b'), false);
  });
});
