/** Both parties of a comparison of keys in one process, with everything that crosses between them on record. */
import assert from 'node:assert/strict';
import type { Table } from '../../src/data/table.ts';
import { compareKeys, type ProfilePlan, prepareProfile } from '../../src/psi/profile/compare.ts';
import type { KeyComparison } from '../../src/psi/profile/comparison.ts';
import { MINIMUM_COUNT } from '../../src/psi/profile/profile.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../src/testing/memory-channel.ts';

export interface ProfileParty {
  readonly table: Table;
  readonly plan?: Partial<ProfilePlan>;
  readonly ownMinimum?: number;
}

export interface ProfileOutcome {
  /** Of each party its comparison, or its error. */
  readonly results: readonly (KeyComparison | Error)[];
  readonly frames: readonly (readonly Uint8Array[])[];
  readonly notes: readonly (readonly string[])[];
}

export const plainProfile = (on: readonly string[]): ProfilePlan => ({
  on: [on, on],
  left: 0,
  normalise: [],
  minimumCount: MINIMUM_COUNT,
});

/** Runs both parties; a failed one aborts the other, as the runtime would. */
export async function profiled(
  alice: ProfileParty,
  bob: ProfileParty,
  options: MemoryChannelOptions = {},
): Promise<ProfileOutcome> {
  const stop = new AbortController();
  const frames: Uint8Array[][] = [[], []];
  const notes: string[][] = [[], []];
  const { channels } = memoryChannels(2, {
    ...options,
    signal: stop.signal,
    tap(from, to, bytes) {
      frames[from]?.push(bytes);
      return options.tap === undefined ? bytes : options.tap(from, to, bytes);
    },
  });
  const runs = [alice, bob].map(async ({ table, plan, ownMinimum = 0 }, rank) => {
    const channel = channels[rank];
    assert.ok(channel);
    const { signal } = stop;
    try {
      const wanted = { ...plainProfile(['id']), ...plan };
      const own = await prepareProfile(table, rank, wanted, { signal, ownMinimum });
      const note = (line: string): void => void notes[rank]?.push(line);
      return await compareKeys(channel, table, wanted, own, { signal, note });
    } catch (error) {
      setImmediate(() => stop.abort(new Error('the other party failed')));
      return error as Error;
    }
  });
  return { results: await Promise.all(runs), frames, notes };
}

/** Both comparisons of a run that must not fail. */
export async function compared(
  alice: ProfileParty,
  bob: ProfileParty,
): Promise<readonly [KeyComparison, KeyComparison]> {
  const { results } = await profiled(alice, bob);
  for (const result of results) if (result instanceof Error) throw result;
  return results as [KeyComparison, KeyComparison];
}
