/**
 * The program of the fault matrix. Its parties come from the environment, because there are two, three or five of them;
 * what goes wrong, where and at whom is in its arguments. What must differ between parties without the job differing (a
 * diverging program) comes from the environment, too.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { job, psi, tableOf, z } from 'privity';

const self = process.env.MATRIX_PARTY ?? '';
/** There are at least these two; the others are looked up by name. */
const parties = (process.env.MATRIX_PARTIES ?? 'alice,bob').split(',') as unknown as readonly [
  'alice',
  'bob',
];
const differs = process.env.MATRIX_DIFFERS ?? '';
/** Rows of each table of the intersection: some seconds of curve arithmetic. */
const PSI_ROWS = 12_000;
const BLOCKED_MS = 10_000;
const PAUSE_MS = 500;
const PIECE_MEGABYTES = 100;
/** A few pieces and what Node.js itself needs: far below what has passed. */
const PEAK_MEGABYTES_MAX = 1_000;

// From here on the program can tell its peers if its supervisor dies.
console.log('loading');
// A party that is slow to load keeps the others in the handshake.
const loadMs = Number(process.env.MATRIX_LOAD_MS ?? 0);
if (loadMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, loadMs);

/** Tells the test that the fault is now, before it is. */
const tell = (): void => console.log(`fault at ${Date.now()}`);

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

/** Listened for from here on: a program may be stopped after its task was said to begin, and before it does. */
const continued = new Promise<number>((resolve) => process.once('SIGCONT', () => resolve(2)));

function fillHeap(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
}

/** Never touched, so that it costs address space and no memory. */
function fillBuffers(): never {
  const kept: Uint8Array[] = [];
  for (;;) kept.push(new Uint8Array(2 ** 28));
}

function fillDisk(folder: string): never {
  const file = openSync(join(folder, 'filled'), 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(2 ** 18));
  } finally {
    closeSync(file);
  }
}

/** A process that ignores every polite request and holds the output open. */
function startStubborn(detached: boolean): ChildProcess {
  const script = 'trap "" TERM INT HUP; exec sleep 600';
  return spawn('sh', ['-c', script], { stdio: ['ignore', 'inherit', 'inherit'], detached });
}

/** A process that has many, faster than one could end them one by one. */
function startMany(): ChildProcess {
  const script = 'trap "" TERM INT HUP; for i in $(seq 100); do sleep 600 & done; wait';
  return spawn('sh', ['-c', script], { stdio: 'ignore', detached: true });
}

const recurse = (n: number): number => 1 + recurse(n + 1);

/** What the task "work" does at a party that is to fail. */
async function act(what: string, signal: AbortSignal, tempDir: string): Promise<unknown> {
  switch (what) {
    case 'throw':
    case 'throw in finally':
    case 'throw in a handler':
      tell();
      throw new Error('canary-task-message');
    case 'throw a string':
      tell();
      throw 'canary-task-message';
    case 'reject':
      await null;
      tell();
      return Promise.reject(new Error('canary-task-message'));
    case 'overflow the stack':
      tell();
      return recurse(0);
    case 'escape':
      setImmediate(() => {
        tell();
        void Promise.reject(new Error('canary-task-message'));
      });
      return untilAborted(signal);
    case 'exit':
      tell();
      return process.exit(3);
    case 'abort':
      tell();
      return process.abort();
    case 'fill the heap':
      tell();
      return fillHeap();
    case 'fill buffers':
      tell();
      return fillBuffers();
    case 'fill the disk':
      tell();
      return fillDisk(tempDir);
    case 'return five gigabytes':
      tell();
      // Never touched, so that it costs address space and no memory.
      return { first: new Uint8Array(2_500_000_000), second: new Uint8Array(2_500_000_000) };
    case 'outlast':
      return new Promise((resolve) => setTimeout(resolve, Number(process.env.MATRIX_UNTIL) - Date.now(), 2));
    case 'return a map':
      tell();
      return new Map([['canary-key', 'canary-value']]);
    case 'pause':
      return new Promise((resolve) => setTimeout(resolve, PAUSE_MS, 2));
    case 'wait for the end of a stop':
      return continued;
    case 'spin':
      for (;;);
    case 'block':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
      return 2;
    case 'start a stubborn process':
    case 'start a detached process':
      startStubborn(what === 'start a detached process');
      return untilAborted(signal);
    case 'start a hundred processes':
      startMany();
      return untilAborted(signal);
    case 'throw in a listener':
      signal.addEventListener('abort', () => {
        throw new Error('canary-listener-message');
      });
      tell();
      throw new Error('canary-task-message');
    case 'wait':
      return untilAborted(signal);
    default:
      return 2;
  }
}

/** The job's own clean-up, which may fail as well, or take longer than it is given. */
async function cleanUp(what: string, isSlow: boolean): Promise<void> {
  if (what === 'throw in finally') throw new Error('canary-finally-message');
  if (!isSlow) return;
  console.log('cleaning up');
  await new Promise(() => undefined);
}

/** A part of a stream of values. The bytes differ, so that no page of memory is shared with another. */
function piece(bytes: number, number: number): Uint8Array {
  return new Uint8Array(bytes).fill(number % 256);
}

/** The most memory that this process has had, in megabytes. */
const peakMegabytes = (): number => process.resourceUsage().maxRSS / 1_000;

/** Runs when this party's program has reported that it is through: the run is closing. */
function whenThrough(then: () => void): void {
  const send = process.send?.bind(process);
  if (send === undefined) return;
  process.send = ((message: { readonly type?: string }, ...rest: []) => {
    const sent = send(message, ...rest);
    if (message.type === 'finished') setImmediate(then);
    return sent;
  }) as NonNullable<typeof process.send>;
}

export default job(
  {
    parties,
    args: z.object({
      scene: z
        .enum(['work', 'transfer', 'pieces', 'psi', 'reveal', 'closing', 'end', 'attempt'])
        .default('work'),
      act: z.string().default('return'),
      who: z
        .string()
        .default('bob')
        .transform((text) => text.split(',')),
      megabytes: z.coerce.number().default(32),
      /** Whose clean-up never ends by itself. */
      lingers: z.string().default(''),
    }),
  },
  async (context) => {
    const { alice, bob, args, reveal, parallel, attempt } = context;
    const { scene, who } = args;
    const party = (name: string) => (context as unknown as Record<string, typeof bob>)[name] ?? bob;
    const fails = who.includes(self);
    if (args.act === 'throw in a handler') {
      party(who[0] ?? 'bob').onFailure(() => {
        throw new Error('canary-handler-message');
      });
    }
    try {
      // Afterwards everyone's program has a connection with everyone else's.
      await Promise.all(parties.map((name) => reveal(party(name).run('here', () => 1))));
      const seed = alice.run('seed', () => 20);
      const atBob = { seed: seed.to(bob) };
      const doubled =
        differs === 'body'
          ? bob.run('double', atBob, ({ seed }) => seed * 2)
          : bob.run('double', atBob, ({ seed }) => seed + seed);
      const order = differs === 'order' ? ['second', 'first'] : ['first', 'second'];
      for (const name of order) alice.run(name, () => 1);
      for (let i = 0; i < (differs === 'iterations' ? 4 : 3); i++) bob.run('round', () => i);
      if (differs === 'extra step') alice.run('extra', () => 1);
      const first = await reveal(doubled);
      if (args.act === 'throw in the job' || args.act === 'spin in the job') {
        if (fails) {
          tell();
          while (args.act === 'spin in the job');
          throw new Error('canary-job-message');
        }
        return await reveal(bob.run('work', ({ signal }) => untilAborted(signal)));
      }
      if (scene === 'work') {
        const works = who.map((name) =>
          party(name).run('work', ({ signal, tempDir }) => act(args.act, signal, tempDir)),
        );
        const branches = works.map((work) => () => reveal(work));
        const [second] = branches.length === 1 ? [await branches[0]?.()] : await parallel(branches);
        return { answer: first + Number(second) };
      }
      if (scene === 'transfer' || scene === 'reveal') {
        const bytes = args.megabytes * 1_000_000;
        const big = alice.run('make', () => new Uint8Array(bytes).fill(7));
        if (scene === 'reveal') return { bytes: (await reveal(big)).length };
        return {
          bytes: await reveal(bob.run('take', { big: big.to(bob) }, ({ big }) => (big as Uint8Array).length)),
        };
      }
      if (scene === 'pieces') {
        // More than any memory here may hold, as a job would move it: one piece after the other.
        let megabytes = 0;
        for (let number = 0; megabytes < args.megabytes; number++) {
          const made = alice.run('make piece', () => piece(PIECE_MEGABYTES * 1_000_000, number));
          const taken = bob.run('take piece', { made: made.to(bob) }, ({ made }) => {
            const isSame = Buffer.compare(made, piece(made.length, number)) === 0;
            if (!isSame) throw new Error('a piece has changed');
            return made.length / 1_000_000;
          });
          megabytes += await reveal(taken);
        }
        const peaks = [
          await reveal(alice.run('peak', peakMegabytes)),
          await reveal(bob.run('peak', peakMegabytes)),
        ];
        const peak = Math.max(...peaks);
        if (peak > PEAK_MEGABYTES_MAX) throw new Error(`it took ${peak} MB`);
        return { megabytes };
      }
      if (scene === 'psi') {
        const ids = (from: number) => Array.from({ length: PSI_ROWS }, (_, i) => `id-${from + i}`);
        const left = alice.run('left', () => tableOf({ id: ids(0) }));
        const right = bob.run('right', () => tableOf({ id: ids(PSI_ROWS / 2) }));
        const both = psi({ on: 'id' }, left, right);
        return {
          shared: await reveal(alice.run('count', { rows: both.alice }, ({ rows }) => rows.rowCount)),
        };
      }
      if (scene === 'attempt') {
        const tried = await attempt(() =>
          reveal(party(who[0] ?? 'bob').run('work', ({ signal, tempDir }) => act(args.act, signal, tempDir))),
        );
        return { answer: first, tried: tried.ok ? 'ok' : tried.failure.code };
      }
      if (scene === 'end') {
        whenThrough(() => console.log('through'));
        return { answer: first };
      }
      // Closing: everyone but the last party of the federation is through, and waits for its FIN.
      const holder = parties.at(-1) ?? 'bob';
      party(holder).run('hold', ({ signal }) => untilAborted(signal));
      whenThrough(() => {
        console.log('through');
        if (!fails || args.act !== 'throw') return;
        tell();
        throw new Error('canary-late-message');
      });
      return { answer: first };
    } finally {
      await cleanUp(args.act, args.lingers === self);
    }
  },
);
