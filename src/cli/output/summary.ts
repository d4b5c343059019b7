import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { type FailureCode, failureCodes } from '../../base/failure-codes.ts';
import type { ErrorLink } from '../../coordination/public-details.ts';
import { ledgerOf } from '../../observe/ledger.ts';
import type { BusyProgram, Wait } from '../../observe/report.ts';
import { explains } from '../../observe/standstill.ts';
import { adviceFor, adviceForStandstill, logOf, whoNoticed } from './advice.ts';
import { besideCause, causesOf } from './causes.ts';
import { padEnd, widest, wrapText } from './columns.ts';
import { ledgerBlocks } from './ledger-text.ts';
import { cutText, listed } from './plain-lines.ts';
import { printable, printableText } from './printable.ts';
import { count, duration } from './quantity.ts';
import {
  blockedText,
  busyText,
  exitText,
  type FailureEvent,
  type PartyView,
  placeText,
  stepPlace,
  stoodStillText,
  type VerdictEvent,
} from './run-board.ts';
import { secureBlocks } from './secure-summary.ts';
import { createStyle, type Style } from './style.ts';
import type { SummaryInput } from './summary-input.ts';
import { valueText } from './value-text.ts';

const COLUMNS = 100;
/**
 * In a run that went well, a wait for a value is worth a line from here on: somebody may wonder where the time went.
 */
const LONG_WAIT_MS = 10_000;

/** Whether every party completed, the verdict if one failed, and what the job returned, if it is anything. */
export function outcomeOf({ own, board }: SummaryInput): {
  readonly completed: boolean;
  readonly failed: VerdictEvent | undefined;
  readonly result: unknown;
} {
  const verdicts = own.map((party) => board.party(party).verdict).filter((verdict) => verdict !== undefined);
  const failed = verdicts.find((verdict) => verdict.outcome === 'failed');
  const completed = failed === undefined && verdicts.length === own.length;
  const result = own.map((party) => board.party(party).result).find((value) => value !== undefined);
  return { completed, failed, result: completed ? (result?.value ?? undefined) : undefined };
}

/** What a run came to, for people: the result or what failed, what left each party, where the reports are. Pure. */
export function summaryText(input: SummaryInput, colour: boolean): string {
  const style = createStyle(colour);
  const { completed, failed, result } = outcomeOf(input);
  const blocks = [completed ? completedHead(input, style) : failedBlock(input, failed, style)];
  if (result !== undefined) blocks.push([style.bold('Result'), ...valueText(result, '  ')]);
  const reports = input.own.flatMap((party) => input.reports.get(party) ?? []);
  blocks.push(...ledgerBlocks(reports.map(ledgerOf), reports.length === input.own.length, style));
  blocks.push(...secureBlocks(input, style));
  blocks.push(leftoversBlock(input, style));
  if (input.reportPaths.length > 0) {
    blocks.push([style.bold('Reports'), ...input.reportPaths.map((path) => `  ${printable(path)}`)]);
  }
  if (input.record !== undefined) {
    // Everything that was said, and is known of a failure, can be read again there.
    const { folder, name } = input.record;
    blocks.push([
      style.bold('Record'),
      `  ${printable(folder)}${style.dim(`  (privity runs show ${printable(name)})`)}`,
    ]);
  }
  return `\n${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

export function leftoversBlock(input: SummaryInput, style: Style): string[] {
  const leftovers = input.own.flatMap((party) => input.board.party(party).reclaimed?.leftovers ?? []);
  if (leftovers.length === 0) return [];
  return [style.yellow('Left behind'), ...leftovers.map((item) => `  ${printable(item)}`)];
}

/** The line above the progress. */
export function headText(jobFile: string, parties: readonly string[], colour: boolean): string {
  return `${createStyle(colour).bold(jobName(jobFile))} with ${listed(parties)}\n\n`;
}

function jobName(file: string): string {
  return printable(basename(file));
}

/** Whom the run has gone on without. */
function withoutText({ own, board }: SummaryInput): string {
  const absent = own.flatMap((party) => board.party(party).verdict?.absent ?? []);
  return absent.length > 0 ? ` without ${listed([...new Set(absent)])}` : '';
}

function completedHead(input: SummaryInput, style: Style): string[] {
  const digest = input.own
    .map((party) => input.board.party(party).verdict?.digest)
    .find((value) => value !== undefined);
  const head = `${style.green('✔')} ${style.bold(jobName(input.jobFile))} completed${withoutText(input)} in ${duration(input.durationMs)}`;
  const run = `  run ${printable(input.board.runId ?? '')}, verdict ${printable((digest ?? '').slice(0, 16))}`;
  // What an `attempt` of the job has taken care of.
  const handled = causesOf(input.own.flatMap((party) => input.board.party(party).failures)).length;
  const note = handled === 0 ? [] : [`  ${count(handled, 'failure')} on the way, which the job has handled`];
  const waits = input.own.flatMap((party) => {
    const [longest] = input.reports.get(party)?.longestWaits.filter(({ what }) => what === 'value') ?? [];
    return longest !== undefined && longest.sinceMs >= LONG_WAIT_MS ? [{ party, wait: longest }] : [];
  });
  const lines = [
    ...waits.map(({ party, wait }) => `  ${party} ${printable(waitedText(wait))} at the longest`),
    ...busiest(input).flatMap((program) =>
      program.sinceMs >= LONG_WAIT_MS ? [`  ${printable(wasBusyText(program))} at the longest`] : [],
    ),
  ];
  return [head, style.dim(run), ...note, ...lines.map((line) => style.dim(line))];
}

export function failedBlock(input: SummaryInput, verdict: VerdictEvent | undefined, style: Style): string[] {
  const cancelled = verdict?.code === 'CANCELLED';
  const mark = cancelled ? style.yellow('■') : style.red('✖');
  const ending = `${cancelled ? 'cancelled' : 'failed'} after ${duration(input.durationMs)}`;
  const head = `${mark} ${style.bold(jobName(input.jobFile))} ${ending}`;
  const rows: [string, string][] = [];
  if (verdict === undefined) {
    rows.push(['what', 'not every party came to a verdict']);
  } else {
    const code = verdict.code ?? 'INTERNAL';
    rows.push(['what', `${style.bold(code)}: ${failureCodes[code].summary}`]);
    const place = placeText(verdict.origin, verdict.stepId, verdict.stepName);
    if (place !== '' && hasPlace(verdict, input.own)) rows.push(['where', place]);
    rows.push(...reasonRows(input, verdict), ...besideRows(input, verdict));
  }
  for (const party of input.own) rows.push([party, partyFate(input, input.board.party(party), verdict)]);
  const busy = busiest(input).map((program) => `${wasBusyText(program)} at the longest`);
  if (busy.length > 0) rows.push(['busy', printableText(busy.join('\n'))]);
  if (verdict !== undefined) rows.push(['to do', whatToDo(input, verdict)]);
  rows.push(['ended', `exit code ${input.exitCode}, run ${printable(input.board.runId ?? '(none)')}`]);
  const alone = input.own.filter((party) => input.board.party(party).verdict?.unconfirmed);
  if (alone.length > 0) {
    rows.push([
      'note',
      `Not confirmed: ${listed(alone)} could not find out what the others had agreed on; they may have ended otherwise.`,
    ]);
  }
  if (verdictsDiffer(input)) {
    rows.push([
      'note',
      'The parties report different verdicts: the network between them fell apart before they could agree.',
    ]);
  }
  const label = widest(rows.map(([name]) => name));
  const body = rows.flatMap(([name, text]) => {
    const [first = '', ...more] = wrapText(text, COLUMNS - label - 4);
    const lead = style.dim(padEnd(name, label));
    return [`  ${lead}  ${first}`, ...more.map((line) => `  ${' '.repeat(label)}  ${line}`)];
  });
  return [head, ...body];
}

/** The text of the cause, where this machine may know it: its own party's, or what the origin let cross. */
function reasonRows(input: SummaryInput, verdict: VerdictEvent): [string, string][] {
  const { own } = input;
  const told = own.flatMap((party) =>
    input.board.party(party).failures.filter((failure) => isCause(failure, verdict)),
  );
  const cause = told.find((failure) => failure.message !== undefined || failure.stack !== undefined);
  const known = cause ?? told[0];
  const rows: [string, string][] = [];
  const message = cause?.message ?? verdict.message;
  if (message !== undefined) rows.push(['why', printableText(cutText(message))]);
  else if (known !== undefined && !own.includes(known.origin) && known.code !== 'PROGRAM_MISMATCH')
    rows.push(['why', whoKnows(known, own)]);
  const seen = new Map(
    told.flatMap(({ party, seenHere }) => (seenHere === undefined ? [] : [[party, seenHere]])),
  );
  if (seen.size > 0) {
    const lines = [...seen].map(([party, text]) => (own.length === 1 ? text : `${party}: ${text}`));
    rows.push(['seen', printableText(lines.join('\n'))]);
  }
  const details = Object.entries(cause?.details ?? {}).map(([name, value]) => `${name}: ${value}`);
  if (details.length > 0) rows.push(['details', printable(details.join(', '))]);
  const causes = (cause?.chain ?? []).slice(1);
  if (causes.length > 0) rows.push(['because', printableText(causes.map(linkText).join('\n'))]);
  const trace = traceOf(cause?.stack);
  if (trace.length > 0) rows.push(['trace', trace.join('\n')]);
  const code = cause?.chain?.[0]?.code;
  if (code !== undefined && Object.hasOwn(errorCatalogue, code))
    rows.push(['more', `privity explain ${code}`]);
  if (known !== undefined)
    rows.push([
      'incident',
      `${printable(known.incident)}, under which ${printable(logOf(known.reporter, own))} have the details`,
    ]);
  return rows;
}

/** Failures beside the cause that are told one by one; the record has all. */
const BESIDE_SHOWN_MAX = 5;

/** What else has failed by itself, so that not only the first of two parties finds its own. */
function besideRows({ own, board }: SummaryInput, verdict: VerdictEvent): [string, string][] {
  const told = own.map((party) => board.party(party).failures);
  const beside = besideCause(told, verdict);
  const rows = beside.slice(0, BESIDE_SHOWN_MAX).map((failure): [string, string] => {
    const { origin, code, stepId, stepName, message, stack, incident } = failure;
    const step = stepPlace(stepId, stepName);
    const why = message === undefined ? '' : `: ${cutText(message)}`;
    const [first] = traceOf(stack);
    const trace = first === undefined ? '' : `\n${first}`;
    const more = `\nincident ${incident}, in ${logOf(origin, own)}`;
    const text = `at ${origin}: ${code}${step === '' ? '' : `, ${step}`}${why}${trace}${more}`;
    return ['also', printableText(text)];
  });
  const left = beside.length - rows.length;
  return left === 0 ? rows : [...rows, ['also', `${count(left, 'failure')} more, in the record`]];
}

function whatToDo({ own, board }: SummaryInput, verdict: VerdictEvent): string {
  const still = own.filter((party) => standstillOf(board.party(party)) !== undefined);
  if (still.length > 0) return adviceForStandstill(own.length === 1 ? ['this party'] : still);
  const told = own.flatMap((party) => board.party(party).failures).filter((one) => isCause(one, verdict));
  const { origin } = verdict;
  const refusal = told.find(({ turnedAway }) => turnedAway !== undefined)?.turnedAway;
  const turnedAway = refusal === undefined ? undefined : printable(refusal);
  return adviceFor(verdict.code ?? 'INTERNAL', { origin, reporter: told[0]?.reporter, own, turnedAway });
}

/** For how long a party stood still, if its verdict comes from that. */
function standstillOf({ standstill, verdict }: PartyView): number | undefined {
  if (standstill === undefined || verdict === undefined) return undefined;
  const sinceMs = Date.parse(verdict.time) - Date.parse(standstill.time);
  return explains(sinceMs, verdict.code) ? standstill.forMs : undefined;
}

/** The very failure, or what another party says of the same; the verdict may have given a loss another name. */
function isCause(failure: FailureEvent, { code, origin, stepId, incident }: VerdictEvent): boolean {
  if (failure.incident === incident) return true;
  return failure.code === code && failure.origin === origin && failure.stepId === stepId;
}

/** What may be said of a failure whose text did not come here: who tells of it, and nothing more of anybody. */
function whoKnows({ origin, reporter }: FailureEvent, own: readonly string[]): string {
  return reporter === origin
    ? `the text of an error stays where it happened: in ${logOf(origin, own)}`
    : whoNoticed(origin, reporter, own);
}

/** The first line of a cause: what lies deeper is in the log. */
function linkText({ name, message, code }: ErrorLink): string {
  const [first = ''] = message.split('\n', 1);
  const named = code === undefined || code === name ? name : `${name} (${code})`;
  return first === '' ? named : `${named}: ${first}`;
}

/** Privity's own modules, compiled or mapped back to their source. */
const ownModules = ['src/', 'dist'].map((name) =>
  fileURLToPath(new URL(`../../../../${name}`, import.meta.url)),
);

/** Frames of a stack that are shown: where it happened, and how the job came there. The log has all. */
const TRACE_LINES_MAX = 4;

/** The job's own frames of a stack; those of Node, packages and Privity, or of no place, say nothing to its author. */
function traceOf(stack: string | undefined): string[] {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return frames
    .filter((line) => !/\(?node:|node_modules| Promise\.\w+ \(index /.test(line))
    .filter((line) => !ownModules.some((path) => line.includes(path)))
    .slice(0, TRACE_LINES_MAX)
    .map((line) => printable(line.trim()));
}

/** Of a difference between parties neither is where it began; and who runs them all cancels them all. */
function hasPlace({ code }: VerdictEvent, own: readonly string[]): boolean {
  return code !== 'PROGRAM_MISMATCH' && !(code === 'CANCELLED' && own.length > 1);
}

/** What became of one party: what it did, how its processes ended, what it left. */
function partyFate(input: SummaryInput, view: PartyView, verdict: VerdictEvent | undefined): string {
  const parts: string[] = [];
  if (verdict?.origin === view.party && hasPlace(verdict, input.own)) parts.push('where it began');
  if (view.supervisorExit?.signal) parts.push(`its supervisor ${exitText(view.supervisorExit)}`);
  if (view.programExit?.signal) parts.push(`its program process ${exitText(view.programExit)}`);
  const still = standstillOf(view);
  if (still !== undefined) parts.push(stoodStillText('it', still));
  const report = input.reports.get(view.party);
  const steps = report?.steps.filter((step) => step.outcome === 'completed').length ?? view.stepsCompleted;
  const aborted = report?.steps.filter((step) => step.outcome === 'aborted').length ?? 0;
  parts.push(`${count(steps, 'step')} completed${aborted > 0 ? `, ${aborted} not finished` : ''}`);
  const [wait] = report?.waits ?? [];
  if (wait !== undefined) parts.push(printable(waitedText(wait)));
  if (view.verdict === undefined) parts.push('came to no verdict');
  else if (view.verdict.outcome === 'completed') parts.push('completed before the others failed');
  if (view.reclaimed !== undefined)
    parts.push(view.reclaimed.leftovers.length === 0 ? 'nothing left behind' : 'left something behind');
  return parts.join('; ');
}

/** `was waiting for bob, step 3 "load" (12 s)` */
const waitedText = (wait: Wait): string => blockedText(wait).replace(/^waits/, 'was waiting');

/** `bob's program was busy in step 4 "score" for 25 s` */
const wasBusyText = (program: BusyProgram): string => busyText(program).replace(' has been ', ' was ');

/** Of each party the program's longest time without an answer: every party here was told of it. */
function busiest({ own, reports }: SummaryInput): readonly BusyProgram[] {
  const longest = new Map<string, BusyProgram>();
  for (const program of own.flatMap((party) => reports.get(party)?.longestBusy ?? []))
    if ((longest.get(program.peer)?.sinceMs ?? 0) < program.sinceMs) longest.set(program.peer, program);
  return [...longest.values()];
}

function verdictsDiffer(input: SummaryInput): boolean {
  const digests = input.own
    .map((party) => input.board.party(party).verdict?.digest)
    .filter((digest) => digest !== undefined);
  return new Set(digests).size > 1;
}

/** The exit code of several parties' run: the verdict's, else the first other one of a supervisor. */
export function exitCodeOf(views: readonly PartyView[]): number {
  for (const view of views) {
    if (view.verdict?.outcome === 'failed')
      return failureCodes[view.verdict.code ?? ('INTERNAL' satisfies FailureCode)].exit;
  }
  for (const view of views) {
    const code = view.supervisorExit?.code;
    if (code !== undefined && code !== null && code !== 0) return code;
  }
  const ended = views.every((view) => view.verdict?.outcome === 'completed' && !view.supervisorExit?.signal);
  return ended ? 0 : failureCodes.PEER_CRASHED.exit;
}
