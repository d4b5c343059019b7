/** What `privity explore` prints: what was tried, how it ended, what held, and for each break how to see it again. */
import {
  type Break,
  CHECKER_WORDS,
  type CheckedRun,
  describeFault,
  type Exploration,
  type TimelineLine,
} from '../../simulation/index.ts';
import { alignColumns, padEnd, padStart } from './columns.ts';
import { createStyle, type Style } from './style.ts';

/** Lines of a break's timeline that are shown; all of them with --replay. */
const TIMELINE_LINES_MAX = 60;

export function explorationText(job: string, result: Exploration, colour: boolean): string {
  const style = createStyle(colour);
  const { runs, parties, durationMs, seed } = result;
  const rate = runs / Math.max(0.001, durationMs / 1000);
  const head = [
    `${style.bold(job)}: ${plural(runs, 'run')} of ${parties.join(', ')}, seeds ${seed} to ${seed + Math.max(runs, 1) - 1}`,
    `${seconds(durationMs)}, ${rate < 10 ? rate.toFixed(1) : rate.toFixed(0)} runs/s; without faults a run takes ${ms(result.lengthMs)} of the simulated world's time`,
    ...(result.finished ? [] : ['Stopped before all runs were made; this is what is known so far.']),
  ];
  return [
    ...head,
    '',
    style.bold('Faults that struck'),
    ...table(result.faults),
    '',
    style.bold('How the runs ended'),
    ...table(result.outcomes),
    '',
    style.bold('What held'),
    ...checkerLines(result, style),
    ...slowestLines(result),
    '',
    ...result.breaks.flatMap((broken) => [...breakLines(broken, style), '']),
    conclusion(job, result),
    '',
  ].join('\n');
}

export function replayText({ run, violations }: CheckedRun, colour: boolean): string {
  const style = createStyle(colour);
  const ends = run.parties.map(({ name, report, fate }) => [
    `  ${name}`,
    report
      ? (report.code ?? 'completed')
      : fate === 'frozen'
        ? 'stands still'
        : fate === 'killed'
          ? 'killed'
          : 'did not end',
    report?.verdict.failure ? `at ${report.verdict.failure.origin}` : '',
  ]);
  return [
    style.bold(`Seed ${run.seed}`),
    ...planLines(run.plan),
    '',
    ...timelineLines(run.timeline, Number.POSITIVE_INFINITY),
    '',
    style.bold('How each party ended'),
    ...alignColumns(ends),
    '',
    ...(violations.length === 0
      ? ['Everything that Privity promises held in this run.']
      : violations.map(({ checker, words }) => `${style.red('✘')} ${checker}: ${words}`)),
    '',
  ].join('\n');
}

function table(counts: Readonly<Partial<Record<string, number>>>): string[] {
  const rows = Object.entries(counts).sort(([, a = 0], [, b = 0]) => b - a);
  if (rows.length === 0) return ['  none'];
  return alignColumns(
    rows.map(([name, n = 0]) => [`  ${name}`, String(n)]),
    { right: [1] },
  );
}

function checkerLines({ breaks, broken }: Exploration, style: Style): string[] {
  const failed = new Set(breaks.flatMap(({ violations }) => violations.map(({ checker }) => checker)));
  return Object.entries(CHECKER_WORDS).map(([name, words]) =>
    broken > 0 && failed.has(name as never)
      ? `  ${style.red('✘')} ${name}: not always`
      : `  ${style.green('✔')} ${words}`,
  );
}

function slowestLines({ slowest }: Exploration): string[] {
  if (!slowest) return [];
  const { seed, afterMs, boundMs } = slowest;
  return [
    `  The slowest run ended ${ms(afterMs)} after the last fault had changed anything (seed ${seed}); its bound was ${ms(boundMs)}.`,
  ];
}

function breakLines({ seed, violations, shrunkPlan, timeline }: Break, style: Style): string[] {
  return [
    style.bold(`Seed ${seed} breaks`),
    ...violations.map(({ checker, words }) => `  ${style.red('✘')} ${checker}: ${words}`),
    '  The least that breaks it:',
    ...planLines(shrunkPlan),
    '  What happened:',
    ...timelineLines(timeline, TIMELINE_LINES_MAX),
    `  See it again: privity explore JOB … --replay ${seed}`,
  ];
}

function planLines(plan: CheckedRun['run']['plan']): string[] {
  if (plan.length === 0) return ['    no fault'];
  return plan.map((fault) => `    ${describeFault(fault)}`);
}

function timelineLines(lines: readonly TimelineLine[], max: number): string[] {
  const shown = lines.slice(0, max);
  const text = shown.map(
    ({ at, party, text: words }) => `  ${padStart(at.toFixed(2), 10)} ms  ${padEnd(party, 8)} ${words}`,
  );
  return lines.length > max ? [...text, `  … ${lines.length - max} more lines with --replay`] : text;
}

/** In one sentence, for a reader who decides whether to run this job with others. */
function conclusion(job: string, result: Exploration): string {
  const { broken, runs, outcomes, deterministic } = result;
  const note = deterministic
    ? ''
    : ' Tasks whose work the simulation does not order (a database on threads, a library with a clock of its own) made a run differ when it was repeated with its seed, so a seed may not show the same again; what held, held in every run.';
  if (broken > 0)
    return `${plural(broken, 'run')} of ${runs} did not end as promised: that is a defect of Privity, or of the simulation; please report the seed.${note}`;
  if (runs === 0) return 'Nothing was tried.';
  const completed = outcomes.completed ?? 0;
  const failed = runs - completed;
  return `Conclusion: in ${plural(runs, 'run')} of ${job} no party ever waited without an end; ${completed} completed all the same, and in the ${failed} that failed the parties that could talk to each other named the same reason.${note}`;
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;
const ms = (value: number): string => (value < 1000 ? `${value.toFixed(0)} ms` : seconds(value));
