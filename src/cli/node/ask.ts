/** How commands reach a node: by its node file, or by an address and a token. */
import { resolve } from 'node:path';
import { jsonLine } from '../../base/steering.ts';
import type { NodeClient } from '../../node/client/client.ts';
import { node } from '../../node/client/find-node.ts';
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
  const at = (file: string): string => resolve(shell.cwd, file);
  const { config, url, tokenFile } = flags;
  return node({
    config: at(config),
    url,
    tokenFile: tokenFile === undefined ? undefined : at(tokenFile),
    signal: stopping.signal,
  });
}

/** Prints an answer: as one JSON object, or as text for people. */
export function show<T>(shell: Shell, flags: NodeFlags, answer: T, text: (answer: T) => string): number {
  shell.out.write(flags.json === true ? jsonLine(answer as object) : text(answer));
  return 0;
}
