/** All members of a secure device in one process, over memory, with everything that crosses between them on record. */
import { systemRandom } from '../../src/base/system.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import type { Random } from '../../src/contracts/random.ts';
import { serveDealer } from '../../src/secure/correlation/dealer.ts';
import { loadKernels } from '../../src/secure/kernels/load.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import {
  createSession,
  type Evaluator,
  type Session,
  type SessionOptions,
} from '../../src/secure/session.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../src/testing/memory-channel.ts';

export interface SecureRun extends MemoryChannelOptions {
  readonly options?: SessionOptions;
  /** More options of one member, which may make it differ from the others. */
  readonly optionsOf?: (rank: number) => SessionOptions;
  /** Of members by rank, and of a dealer as of rank `size`. Default: the operating system's generator for each. */
  readonly random?: (rank: number) => Random;
  /** One more member, after the others, deals: rank `size` in what a tap sees. */
  readonly dealer?: boolean;
  /** Called with what the dealer failed of, unless a member had failed before. */
  readonly onDealerError?: (error: unknown) => void;
  /** Called with each session when the computation is over, before it is destroyed. */
  readonly inspect?: (session: Session, rank: number) => void;
}

/**
 * Runs one computation at all members; a member that fails stops the others, as the runtime would. Gives results by
 * rank.
 */
export async function runSecure<T>(
  protocol: ProtocolName,
  size: number,
  body: (on: Evaluator, rank: number) => Promise<T>,
  run: SecureRun = {},
): Promise<T[]> {
  const outcomes = await settleSecure(protocol, size, body, run);
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
}

/** The same with errors as results, the first error first to happen. */
export async function settleSecure<T>(
  protocol: ProtocolName,
  size: number,
  body: (on: Evaluator, rank: number) => Promise<T>,
  run: SecureRun = {},
): Promise<PromiseSettledResult<T>[]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(run.dealer === true ? size + 1 : size, { ...run, signal: stop.signal });
  const dealing = dealFrom(channels[size], run.random?.(size) ?? systemRandom, stop, run.onDealerError);
  const outcomes = await Promise.allSettled(
    channels.slice(0, size).map(async (channel, rank) => {
      try {
        const session = await createSession(protocol, channel, run.random?.(rank) ?? systemRandom, {
          ...(run.dealer === true ? { dealer: size } : {}),
          ...run.options,
          ...run.optionsOf?.(rank),
        });
        try {
          return await session.run((on) => body(on, rank));
        } finally {
          run.inspect?.(session, rank);
          session.destroy();
        }
      } catch (error) {
        stop.abort(new Error('another member failed'));
        throw error;
      }
    }),
  );
  await dealing;
  return outcomes;
}

/** A failed dealer stops the members; a failed member stops the dealer. */
async function dealFrom(
  channel: Channel | undefined,
  random: Random,
  stop: AbortController,
  onError: SecureRun['onDealerError'],
): Promise<void> {
  if (channel === undefined) return;
  try {
    await serveDealer(channel, random, await loadKernels());
  } catch (error) {
    if (!stop.signal.aborted) onError?.(error);
    stop.abort(new Error('the dealer failed'));
  }
}
