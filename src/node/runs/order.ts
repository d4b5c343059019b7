/** What a node gives to the supervisor of a run, in a file that only this user can read. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { UsageError } from '../../base/errors.ts';

export const ORDER_FILE = 'order.json';
/** What a node says to a supervisor before the name of a party whose supervisor has ended. */
export const GONE_WORD = 'gone ';

const order = z.strictObject({
  version: z.literal(1),
  runId: z.string().min(1).max(200),
  /** Those of the run, of the parties of the federation. */
  parties: z.array(z.string()).min(1),
  args: z.record(z.string(), z.unknown()),
  settings: z.record(z.string(), z.unknown()),
  contract: z.unknown(),
  /** An intersection with fewer rows fails at this party. */
  minimumRows: z.int().min(0),
  /** Paths of all code that the job may load: its own, and that of packages. */
  code: z.array(z.string()).readonly(),
  /** Where the job may write results. */
  results: z.string().optional(),
  /** The local socket at which its connections arrive. */
  door: z.string(),
});
export type Order = Readonly<z.output<typeof order>>;

/** @throws {UsageError} PRIVITY_NODE_ORDER */
export async function readOrder(path: string): Promise<Order> {
  try {
    return order.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw new UsageError('PRIVITY_NODE_ORDER', `${path}: this is no order of a node of this version`, {
      cause,
    });
  }
}
