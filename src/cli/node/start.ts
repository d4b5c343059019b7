/** `privity node start`, `status` and `stop`. */
import { resolve } from 'node:path';
import { jsonLine } from '../../base/steering.ts';
import { readNodeFile } from '../../config/node-file.ts';
import { keepPrivate } from '../../supervisor/machine/private-process.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';
import { clientOf, type NodeFlags, show } from './ask.ts';
import { type Serving, startDetached } from './detach.ts';
import { statusText } from './node-text.ts';

/** Serves until a signal or a request ends it; runs go on. Resolves to the exit code. */
export async function startCommand(
  shell: Shell,
  flags: NodeFlags & { readonly detach?: boolean },
): Promise<number> {
  keepPrivate();
  const file = resolve(shell.cwd, flags.config);
  const config = await readNodeFile(file);
  if (flags.detach) {
    const serving = await startDetached(shell, file, config.state);
    return show(
      shell,
      flags,
      serving,
      () =>
        `${servesText(shell, serving)}  to do  privity node status; privity node stop; what it says is in ${printable(serving.log)}\n`,
    );
  }
  const { serveNode } = await import('../../node/serve.ts');
  const style = createStyle(shell.colour.err);
  const warn = (message: string): void => {
    const time = new Date(shell.clock.wallTime()).toISOString();
    if (flags.json) shell.err.write(jsonLine({ time, level: 'warn', party: config.party.party, message }));
    else shell.err.write(`${style.yellow('!')} ${printable(message)}\n`);
  };
  const service = await serveNode({ config, entry: shell.entry, warn });
  const { listen, party } = config.party;
  const answer = { party, url: service.url, listen: `${listen.host}:${listen.port}`, pid: process.pid };
  show(shell, flags, answer, () => servesText(shell, answer));
  let stop: () => void = () => undefined;
  const signalled = new Promise<{ readonly port: boolean }>((resolve) => {
    stop = shell.onStopSignal(() => resolve({ port: true }));
  });
  let port = true;
  try {
    ({ port } = await Promise.race([signalled, service.asked]));
  } finally {
    stop();
    await service.close(port);
  }
  return 0;
}

const servesText = (shell: Shell, { party, listen, url }: Serving): string =>
  `${createStyle(shell.colour.out).green('✔')} the node of ${party} listens for partners at ${listen}, its API is ${url}\n`;

export async function statusCommand(shell: Shell, flags: NodeFlags): Promise<number> {
  const client = await clientOf(shell, flags);
  const status = await client.status();
  return show(shell, flags, status, (found) => statusText(found, createStyle(shell.colour.out)));
}

export async function stopNodeCommand(
  shell: Shell,
  flags: NodeFlags & { readonly keepPort?: boolean },
): Promise<number> {
  const client = await clientOf(shell, flags);
  await client.stop({ port: flags.keepPort !== true });
  return show(
    shell,
    flags,
    { stopping: true },
    () => 'the node ends; runs that are under way go on, and are found when it starts again\n',
  );
}
