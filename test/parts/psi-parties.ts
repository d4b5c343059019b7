/** Both parties of a private set intersection in one process, with everything that crosses between them on record. */
import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode } from '../../src/base/error-catalogue.ts';
import { PrivityError } from '../../src/base/errors.ts';
import { systemRandom } from '../../src/base/system.ts';
import { closeDatabase } from '../../src/data/database.ts';
import type { Table } from '../../src/data/table.ts';
import { type JoinResult, type PsiContext, type PsiJoin, psiJoin } from '../../src/psi/align.ts';
import { type JoinPlan, plainJoin } from '../../src/psi/joins/plan.ts';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import type { PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { type MemoryChannelOptions, memoryChannels } from '../../src/testing/memory-channel.ts';

/** A folder for the whole process; `cleanUp` removes it. */
export const tempDir: string = mkdtempSync(join(tmpdir(), 'privity-psi-test-'));

export async function cleanUp(): Promise<void> {
  await closeDatabase();
  await rm(tempDir, { recursive: true, force: true });
}

export interface Party {
  readonly table: Table;
  readonly on?: readonly string[];
  readonly protocol?: PsiProtocol;
  /** What differs from the plain intersection. */
  readonly plan?: Partial<JoinPlan>;
  readonly join?: Pick<PsiJoin, 'minimumRows' | 'onMatched' | 'onPayload'>;
  readonly context?: Partial<PsiContext>;
}

export interface Outcome {
  /** Of each party its table; what it was given else, where that is none; or its error. */
  readonly tables: readonly (Table | unknown)[];
  /** Where a plan only counts. */
  readonly counts: readonly (number | undefined)[];
  readonly sent: readonly { readonly messages: number; readonly bytes: number }[];
  readonly frames: readonly (readonly Uint8Array[])[];
}

/** Runs both parties; a failed one aborts the other, as the runtime would. */
export async function intersect(
  alice: Party,
  bob: Party,
  options: MemoryChannelOptions = {},
): Promise<Outcome> {
  const stop = new AbortController();
  const frames: Uint8Array[][] = [[], []];
  const counts: (number | undefined)[] = [undefined, undefined];
  const { channels, sent } = memoryChannels(2, {
    ...options,
    signal: stop.signal,
    tap(from, to, bytes) {
      frames[from]?.push(bytes);
      return options.tap === undefined ? bytes : options.tap(from, to, bytes);
    },
  });
  const runs = [alice, bob].map(async ({ table, on = ['id'], protocol, plan, join, context }, rank) => {
    const channel = channels[rank];
    assert.ok(channel);
    try {
      const result: JoinResult = await psiJoin(
        channel,
        table,
        { ...join, protocols: [protocol ?? psiProtocols.dh], plan: { ...plainJoin(on), ...plan } },
        { signal: stop.signal, random: systemRandom, threads: 0, ...context },
      );
      counts[rank] = result.count;
      return result.rows;
    } catch (error) {
      // News of a failure goes by way of the supervisors: what was sent before it arrives first.
      setImmediate(() => stop.abort(new Error('the other party failed')));
      return error;
    }
  });
  return { tables: await Promise.all(runs), counts, sent, frames };
}

export async function aligned(
  alice: Party,
  bob: Party,
  options?: MemoryChannelOptions,
): Promise<readonly [Table, Table]> {
  const { tables } = await intersect(alice, bob, options);
  for (const table of tables) if (table instanceof Error) throw table;
  return tables as [Table, Table];
}

/**
 * The alignment fails at this side (0 alice, 1 bob) with this code, and the other side has seen at most `framesMax`
 * frames of it.
 */
export async function fails(
  alice: Party,
  bob: Party,
  side: 0 | 1 | 'either',
  code: ErrorCode,
  options?: MemoryChannelOptions & { readonly framesMax?: number; readonly part?: string },
): Promise<void> {
  const { tables, frames } = await intersect(alice, bob, options);
  // The second to fail may have been stopped before it could say why.
  const error = side === 'either' ? tables.find((table) => table instanceof PrivityError) : tables[side];
  assert.ok(error instanceof PrivityError, String(error));
  assert.equal(error.code, code, error.message);
  if (options?.part !== undefined) assert.ok(error.message.includes(options.part), error.message);
  if (options?.framesMax !== undefined)
    assert.ok((frames[side === 'either' ? 0 : side]?.length ?? 0) <= options.framesMax);
}
