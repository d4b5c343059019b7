import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { PrivityError } from '../../base/errors.ts';
import { writeFiles } from './proposed-files.ts';

it('writes files of a job into its folder, and none beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'privity-files-'));
  const file = (path: string) => ({
    path,
    bytes: 1,
    sha256: '',
    base64: Buffer.from('x').toString('base64'),
  });
  try {
    const inside = join(folder, 'inside');
    await writeFiles(inside, [file('job.ts'), file('lib/more.ts')]);
    assert.equal(await readFile(join(inside, 'lib/more.ts'), 'utf8'), 'x');
    for (const path of ['../beside.ts', '/tmp/../tmp/beside.ts', 'lib/../../beside.ts', '..', ''])
      await assert.rejects(
        writeFiles(inside, [file(path)]),
        (error) => error instanceof PrivityError && error.code === 'PRIVITY_PROPOSAL_BUNDLE',
        path,
      );
    assert.deepEqual(await readdir(folder), ['inside']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
