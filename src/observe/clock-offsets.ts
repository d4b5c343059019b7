/**
 * How the clocks of several parties stand to each other, from what their reports say, without believing any wall clock:
 * some events of one party are known to have come before some events of another (a value is received after its sender
 * has begun to send it, a failure is known elsewhere after its origin knew it), and each such pair bounds the
 * difference of the two clocks on one side. The bounds of all pairs together are a system of difference constraints;
 * shortest paths give the tightest interval for each party, and the middle of all intervals contradicts none of them.
 */
import type { RunReport, TimelineEntry } from './report.ts';

/**
 * Something at `from` came before something at `to`, each by its own party's clock, in milliseconds since its start.
 */
interface Before {
  readonly from: number;
  readonly fromMs: number;
  readonly to: number;
  readonly toMs: number;
}

export interface ClockOffset {
  /** Added to this party's milliseconds, it gives the milliseconds of the first report's party. */
  readonly offsetMs: number;
  /** By how much that may be wrong either way. Null: events do not bound it, and wall clocks had to be believed. */
  readonly errorMs: number | null;
}

export interface ClockOffsets {
  /** One for each report, in the same order; the first is exact by definition. */
  readonly offsets: readonly ClockOffset[];
  /**
   * By how much events contradict each other: clocks that were stopped, or went at different speeds. Zero, normally.
   */
  readonly contradictionMs: number;
}

/** Marks are made when a supervisor hears of an event, a little after it. */
const MARK_MS = 2;

export function estimateOffsets(reports: readonly RunReport[]): ClockOffsets {
  const pairs = orderedPairs(reports);
  let slackMs = MARK_MS;
  let bounds = tighten(reports.length, pairs, slackMs);
  const worst = Math.min(0, ...bounds.map((row, i) => row[i] ?? 0));
  if (worst < 0) {
    // A circle of at least two pairs is too short by so much; given to each of them, it is long enough.
    slackMs -= worst;
    bounds = tighten(reports.length, pairs, slackMs);
  }
  const offsets = reports.map((report, i) => offsetOf(reports[0] ?? report, report, i, bounds));
  return { offsets, contradictionMs: Math.abs(worst) };
}

function offsetOf(
  first: RunReport,
  report: RunReport,
  index: number,
  bounds: readonly (readonly number[])[],
): ClockOffset {
  if (index === 0) return { offsetMs: 0, errorMs: 0 };
  const most = bounds[index]?.[0] ?? Number.POSITIVE_INFINITY;
  const least = -(bounds[0]?.[index] ?? Number.POSITIVE_INFINITY);
  if (Number.isFinite(most) && Number.isFinite(least))
    return { offsetMs: (most + least) / 2, errorMs: (most - least) / 2 };
  const byClocks = Date.parse(report.startedAt) - Date.parse(first.startedAt);
  return { offsetMs: Math.min(most, Math.max(least, byClocks)), errorMs: null };
}

/**
 * bounds[i][j]: the most by which the offset of i exceeds the offset of j. Floyd 1962, Warshall 1962; O(n³) for n
 * parties.
 */
function tighten(size: number, pairs: readonly Before[], slackMs: number): number[][] {
  const bounds = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (__, j) => (i === j ? 0 : Number.POSITIVE_INFINITY)),
  );
  for (const { from, fromMs, to, toMs } of pairs) {
    const row = bounds[from];
    if (row) row[to] = Math.min(row[to] ?? Number.POSITIVE_INFINITY, toMs - fromMs + slackMs);
  }
  for (let k = 0; k < size; k++) {
    for (const row of bounds) {
      const toK = row[k] ?? Number.POSITIVE_INFINITY;
      for (let j = 0; j < size; j++)
        row[j] = Math.min(
          row[j] ?? Number.POSITIVE_INFINITY,
          toK + (bounds[k]?.[j] ?? Number.POSITIVE_INFINITY),
        );
    }
  }
  return bounds;
}

function orderedPairs(reports: readonly RunReport[]): readonly Before[] {
  return reports.flatMap((a, from) =>
    reports.flatMap((b, to) => {
      if (from === to) return [];
      const pairs = [...phases(a, b), ...failures(a, b), ...values(a, b)];
      return pairs.map(([fromMs, toMs]) => ({ from, fromMs, to, toMs }));
    }),
  );
}

type Times = readonly [beforeMs: number, afterMs: number];

const when = (report: RunReport, what: TimelineEntry['what']): number | undefined =>
  report.timeline.find((entry) => entry.what === what)?.atMs;

function pair(before: number | undefined, after: number | undefined): Times[] {
  return before === undefined || after === undefined ? [] : [[before, after]];
}

/**
 * Nobody starts before all are ready; nobody completes before all are through; nobody decides before all have had their
 * say.
 */
function phases(a: RunReport, b: RunReport): Times[] {
  const start = pair(when(a, 'ready'), when(b, 'started'));
  if (b.outcome === 'completed') return [...start, ...pair(when(a, 'through'), when(b, 'verdict'))];
  const said = b.verdict.contributions.some(({ party }) => party === a.party);
  const sealed = new Set(b.verdict.contributions.flatMap(({ failure }) => failure?.incident ?? []));
  const known = a.failures.find(({ incident }) => sealed.has(incident))?.atMs;
  return said ? [...start, ...pair(known, when(b, 'verdict'))] : start;
}

/** The party that reports a failure is the first to know it. */
function failures(a: RunReport, b: RunReport): Times[] {
  const own = new Map(
    a.failures.flatMap((known) => (known.reporter === a.party ? [[known.incident, known.atMs]] : [])),
  );
  return b.failures.flatMap(({ incident, atMs }) => pair(own.get(incident), atMs));
}

/** A value has come after its sender has begun to send it. */
function values(a: RunReport, b: RunReport): Times[] {
  const sent = new Set(a.disclosures.flatMap(({ stepId, to }) => (to.includes(b.party) ? [stepId] : [])));
  const begun = new Map(a.steps.map(({ stepId, startedMs }) => [stepId, startedMs ?? undefined]));
  return b.steps.flatMap(({ stepId, outcome, startedMs, durationMs }) => {
    if (!sent.has(stepId) || outcome !== 'completed' || startedMs === null || durationMs === null) return [];
    return pair(begun.get(stepId), startedMs + durationMs);
  });
}
