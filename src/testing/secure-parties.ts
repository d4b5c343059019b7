/** All members of a secure device in one process, over memory, with everything that crosses between them on record. */
import { systemRandom } from '../base/system.ts';
import type { Random } from '../contracts/random.ts';
import { createSession, type Evaluator, type Session, type SessionOptions } from '../secure/session.ts';
import { type MemoryChannelOptions, memoryChannels } from './memory-channel.ts';

export type SecureProtocol = Parameters<typeof createSession>[0];

export interface SecureRun extends MemoryChannelOptions {
  readonly options?: SessionOptions;
  /** More options of one member, which may make it differ from the others. */
  readonly optionsOf?: (rank: number) => SessionOptions;
  /** Default: the operating system's generator for each. */
  readonly random?: (rank: number) => Random;
  /** Called with each session when the computation is over, before it is destroyed. */
  readonly inspect?: (session: Session, rank: number) => void;
}

/** Runs one computation at all members; a member that fails stops the others, as the runtime would. Gives results by rank. */
export async function runSecure<T>(
  protocol: SecureProtocol,
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
  protocol: SecureProtocol,
  size: number,
  body: (on: Evaluator, rank: number) => Promise<T>,
  run: SecureRun = {},
): Promise<PromiseSettledResult<T>[]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(size, { ...run, signal: stop.signal });
  return Promise.allSettled(
    channels.map(async (channel, rank) => {
      try {
        const session = await createSession(protocol, channel, run.random?.(rank) ?? systemRandom, {
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
}
