/** Where the node of a party is reached, and with which token. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../base/errors.ts';

/** In the state folder: where the API listens. */
export const API_FILE = 'api.json';
/** In the state folder: the token of the person who has installed the node. */
export const ADMIN_TOKEN_FILE = 'admin.token';

const apiFile = z.object({ url: z.url() });

/** @throws {UsageError} PRIVITY_NODE_NOT_RUNNING: no node has ever served from this folder */
export async function urlOf(state: string): Promise<string> {
  try {
    return apiFile.parse(JSON.parse(await readFile(join(state, API_FILE), 'utf8'))).url;
  } catch (cause) {
    throw new UsageError(
      'PRIVITY_NODE_NOT_RUNNING',
      `no node serves from ${state}; start it: privity node start`,
      { cause },
    );
  }
}

/** @throws {UsageError} PRIVITY_TOKEN_INVALID */
export async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new UsageError('PRIVITY_TOKEN_INVALID', `${file}: the token cannot be read (${code})`, { cause });
  }
}
