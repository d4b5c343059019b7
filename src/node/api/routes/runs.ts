/** Runs: history, logs, reports, evidence. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DataError, UsageError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import { systemClock } from '../../../base/system.ts';
import { logLines } from '../../../record/read-log.ts';
import { REPORT_FILE, RESULT_FILE } from '../../../record/record-file.ts';
import { readRun } from '../../../record/stored-runs.ts';
import { evidenceOf } from '../../core/evidence.ts';
import { RUN_STATES, type RunRow } from '../../model/records.ts';
import type { PrivityNode } from '../../node.ts';
import { isBeginning, type Route, route, tooShort } from '../route.ts';
import { done, page, purgeBody, purgeView, runDetail, runPage } from '../words.ts';

export const runRoutes = (node: PrivityNode): readonly Route[] => [
  route({
    method: 'get',
    path: '/runs',
    right: 'read',
    summary: 'Runs, the newest first.',
    query: page.extend({ state: z.enum(RUN_STATES).optional(), proposal: z.string().optional() }),
    answer: runPage,
    handle: async ({ query: { state, proposal, before, limit } }) => {
      const asked = {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(state === undefined ? {} : { state }),
        ...(proposal === undefined ? {} : { proposal }),
      };
      const { rows, next } = await node.store.runs.list(asked);
      return { rows: [...rows], next };
    },
  }),
  route({
    method: 'get',
    path: '/runs/{id}',
    right: 'read',
    summary: 'One run, by its id or by an incident.',
    answer: runDetail,
    handle: async ({ path }) => {
      const run = await runOf(node, path.id);
      return { ...run, why: await whyOf(node, run) };
    },
  }),
  route({
    method: 'post',
    path: '/runs/{id}/stop',
    right: 'operate',
    summary: 'Cancel a run for all parties. It is not tried again.',
    body: z.strictObject({}),
    answer: done,
    handle: async ({ path, caller }) => {
      const { runId } = await runOf(node, path.id);
      await node.stop(runId, caller.by);
      return { done: true as const };
    },
  }),
  route({
    method: 'post',
    path: '/runs/purge',
    right: 'own',
    summary: 'Forget runs that have ended, with logs, reports and results: one portion. `more`: ask again.',
    body: purgeBody,
    answer: purgeView,
    handle: async ({ body: { endedBefore, keep = 0 }, caller }) => {
      const rule = endedBefore === undefined ? { keep } : { endedBefore };
      const { runs, ...rest } = await node.purge(rule, caller.by);
      return { runs: [...runs], ...rest };
    },
  }),
  route({
    method: 'get',
    path: '/runs/{id}/log',
    right: 'read',
    summary: "This party's log of a run, one event a line.",
    handle: async ({ path }) => {
      const { runId } = await runOf(node, path.id);
      const run = await readRun(node.folders.record(runId), systemClock.wallTime());
      return { type: 'application/x-ndjson' as const, lines: linesOf(run?.parties[0]) };
    },
  }),
  route({
    method: 'get',
    path: '/runs/{id}/report',
    right: 'read',
    summary: "This party's report of a run: steps, ledger, verdict.",
    answer: z.record(z.string(), z.unknown()),
    handle: async ({ path }) => {
      const { runId } = await runOf(node, path.id);
      const file = join(node.folders.record(runId), node.config.party.party, REPORT_FILE);
      const text = await ignored(readFile(file, 'utf8'), 'a run that never began has none');
      if (text === undefined)
        throw new DataError(
          'PRIVITY_RUN_NO_REPORT',
          `there is no report of ${runId}: it goes on, has not begun, or was killed`,
        );
      return JSON.parse(text) as Record<string, unknown>;
    },
  }),
  route({
    method: 'get',
    path: '/runs/{id}/result',
    right: 'read',
    summary: 'What the job returned at this party, of a run that has completed.',
    answer: z.object({ value: z.unknown() }),
    handle: async ({ path }) => {
      const { runId } = await runOf(node, path.id);
      const file = join(node.folders.record(runId), node.config.party.party, RESULT_FILE);
      const text = await ignored(readFile(file, 'utf8'), 'a run that has not completed has none');
      if (text === undefined)
        throw new DataError(
          'PRIVITY_RUN_NO_RESULT',
          `there is no result of ${runId}: it goes on, has not completed, or its job returns nothing`,
        );
      return JSON.parse(text) as { value: unknown };
    },
  }),
  route({
    method: 'get',
    path: '/runs/{id}/evidence',
    right: 'read',
    summary:
      'What proves a run to somebody who has the federation file: proposal, decisions, ledger, verdict, signed.',
    answer: z.record(z.string(), z.unknown()),
    handle: async ({ path }) =>
      (await evidenceOf(node, await runOf(node, path.id))) as unknown as Record<string, unknown>,
  }),
];

async function runOf(node: PrivityNode, name = ''): Promise<RunRow> {
  const { runs } = node.store;
  const run = (await runs.get(name)) ?? (await runs.ofIncident(name));
  if (run !== undefined) return run;
  const [first, second] = isBeginning(name) ? await runs.beginning(name, 2) : [];
  if (second !== undefined)
    throw new UsageError('PRIVITY_RUN_UNKNOWN', `more than one run begins with ${name}`);
  if (first !== undefined) return first;
  throw new UsageError('PRIVITY_RUN_UNKNOWN', `there is no run or incident ${name} here${tooShort(name)}`);
}

/** Lines of the audit log about one run: it starts, and ends. */
const LINES_OF_A_RUN = 20;

async function whyOf(node: PrivityNode, { runId }: RunRow): Promise<string | null> {
  const lines = await node.store.audit.page({ about: runId, limit: LINES_OF_A_RUN });
  const why = lines.find(({ detail }) => typeof detail.why === 'string')?.detail.why;
  return typeof why === 'string' ? why : null;
}

type Stored = Parameters<typeof logLines>[0];

async function* linesOf(party: Stored | undefined): AsyncGenerator<string> {
  if (party === undefined) return;
  for await (const { text } of logLines(party)) yield `${text}\n`;
}
