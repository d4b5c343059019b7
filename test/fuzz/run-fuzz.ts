/**
 * Starts the thread in which decoders are measured or fuzzed, and watches it: an input that never ends is a finding,
 * too.
 */
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { growthAt } from '../../src/base/decode-bound.ts';
import type { Decoder } from './decoder.ts';
import type { Finding, Tally } from './fuzz-loop.ts';
import {
  type Job,
  type Measured,
  SHARED_BYTES,
  SHARED_WORDS,
  type Suspect,
  type Told,
} from './fuzz-worker.ts';

/** Room for what is garbage soon, so that it is still there when it is measured. */
const GARBAGE_MB = 64;
/** No input takes longer, on however busy a machine, if its decoder comes to an end. */
const ENDLESS_MS = 60_000;

export const DECODERS = new URL('decoders.js', import.meta.url).href;

export interface FuzzOptions {
  readonly module?: string;
  readonly only?: string;
  readonly seed: number;
  /** Inputs of each decoder. */
  readonly inputs: number;
  /** When it ends at the latest, in milliseconds since the epoch. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
  /** How long one input may take. */
  readonly endlessMs?: number;
  readonly onProgress?: (tallies: readonly Tally[]) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface Fuzzed {
  readonly tallies: readonly Tally[];
  readonly findings: readonly Finding[];
}

export async function fuzz(options: FuzzOptions): Promise<Fuzzed> {
  const { module = DECODERS, only = '', seed, inputs, untilMs = Number.MAX_SAFE_INTEGER } = options;
  const findings: Finding[] = [];
  const suspects: Suspect[] = [];
  let tallies: readonly Tally[] = [];
  const found = (finding: Finding): void => {
    findings.push(finding);
    options.onFinding?.(finding);
  };
  const end = await run(
    { module, only, work: { kind: 'fuzz', seed, inputs, untilMs } },
    (told) => {
      if (told.kind === 'finding') found(told.finding);
      if (told.kind === 'suspect') suspects.push(told.suspect);
      if (told.kind !== 'progress' && told.kind !== 'done') return;
      tallies = told.tallies;
      options.onProgress?.(tallies);
    },
    options,
  );
  const { decoders } = (await import(module)) as { readonly decoders: readonly Decoder[] };
  if (end !== undefined) {
    const names = decoders.map(({ name }) => name).filter((name) => name.includes(only));
    found({ decoder: names[end.decoder] ?? '', fault: 'endless', says: end.says, input: end.input });
  }
  if (suspects.length > 0) {
    for (const { decoder, input: index, bytes, amount } of await measured({
      module,
      only,
      work: { kind: 'suspects', suspects },
    })) {
      const bound = decoders.find(({ name }) => name === decoder)?.bound;
      const most = bound ? growthAt(bound.steps, bytes) : 0;
      const input = suspects.filter((suspect) => suspect.decoder === decoder)[index]?.input ?? '';
      const says = `${amount} steps for ${bytes} bytes; the bound is ${most}`;
      if (amount > most) found({ decoder, fault: 'steps', says, input });
    }
  }
  return { tallies, findings };
}

/** What hostile inputs of about so many bytes cost each decoder: bytes of memory, or steps. */
export function measureHostile(kind: 'memory' | 'steps', bytes: number): Promise<readonly Measured[]> {
  return measured({ module: DECODERS, only: '', work: { kind, bytes } });
}

async function measured(job: Omit<Job, 'shared'>): Promise<readonly Measured[]> {
  const all: Measured[] = [];
  const end = await run(job, (told) => {
    if (told.kind === 'measured') all.push(told.measured);
  });
  if (end !== undefined) throw new Error(`a measurement has not come to its end: ${end.says}`);
  return all;
}

interface Stuck {
  readonly decoder: number;
  readonly says: string;
  readonly input: string;
}

/** Resolves to what the thread was at when it was given up, if it was. */
function run(
  job: Omit<Job, 'shared'>,
  onTold: (told: Told) => void,
  { signal, endlessMs = ENDLESS_MS }: Pick<FuzzOptions, 'signal' | 'endlessMs'> = {},
): Promise<Stuck | undefined> {
  // For threads that begin from now on: there is no other way to ask for them.
  for (const flag of ['--expose-gc', `--min-semi-space-size=${GARBAGE_MB}`]) setFlagsFromString(flag);
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  const words = new Int32Array(shared, 0, SHARED_WORDS);
  const worker = new Worker(new URL('fuzz-worker.js', import.meta.url), {
    workerData: { ...job, shared } satisfies Job,
    resourceLimits: { maxYoungGenerationSizeMb: 3 * GARBAGE_MB },
  });
  return new Promise((resolve, reject) => {
    let [seen, seenAt, isDone] = [-1, Date.now(), false];
    const stuck = (says: string): Stuck => {
      const input = Buffer.from(new Uint8Array(shared, 4 * SHARED_WORDS, words[2])).toString('base64');
      return { decoder: words[1] ?? 0, says, input };
    };
    const over = (result: Stuck | undefined): void => {
      clearInterval(watch);
      signal?.removeEventListener('abort', stop);
      isDone = true;
      void worker.terminate();
      resolve(result);
    };
    const watch = setInterval(() => {
      const at = Atomics.load(words, 0);
      if (at !== seen) [seen, seenAt] = [at, Date.now()];
      else if (job.work.kind === 'fuzz' && Date.now() > seenAt + endlessMs)
        over(stuck(`no end after ${endlessMs} ms`));
    }, 1_000);
    const stop = (): void => over(undefined);
    signal?.addEventListener('abort', stop, { once: true });
    worker.on('message', (told: Told) => {
      onTold(told);
      if (told.kind === 'done') over(undefined);
    });
    worker.on('error', (error) => {
      if (isDone) return;
      // Out of memory is the input's doing; all else is a mistake of the tool.
      if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY')
        return over(stuck(String(error)));
      clearInterval(watch);
      reject(error);
    });
  });
}
