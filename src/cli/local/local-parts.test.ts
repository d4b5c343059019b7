import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PrivityError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import { readIdentityFiles } from '../../config/identity-files.ts';
import { readPartyFile } from '../../config/party-file.ts';
import { onLines } from '../../control/lines.ts';
import type { Shell } from '../shell.ts';
import { inspectJob } from './find-parties.ts';
import { freePorts } from './ports.ts';
import { createThrowAway } from './throw-away.ts';

const code = (expected: string, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, expected);
  assert.match(error.message, message);
  return true;
};

async function linesOf(chunks: readonly Uint8Array[], charsMax?: number): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  onLines(stream, (line) => lines.push(line), charsMax);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await finished(stream);
  return lines;
}

describe('lines', () => {
  it('law: do not depend on how the bytes were cut', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '安', '\n') });
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5 }), async (whole, piece) => {
        const bytes = Buffer.from(whole);
        const chunks = Array.from({ length: Math.ceil(bytes.length / piece) }, (_, i) =>
          bytes.subarray(i * piece, (i + 1) * piece),
        );
        const expected = whole.split('\n');
        if (expected.at(-1) === '') expected.pop();
        assert.deepEqual(await linesOf(chunks), expected);
      }),
    );
  });

  it('are bounded', async () => {
    assert.deepEqual(await linesOf([Buffer.from('abcdef\ngh\nijkl')], 3), ['abc', 'gh', 'ijk']);
  });
});

describe('free ports', () => {
  it('are different, and free', async () => {
    const ports = await freePorts('127.0.0.1', 5, (below) => Math.floor(Math.random() * below));
    assert.equal(new Set(ports).size, 5);
  });

  it('are given up on when all that are drawn are taken', async () => {
    const [taken = 0] = await freePorts('127.0.0.1', 1, (below) => Math.floor(Math.random() * below));
    const server = createServer().listen(taken, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    await assert.rejects(
      freePorts('127.0.0.1', 1, () => taken - 20_000),
      code('PRIVITY_PORT_IN_USE', /no 1 free ports/),
    );
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('a throw-away federation', () => {
  it('can be entered by its owner only, is consistent, and goes away', async () => {
    const settings = { alice: { table: '/a.csv' } };
    const federation = await createThrowAway({
      runId: 'r1',
      parties: ['alice', 'bob'],
      settings,
      memoryMaxBytes: 1536 * 1024 ** 2,
      bounds: { graceMs: 5 },
      errorDetail: 'message',
      sandbox: 'preferred',
      clock: systemClock,
    });
    assert.equal((await stat(federation.folder)).mode & 0o777, 0o700);
    assert.equal((await stat(join(federation.folder, 'alice', 'key.pem'))).mode & 0o777, 0o600);
    const config = await readPartyFile(federation.partyFile('alice'));
    assert.deepEqual(
      [config.settings, config.bounds, config.errorDetail],
      [{ table: '/a.csv' }, { graceMs: 5 }, 'message'],
    );
    await readIdentityFiles(config);
    await readIdentityFiles(await readPartyFile(federation.partyFile('bob')));
    await federation.remove();
    await assert.rejects(stat(federation.folder));
  });
});

describe('finding the parties of a job', () => {
  it('is bounded in time, and ends the process that loads it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'privity-find-test-'));
    try {
      const entry = join(folder, 'hangs.mjs');
      await writeFile(entry, 'setInterval(() => undefined, 1000);\n');
      const shell = { entry, clock: systemClock } as unknown as Shell;
      await assert.rejects(
        inspectJob(shell, 'job.ts', undefined, () => undefined, { timeoutMs: 300 }),
        code(
          'PRIVITY_JOB_NOT_LOADED',
          /job\.ts: the process that loads the job did not finish within 300 ms/,
        ),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
