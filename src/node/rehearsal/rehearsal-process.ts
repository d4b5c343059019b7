/**
 * A process in a sandbox that rehearses a job, from its start to its end: what it says first counts, and when it has
 * said that, takes too long, holds too much, or nobody waits for it any more, nothing of it is left.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deferred } from '../../base/deferred.ts';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { reasonOf } from '../../base/system-error.ts';
import type { Clock, Timer } from '../../contracts/index.ts';
import { guardChannel } from '../../supervisor/machine/guarded-channel.ts';
import { killMarked, MARK, treeGone } from '../../supervisor/machine/process-group.ts';
import { GroupMemory } from '../../supervisor/machine/process-memory.ts';
import { startConfined } from '../../supervisor/sandbox/confine.ts';
import { TRIED, type Tried } from '../../supervisor/sandbox/policy.ts';
import { heapArguments, memoryText } from '../../supervisor/seam/memory-limit.ts';
import { folderBytes } from './folder-bytes.ts';
import { type FromRehearsal, type RehearsalRequest, readFromRehearsal } from './words.ts';

export interface RehearsalBounds {
  readonly ms: number;
  readonly memoryBytes: number;
  /** Of files that it writes. */
  readonly diskBytes: number;
  /** Of what it says. */
  readonly answerBytes: number;
}

export interface RehearsalPlan {
  /** Of bubblewrap. */
  readonly path: string;
  /** The rehearsal's own, which is removed behind it. */
  readonly folder: string;
  /** Paths of all code that the job may load. */
  readonly code: readonly string[];
  readonly request: RehearsalRequest;
  readonly bounds: RehearsalBounds;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface SeenInRehearsal {
  readonly said: Extract<FromRehearsal, { type: 'rehearsed' | 'failed' }>;
  /** What its sandbox has refused. */
  readonly tried: readonly Tried[];
}

/** How often it is looked at what it holds. */
const LOOK_MS = 200;

/**
 * @throws {UsageError} PRIVITY_REHEARSAL_LIMIT, PRIVITY_CONTRACT_NOT_REHEARSED
 * @throws {EnvironmentError} PRIVITY_PROGRAM_NOT_STARTED
 * @throws the reason of `signal`
 */
export async function rehearseConfined(plan: RehearsalPlan): Promise<SeenInRehearsal> {
  const { folder, request, bounds, clock, signal } = plan;
  signal.throwIfAborted();
  const tempDir = join(folder, 'temporary');
  const child = await started(plan, tempDir);
  const pid = child.pid ?? 0;
  const ended = deferred<SeenInRehearsal['said']>();
  const tried = new Set<Tried>();
  const over = (what: string): void =>
    ended.reject(new UsageError('PRIVITY_REHEARSAL_LIMIT', `the rehearsal ${what}`));
  const memory = new GroupMemory(pid, () => clock.now());
  const watch = new Watch(clock, () => exceeded(memory, tempDir, bounds), over);
  const stop = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const limit = clock.after(bounds.ms, () => over(`takes longer than ${bounds.ms} ms`));
  try {
    listen(child, bounds.answerBytes, (message) => {
      if (message?.type === 'tried') tried.add(message.what);
      else if (message === undefined) ended.reject(notRehearsed('what came was no answer of a rehearsal'));
      else ended.resolve(message);
    });
    // Behind all that it has said, also when it has ended before that was read.
    child.once('disconnect', () =>
      ended.reject(notRehearsed(`its process ended without a word${triedText(tried)}`)),
    );
    child.stdin?.end(JSON.stringify(request));
    return { said: await ended.promise, tried: [...tried] };
  } finally {
    limit.cancel();
    watch.stop();
    signal.removeEventListener('abort', stop);
    await end(pid, folder);
  }
}

async function started(
  { path, folder, code, request, bounds }: RehearsalPlan,
  tempDir: string,
): Promise<ChildProcess> {
  const child = await startConfined({
    path,
    code,
    jobFile: request.job,
    settings: {},
    tempDir,
    fileBytesMax: bounds.diskBytes,
    flags: heapArguments(bounds.memoryBytes, undefined),
    main: fileURLToPath(new URL('./rehearse-main.js', import.meta.url)),
    mark: { [MARK]: folder },
  });
  // What it prints is the job's, and nobody's to read; a write to a process that has ended is told by its end.
  for (const stream of [child.stdout, child.stderr]) stream?.resume();
  for (const one of [child, child.stdin]) one?.on('error', () => undefined);
  try {
    await once(child, 'spawn');
    return child;
  } catch (cause) {
    const text = `the process that rehearses cannot be started (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_PROGRAM_NOT_STARTED', text, { cause });
  }
}

function listen(
  child: ChildProcess,
  bytesMax: number,
  onMessage: (message: FromRehearsal | undefined) => void,
): void {
  guardChannel(
    child,
    {
      onMessage: (message) => onMessage(readFromRehearsal(message)),
      onViolation: () => onMessage(undefined),
    },
    bytesMax,
  );
}

/** The group, whatever has left it, and what either has started in that moment. */
async function end(pid: number, mark: string): Promise<void> {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  killMarked(mark);
  await ignored(treeGone(pid, mark), 'its sandbox ends with this process at the latest');
}

/** Looks at what the process holds, one look behind the other. */
class Watch {
  readonly #clock: Clock;
  readonly #look: () => Promise<string | undefined>;
  readonly #over: (what: string) => void;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(clock: Clock, look: () => Promise<string | undefined>, over: (what: string) => void) {
    this.#clock = clock;
    this.#look = look;
    this.#over = over;
    this.#again();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  #again(): void {
    this.#timer = this.#clock.after(LOOK_MS, async () => {
      const what = await ignored(this.#look(), 'files come and go while they are counted');
      if (this.#isOver) return;
      if (what === undefined) this.#again();
      else this.#over(what);
    });
  }
}

async function exceeded(
  memory: GroupMemory,
  tempDir: string,
  { memoryBytes, diskBytes }: RehearsalBounds,
): Promise<string | undefined> {
  if ((memory.bytes() ?? 0) > memoryBytes) return `holds more than ${memoryText(memoryBytes)} of memory`;
  if ((await folderBytes(tempDir, diskBytes)) > diskBytes)
    return `writes more than ${memoryText(diskBytes)} of files`;
  return undefined;
}

const notRehearsed = (why: string): UsageError =>
  new UsageError('PRIVITY_CONTRACT_NOT_REHEARSED', `the job was not rehearsed: ${why}`);

const triedText = (tried: ReadonlySet<Tried>): string =>
  tried.size === 0 ? '' : `; its code tried ${[...tried].map((what) => TRIED[what]).join(', ')}`;
