/** One run as the reports of several of its parties tell it together. Pure. */
import type { FailureCode } from '../base/failure-codes.ts';
import { PRIVITY_VERSION } from '../base/version.ts';
import { isOwnRunId } from '../coordination/handshake.ts';
import { failedOutcome } from '../coordination/verdict.ts';
import { type ClockOffset, estimateOffsets } from './clock-offsets.ts';
import { ledgerOf, type PartyLedger } from './ledger.ts';
import type { BusyProgram, FailureReport, RunReport, StepReport, TimelineEntry, Wait } from './report.ts';
import { explains } from './standstill.ts';

export type MergedEntry = {
  readonly party: string;
  /** Milliseconds since the first entry, by the clock of the first report's party. */
  readonly atMs: number;
  /**
   * By how much this may be wrong against entries of the first report's party; null: not bounded by anything that
   * happened.
   */
  readonly errorMs: number | null;
  readonly entry: TimelineEntry | StepEntry | StandstillEntry;
};

/** A step that did not come to its end. */
export interface StepEntry {
  readonly what: 'step';
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepReport['kind'];
  readonly outcome: 'failed' | 'aborted';
}

/** From here on a party did not run for a while. */
export interface StandstillEntry {
  readonly what: 'standstill';
  readonly forMs: number;
}

export interface MergedFailure {
  readonly failure: FailureReport;
  /** Who knew of it when, in the order in which they did; times as in {@link MergedEntry}. */
  readonly known: readonly {
    readonly party: string;
    readonly atMs: number;
    readonly errorMs: number | null;
  }[];
}

export interface Aftermath {
  readonly party: string;
  readonly outcome: RunReport['outcome'];
  readonly exitCode: number;
  readonly stepsCompleted: number;
  readonly stepsOpen: number;
  /** From the verdict until everything was given back; null where the report does not say. */
  readonly reclaimMs: number | null;
  /** How the program process ended. */
  readonly program: 'by itself' | 'ended by Privity' | 'died before the verdict';
  /** Why Privity has ended it; null if it has not, or the report does not say. */
  readonly programEndedBecause: string | null;
  readonly reclaimed: Readonly<Record<string, number>>;
  readonly leftovers: readonly string[];
}

export interface MergedRun {
  readonly runId: string;
  readonly parties: readonly string[];
  /** Whose report is missing. */
  readonly missing: readonly string[];
  readonly outcome: RunReport['outcome'];
  readonly code: FailureCode | null;
  readonly failure: RunReport['verdict']['failure'];
  readonly attached: RunReport['verdict']['attached'];
  /** Which parties have which verdict: one entry, if all agree. */
  readonly verdicts: readonly { readonly digest: string; readonly parties: readonly string[] }[];
  /** Parties that could not find out what the others have agreed on. */
  readonly unconfirmed: readonly string[];
  /** Parties in whose report the verdict does not follow from the contributions in it. */
  readonly underivable: readonly string[];
  readonly clocks: readonly (ClockOffset & { readonly party: string })[];
  readonly contradictionMs: number;
  readonly timeline: readonly MergedEntry[];
  readonly failures: readonly MergedFailure[];
  /** At the moment of the verdict. */
  readonly waits: readonly (Wait & { readonly party: string })[];
  readonly longestWaits: readonly (Wait & { readonly party: string })[];
  /**
   * Programs that were not heard for a while, the longest first: of each party and step the longest that anybody was
   * told.
   */
  readonly longestBusy: readonly BusyProgram[];
  /** Parties whose supervisors did not run for a while, so shortly before their verdicts that it explains them. */
  readonly stoodStill: readonly { readonly party: string; readonly forMs: number }[];
  readonly aftermath: readonly Aftermath[];
  /** What left each party, and what was declared and did not. */
  readonly ledgers: readonly PartyLedger[];
}

/** Steps shown of one party that did not come to their end. */
const OPEN_STEPS_MAX = 20;

/**
 * Why these cannot be reports of one run; undefined if they can. Parties that had not agreed on a run id yet are
 * compared by the nonces under which their contributions were sealed.
 */
export function mixed(reports: readonly RunReport[]): string | undefined {
  const [first] = reports;
  if (first === undefined) return 'there is no report';
  const nonces = new Map<string, string>();
  for (const report of reports) {
    const { party, parties, runId, verdict } = report;
    if (reports.some((other) => other !== report && other.party === party))
      return `there are two reports of ${party}`;
    if (!parties.includes(party)) return `the report of ${party} is of a run without ${party}`;
    if (parties.join() !== first.parties.join())
      return `the run of ${first.party} has the parties ${first.parties.join(', ')}, that of ${party} has ${parties.join(', ')}`;
    if (!isOwnRunId(runId) && reports.some((other) => !isOwnRunId(other.runId) && other.runId !== runId))
      return `${reports.map((other) => `${other.party} was in run ${other.runId || '(none yet)'}`).join(', ')}`;
    for (const { party: sealer, nonce } of verdict.contributions) {
      if ((nonces.get(sealer) ?? nonce) !== nonce) return `they name two different runs of ${sealer}`;
      nonces.set(sealer, nonce);
    }
  }
  return undefined;
}

/** @param reports of one run: see {@link mixed} */
export function mergeReports(reports: readonly RunReport[]): MergedRun {
  const [first] = reports;
  if (first === undefined) throw new RangeError('there is no report');
  const { offsets, contradictionMs } = estimateOffsets(reports);
  // A party that failed knows more than one that had completed before.
  const told = reports.find(({ outcome }) => outcome === 'failed') ?? first;
  const starts = reports.flatMap(({ timeline }, i) =>
    timeline.map((e) => e.atMs + (offsets[i]?.offsetMs ?? 0)),
  );
  const zero = starts.reduce((least, at) => Math.min(least, at), starts[0] ?? 0);
  const shared = (report: RunReport, atMs: number): { atMs: number; errorMs: number | null } => {
    const offset = offsets[reports.indexOf(report)];
    return { atMs: atMs + (offset?.offsetMs ?? 0) - zero, errorMs: offset?.errorMs ?? null };
  };
  const timeline = reports.flatMap((report) =>
    entriesOf(report).map(([atMs, entry]) => ({ party: report.party, ...shared(report, atMs), entry })),
  );
  return {
    runId: (reports.find(({ runId }) => !isOwnRunId(runId)) ?? first).runId,
    parties: first.parties,
    missing: first.parties.filter((party) => !reports.some((report) => report.party === party)),
    outcome: told.outcome,
    code: told.code,
    failure: told.verdict.failure,
    attached: told.verdict.attached,
    verdicts: verdictsOf(reports),
    unconfirmed: reports.filter((report) => report.unconfirmed).map(({ party }) => party),
    underivable: reports.filter((report) => !follows(report)).map(({ party }) => party),
    clocks: reports.map(({ party }, i) => ({ party, ...(offsets[i] ?? { offsetMs: 0, errorMs: null }) })),
    contradictionMs,
    timeline: timeline.sort((a, b) => a.atMs - b.atMs),
    failures: failuresOf(reports, shared),
    waits: reports.flatMap(({ party, waits }) => waits.map((wait) => ({ party, ...wait }))),
    longestWaits: reports.flatMap(({ party, longestWaits }) =>
      longestWaits.map((wait) => ({ party, ...wait })),
    ),
    longestBusy: busyOf(reports),
    stoodStill: reports.flatMap(stoodStillBefore),
    aftermath: reports.map(aftermathOf),
    ledgers: reports.map(ledgerOf),
  };
}

function busyOf(reports: readonly RunReport[]): readonly BusyProgram[] {
  const longest = new Map<string, BusyProgram>();
  for (const program of reports.flatMap((report) => report.longestBusy ?? [])) {
    const key = `${program.peer} ${program.stepId}`;
    if ((longest.get(key)?.sinceMs ?? 0) < program.sinceMs) longest.set(key, program);
  }
  return [...longest.values()].sort((a, b) => b.sinceMs - a.sinceMs);
}

/** The longest one that explains the verdict of the party. */
function stoodStillBefore({ party, code, standstills = [], timeline }: RunReport): MergedRun['stoodStill'] {
  const verdictMs = timeline.find(({ what }) => what === 'verdict')?.atMs ?? Number.POSITIVE_INFINITY;
  const found = standstills.filter(({ atMs, forMs }) => explains(verdictMs - atMs - forMs, code));
  const forMs = Math.max(...found.map((one) => one.forMs));
  return found.length === 0 ? [] : [{ party, forMs }];
}

function entriesOf(report: RunReport): readonly (readonly [number, MergedEntry['entry']])[] {
  const open = report.steps.flatMap(({ stepId, name, kind, outcome, startedMs }) =>
    startedMs === null || (outcome !== 'failed' && outcome !== 'aborted')
      ? []
      : [[startedMs, { what: 'step', stepId, name, kind, outcome }] as const],
  );
  const still = (report.standstills ?? []).map(
    ({ atMs, forMs }) => [atMs, { what: 'standstill', forMs }] as const,
  );
  return [
    ...open.slice(0, OPEN_STEPS_MAX),
    ...still,
    ...report.timeline.map((entry) => [entry.atMs, entry] as const),
  ];
}

function verdictsOf(reports: readonly RunReport[]): MergedRun['verdicts'] {
  const parties = new Map<string, string[]>();
  for (const { party, verdict } of reports)
    parties.set(verdict.digest, [...(parties.get(verdict.digest) ?? []), party]);
  return [...parties].map(([digest, who]) => ({ digest, parties: who }));
}

/** Anybody can draw the verdict again from what the parties have sealed; other versions may draw it otherwise. */
function follows({ outcome, parties, privityVersion, verdict, absent }: RunReport): boolean {
  if (outcome === 'completed' || privityVersion !== PRIVITY_VERSION) return true;
  const contributions = parties.map(
    (party) => verdict.contributions.find((one) => one.party === party) ?? null,
  );
  return failedOutcome(parties, contributions, absent).digest === verdict.digest;
}

function failuresOf(
  reports: readonly RunReport[],
  shared: (report: RunReport, atMs: number) => { atMs: number; errorMs: number | null },
): readonly MergedFailure[] {
  const merged = new Map<string, { failure: FailureReport; known: MergedFailure['known'][number][] }>();
  for (const report of reports) {
    for (const failure of report.failures) {
      const entry = merged.get(failure.incident) ?? { failure, known: [] };
      entry.known.push({ party: report.party, ...shared(report, failure.atMs) });
      merged.set(failure.incident, entry);
    }
  }
  return [...merged.values()].map(({ failure, known }) => ({
    failure,
    known: known.sort((a, b) => a.atMs - b.atMs),
  }));
}

function aftermathOf(report: RunReport): Aftermath {
  const at = (what: TimelineEntry['what']): number | undefined =>
    report.timeline.find((entry) => entry.what === what)?.atMs;
  const [verdict, reclaimed, killed] = [at('verdict'), at('reclaimed'), at('killed')];
  const exited = report.timeline.find((entry) => entry.what === 'exited');
  const because = exited?.endedByPrivity ?? null;
  const died = exited !== undefined && verdict !== undefined && exited.atMs < verdict;
  return {
    party: report.party,
    outcome: report.outcome,
    exitCode: report.exitCode,
    stepsCompleted: report.steps.filter(({ outcome }) => outcome === 'completed').length,
    stepsOpen: report.steps.filter(({ outcome }) => outcome === 'failed' || outcome === 'aborted').length,
    reclaimMs: verdict === undefined || reclaimed === undefined ? null : reclaimed - verdict,
    program:
      because !== null || (killed !== undefined && !died)
        ? 'ended by Privity'
        : died
          ? 'died before the verdict'
          : 'by itself',
    programEndedBecause: because,
    reclaimed: report.reclaimed,
    leftovers: report.leftovers,
  };
}
