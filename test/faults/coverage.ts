/**
 * Which faults are tried at which moments with how many parties, from the scenarios themselves, and why the rest cannot
 * be: the table in docs/faults.md, which a test holds against this.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultOf } from './figures.ts';
import type { Scenario, When } from './scenario.ts';
import { scenarios } from './scenarios.ts';

const PAGE = 'docs/faults.md';
const BEGIN = '<!-- coverage: made by npm run faults -- --coverage -->';
const END = '<!-- coverage ends -->';

/** In the order of a run. */
const MOMENTS: readonly When[] = [
  'always',
  'before the handshake',
  'handshake',
  'idle',
  'mid-task',
  'in attempt',
  'mid-transfer',
  'at reveal',
  'mid-psi',
  'mid-secure-operation',
  'closing',
  'in clean-up',
  'after READY',
];

/** Certificates expire in the middle of a task. */
const momentOf = ({ fault: { when } }: Scenario): When => (when === 'after expiry' ? 'mid-task' : when);

/** Why a fault cannot be at a moment. What is neither tried nor here could be, and is left open. */
const REASONS = {
  a: 'the job does it to itself, and its code does not run then',
  b: 'it is there from the start, or the whole time, and has no moment of its own',
  c: 'a party that nobody can reach yet looks like one that was never started: see *never started*',
  d: 'what a party or its program says after READY comes too late for the run to fail; only silence remains',
  e: 'it is about data connections, and no data is under way',
} as const;
type Reason = keyof typeof REASONS;

type Kind = Scenario['fault']['what'];

const DATA: ReadonlySet<Kind> = new Set(['break data once', 'refuse data', 'black hole for data']);
const NETWORK: ReadonlySet<Kind> = new Set([
  'black hole',
  'one-way black hole',
  'cut one link',
  'short black hole',
  'partition',
  'reset storm',
  'gateway restart',
  'jitter',
  'break once',
]);
const WITH_DATA: ReadonlySet<When> = new Set([
  'mid-transfer',
  'at reveal',
  'mid-psi',
  'mid-secure-operation',
]);
const SILENT: ReadonlySet<Kind> = new Set([
  'kill supervisor',
  'kill all',
  'stop supervisor',
  'stop both',
  'host gone',
]);

function whyNot({ fault: { what, when: usual } }: Scenario, when: When): Reason | null {
  if (what === 'setup' || usual === 'always' || usual === 'after expiry') return 'b';
  if (when === 'always') return 'b';
  // A task that is past its deadline, as `nothing`, is the job's own doing as well.
  const own = what === 'job' || what === 'nothing';
  if (own && !['mid-task', 'in attempt', 'mid-secure-operation', 'closing'].includes(when)) return 'a';
  if (DATA.has(what) && !WITH_DATA.has(when)) return 'e';
  if (NETWORK.has(what) && when === 'before the handshake') return 'c';
  if (when === 'after READY' && !SILENT.has(what) && !NETWORK.has(what)) return 'd';
  return null;
}

/** The table in Markdown, and below it what its letters mean. */
export function coverageTable(all: readonly Scenario[] = scenarios): string {
  const faults = groupsOf(all);
  const rows = [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, cells]) => rowOf(name, cells));
  const head = ['fault', ...MOMENTS.map((moment) => (moment === 'always' ? 'from the start' : moment))];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const legend = Object.entries(REASONS).map(([letter, why]) => `- ${letter}: ${why}`);
  return [line(head), line(head.map(() => '---')), ...rows.map(line), '', ...legend].join('\n');
}

function groupsOf(all: readonly Scenario[]): ReadonlyMap<string, readonly Scenario[]> {
  const groups = new Map<string, Scenario[]>();
  for (const scenario of all) {
    const name = faultOf(scenario);
    groups.set(name, [...(groups.get(name) ?? []), scenario]);
  }
  return groups;
}

function rowOf(name: string, cells: readonly Scenario[]): readonly string[] {
  const columns = MOMENTS.map((moment) => {
    const sizes = cells.filter((cell) => momentOf(cell) === moment).map(({ parties }) => parties);
    if (sizes.length > 0) return [...new Set(sizes)].sort().join(' ');
    const [first] = cells;
    return (first && whyNot(first, moment)) ?? '';
  });
  return [name, ...columns];
}

/** What the page has between its marks; null where the marks are missing. */
export function coverageIn(page: string): string | null {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  return begin < 0 || end < begin ? null : page.slice(begin + BEGIN.length, end).trim();
}

/**
 * Puts the table into the page; false where the marks are missing.
 * @public scripts/faults.mjs calls it
 */
export function writeCoverage(root: string): boolean {
  const file = join(root, PAGE);
  const page = readFileSync(file, 'utf8');
  if (coverageIn(page) === null) return false;
  const [before, after] = [page.slice(0, page.indexOf(BEGIN)), page.slice(page.indexOf(END))];
  writeFileSync(file, `${before}${BEGIN}\n\n${coverageTable()}\n\n${after}`);
  return true;
}
