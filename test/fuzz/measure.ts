/**
 * What a decoder costs: memory and work, without a clock. Only in a worker that `run-worker.ts` has started: it has
 * room for garbage.
 */
import { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import type { Decoder } from './decoder.ts';

/** Heap and what typed arrays have outside of it. */
export function usedBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

/**
 * What a measurement cannot tell from nothing: V8 hands out memory to a thread in pieces of about 250 KB, and counts a
 * piece when it is begun. Twelve measurements in a row have been seen to begin one.
 */
export const RESOLUTION_BYTES = 256 * 1024;

/** Rounds of collecting until nothing more is given back: another thread does it. */
const COLLECTIONS_MAX = 20;
const COLLECTED_BYTES = 64 * 1024;

/**
 * What arrays have outside of the heap is given back a little later: one of before must not seem to pay for one of now.
 */
async function collect(): Promise<void> {
  for (let [left, last] = [COLLECTIONS_MAX, Number.POSITIVE_INFINITY]; left > 0; left--) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 1));
    const used = usedBytes();
    if (last - used < COLLECTED_BYTES) return;
    last = used;
  }
}

/**
 * What a decoder costs it costs each time; what V8 compiles beside it was seen in three measurements running on a busy
 * machine.
 */
const MEASUREMENTS_MAX = 12;

async function attempt({ decode }: Decoder, bytes: Uint8Array): Promise<unknown> {
  try {
    return await decode(bytes);
  } catch (error) {
    return error;
  }
}

/**
 * What is allocated while an input is decoded. `enough`: no more than that is not measured again; more may have been
 * something else, which was loaded, compiled or collected meanwhile, so that the least of some counts.
 */
export async function measureMemory(decoder: Decoder, bytes: Uint8Array, enough: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  await attempt(decoder, bytes);
  for (let left = MEASUREMENTS_MAX; left > 0 && least > enough; left--) {
    await collect();
    const before = usedBytes();
    const result = await attempt(decoder, bytes);
    least = Math.min(least, usedBytes() - before);
    // Held until here, so that what it is made of counts.
    if (result === measureMemory) break;
  }
  return Math.max(0, least);
}

interface Coverage {
  readonly result: readonly {
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/**
 * Counts stretches of code as they are executed, with the profiler's own counters. Code has them only if it is compiled
 * afterwards: to be made before decoders are loaded, in a thread that does nothing else.
 */
export class StepCounter {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** The least of some, where that is more than `enough`: other work of the process is counted, too. */
  async measure(decoder: Decoder, bytes: Uint8Array, enough: number): Promise<number> {
    let least = Number.POSITIVE_INFINITY;
    await attempt(decoder, bytes);
    for (let left = MEASUREMENTS_MAX; left > 0 && least > enough; left--) {
      this.#take();
      await attempt(decoder, bytes);
      least = Math.min(least, this.#take());
    }
    return least;
  }

  #take(): number {
    let steps = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, coverage) => {
      if (error) throw error;
      for (const { functions } of (coverage as Coverage).result)
        for (const { ranges } of functions) for (const { count } of ranges) steps += count;
    });
    return steps;
  }
}
