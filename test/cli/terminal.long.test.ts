/**
 * What others had a hand in never steers the reader's terminal: a table of hostile texts through every command, looked
 * at as bytes.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { itLong, shareOf } from '../effort.ts';
import { here } from './here.ts';
import { type Ended, eventsOf, run } from './processes.ts';

/**
 * One of each kind: C0, escape sequences, C1 (as UTF-8 too), bidirectional controls, separators, zero width, a tag
 * beyond 16 bits.
 */
const hostile = [
  ...[
    '\u0007',
    '\u001b[2J',
    '\u001b]0;title\u0007',
    '\u001b[8m',
    '\b',
    '\u007f',
    '\u0085',
    '\u009b31m',
    '\u009f',
  ],
  ...['\u061c', '\u200e', '\u200f', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e'],
  ...['\u2066', '\u2067', '\u2068', '\u2069', '\u2028', '\u2029', '\u200b', '\ufeff', '\u{e0041}'],
];
const word = `x${hostile.join('y')}z`;

/** By bytes, so that no decoder hides anything: every C0 but newline and tab, DEL, and the UTF-8 of the rest. */
function steeringIn(bytes: Buffer): string[] {
  const found = [...bytes].filter((byte) => (byte < 0x20 && byte !== 0x0a && byte !== 0x09) || byte === 0x7f);
  const sequences = hostile
    .filter((text) => (text.codePointAt(0) ?? 0) > 0x7f)
    .map((text) => Buffer.from(text));
  const c1 = Array.from({ length: 0x20 }, (_, index) => Buffer.of(0xc2, 0x80 + index));
  return [
    ...found.map((byte) => `0x${byte.toString(16)}`),
    ...[...sequences, ...c1].filter((text) => bytes.includes(text)).map((text) => text.toString('hex')),
  ];
}

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-terminal-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.txt'), 'alice bob\n');
});
after(() => rm(cwd, { recursive: true, force: true }));

const privity = (...args: string[]): Promise<Ended> => run(args, { cwd, tmp });
function isClean(ended: Ended): void {
  assert.deepEqual(steeringIn(Buffer.from(ended.stdout)), [], ended.stdout);
  assert.deepEqual(steeringIn(Buffer.from(ended.stderr)), [], ended.stderr);
}

describe('hostile text', () => {
  it('would be seen', () => {
    assert.equal(steeringIn(Buffer.from('a\nb\tc Zoë 安全')).length, 0);
    for (const text of hostile) assert.ok(steeringIn(Buffer.from(text)).length > 0, JSON.stringify(text));
  });

  for (const [offset, scenario] of (['complete', 'fail'] as const).entries()) {
    const args = ['local', 'job.txt', '--arg', `word=${word}`, '--arg', `scenario=${scenario}`];
    for (const display of shareOf([[], ['--json'], ['--plain'], ['--quiet'], ['--log', '-']], offset)) {
      it(`in a run (${scenario}) ${display.join(' ')}`, async () => {
        const ended = await privity(...args, ...display);
        isClean(ended);
        const said =
          display[0] === '--quiet' && scenario === 'complete' ? ended.stderr : ended.stdout + ended.stderr;
        assert.match(said, /31m/, 'what was harmless of it is there');
      });
    }
  }

  itLong('comes back from JSON as it was: events, reports, the log', async () => {
    const ended = await privity(
      ...['local', 'job.txt', '--arg', `word=${word}`, '--json', '--report', 'reports', '--log', 'run.log'],
    );
    assert.equal(ended.code, 0, ended.stderr);
    const started = eventsOf(ended.stdout).find((event) => event.event === 'step.started');
    assert.equal(started?.name, word);
    const report = await readFile(join(cwd, 'reports/alice.json'));
    assert.deepEqual(steeringIn(report), []);
    const { disclosures } = JSON.parse(report.toString()) as { disclosures: { name: string }[] };
    assert.equal(disclosures[0]?.name, word);
    const log = await readFile(join(cwd, 'run.log'));
    assert.deepEqual(steeringIn(log), []);
    assert.ok(eventsOf(log.toString()).some((line) => line.name === word));
    for (const display of [[], ['--json']]) {
      const explained = await here(['explain', 'reports', ...display], { cwd });
      assert.equal(explained.code, 0, explained.stderr);
      isClean(explained);
    }
  });

  const calls: readonly (readonly string[])[] = [
    [word],
    ['run', word, '--config', word],
    ['run', 'job.txt', `--${word}`],
    ['local', word],
    ['local', 'job.txt', '--arg', word, '--setting', `${word}.a=b`],
    ['local', 'job.txt', '--setting', `${word}.a=b`],
    ['local', 'job.txt', '--bound', `${word}=1`],
    ['explore', word],
    ['explore', 'job.txt', '--faults', word],
    ['keygen', '--party', word],
    ['keygen', '--party', 'alice', '--out', word, '--address', word],
    ['keygen', '--party', 'alice', '--out', 'k', '--address', word],
    ['federation', 'create', '--name', word, '--party', `alice=${word}=${word}`],
    ['federation', 'show', word],
    ['federation', 'verify', word, '--digest', word],
    ['doctor', '--config', word],
    ['doctor', '--job', word],
    ['explain', word],
    ['explain', word, word],
  ];
  for (const call of calls) {
    for (const display of [[], ['--json']]) {
      it(`in ${JSON.stringify([...call, ...display]).replaceAll(JSON.stringify(word).slice(1, -1), 'WORD')}`, async () => {
        isClean(await here([...call, ...display], { cwd }));
      });
    }
  }
});
