/** How commands reach a node: by its node file, or by an address and a token. */
import { resolve } from 'node:path';
import { jsonLine } from '../../base/steering.ts';
import { readNodeFile } from '../../config/node-file.ts';
import { NodeClient } from '../../node/client/client.ts';
import { ADMIN_TOKEN_FILE, tokenIn, urlOf } from '../../node/client/find-node.ts';
import type { Shell } from '../shell.ts';
import { Stopped } from '../stop.ts';

export interface NodeFlags {
  readonly config: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** @throws {UsageError} PRIVITY_CONFIG_*, PRIVITY_NODE_NOT_RUNNING, PRIVITY_TOKEN_INVALID */
export async function clientOf(shell: Shell, flags: NodeFlags): Promise<NodeClient> {
  const stopping = new AbortController();
  shell.onStopSignal((signal) => {
    const stopped = new Stopped(signal);
    if (stopping.signal.aborted) shell.exitNow(stopped.exitCode);
    stopping.abort(stopped);
  });
  const { signal } = stopping;
  const file = flags.tokenFile === undefined ? undefined : resolve(shell.cwd, flags.tokenFile);
  if (flags.url !== undefined && file !== undefined)
    return new NodeClient({ url: flags.url.replace(/\/$/, ''), token: await tokenIn(file), signal });
  const { state } = await readNodeFile(resolve(shell.cwd, flags.config));
  const token = await tokenIn(file ?? resolve(state, ADMIN_TOKEN_FILE));
  return new NodeClient({ url: flags.url?.replace(/\/$/, '') ?? (await urlOf(state)), token, signal });
}

/** Prints an answer: as one JSON object, or as text for people. */
export function show<T>(shell: Shell, flags: NodeFlags, answer: T, text: (answer: T) => string): number {
  shell.out.write(flags.json === true ? jsonLine(answer as object) : text(answer));
  return 0;
}
