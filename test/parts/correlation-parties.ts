/** Members of a device with bare fibers, in one process over memory: for tests of what protocols are built from. */
import type { Fiber } from '../../src/secure/fiber.ts';
import { Rounds, type RoundsReport } from '../../src/secure/rounds.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../src/testing/memory-channel.ts';

export interface FiberRun<T> {
  readonly value: T;
  readonly report: RoundsReport;
}

/** Runs one computation at all members; the first error stops the others and is thrown. */
export async function runFibers<T>(
  size: number,
  body: (fiber: Fiber) => Promise<T>,
  options: MemoryChannelOptions = {},
): Promise<FiberRun<T>[]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(size, { ...options, signal: stop.signal });
  let first: unknown;
  const runs = channels.map(async (channel) => {
    const rounds = new Rounds(channel);
    try {
      return { value: await body(rounds.root), report: rounds.report() };
    } catch (error) {
      first ??= error;
      stop.abort(new Error('another member failed'));
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(runs);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw first;
    return outcome.value;
  });
}
