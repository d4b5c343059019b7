/** What was measured, as rows and as Markdown. */
import { median } from '../failures/table.ts';
import { figure } from '../secure/table.ts';
import type { Taken } from './measure.ts';

/** One system with one protocol at one size. */
export interface Row {
  readonly system: string;
  readonly protocol: string;
  /** Of one side; both have as many. */
  readonly size: number;
  readonly runs: readonly Taken[];
  /** Why there is no figure; then nothing of it counts, whatever its other runs took. */
  readonly refused?: string;
}

/** Medians of the runs, and what they say for one id. */
export interface Summary {
  readonly wallS: number;
  readonly fewestS: number;
  readonly mostS: number;
  readonly insideS: number;
  readonly idsPerS: number;
  /** Both ways together, for each row of one side. */
  readonly bytesPerId: number;
  readonly peakBytes: number;
  readonly cpuS: number;
}

/** @returns {Summary | null} null for what was refused or did not run */
export function summaryOf({ size, runs, refused }: Row): Summary | null {
  if (refused !== undefined || runs.length === 0) return null;
  const of = (what: keyof Taken): number => median(runs.map((run) => run[what]));
  const walls = runs.map(({ wallS }) => wallS);
  return {
    wallS: of('wallS'),
    fewestS: Math.min(...walls),
    mostS: Math.max(...walls),
    insideS: of('insideS'),
    idsPerS: size / of('wallS'),
    bytesPerId: of('bytes') / size,
    peakBytes: of('peakBytes'),
    cpuS: of('cpuS'),
  };
}

const COLUMNS = [
  ...['system', 'protocol', 'rows a side', 'seconds', 'fewest to most', 'inside'],
  ...['ids a second', 'bytes an id', 'MB a party', 'CPU seconds'],
] as const;
/** Characters of a reason in a cell. */
const REASON_MAX = 120;
const MB = 1e6;

export function tableOf(rows: readonly Row[]): string {
  return markdown(COLUMNS, rows.toSorted((a, b) => a.size - b.size).map(cellsOf));
}

function cellsOf(row: Row): string[] {
  const names = [row.system, row.protocol, row.size.toLocaleString('en')];
  const summary = summaryOf(row);
  const none = COLUMNS.slice(names.length + 1).map(() => '–');
  if (summary === null) return [...names, `refused: ${inCell(row.refused ?? 'it did not run')}`, ...none];
  const { wallS, fewestS, mostS, insideS, idsPerS, bytesPerId, peakBytes, cpuS } = summary;
  const spread = `${figure(fewestS)} to ${figure(mostS)}`;
  const times = [figure(wallS), spread, Number.isNaN(insideS) ? '–' : figure(insideS)];
  return [...names, ...times, figure(idsPerS), figure(bytesPerId), figure(peakBytes / MB), figure(cpuS)];
}

/** On one line, and without what would end the cell. */
function inCell(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '/');
  return line.length > REASON_MAX ? `${line.slice(0, REASON_MAX)}…` : line;
}

export function markdown(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
