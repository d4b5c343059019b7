/**
 * That a run has begun at this party: a file that exactly one supervisor makes. A node that was killed between its
 * decision and the start may start a second one, which finds the file, and ends.
 */
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { reasonOf } from '../../base/system-error.ts';
import { beganAt } from '../../supervisor/machine/claim.ts';

const BEGUN_FILE = 'begun.json';
const begun = z.object({ pid: z.int().positive(), began: z.string() });

/** @returns false: another supervisor has begun this run. @throws what the file system throws */
export async function begin(record: string): Promise<boolean> {
  const draft = join(record, `${BEGUN_FILE}.${process.pid}`);
  await writeFile(draft, JSON.stringify({ pid: process.pid, began: beganAt(process.pid) ?? '' }), {
    mode: 0o600,
  });
  try {
    // Whole, or not at all, and for one only.
    await link(draft, join(record, BEGUN_FILE));
    return true;
  } catch (error) {
    if (reasonOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Whether a supervisor has begun the run, and whether it lives. */
export async function lookAtBegun(record: string): Promise<'no' | 'alive' | 'dead'> {
  let text: string;
  try {
    text = await readFile(join(record, BEGUN_FILE), 'utf8');
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return 'no';
    throw error;
  }
  const read = begun.safeParse(parsed(text));
  if (!read.success) return 'dead';
  return beganAt(read.data.pid) === read.data.began ? 'alive' : 'dead';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
