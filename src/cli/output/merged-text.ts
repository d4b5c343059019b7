import { failureCodes } from '../../base/failure-codes.ts';
import type { Aftermath, MergedEntry, MergedFailure, MergedRun } from '../../observe/merged-run.ts';
import type { Wait } from '../../observe/report.ts';
import { adviceFor, adviceForStandstill, logOf } from './advice.ts';
import { alignColumns, wrapText } from './columns.ts';
import { ledgerBlocks } from './ledger-text.ts';
import { cutText, listed } from './plain-lines.ts';
import { printable } from './printable.ts';
import { count, duration } from './quantity.ts';
import { blockedText, busyText, exitText, placeText, stepPlace, stoodStillText } from './run-board.ts';
import { createStyle, type Style } from './style.ts';

const COLUMNS = 100;
/** Lines of the timeline from its beginning and up to its end; what is between is counted. */
const TIMELINE_HEAD = 20;
const TIMELINE_TAIL = 60;
/** Failures told one by one, the cause of the verdict first. */
const FAILURES_SHOWN_MAX = 10;

/**
 * What happened in a run, for people: the verdict, the timeline of all parties, who knew of it when, who waited for
 * whom, what each did afterwards, and what to do now. Pure.
 *
 * @param verified how many signatures were checked; null if there was nothing to check them against
 */
export function mergedText(run: MergedRun, verified: number | null, colour: boolean): string {
  const style = createStyle(colour);
  const toDo = whatToDo(run);
  const blocks = [
    headBlock(run, verified, style),
    timelineBlock(run, style),
    noticedBlock(run, style),
    waitsBlock('Who waited for whom, at the end', run.waits, style),
    run.waits.length > 0 ? [] : waitsBlock('The longest waits', run.longestWaits, style),
    busyBlock(run, style),
    afterBlock(run, style),
    ...ledgerBlocks(run.ledgers, run.missing.length === 0, style),
    toDo === null ? [] : [style.bold('What to do now'), ...wrapped(toDo)],
  ];
  const text = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${text.join('\n\n')}\n`;
}

/** For the reader of reports, who has the log of no party before him. */
export function whatToDo({ code, failure, stoodStill }: MergedRun): string | null {
  const still = stoodStill.map(({ party }) => party);
  if (still.length > 0) return adviceForStandstill(still);
  if (code === null) return null;
  return adviceFor(code, { origin: failure?.origin ?? null, reporter: failure?.reporter, own: [] });
}

function headBlock(run: MergedRun, verified: number | null, style: Style): string[] {
  const { code, failure } = run;
  const name = `run ${printable(run.runId) || '(it had no id yet)'}`;
  const told = run.parties.filter((party) => !run.missing.includes(party));
  const lines =
    code === null
      ? [`${style.green('✔')} ${style.bold(name)} completed`]
      : [
          `${style.red('✖')} ${style.bold(name)} failed: ${style.bold(code)}`,
          `  ${failureCodes[code].summary}`,
          `  where    ${printable(placeText(failure?.origin ?? null, failure?.stepId, failure?.stepName))}`,
          `  blame    ${failureCodes[code].blame}; ${failureCodes[code].retryable ? 'the whole run may be tried again' : 'not to be retried as it is'}`,
        ];
  const said = failure?.message ?? failure?.facts;
  if (said !== undefined) lines.push(`  why      ${printable(cutText(said))}`);
  if (failure !== null) {
    const where = printable(logOf(failure.reporter, []));
    lines.push(`  incident ${printable(failure.incident)}; what more is known of it is in ${where}`);
  }
  const missing = run.missing.length === 0 ? '' : `; none of ${listed(run.missing)}`;
  lines.push(
    style.dim(`  told by the ${told.length === 1 ? 'report' : 'reports'} of ${listed(told)}${missing}`),
  );
  lines.push(...digestLines(run, style));
  for (const { party, forMs } of run.stoodStill) {
    const words = `${printable(stoodStillText(party, forMs))} before its verdict: it heard nobody meanwhile, and nobody heard it.`;
    lines.push(style.yellow(`  ${words}`));
  }
  if (run.unconfirmed.length > 0) {
    const words = `${listed(run.unconfirmed)} could not find out what the others had agreed on, and ended with what was known there.`;
    lines.push(style.yellow(`  ${words}`));
  }
  for (const party of run.underivable) {
    const words = `The verdict in the report of ${party} does NOT follow from the contributions in it: it was changed.`;
    lines.push(style.red(`  ${words}`));
  }
  if (verified !== null) lines.push(style.dim(`  ${count(verified, 'signature')} of contributions verified`));
  return lines;
}

function digestLines({ verdicts }: MergedRun, style: Style): string[] {
  if (verdicts.length === 1) return [style.dim(`  verdict ${printable(verdicts[0]?.digest ?? '')}`)];
  return [
    style.red(
      style.bold('  THE PARTIES HAVE DIFFERENT VERDICTS: they could not reach each other when they decided.'),
    ),
    ...verdicts.map(({ digest, parties }) => style.red(`  ${listed(parties)}: verdict ${printable(digest)}`)),
  ];
}

function timelineBlock(run: MergedRun, style: Style): string[] {
  const { timeline, clocks } = run;
  const [reference, ...others] = clocks;
  const head = [style.bold(`What happened, by the clock of ${reference?.party}`)];
  for (const { party, errorMs } of others) {
    head.push(
      errorMs === null
        ? style.yellow(
            `  ${party}: nothing that happened bounds its clock; its times are by wall clocks, and may be far off`,
          )
        : style.dim(`  ${party}: estimated, ± ${precise(errorMs)}`),
    );
  }
  if (run.contradictionMs > 0) {
    const words = `the reports contradict each other by ${precise(run.contradictionMs)}: a machine was stopped, or a clock goes wrong`;
    head.push(style.yellow(`  ${words}`));
  }
  const left = timeline.length - TIMELINE_HEAD - TIMELINE_TAIL;
  const rows = timeline.map((entry) => timelineRow(run, entry));
  if (left <= 0) return [...head, ...alignColumns(rows, { indent: '  ', right: [0] })];
  return [
    ...head,
    ...alignColumns(rows.slice(0, TIMELINE_HEAD), { indent: '  ', right: [0] }),
    style.dim(`  … ${count(left, 'entry', 'entries')} left out; --json has all`),
    ...alignColumns(rows.slice(-TIMELINE_TAIL), { indent: '  ', right: [0] }),
  ];
}

function timelineRow(run: MergedRun, { party, atMs, errorMs, entry }: MergedEntry): string[] {
  // What is exact needs no mark: the reference's own entries.
  return [at(atMs, errorMs), printable(party), entryText(run, party, entry)];
}

const at = (atMs: number, errorMs: number | null): string =>
  `${errorMs === 0 ? '' : errorMs === null ? '?' : '~'}${(atMs / 1_000).toFixed(3)} s`;

/** Rounded up: an estimate is never said to be better than it is. */
const precise = (ms: number): string => duration(Math.ceil(ms));

function entryText(run: MergedRun, party: string, entry: MergedEntry['entry']): string {
  switch (entry.what) {
    case 'ready':
      return 'has loaded the job and says so';
    case 'started':
      return 'all are here and have the same job: the run begins';
    case 'through':
      return 'its program is through';
    case 'verdict':
      return 'verdict';
    case 'cancelled': {
      const own = ({ failure }: MergedFailure): boolean =>
        failure.code === 'CANCELLED' && failure.origin === party;
      return printable(`the run is ${run.failures.find(own)?.failure.facts ?? 'cancelled'}`);
    }
    case 'reclaimed':
      return 'everything is given back';
    case 'standstill':
      return `${stoodStillText('it', entry.forMs)}: its process or machine was stopped, slept or was overloaded`;
    case 'killed':
      return 'its program does not end by itself: Privity ends it';
    case 'exited':
      return `its program process ${exitText(entry)}`;
    case 'peer':
      return `${printable(entry.peer)} is ${entry.state}${entry.reason === '' ? '' : `: ${printable(entry.reason)}`}`;
    case 'step':
      return `begins ${stepPlace(entry.stepId, entry.name, entry.kind)}, which ${entry.outcome === 'failed' ? 'will fail' : 'it will not finish'}`;
    case 'failure': {
      const known = run.failures.find(({ failure }) => failure.incident === entry.incident)?.failure;
      if (known === undefined) return `learns of a failure (${printable(entry.incident)})`;
      const place = printable(placeText(known.origin, known.stepId, known.stepName));
      if (known.reporter === party && known.origin === party) return `fails: ${known.code} at ${place}`;
      return `${known.reporter === party ? 'notices' : 'learns'}: ${known.code} at ${place}`;
    }
  }
}

function noticedBlock({ failures, failure }: MergedRun, style: Style): string[] {
  if (failures.length === 0) return [];
  const cause = failure?.incident;
  const order = [...failures].sort(
    (a, b) => Number(b.failure.incident === cause) - Number(a.failure.incident === cause),
  );
  const lines = order.slice(0, FAILURES_SHOWN_MAX).flatMap((one) => noticedLines(one, cause));
  const more = failures.length - FAILURES_SHOWN_MAX;
  if (more > 0) lines.push(style.dim(`  … and ${count(more, 'more failure', 'more failures')}`));
  return [style.bold('Who knew of it when'), ...lines];
}

function noticedLines({ failure, known }: MergedFailure, cause: string | undefined): string[] {
  const place = printable(placeText(failure.origin, failure.stepId, failure.stepName));
  const mark = failure.incident === cause ? ' (the cause)' : '';
  const who = known.map(({ party, atMs, errorMs }) => `${printable(party)} ${at(atMs, errorMs)}`).join(', ');
  return [`  ${failure.code} at ${place}${mark}, told by ${printable(failure.reporter)}`, `    ${who}`];
}

function waitsBlock(
  title: string,
  waits: readonly (Wait & { readonly party: string })[],
  style: Style,
): string[] {
  if (waits.length === 0) return [];
  const rows = waits.map((wait) => [printable(wait.party), printable(blockedText(wait))]);
  return [style.bold(title), ...alignColumns(rows, { indent: '  ' })];
}

function busyBlock({ longestBusy }: MergedRun, style: Style): string[] {
  const lines = longestBusy.map(
    (program) => `  ${printable(busyText(program).replace(' has been ', ' was '))}`,
  );
  return lines.length === 0 ? [] : [style.bold('Programs that did not answer, at the longest'), ...lines];
}

function afterBlock({ aftermath }: MergedRun, style: Style): string[] {
  const rows = aftermath.map((after) => [printable(after.party), afterText(after)]);
  return [style.bold('What each party did'), ...alignColumns(rows, { indent: '  ' })];
}

function afterText({
  stepsCompleted,
  stepsOpen,
  program,
  programEndedBecause,
  reclaimMs,
  reclaimed,
  leftovers,
  exitCode,
}: Aftermath): string {
  const parts = [
    `${count(stepsCompleted, 'step')} completed${stepsOpen > 0 ? `, ${stepsOpen} not finished` : ''}`,
  ];
  const programs = {
    'by itself': 'its program ended by itself',
    'ended by Privity': `its program was ended by Privity ${programEndedBecause ?? 'after the grace period'}`,
    'died before the verdict': 'its program died before the verdict',
  };
  parts.push(printable(programs[program]));
  const given = Object.entries(reclaimed).filter(([, n]) => n > 0);
  const what = given.map(([kind, n]) => `${n} ${printable(kind)}`).join(', ');
  parts.push(`gave back ${what || 'nothing'}${reclaimMs === null ? '' : ` within ${precise(reclaimMs)}`}`);
  parts.push(
    leftovers.length === 0 ? 'nothing left behind' : `LEFT BEHIND: ${leftovers.map(printable).join(', ')}`,
  );
  parts.push(`exit code ${exitCode}`);
  return parts.join('; ');
}

const wrapped = (text: string): string[] => wrapText(text, COLUMNS).map((line) => `  ${line}`);
