import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RunReport } from '../../observe/report.ts';
import { prepareReportDir, writeReport } from './report-file.ts';

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
