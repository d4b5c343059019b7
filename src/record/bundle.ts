/**
 * What of a run may be given away: the report, which has only what may cross between parties anyway, and what the log
 * says of the course of the run. Everything is picked, nothing is crossed out: what is not listed here stays, also what
 * later versions add. Pure.
 */
import { basename } from 'node:path';
import type { RunEvent } from '../observe/events.ts';
import type { RunReport } from '../observe/report.ts';
import type { LogLine } from './read-log.ts';
import type { StoredParty, StoredRun } from './stored-run.ts';

export const BUNDLE_VERSION = 1;
/** Lines of one party's log: the last ones. More than anybody reads, and a file that can still be sent. */
export const BUNDLE_LINES_MAX = 20_000;

export interface BundledParty {
  readonly party: string;
  readonly state: StoredParty['state'];
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly exitCode: number | null;
  /** The code of the error that kept the run from existing. */
  readonly error: string | null;
  readonly report: Readonly<Record<string, unknown>> | null;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  readonly linesLeftOut: number;
}

export interface Bundle {
  readonly bundleVersion: typeof BUNDLE_VERSION;
  readonly runId: string;
  readonly privityVersion: string;
  readonly node: string;
  readonly platform: string;
  readonly parties: readonly BundledParty[];
}

type Fields = {
  readonly [E in RunEvent as E['event']]: readonly Exclude<keyof E, 'event' | 'time' | 'runId' | 'party'>[];
};

/** The fields of each event that may be given away: never a text of an error, of the job, or of this machine. */
const publicFields: Fields = {
  'run.started': ['parties'],
  'process.started': ['role'],
  'process.exited': ['role', 'code', 'signal'],
  'peer.state': ['peer', 'state'],
  'step.started': ['stepId', 'name', 'kind'],
  'step.progress': ['stepId'],
  'step.finished': ['stepId', 'name', 'kind', 'outcome', 'durationMs'],
  failure: ['code', 'origin', 'stepId', 'stepName', 'incident', 'blame', 'retryable', 'reporter'],
  verdict: [
    ...([
      'outcome',
      'code',
      'origin',
      'stepId',
      'stepName',
      'digest',
      'absent',
      'incident',
      'blame',
    ] as const),
    ...(['retryable', 'attached'] as const),
  ],
  'party.absent': ['peer', 'code', 'incident'],
  result: [],
  reclaimed: ['items'],
  report: [],
  waiting: ['peer', 'what', 'stepId', 'stepName', 'sinceMs', 'busy'],
  busy: ['peer', 'stepId', 'stepName', 'sinceMs'],
  standstill: ['forMs'],
  log: ['level'],
};

const byEvent = new Map<string, readonly string[]>(Object.entries(publicFields));

/** What may be given away of a line; undefined for lines of which nothing is. */
export function publicLine({
  value,
  event,
  time,
  party,
  incident,
}: LogLine): Record<string, unknown> | undefined {
  const fields = byEvent.get(event);
  if (event === 'supervisor.gone') return { time, party, event, incident };
  if (fields === undefined || fields.length === 0) return undefined;
  const said = fields.flatMap((field) => (field in value ? [[field, value[field]]] : []));
  return { time, party, event, incident, ...Object.fromEntries(said) };
}

type Rule = 'whole' | ((value: never) => unknown);

/** Each field of a report; a new one does not compile before it is decided. */
const reportRules: { readonly [K in keyof Required<RunReport>]: Rule } = {
  reportVersion: 'whole',
  runId: 'whole',
  ownRunId: 'whole',
  versions: 'whole',
  party: 'whole',
  parties: 'whole',
  job: ({ file, hash }: RunReport['job']) => ({ file: basename(file), hash }),
  privityVersion: 'whole',
  startedAt: 'whole',
  endedAt: 'whole',
  outcome: 'whole',
  verdict: 'whole',
  code: 'whole',
  absent: 'whole',
  unconfirmed: 'whole',
  failures: 'whole',
  waits: 'whole',
  longestWaits: 'whole',
  longestBusy: 'whole',
  standstills: 'whole',
  timeline: 'whole',
  steps: 'whole',
  disclosures: 'whole',
  withheld: 'whole',
  disclosuresNotListed: 'whole',
  // What a run on plaintext had is data.
  secure: (devices: NonNullable<RunReport['secure']>) => devices.map(({ plaintext: _, ...device }) => device),
  reclaimed: 'whole',
  // Names of folders and processes of this machine.
  leftovers: (items: RunReport['leftovers']) => items.map(() => 'something, of which the name is left out'),
  exitCode: 'whole',
};

/** A report as it may be given away: it reads like any other. */
export function publicReport(report: RunReport): Record<string, unknown> {
  const picked = Object.entries(reportRules).flatMap(([key, rule]) => {
    const value = report[key as keyof RunReport];
    if (value === undefined) return [];
    return [[key, rule === 'whole' ? value : rule(value as never)]];
  });
  return Object.fromEntries(picked);
}

export function bundledParty(
  { party, state, facts }: StoredParty,
  report: RunReport | undefined,
  lines: readonly Readonly<Record<string, unknown>>[],
  linesLeftOut: number,
): BundledParty {
  return {
    party,
    state,
    startedAt: facts?.startedAt ?? null,
    endedAt: facts?.endedAt ?? null,
    exitCode: facts?.exitCode ?? null,
    error: facts?.error?.code ?? null,
    report: report === undefined ? null : publicReport(report),
    log: lines,
    linesLeftOut: linesLeftOut + (facts?.linesLeftOut ?? 0),
  };
}

export function bundleOf(
  { runId }: StoredRun,
  versions: Pick<Bundle, 'privityVersion' | 'node' | 'platform'>,
  parties: readonly BundledParty[],
): Bundle {
  return { bundleVersion: BUNDLE_VERSION, runId, ...versions, parties };
}
