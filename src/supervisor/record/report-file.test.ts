import assert from 'node:assert/strict';
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RunReport } from '../../observe/report.ts';
import type { TempFolder } from '../seam/platform.ts';
import { prepareReportDir, writeReport } from './report-file.ts';
import { ReportPage } from './report-page.ts';

const reportOf = (runId: string, note: string): RunReport =>
  ({ reportVersion: 1, runId, party: 'alice', privityVersion: note }) as unknown as RunReport;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'privity-report-test-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const noteIn = async (path: string): Promise<string> =>
  (JSON.parse(await readFile(join(dir, path), 'utf8')) as RunReport).privityVersion;

describe('a report in a folder that has one of another run', () => {
  it('takes its name and keeps the older under its run, with a word', async () => {
    const said: string[] = [];
    const write = (runId: string, note: string) =>
      writeReport(dir, reportOf(runId, note), (text) => said.push(text));
    assert.equal(await write('one', 'first'), join(dir, 'alice.json'));
    assert.deepEqual(said, []);
    await write('two', 'second');
    await write('two', 'third, of the same id');
    await write('two', 'fourth');
    await write('', 'fifth, without an id');
    await write('six', 'sixth');
    assert.equal(await noteIn('alice.json'), 'sixth');
    assert.equal(await noteIn('one/alice.json'), 'first');
    assert.equal(await noteIn('two/alice.json'), 'second');
    assert.equal(await noteIn('two.2/alice.json'), 'third, of the same id');
    assert.equal(await noteIn('two.3/alice.json'), 'fourth');
    const folders = (await readdir(dir)).filter((name) => name.startsWith('run-of-'));
    assert.equal(await noteIn(join(folders[0] ?? '', 'alice.json')), 'fifth, without an id');
    assert.equal(said.length, 5);
    assert.match(said[0] ?? '', /the report of an earlier run, one, is kept as .*one\/alice\.json$/);
  });

  it("overwrites no file of the user's", async () => {
    await prepareReportDir(dir, 'alice');
    await writeFile(join(dir, 'alice.json'), '{"ages":[1,2]}');
    await assert.rejects(prepareReportDir(dir, 'alice'), { code: 'PRIVITY_FILE_EXISTS' });
    await assert.rejects(writeReport(dir, reportOf('one', '')), { code: 'PRIVITY_FILE_WRITE' });
    assert.deepEqual(await readdir(dir), ['alice.json']);
    assert.equal(await readFile(join(dir, 'alice.json'), 'utf8'), '{"ages":[1,2]}');
    await prepareReportDir(dir, 'bob');
  });
});

describe('the page of a job', () => {
  const folder = async (fill: (path: string) => Promise<unknown>): Promise<TempFolder> => {
    const path = await mkdtemp(join(dir, 'run-'));
    await fill(join(path, 'report.html'));
    const remove = () => rm(path, { recursive: true });
    return { path, runIs: () => undefined, programIs: () => undefined, remove };
  };
  const ended = async (runId: string, fill: (path: string) => Promise<unknown>, outcome = 'completed') => {
    const page = new ReportPage(dir);
    const temporary = await folder(fill);
    await page.outOf(temporary);
    await assert.rejects(stat(temporary.path), { code: 'ENOENT' });
    const report = { ...reportOf(runId, ''), outcome } as unknown as RunReport;
    return writeReport(dir, report, () => undefined, page);
  };
  const nothing = () => Promise.resolve();
  const html = (path: string) => readFile(join(dir, path), 'utf8');

  it('is kept beside the report, and moves with it', async () => {
    await ended('one', (path) => writeFile(path, '<p>first'));
    assert.equal(await html('alice.html'), '<p>first');
    assert.equal((await stat(join(dir, 'alice.html'))).mode & 0o777, 0o600);
    await prepareReportDir(dir, 'alice');
    await ended('two', (path) => writeFile(path, '<p>second'));
    await ended('three', nothing);
    assert.deepEqual([await html('one/alice.html'), await html('two/alice.html')], ['<p>first', '<p>second']);
    await assert.rejects(html('alice.html'), { code: 'ENOENT' });
  });

  it('of a run that failed is not kept, nor one that nobody asked for', async () => {
    await ended('one', (path) => writeFile(path, '<p>half'), 'failed');
    const page = new ReportPage(undefined);
    await page.outOf(await folder((path) => writeFile(path, '<p>unasked')));
    assert.equal(page.of({ outcome: 'completed' }), undefined);
    assert.deepEqual(await readdir(dir), ['alice.json']);
  });

  it('is neither a link to what its job may not read, nor endless, nor more than fits', async () => {
    const secret = join(dir, 'secret');
    await writeFile(secret, 'of the machine');
    const bad: readonly ((path: string) => Promise<unknown>)[] = [
      (path) => symlink(secret, path),
      (path) => link(secret, path),
      (path) => mkdir(path),
      (path) => truncate16MiB(path),
    ];
    for (const [at, fill] of bad.entries())
      await assert.rejects(ended(`run-${at}`, fill), { code: 'PRIVITY_FILE_WRITE' }, `case ${at}`);
    assert.ok(!(await readdir(dir)).includes('alice.html'));
  });

  it("takes no place of a file of the user's", async () => {
    await writeFile(join(dir, 'alice.html'), 'a page of mine');
    await assert.rejects(prepareReportDir(dir, 'alice'), { code: 'PRIVITY_FILE_EXISTS' });
    await assert.rejects(ended('one', nothing), { code: 'PRIVITY_FILE_WRITE' });
    assert.equal(await html('alice.html'), 'a page of mine');
  });
});

/** Without writing as much: a file with a hole. */
async function truncate16MiB(path: string): Promise<void> {
  await writeFile(path, '<p>');
  await truncate(path, 16 * 1024 * 1024 + 1);
}
