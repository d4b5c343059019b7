/**
 * Two nodes, each with a gate, as processes: how long an approved run takes beside `privity run` of the same job, many
 * that are approved at once, and what a transfer costs that goes through the gates. STARTS, BURST and TRANSFER_MIB make
 * it shorter or longer.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatFederation, readFederationFile } from '../src/config/federation-file.ts';
import type { RunRow } from '../src/node/model/records.ts';
import { type LoadedJob, loadJob } from '../src/program/loading/load-job.ts';
import { seeded } from '../test/faults/seeded.ts';
import { bodyOf, loadNoted } from '../test/node/kills/jobs.ts';
import { type Federation, madeFederation, type TestNode, textOf } from '../test/node/kills/world.ts';
import { atLeast, atMost, beside, figure, plain, quantile, setting } from './parts/figure.ts';

const STARTS = setting('STARTS', 5);
const BURST = setting('BURST', 50);
const TRANSFER_MIB = setting('TRANSFER_MIB', 256);
const MIB = 1024 * 1024;
const LOOK_MS = 20;

const cli = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const transferFile = fileURLToPath(new URL('../../bench/jobs/transfer.ts', import.meta.url));

/** Alice and bob, and a folder in which jobs note that they have begun. */
interface Pair {
  readonly federation: Federation;
  readonly nodes: readonly [TestNode, TestNode];
  readonly notes: string;
}

async function pair(draw: () => number): Promise<Pair> {
  const federation = await madeFederation({ draw });
  const [alice, bob] = federation.nodes as readonly [TestNode, TestNode];
  const file = join(federation.folder, 'federation.yaml');
  const { name, parties } = await readFederationFile(file);
  writeFileSync(file, formatFederation({ name, parties: parties.filter((one) => one.name !== 'carol') }));
  const notes = join(federation.folder, 'notes');
  mkdirSync(notes);
  return { federation, nodes: [alice, bob], notes };
}

export async function runsOfNodes(): Promise<void> {
  const draw = seeded(process.pid);
  const [serving, byHand] = [await pair(draw), await pair(draw)];
  try {
    for (const node of serving.nodes) node.start();
    const noted = await loadNoted('noted-by-two.ts');
    await starts(serving, byHand, noted);
    await burst(serving, noted);
    await transfers(serving, byHand);
  } finally {
    await Promise.all([serving, byHand].map(({ federation }) => federation.remove()));
  }
}

/** From the last approval, or the start of both processes, until both parties have the result. */
async function starts(serving: Pair, byHand: Pair, job: LoadedJob): Promise<void> {
  const approved: number[] = [];
  const run: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    const id = await proposed(serving, bodyOf(job, { notes: serving.notes, pauseMs: 0 }));
    await approve(serving.nodes[1], id);
    await seen(serving.nodes[0], id, ({ decisions }) => decisions.length > 0);
    const from = performance.now();
    await approve(serving.nodes[0], id);
    await Promise.all(serving.nodes.map((node) => completed(node, id)));
    approved.push(performance.now() - from);
    run.push((await runByHand(byHand, job.path, { notes: byHand.notes, pauseMs: 0 })).ms);
  }
  const [own, plainly] = [quantile(approved, 0.5), quantile(run, 0.5)];
  beside('an approved run, from the last approval, median', own, 'ms', {
    name: 'privity run',
    measured: plainly,
  });
  figure('an approved run: beyond what `privity run` takes', own - plainly, 'ms', atMost(1_000));
}

/** All are approved by one party, then by the other at once. */
async function burst(serving: Pair, job: LoadedJob): Promise<void> {
  const [alice, bob] = serving.nodes;
  const ids: string[] = [];
  for (let nth = 0; nth < BURST; nth++) {
    const id = await proposed(serving, bodyOf(job, { notes: serving.notes, pauseMs: 0 }));
    await approve(bob, id);
    ids.push(id);
  }
  const from = performance.now();
  await Promise.all(ids.map((id) => approve(alice, id)));
  const runs = await Promise.all(ids.map((id) => ended(alice, id)));
  const took = (performance.now() - from) / 1_000;
  figure(
    `${BURST} approved at once on one port: completed`,
    runs.filter(({ state }) => state === 'completed').length,
    'runs',
    atLeast(BURST),
  );
  plain(`${BURST} approved at once: until the last has ended`, took, 's');
}

async function transfers(serving: Pair, byHand: Pair): Promise<void> {
  const bytes = TRANSFER_MIB * MIB;
  const job = await loadJob(transferFile);
  const disclosed = (step: string, kind: string, from: string, to: string, what: string): object => ({
    ...{ step, kind, from, to: [to], what, times: 1 },
  });
  const id = await proposed(serving, {
    ...bodyOf(job, { notes: '', pauseMs: 0 }),
    args: { bytes },
    contract: {
      ...{ version: 1, parties: job.job.parties, steps: ['make', 'begin', 'arrive'] },
      discloses: [
        disclosed('make', 'transfer', 'alice', 'bob', `bytes [${bytes}]`),
        disclosed('begin', 'reveal', 'alice', 'bob', 'number'),
        disclosed('arrive', 'reveal', 'bob', 'alice', 'number'),
      ],
    },
  });
  const [alice, bob] = serving.nodes;
  for (const node of [bob, alice]) await approve(node, id);
  const { runId } = await completed(alice, id);
  const { value } = await alice.ask((client) =>
    client.get<{ value: { ms: number } }>(`/runs/${runId}/result`),
  );
  const plainly = (await runByHand(byHand, transferFile, { bytes })).result as { ms: number };
  const rate = ({ ms }: { readonly ms: number }): number => (1_000 * TRANSFER_MIB) / ms;
  const peer = { name: 'without a gate', measured: rate(plainly) };
  beside(`a transfer of ${TRANSFER_MIB} MiB through the gates`, rate(value), 'MiB/s', peer, {
    limit: atLeast(0.8),
  });
  for (const node of serving.nodes) {
    const kib = node
      .gates()
      .map((pid) => Number(/VmHWM:\s*(\d+)/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? Number.NaN));
    figure(`the gate of ${node.name}, most memory`, Math.max(...kib) / 1024, 'MB', atMost(80));
  }
}

async function proposed({ nodes: [alice, bob] }: Pair, body: object): Promise<string> {
  const { id } = await alice.ask((client) => client.post<{ id: string }>('/proposals', body));
  await seen(bob, id, () => true);
  return id;
}

const approve = (node: TestNode, id: string): Promise<unknown> =>
  node.ask((client) => client.post(`/proposals/${id}/approve`, { reason: '' }));

interface View {
  readonly decisions: readonly object[];
}

async function seen(node: TestNode, id: string, isSo: (view: View) => boolean): Promise<void> {
  for (;;) {
    const view = await node.ask((client) => client.get<View>(`/proposals/${id}`)).catch(() => undefined);
    if (view !== undefined && isSo(view)) return;
    await delay(LOOK_MS);
  }
}

async function ended(node: TestNode, proposal: string): Promise<RunRow> {
  for (;;) {
    const { rows } = await node.ask((client) => client.get<{ rows: RunRow[] }>('/runs', { proposal }));
    const run = rows.find(({ endedAt }) => endedAt !== null);
    if (run !== undefined) return run;
    await delay(LOOK_MS);
  }
}

async function completed(node: TestNode, proposal: string): Promise<RunRow> {
  const run = await ended(node, proposal);
  if (run.state !== 'completed') throw new Error(`${run.runId} has ${run.state} with ${run.code}`);
  return run;
}

/** Both parties at once, as two people would, until both have ended. */
async function runByHand(
  { nodes }: Pair,
  job: string,
  args: object,
): Promise<{ readonly ms: number; readonly result: unknown }> {
  const records = mkdtempSync(join(tmpdir(), 'privity-bench-runs-'));
  const from = performance.now();
  const outputs = await Promise.all(
    nodes.map(async ({ folder, name }) => {
      const given = Object.entries(args).flatMap(([key, value]) => ['--arg', `${key}=${value}`]);
      const words = ['run', job, '--config', join(folder, 'party.yaml'), '--json', ...given];
      const child = spawn(process.execPath, [cli, ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, XDG_STATE_HOME: records },
      });
      let said = '';
      child.stdout.on('data', (part) => {
        said += part;
      });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`privity run of ${name} has ended with ${code}`);
      return said;
    }),
  );
  const ms = performance.now() - from;
  rmSync(records, { recursive: true, force: true });
  const lines = (outputs[0] ?? '').trim().split('\n');
  return { ms, result: resultIn(lines) };
}

function resultIn(lines: readonly string[]): unknown {
  for (const line of [...lines].reverse()) {
    const said = JSON.parse(line) as { readonly event?: string; readonly value?: unknown };
    if (said.event === 'result') return said.value;
  }
  return undefined;
}
