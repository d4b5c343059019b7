/**
 * Partners propose, decide, withdraw and run while their processes are killed, at moments that a seed draws; then
 * everything is held against what the API had acknowledged.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PrivityError } from '../../../src/base/errors.ts';
import type { RunRow } from '../../../src/node/model/records.ts';
import type { LoadedJob } from '../../../src/program/loading/load-job.ts';
import { seeded } from '../../faults/seeded.ts';
import { bodyOf, loadNoted } from './jobs.ts';
import { kill, madeFederation, namesIn, type PartyName, type TestNode, textOf } from './world.ts';

/** What is proposed: two jobs of all parties for one of two. */
const JOBS = ['noted-by-three.ts', 'noted-by-three.ts', 'noted-by-two.ts'];
/** Proposals that are on their way at one time. */
const WORKERS = 3;
/** Of one proposal to its end, with all kills that fall into it: after the last of them it has three minutes. */
const SETTLE_MS = 270_000;
/** Moments of one process within which it may be killed: a start has some thirty, a run as many. */
const MOMENTS_MAX = 250;
/** Between two kills from outside: some runs are to come to their end. */
const KILL_PAUSE_MS = 2_500;
/** Kills pause for a proposal that is not over after so long: an attempt needs all its nodes for some seconds. */
const CALM_AFTER_MS = 90_000;
const OPEN = ['proposed', 'approved'];

export interface Figures {
  kills: number;
  readonly byKind: Record<string, number>;
  readonly byMoment: Record<string, number>;
  proposals: number;
  decisions: number;
  withdrawals: number;
  runs: number;
  completed: number;
  /** Failed, or tried again, because a supervisor was killed. */
  supervisorKilled: number;
  /** With which codes those have ended. */
  readonly byCode: Record<string, number>;
  seconds: number;
}

interface View {
  readonly state: string;
  readonly decisions: readonly { readonly party: string; readonly answer: string }[];
  readonly withdrawal: object | null;
}

/** A proposal, and the nodes that it concerns. */
interface Noted {
  readonly proposer: PartyName;
  readonly nodes: readonly TestNode[];
}

/** What the test has asked for, and what it was answered. */
interface Known {
  readonly proposed: Map<string, Noted>;
  readonly decided: { readonly id: string; readonly party: PartyName; readonly answer: string }[];
  readonly withdrawn: string[];
  /** Approvals that were asked for, acknowledged or not. */
  readonly approvals: Set<string>;
  /** Runs at a party where the whole party or its supervisor was killed. */
  readonly mayFail: Set<string>;
  /** Ends as a node has told them. */
  readonly ends: Map<string, string>;
}

/** @throws where something acknowledged is lost, or something ran twice or unapproved */
export async function killNodes(kills: number, seed: number): Promise<Figures> {
  const draw = seeded(seed);
  const began = performance.now();
  let hasEnded = false;
  let going = (): boolean => !hasEnded;
  /** When the proposals that are on their way began. */
  const begins = new Set<{ readonly at: number }>();
  const isCalm = (): boolean => [...begins].some(({ at }) => performance.now() - at > CALM_AFTER_MS);
  const mayKill = (): boolean => going() && !isCalm();
  const nextMoment = (): number => (mayKill() && draw() < 0.9 ? 1 + Math.floor(draw() * MOMENTS_MAX) : 0);
  const federation = await madeFederation({ draw, nextMoment });
  const { nodes } = federation;
  const figures: Figures = {
    kills: 0,
    byKind: {},
    byMoment: {},
    byCode: {},
    ...{ proposals: 0, decisions: 0, withdrawals: 0, runs: 0, completed: 0, supervisorKilled: 0, seconds: 0 },
  };
  const known: Known = {
    proposed: new Map(),
    decided: [],
    withdrawn: [],
    approvals: new Set(),
    mayFail: new Set(),
    ends: new Map(),
  };
  const notes = join(federation.folder, 'notes');
  mkdirSync(notes);
  const jobs = await Promise.all(JOBS.map(loadNoted));
  const parts = { nodes, draw, known, notes, jobs };
  try {
    for (const node of nodes) node.start();
    const outside = { count: 0 };
    const killed = (): number => outside.count + nodes.reduce((sum, node) => sum + node.momentsHit.length, 0);
    going = () => killed() < kills && !hasEnded;
    const killer = killFromOutside(nodes, draw, known, { going: () => going(), mayKill }, (kind) => {
      outside.count += 1;
      figures.byKind[kind] = (figures.byKind[kind] ?? 0) + 1;
    });
    const workers = Array.from({ length: WORKERS }, async () => {
      while (going()) {
        const begin = { at: performance.now() };
        begins.add(begin);
        await lifeOfOne(parts);
        begins.delete(begin);
      }
    });
    await Promise.all([killer, ...workers]).finally(() => {
      hasEnded = true;
    });
    await checkAll(parts, figures);
    figures.kills = killed();
    for (const moment of nodes.flatMap(({ momentsHit }) => momentsHit)) {
      figures.byKind['node, at a moment'] = (figures.byKind['node, at a moment'] ?? 0) + 1;
      figures.byMoment[moment] = (figures.byMoment[moment] ?? 0) + 1;
    }
    figures.seconds = Math.round((performance.now() - began) / 1000);
    return figures;
  } catch (error) {
    hasEnded = true;
    const told = nodes.map(
      async (node) => `--- ${node.name}\n${node.said.slice(-4_000)}${await standingOf(node)}`,
    );
    const said = (await Promise.all(told)).join('\n');
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.stack : error}\n${said}`);
  } finally {
    await federation.remove();
  }
}

/** For the report of a failure: what the node holds, and whom it reaches. */
async function standingOf(node: TestNode): Promise<string> {
  try {
    const asked = ['/proposals', '/runs', '/partners', '/status'];
    const found = await Promise.all(asked.map((path) => node.ask((client) => client.get(path, {}))));
    return found.map((one) => JSON.stringify(one)).join('\n');
  } catch (error) {
    return String(error);
  }
}

async function killFromOutside(
  nodes: readonly TestNode[],
  draw: () => number,
  known: Known,
  { going, mayKill }: { readonly going: () => boolean; readonly mayKill: () => boolean },
  onKilled: (kind: string) => void,
): Promise<void> {
  while (going()) {
    await delay(KILL_PAUSE_MS * (0.3 + draw()));
    if (!mayKill()) continue;
    const node = pick(nodes, draw);
    const kind = pick(KINDS, draw);
    const pids = victims(node, kind, draw, known);
    if (pids.map(kill).includes(true)) onKilled(kind);
  }
}

const KINDS = [
  ...(['gate', 'gate', 'gate', 'node', 'node and gate'] as const),
  ...(['supervisor', 'supervisor', 'party'] as const),
];

function victims(
  node: TestNode,
  kind: (typeof KINDS)[number],
  draw: () => number,
  known: Known,
): readonly number[] {
  const own = node.pid === undefined ? [] : [node.pid];
  if (kind === 'node') return own;
  if (kind === 'gate') return node.gates();
  if (kind === 'node and gate') return [...own, ...node.gates()];
  const supervisors = node.supervisors();
  const chosen = kind === 'party' || supervisors.length === 0 ? supervisors : [pick(supervisors, draw)];
  for (const { runId } of chosen) known.mayFail.add(runId);
  return kind === 'party' ? node.processes() : chosen.map(({ pid }) => pid);
}

interface Parts {
  readonly nodes: readonly TestNode[];
  readonly draw: () => number;
  readonly known: Known;
  readonly notes: string;
  readonly jobs: readonly LoadedJob[];
}

/** From the proposal to its end at all its parties. */
async function lifeOfOne({ nodes: all, draw, known, notes, jobs }: Parts): Promise<void> {
  const job = pick(jobs, draw);
  const nodes = all.filter(({ name }) => job.job.parties.includes(name));
  const proposer = pick(nodes, draw);
  const others = nodes.filter((node) => node !== proposer);
  const fate = draw();
  const args = { notes, pauseMs: Math.floor(draw() * 400) };
  const { id } = await proposer.ask((client) => client.post<{ id: string }>('/proposals', bodyOf(job, args)));
  known.proposed.set(id, { proposer: proposer.name, nodes });
  const own = await viewOf(proposer, id);
  assert.ok(own, `${id} was acknowledged by ${proposer.name} and is not there`);
  for (const other of others)
    await until(`${other.name} to hear of ${id}`, async () => (await viewOf(other, id)) !== undefined);
  if (fate < 0.08) await withdraw(proposer, id, known);
  else if (fate < 0.16) await decide(pick(others, draw), id, 'refuse', known);
  else {
    const order = draw() < 0.5 ? nodes : [...nodes].reverse();
    await Promise.all(order.map((node) => decide(node, id, 'approve', known)));
    if (fate < 0.22) await decide(pick(nodes, draw), id, 'refuse', known);
  }
  for (const node of nodes)
    await until(`${id} to end at ${node.name}`, async () => {
      const view = await viewOf(node, id);
      for (const run of await runsOf(node, id)) noteEnd(node, run, known);
      return view !== undefined && !OPEN.includes(view.state);
    });
}

function noteEnd({ name }: TestNode, run: RunRow, { ends }: Known): void {
  if (run.endedAt === null) return;
  const end = JSON.stringify([run.state, run.code, run.origin, run.incident, run.reportDigest, run.endedAt]);
  const key = `${name} ${run.runId}`;
  assert.equal(ends.get(key) ?? end, end, `the end of ${key} has changed`);
  ends.set(key, end);
}

async function decide(node: TestNode, id: string, verb: 'approve' | 'refuse', known: Known): Promise<void> {
  const answer = verb === 'approve' ? 'approved' : 'refused';
  if (verb === 'approve') known.approvals.add(`${node.name} ${id}`);
  if (!(await isDone(node, `/proposals/${id}/${verb}`))) return;
  known.decided.push({ id, party: node.name, answer });
  const view = await viewOf(node, id);
  const isThere = view?.decisions.some((one) => one.party === node.name && one.answer === answer);
  assert.ok(isThere, `${id}: ${node.name} had ${answer}, which was acknowledged, and is not there`);
}

async function withdraw(node: TestNode, id: string, known: Known): Promise<void> {
  if (!(await isDone(node, `/proposals/${id}/withdraw`))) return;
  known.withdrawn.push(id);
  const view = await viewOf(node, id);
  assert.ok(view?.withdrawal, `${id}: the withdrawal was acknowledged, and is not there`);
}

/** False: it came too late, for the proposal is over. What was stored before its answer was cut off is over as well. */
async function isDone(node: TestNode, path: string): Promise<boolean> {
  try {
    await node.ask((client) => client.post(path, { reason: 'as drawn' }));
    return true;
  } catch (error) {
    if (error instanceof PrivityError && error.code === 'PRIVITY_PROPOSAL_STATE') return false;
    throw error;
  }
}

async function viewOf(node: TestNode, id: string): Promise<View | undefined> {
  try {
    return await node.ask((client) => client.get<View>(`/proposals/${id}`));
  } catch (error) {
    if (error instanceof PrivityError && error.code === 'PRIVITY_PROPOSAL_UNKNOWN') return undefined;
    throw error;
  }
}

const runsOf = async (node: TestNode, proposal: string): Promise<readonly RunRow[]> =>
  (await node.ask((client) => client.get<{ rows: RunRow[] }>('/runs', { proposal, limit: 100 }))).rows;

/** With nodes that have begun anew, so that all comes from their stores. */
async function checkAll({ nodes, known, notes }: Parts, figures: Figures): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
  for (const node of nodes) node.start();
  for (const node of nodes) {
    const concerned = ([, { nodes: its }]: readonly [string, Noted]) => its.includes(node);
    const own = new Map([...known.proposed].filter(concerned));
    for (const [id, { proposer }] of own)
      assert.ok(await viewOf(node, id), `${id} of ${proposer} is lost at ${node.name}`);
    for (const { id, party, answer } of known.decided) {
      if (!own.has(id)) continue;
      const view = await viewOf(node, id);
      const isThere = view?.decisions.some((one) => one.party === party && one.answer === answer) ?? false;
      // A proposal that is over takes nothing more of partners.
      const isOver = node.name !== party && !OPEN.includes(view?.state ?? '');
      assert.ok(isThere || isOver, `${id}: "${answer}" of ${party} is lost at ${node.name}`);
    }
    for (const id of known.withdrawn.filter((one) => own.has(one)))
      assert.equal((await viewOf(node, id))?.state === 'proposed', false, `${id} was withdrawn`);
    for (const [id, { nodes: its }] of own) {
      const runs = await runsOf(node, id);
      for (const run of runs) noteEnd(node, run, known);
      const isApproved = its.every((one) => known.approvals.has(`${one.name} ${id}`));
      assert.ok(isApproved || runs.length === 0, `${id} has run, and was not approved by all`);
      checkRuns(node, runs, known, notes, figures);
    }
    for (const key of known.ends.keys()) {
      const [name = '', runId = ''] = key.split(' ');
      if (name !== node.name) continue;
      await node.ask((client) => client.get(`/runs/${runId}`));
    }
    const { rows } = await node.ask((client) => client.get<{ rows: object[] }>('/runs', { limit: 500 }));
    figures.runs += rows.length;
    await node.ask((client) => client.get('/status'));
  }
  figures.proposals = known.proposed.size;
  figures.decisions = known.decided.length;
  figures.withdrawals = known.withdrawn.length;
  await Promise.all(nodes.map((node) => node.stop()));
  for (const node of nodes) await checkLeftovers(node);
}

function checkRuns(
  node: TestNode,
  runs: readonly RunRow[],
  known: Known,
  notes: string,
  figures: Figures,
): void {
  const noted = textOf(join(notes, node.name)).split('\n');
  for (const { runId, state, code, endedAt } of runs) {
    assert.ok(endedAt !== null, `${runId} has no end at ${node.name}`);
    const times = noted.filter((line) => line === runId).length;
    assert.ok(times <= 1, `${runId} ran ${times} times at ${node.name}`);
    const begun = namesIn(join(node.state, 'runs', runId)).filter((name) => name === 'begun.json').length;
    assert.ok(begun === 1 || state !== 'completed', `${runId} has no mark of its start at ${node.name}`);
    if (state === 'completed') {
      assert.equal(times, 1, `${runId} is said to be completed at ${node.name}, and did not run`);
      figures.completed += 1;
    } else {
      const isKilled = known.mayFail.has(runId);
      const isExpected = isKilled || state === 'cancelled' || code === 'CANCELLED';
      assert.ok(isExpected, `${runId} has ${state} with ${code} at ${node.name}; no supervisor was killed`);
      if (!isKilled) continue;
      figures.supervisorKilled += 1;
      figures.byCode[code ?? state] = (figures.byCode[code ?? state] ?? 0) + 1;
    }
  }
}

async function checkLeftovers(node: TestNode): Promise<void> {
  await until(`the processes of ${node.name} to end`, async () => node.processes().length === 0);
  assert.deepEqual(namesIn(join(node.folder, 's')), [], `local sockets of ${node.name}`);
  assert.deepEqual(namesIn(join(node.state, 'work')), [], `work folders of ${node.name}`);
  assert.deepEqual(namesIn(node.tmp), [], `temporary files of ${node.name}`);
  const drafts = namesIn(join(node.state, 'bundles')).filter((name) => name.endsWith('.part'));
  assert.deepEqual(drafts, [], `drafts of bundles of ${node.name}`);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${SETTLE_MS} ms for ${what}`);
    await delay(60);
  }
}

const pick = <T>(list: readonly T[], draw: () => number): T => list[Math.floor(draw() * list.length)] as T;
