/** Several measurements of one scenario on one system, as one row of a Markdown table. */
import type { Outcome, PartyOutcome } from './measure.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** Characters of a message in a cell. */
const SAYS_LENGTH_MAX = 160;

export const head = [
  '| scenario | system | is each other party told, after how long | what it says | exits by itself, with | left behind |',
  '| --- | --- | --- | --- | --- | --- |',
].join('\n');

export function row(scenario: Scenario, system: string, outcomes: readonly Outcome[]): string {
  const good = outcomes.filter((outcome) => !outcome.broken);
  if (good.length === 0) return cells([scenario.title, system, 'not measured', '', '', '']);
  const of = (name: string): PartyOutcome[] =>
    good.flatMap((outcome) => outcome.parties.filter((party) => party.party === name));
  const others = scenario.parties.filter((name) => name !== scenario.origin || scenario.healthy);
  const told = others.map((name) => `${name}: ${heardText(of(name), scenario)}`).join('<br>');
  const says = others.map((name) => `${name}: ${saysText(of(name))}`).join('<br>');
  const exits = scenario.parties.map((name) => `${name} ${exitText(of(name), scenario)}`).join('<br>');
  const left = scenario.parties.map((name) => `${name} ${leftText(of(name))}`).join('<br>');
  return cells([scenario.title, system, told, says, exits, left]);
}

/** The table of outcomes that were kept, one JSON object a line. */
export function tableOf(raw: string): string {
  const outcomes = raw
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome);
  const systems = [...new Set(outcomes.map(({ system }) => system))];
  const rows = scenarios.flatMap((scenario) =>
    systems.flatMap((system) => {
      const of = outcomes.filter((one) => one.scenario === scenario.name && one.system === system);
      return of.length === 0 ? [] : [row(scenario, system, of)];
    }),
  );
  return [head, ...rows].join('\n');
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Told in all runs: the median time. Otherwise how often what happened. */
function heardText(parties: readonly PartyOutcome[], scenario: Scenario): string {
  const words = { told: 'told', log: 'log line only', unaware: '**no**' };
  return tally(parties, (party) => {
    if (party.heard === 'completed') return scenario.mayComplete ? 'completes, rightly' : '**no**, completes';
    if (party.heard === 'wrong') return '**no**, completes with a wrong result';
    return words[party.heard];
  })
    .map(({ text, count, members }) => {
      const times = members.flatMap(({ toldMs }) => (toldMs === null ? [] : [toldMs]));
      const time = times.length > 0 ? ` ${duration(median(times))}` : '';
      return `${text}${time}${count === parties.length ? '' : ` (${count} of ${parties.length})`}`;
    })
    .join(', ');
}

function saysText(parties: readonly PartyOutcome[]): string {
  const [first] = tally(parties, ({ says }) => says);
  if (!first || first.text === '') return '–';
  return first.text.length > SAYS_LENGTH_MAX ? `${first.text.slice(0, SAYS_LENGTH_MAX)}…` : first.text;
}

function exitText(parties: readonly PartyOutcome[], scenario: Scenario): string {
  const frozen = scenario.deed?.signal === 'SIGSTOP';
  return tally(parties, ({ exit, origin }) => {
    if (exit !== 'hangs') return exit;
    return frozen && origin ? 'frozen' : '**hangs**';
  })
    .map(({ text, count, members }) => {
      const times = members.flatMap(({ exitMs }) => (exitMs === null ? [] : [exitMs]));
      const time = times.length > 0 ? ` (${duration(median(times))})` : '';
      return `${text}${time}${count === parties.length ? '' : ` ${count} of ${parties.length}`}`;
    })
    .join(', ');
}

/** The worst of the runs. */
function leftText(parties: readonly PartyOutcome[]): string {
  const lists = parties.flatMap(({ leftBehind }) => (leftBehind === null ? [] : [leftBehind]));
  const [most] = lists.sort((a, b) => b.length - a.length);
  if (!most) return '–';
  return most.length === 0 ? '0' : `**${most.length}** (${[...new Set(most)].join(', ')})`;
}

interface Group {
  readonly text: string;
  readonly count: number;
  readonly members: readonly PartyOutcome[];
}

function tally(parties: readonly PartyOutcome[], text: (party: PartyOutcome) => string): Group[] {
  const groups = new Map<string, PartyOutcome[]>();
  for (const party of parties) groups.set(text(party), [...(groups.get(text(party)) ?? []), party]);
  return [...groups]
    .map(([key, members]) => ({ text: key, count: members.length, members }))
    .sort((a, b) => b.count - a.count);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function duration(ms: number): string {
  return Math.abs(ms) < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
