/** Ends nodes, and what they have started, whatever state they are in. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ignored } from '../../base/ignored.ts';
import { NodeClient } from '../../node/client/client.ts';
import { ADMIN_TOKEN_FILE, API_FILE } from '../../node/client/file-names.ts';

/** For runs to be cancelled, and for a node to close. */
const ORDERLY_MS = 10_000;
const LOOK_MS = 100;

/** @param folders of the parties, each with its `state` */
export async function endNodes(folders: readonly string[]): Promise<void> {
  const nodes = (await Promise.all(folders.map((folder) => nodeIn(join(folder, 'state'))))).flatMap(
    (node) => node ?? [],
  );
  const gates = (await Promise.all(nodes.map(({ client }) => gateOf(client)))).flatMap((pid) => pid ?? []);
  await Promise.all(nodes.map(({ client }) => ignored(refuseAll(client), 'what goes on is ended below')));
  await within(ORDERLY_MS, async () =>
    (await Promise.all(nodes.map(({ client }) => isIdle(client)))).every(Boolean),
  );
  await Promise.all(nodes.map(({ client }) => ignored(client.stop({ port: true }), 'it is gone already')));
  const started = await startedIn(folders);
  const pids = [...nodes.map(({ pid }) => pid), ...gates];
  await within(ORDERLY_MS, async () => ![...pids, ...started.map(({ pid }) => pid)].some(lives));
  // The id of what ended by itself may be that of a stranger by now.
  for (const pid of [...pids, ...started.flatMap(({ pid, isOver }) => (isOver ? [] : [pid]))]) kill(pid);
}

interface Reached {
  readonly client: NodeClient;
  readonly pid: number;
}

async function nodeIn(state: string): Promise<Reached | undefined> {
  const text = await ignored(readFile(join(state, API_FILE), 'utf8'), 'it has not served yet');
  const token = await ignored(readFile(join(state, ADMIN_TOKEN_FILE), 'utf8'), 'it has not served yet');
  if (text === undefined || token === undefined) return undefined;
  const { url, pid } = JSON.parse(text) as { readonly url: string; readonly pid: number };
  return { client: new NodeClient({ url, token: token.trim(), signal: undefined }), pid };
}

/** A no ends what runs of a proposal, and lets nothing of it begin. */
async function refuseAll(client: NodeClient): Promise<void> {
  for (const state of ['approved', 'proposed'] as const) {
    const { rows } = await client.proposals.list({ state });
    for (const { id } of rows)
      await ignored(client.proposals.refuse(id, 'the demonstration ends'), 'it is over');
  }
}

async function isIdle(client: NodeClient): Promise<boolean> {
  const status = await ignored(client.status(), 'a node that is gone is idle');
  return status === undefined || status.running.length === 0;
}

/** A gate ends after its node, when no connection goes through it. */
async function gateOf(client: NodeClient): Promise<number | undefined> {
  const status = await ignored(
    client.get<{ readonly gate: { readonly pid: number } | null }>('/status'),
    'a node that is gone is ended below',
  );
  return status?.gate?.pid;
}

async function within(ms: number, isDone: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + ms;
  while (Date.now() < until && !(await isDone())) await setTimeout(LOOK_MS);
}

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
};

interface StartedProcess {
  readonly pid: number;
  /** Its run has given everything back. */
  readonly isOver: boolean;
}

/** Processes of runs, by what supervisors say of themselves in their logs. */
async function startedIn(folders: readonly string[]): Promise<readonly StartedProcess[]> {
  const found: StartedProcess[] = [];
  for (const folder of folders) {
    const runs = join(folder, 'state', 'runs');
    for (const run of (await ignored(readdir(runs), 'nothing ran')) ?? [])
      for (const party of (await ignored(readdir(join(runs, run)), 'it is being removed')) ?? []) {
        const log = join(runs, run, party, 'log.ndjson');
        const text = (await ignored(readFile(log, 'utf8'), 'it has not begun')) ?? '';
        const isOver = text.includes('"event":"reclaimed"');
        for (const [, pid] of text.matchAll(/"event":"process.started"[^\n]*"pid":(\d+)/g))
          found.push({ pid: Number(pid), isOver });
      }
  }
  return found;
}
