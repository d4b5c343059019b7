/** Where the node of a party is reached, and with which token. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../../base/errors.ts';
import { checkOptions, type OptionNames } from '../../base/options.ts';
import { readNodeFile } from '../../config/node-file.ts';
import { NodeClient } from './client.ts';
import { ADMIN_TOKEN_FILE, API_FILE, NODE_FILE } from './file-names.ts';

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

/** Where a node is, and who asks. Relative paths count from the current folder. */
export interface NodeOptions {
  /** The node file, which says where its API and the first token are. Default: `node.yaml`. */
  readonly config?: string | undefined;
  /** Where its API is, such as `http://127.0.0.1:7430`. Default: as the node itself has written it down. */
  readonly url?: string | undefined;
  /** The token, `privity_…`. Default: that in `tokenFile`. */
  readonly token?: string | undefined;
  /** A file with the token. Default: that of the person who has installed the node. */
  readonly tokenFile?: string | undefined;
  /** Aborting ends all that is being asked, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: OptionNames<NodeOptions> = {
  config: 'optional',
  url: 'optional',
  token: 'optional',
  tokenFile: 'optional',
  signal: 'optional',
};

/**
 * A client for a node's API: by its node file, or by an address and a token where that file is not to be had. Nothing
 * is asked yet.
 *
 * @throws {UsageError} PRIVITY_API_INVALID: an unknown option, or `url` is no address; PRIVITY_CONFIG_FILE_MISSING and
 *   other mistakes of the node file; PRIVITY_NODE_NOT_RUNNING: no node has served there; PRIVITY_TOKEN_INVALID: the
 *   token is undefined, or its file cannot be read
 */
export async function node(options: NodeOptions = {}): Promise<NodeClient> {
  checkOptions('node', options, OPTIONS);
  // A variable that is not set is no wish to ask as the person who has installed the node.
  if ('token' in options && options.token === undefined)
    throw new UsageError('PRIVITY_TOKEN_INVALID', 'token: it is undefined; leave it out, or give one');
  const { config = NODE_FILE, token, tokenFile, signal } = options;
  const url = options.url === undefined ? undefined : addressOf(options.url);
  const given = token ?? (tokenFile === undefined ? undefined : await tokenIn(resolve(tokenFile)));
  if (url !== undefined && given !== undefined) return new NodeClient({ url, token: given, signal });
  const { state } = await readNodeFile(resolve(config));
  const own = given ?? (await tokenIn(join(state, ADMIN_TOKEN_FILE)));
  return new NodeClient({ url: url ?? (await urlOf(state)), token: own, signal });
}

/** What is given may be a token by mistake: it is not repeated. */
function addressOf(url: unknown): string {
  const isAddress = typeof url === 'string' && /^https?:\/\/[^/]/.test(url) && URL.canParse(url);
  if (isAddress) return url.replace(/\/$/, '');
  throw new UsageError(
    'PRIVITY_API_INVALID',
    'url: this is no address http://HOST:PORT, such as http://127.0.0.1:7430',
  );
}
