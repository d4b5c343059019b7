/**
 * The process that reads a dataset (stage.ts). One line on its input is what it is asked; lines on its output are how
 * far it is, and its answer. The end of its input is its parent's end, and so its own.
 */
import { rmSync, writeSync } from 'node:fs';
import { PrivityError } from '../../base/errors.ts';
import { instanceOf, LOCK, loadDuckDb } from '../database.ts';
import { tryCondition } from '../datasets/condition.ts';
import { withDataset } from '../datasets/dataset.ts';
import { describeDataset } from '../datasets/describe.ts';
import { literal } from '../sql.ts';
import { PHASES, REQUEST_BYTES_MAX, type Request, request, type StageProgress } from './request.ts';
import { changedBetween } from './row-memory.ts';
import { stageDataset } from './staging.ts';

/** How often it says how far it is. */
const PROGRESS_EVERY_MS = 500;

/** By its number: all of an answer is written before the process goes on. */
const STANDARD_OUTPUT = 1;

process.umask(0o077);
let folder: string | undefined;

/** At once, whatever threads of the database are doing. */
function end(): never {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  process.kill(process.pid, 'SIGKILL');
  throw new Error('a killed process goes no further');
}

function say(answer: object): void {
  let left = Buffer.from(`${JSON.stringify(answer)}\n`);
  while (left.byteLength > 0) left = left.subarray(writeSync(STANDARD_OUTPUT, left));
}

async function answerTo(asked: Request): Promise<unknown> {
  const progress = (phase: StageProgress['phase']) => say({ progress: { phase } satisfies StageProgress });
  if (asked.operation === 'changed') return await changedRowsOf(asked);
  progress(PHASES[0]);
  const files = asked.operation === 'stage' ? (asked.stage.memory?.previous ?? []) : [];
  return await withDataset(asked.source, { ...asked, files }, async (dataset) => {
    const telling = setInterval(() => {
      const { percentage } = dataset.connection.progress;
      if (percentage >= 0) say({ progress: { phase: 'reading', percent: Math.round(percentage) } });
    }, PROGRESS_EVERY_MS);
    try {
      if (asked.operation === 'stage')
        return await stageDataset(dataset, asked.stage, { folder: asked.folder, progress });
      progress('reading');
      if (asked.operation === 'try') return await tryCondition(dataset, asked.rows);
      return await describeDataset(dataset, asked.publish);
    } finally {
      clearInterval(telling);
    }
  });
}

async function changedRowsOf(asked: Extract<Request, { operation: 'changed' }>): Promise<unknown> {
  const files = `SET GLOBAL allowed_paths = [${literal(asked.previous)}, ${literal(asked.now)}]`;
  const { memoryLimitMb, threads } = asked;
  const given = { memoryLimitMb, threads, spillDir: asked.folder };
  const instance = await instanceOf(await loadDuckDb(), given, [
    files,
    `SET GLOBAL allowed_directories = [${literal(asked.folder)}]`,
    ...LOCK,
  ]);
  const connection = await instance.connect();
  return (await changedBetween(connection, asked.previous, asked.now)) ?? null;
}

/** The error of a library may quote values and credentials: nothing of it is told but that there was one. */
function failure(error: unknown): object {
  if (error instanceof PrivityError) return { blame: error.name, code: error.code, message: error.message };
  return {
    blame: 'EnvironmentError',
    code: 'PRIVITY_STAGING_FAILED',
    message: 'the process that reads the dataset met an error that it does not know',
  };
}

async function main(line: string): Promise<void> {
  const asked = request.parse(JSON.parse(line));
  folder = asked.folder;
  say({ done: (await answerTo(asked)) ?? null });
}

let text = '';
let isAsked = false;
process.stdin.setEncoding('utf8');
process.stdin.on('end', end);
process.stdin.on('error', end);
process.stdin.on('data', (part: string) => {
  if (isAsked) return;
  text += part;
  if (text.length > REQUEST_BYTES_MAX) end();
  if (!text.endsWith('\n')) return;
  isAsked = true;
  main(text).then(
    () => process.exit(0),
    (error: unknown) => {
      say({ failed: failure(error) });
      process.exit(0);
    },
  );
});
