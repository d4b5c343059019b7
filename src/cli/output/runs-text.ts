/**
 * Records of runs for people. Pure; everything in a record that a job or another party had a hand in is made printable.
 */
import { basename } from 'node:path';
import { failureCodes } from '../../base/failure-codes.ts';
import { eventIn, type FailureEvent, type LogLine } from '../../record/read-log.ts';
import { LOG_FILE, REPORT_FILE } from '../../record/record-file.ts';
import type { StoredParty, StoredRun } from '../../record/stored-run.ts';
import { whoNoticed } from './advice.ts';
import { alignColumns, padEnd, widest } from './columns.ts';
import { clockText, cutText, listed, sentence } from './plain-lines.ts';
import { printable, printableText } from './printable.ts';
import { count, duration, momentText, size } from './quantity.ts';
import { placeText, type RunBoard } from './run-board.ts';
import type { Style } from './style.ts';
import { valueText } from './value-text.ts';

/** Digits of an incident that find it. */
const INCIDENT_SHOWN = 8;
/** Failures shown in full; the log has the others. */
const FAILURES_SHOWN_MAX = 20;
const GONE = 'its supervisor was killed or crashed, or the machine went down';

/** What became of a run, in a few words: what is worst of its parties here. */
export function stateText({ parties }: StoredRun): string {
  const having = (state: StoredParty['state']): readonly StoredParty[] =>
    parties.filter((party) => party.state === state);
  if (having('running').length > 0) return 'running';
  const verdicts = parties.flatMap(({ facts }) => facts?.verdict ?? []);
  const failed = verdicts.find(({ outcome }) => outcome === 'failed');
  if (failed !== undefined) return `${failed.code ?? 'failed'} at ${failed.origin ?? '?'}`;
  const [refused] = having('refused');
  if (refused !== undefined) return `did not begin: ${refused.facts?.error?.code ?? 'refused'}`;
  const killed = having('killed').map(({ party }) => party);
  if (killed.length > 0) return `killed: the supervisor of ${listed(killed)}`;
  if (having('unknown').length > 0) return 'on another machine or container';
  return 'completed';
}

export function runsTable(runs: readonly StoredRun[], folder: string | undefined, style: Style): string {
  if (runs.length === 0)
    return `no record of a run${folder === undefined ? '' : ` in ${printable(folder)}`}\n`;
  const rows = runs.map((run) => {
    const { facts } = run.parties.find((party) => party.facts !== undefined) ?? {};
    const incident = run.parties.flatMap((party) => party.facts?.verdict?.incident ?? [])[0] ?? '';
    return [
      printable(run.name),
      momentText(run.startedMs),
      facts === undefined ? '?' : printable(basename(facts.job)),
      printable(run.parties.map(({ party }) => party).join(' ')),
      printable(stateText(run)),
      incident.slice(0, INCIDENT_SHOWN),
    ];
  });
  const [head = '', ...lines] = alignColumns([
    ['run', 'began', 'job', 'here', 'what it came to', 'incident'],
    ...rows,
  ]);
  const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
  const end = `${count(runs.length, 'run')}, ${size(bytes)}, in ${printable(folder ?? '')}`;
  return `${style.bold(head)}\n${lines.join('\n')}\n${style.dim(end)}\n`;
}

export interface ShownRun {
  readonly run: StoredRun;
  readonly board: RunBoard;
  /** As each party here tells of them. */
  readonly failures: readonly FailureEvent[];
  /** The one that was asked for. */
  readonly incident: string | undefined;
  /** What the job returned, where it is kept. */
  readonly result?: { readonly value: unknown } | undefined;
}

export function runText({ run, board, failures, incident, result }: ShownRun, style: Style): string {
  const { facts } = run.parties.find((party) => party.facts !== undefined) ?? {};
  const what = facts === undefined ? '' : `: ${basename(facts.job)} with ${listed(facts.parties)}`;
  const blocks = [
    [`${style.bold(`run ${printable(run.name)}`)}${printable(what)}`, ...partyLines(run, board, style)],
  ];
  const ids = [...new Set(failures.map((failure) => failure.incident))];
  const cause = run.parties.flatMap((party) => party.facts?.verdict?.incident ?? [])[0];
  const order = ids.sort((a, b) => Number(b === cause) - Number(a === cause));
  const wanted = incident === undefined ? order : order.filter((id) => id === incident);
  const told = (id: string): readonly FailureEvent[] => failures.filter((one) => one.incident === id);
  const isCancelled = (id: string | undefined): boolean => told(id ?? '')[0]?.code === 'CANCELLED';
  // Several that cancel are one cancellation: of all parties at once, or of the first that was told.
  const also = isCancelled(wanted[0]) ? wanted.slice(1).filter(isCancelled) : [];
  const shown = wanted.filter((id) => !also.includes(id));
  for (const id of shown.slice(0, FAILURES_SHOWN_MAX)) blocks.push(failureLines(told(id), style));
  const others = [...new Set(also.flatMap((id) => told(id)[0]?.origin ?? []))];
  if (others.length > 0) blocks[1]?.push(`  ${printable(`also cancelled at ${listed(others)}`)}`);
  if (shown.length > FAILURES_SHOWN_MAX)
    blocks.push([`… and ${count(shown.length - FAILURES_SHOWN_MAX, 'failure')} more, in the log`]);
  if (result !== undefined) blocks.push([style.bold('Result'), ...valueText(result.value, '  ')]);
  blocks.push([style.bold('Files'), ...run.parties.flatMap(fileLines)]);
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`;
}

function partyLines({ parties }: StoredRun, board: RunBoard, style: Style): string[] {
  const rows = parties.map((party) => [style.cyan(party.party), printable(fate(party, board))]);
  return alignColumns(rows, { indent: '  ' });
}

function fate({ party, facts, state, writtenMs }: StoredParty, board: RunBoard): string {
  if (facts === undefined) return state === 'killed' ? `${GONE}, before there was anything to record` : state;
  const { verdict, error, exitCode, startedAt, endedAt } = facts;
  const began = Date.parse(startedAt);
  const took = endedAt === null ? '' : ` after ${duration(Date.parse(endedAt) - began)}`;
  const code = exitCode === null ? '' : `; exit code ${exitCode}`;
  const said =
    verdict === null
      ? ''
      : verdict.outcome === 'completed'
        ? 'completed'
        : `${verdict.code ?? 'failed'} at ${placeText(verdict.origin, verdict.stepId, verdict.stepName)}`;
  const began_ = `began ${momentText(began)}`;
  if (state === 'refused')
    return `did not begin: ${error?.code ?? ''} ${error?.message ?? ''}${code}; ${began_}`;
  if (state === 'ended') return `${said || 'ended without a verdict'}${took}${code}; ${began_}`;
  const doing = said === '' ? board.describe(party, board.lastTime ?? writtenMs) : said;
  if (state === 'killed')
    return `${GONE}, after ${endedAt ?? new Date(writtenMs).toISOString()}; until then: ${doing}; ${began_}`;
  const where = state === 'unknown' ? 'on another machine or in another container' : 'running';
  return `${where}: ${doing}; ${began_}`;
}

/** One failure, by the words of the party here that knows most of it. */
function failureLines(told: readonly FailureEvent[], style: Style): string[] {
  const best =
    told.find(({ stack }) => stack !== undefined) ??
    told.find(({ message }) => message !== undefined) ??
    told[0];
  if (best === undefined) return [];
  const { code, origin, stepId, stepName, incident, message, details, chain, stack, reporter, party } = best;
  const rows: [string, string][] = [
    ['what', failureCodes[code].summary],
    ['where', placeText(origin, stepId, stepName)],
  ];
  if (reporter !== origin) rows.push(['told by', reporter]);
  if (message !== undefined) rows.push(['why', cutText(message)]);
  else rows.push(...whoKnows(best, told));
  for (const { party: at, seenHere } of told)
    if (seenHere !== undefined) rows.push(['seen', told.length === 1 ? seenHere : `${at}: ${seenHere}`]);
  for (const [name, value] of Object.entries(details ?? {}))
    rows.push([`  ${printable(name)}`, String(value)]);
  if (stack !== undefined) rows.push(['trace', stack]);
  else for (const link of (chain ?? []).slice(1)) rows.push(['because', `${link.name}: ${link.message}`]);
  rows.push(['known at', listed([...new Set(told.map((one) => one.party))]) || party]);
  const width = widest(rows.map(([name]) => name));
  const lines = rows.flatMap(([name, text]) =>
    printableText(text)
      .split('\n')
      .map((line, index) => `  ${style.dim(padEnd(index === 0 ? name : '', width))}  ${line}`),
  );
  return [`${style.red(style.bold(code))}, incident ${printable(incident)}`, ...lines];
}

/**
 * Where more may be known of a failure whose text is not here: where it was noticed, which need not be where it
 * happened.
 */
function whoKnows(
  { code, origin, reporter, incident }: FailureEvent,
  told: readonly FailureEvent[],
): [string, string][] {
  const command = `privity runs show ${incident.slice(0, INCIDENT_SHOWN)} at ${reporter}`;
  const isHere = told.some(({ party }) => party === reporter);
  if (reporter === origin)
    return isHere ? [] : [['why', `the text of an error stays where it happened: ${command}`]];
  if (code === 'PROGRAM_MISMATCH') return [];
  const noticed = whoNoticed(origin, reporter, []);
  return [['why', isHere ? noticed : `${noticed}; what it has seen: ${command}`]];
}

function fileLines({ folder, facts, bytes, state }: StoredParty): string[] {
  const left = facts?.linesLeftOut ? `; ${count(facts.linesLeftOut, 'line')} did not fit the log` : '';
  const names = state === 'ended' ? `{${LOG_FILE},${REPORT_FILE}}` : LOG_FILE;
  return [`  ${printable(folder)}/${names}  ${size(bytes)}${left}`];
}

/** Turns lines of a log into text, each with all that the line says; empty for lines that say nothing to people. */
export function createLogText(parties: readonly string[], style: Style): (line: LogLine) => string {
  const columns = widest(parties.map(printable));
  return (line) => {
    const said = textOf(line);
    if (said === undefined) return '';
    const [first = '', ...more] = printableText(said).split('\n');
    const head = `${style.dim(clockText(line.time))}  ${style.cyan(padEnd(printable(line.party), columns))}  `;
    return `${[head + first, ...more.map((text) => `${' '.repeat(columns + 16)}${text}`)].join('\n')}\n`;
  };
}

function textOf(line: LogLine): string | undefined {
  const { event, value } = line;
  const word = (name: string): string => (typeof value[name] === 'string' ? value[name] : '');
  if (event === 'output') return `| ${printable(word('text'))}`;
  // What a person was shown of it: everything else is here.
  if (event === 'summary') return undefined;
  if (event === 'supervisor.gone') return word('text');
  if (event === 'error') return `error ${word('error')}: ${word('message')}\n${word('stack')}`.trim();
  const known = eventIn(line);
  if (known === undefined) return undefined;
  const said = sentence(known);
  return known.event === 'failure' && known.stack !== undefined ? `${said ?? ''}\n${known.stack}` : said;
}
