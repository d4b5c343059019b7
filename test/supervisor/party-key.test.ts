/** Where the key of a party is while a run goes on: read from the memory of real processes. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ProcessRole } from '../../src/observe/events.ts';
import { jobFile, Parties } from '../faults/parties.ts';

const PIECE_BYTES = 1 << 20;

/**
 * Whether any of these is anywhere in what a process can write to. Linux only, of processes that this one has started.
 */
function holds(pid: number, wanted: readonly Buffer[]): boolean {
  const overlap = Math.max(...wanted.map((bytes) => bytes.length)) - 1;
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from = '0', to = '0'] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
      for (let at = Number.parseInt(from, 16); at < Number.parseInt(to, 16); at += PIECE_BYTES - overlap) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, Number.parseInt(to, 16) - at));
        const bytes = readOr0(memory, piece, at);
        if (wanted.some((one) => piece.subarray(0, bytes).includes(one))) return true;
      }
    }
    return false;
  } finally {
    closeSync(memory);
  }
}

function readOr0(file: number, piece: Buffer, at: number): number {
  try {
    return readSync(file, piece, 0, piece.length, at);
  } catch {
    // Mapped, but not there: a device, or unmapped meanwhile.
    return 0;
  }
}

/**
 * A private key as it may lie about: the part of its PEM that no other key has, and its number in both orders of bytes.
 */
function formsOf(pem: string): readonly Buffer[] {
  const line = pem.split('\n')[2] ?? '';
  assert.equal(line.length, 64);
  const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' });
  const number = Buffer.from(d, 'base64url');
  return [Buffer.from(line), number, Buffer.from(number).reverse()];
}

describe('the key of a party', { skip: process.platform !== 'linux' }, () => {
  it('is with its supervisor and the stand-in, and nowhere in the process that runs the job', async () => {
    const job = jobFile('steady.ts');
    const parties = await Parties.start({
      parties: { alice: { job }, bob: { job }, carol: { job } },
      args: { who: 'bob', what: 'wait' },
    });
    try {
      const bob = parties.get('bob');
      await bob.event('step.started', ({ name }) => name === 'work');
      const key = formsOf(readFileSync(join(parties.dir, 'bob.key.pem'), 'utf8'));
      const where = async (role: ProcessRole) => holds(await bob.pid(role), key);
      assert.deepEqual(
        [await where('supervisor'), await where('stand-in'), await where('program')],
        [true, true, false],
      );
    } finally {
      parties.dispose();
    }
  });
});
