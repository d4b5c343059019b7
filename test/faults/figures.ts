/** What many runs of scenarios add up to: figures for each fault, and whatever was not as it has to be. Pure. */
import type { Scenario } from './scenario.ts';

export interface Outcome {
  readonly complaints: readonly string[];
  readonly detectionMs: number | null;
  readonly leftovers: readonly string[];
}

interface Row {
  runs: number;
  asExpected: number;
  leftovers: number;
  readonly detectionMs: number[];
}

/** The smallest value that at least `share` of all values do not exceed; of none: NaN. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export class Figures {
  readonly #rows = new Map<string, Row>();
  readonly #unexpected: string[] = [];

  /** `reference` is how to find the story of the run: its number, its seed, its file. */
  add(scenario: Scenario, outcome: Outcome, reference: string): void {
    const fault = faultOf(scenario);
    const row = this.#rows.get(fault) ?? { runs: 0, asExpected: 0, leftovers: 0, detectionMs: [] };
    this.#rows.set(fault, row);
    row.runs += 1;
    row.leftovers += outcome.leftovers.length;
    if (outcome.detectionMs !== null) row.detectionMs.push(outcome.detectionMs);
    if (outcome.complaints.length === 0) row.asExpected += 1;
    else
      this.#unexpected.push(
        `${reference}: ${scenario.name}: ${outcome.complaints.map((complaint) => complaint.split('\n', 1)[0]).join('; ')}`,
      );
  }

  get runs(): number {
    return this.#sum((row) => row.runs);
  }

  get unexpected(): readonly string[] {
    return this.#unexpected;
  }

  get leftovers(): number {
    return this.#sum((row) => row.leftovers);
  }

  /** A table in Markdown: one row for each fault, in the order of the alphabet, and the sums. */
  table(): string {
    const line = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |`;
    const rows = [...this.#rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([fault, row]) => line(cellsOf(fault, row)));
    const sums = ['all', this.runs, this.#sum((row) => row.asExpected), '', '', '', this.leftovers];
    const head = ['fault', 'runs', 'as expected', 'p50 ms', 'p99 ms', 'max ms', 'left behind'];
    return [line(head), line(head.map(() => '---')), ...rows, line(sums)].join('\n');
  }

  #sum(of: (row: Row) => number): number {
    return [...this.#rows.values()].reduce((sum, row) => sum + of(row), 0);
  }
}

function cellsOf(fault: string, { runs, asExpected, detectionMs, leftovers }: Row): readonly unknown[] {
  const figures =
    detectionMs.length === 0 ? ['', '', ''] : [0.5, 0.99, 1].map((share) => percentile(detectionMs, share));
  return [fault, runs, asExpected, ...figures, leftovers];
}

/** What a scenario's name says without the parties and the moment. */
export function faultOf({ name, hosts, fault }: Scenario): string {
  const [first = name, second = name] = name.split(', ');
  if (hosts) return `${first}, ${second}`;
  // The operation comes first where a job fails in the middle of one.
  if (fault.when === 'mid-secure-operation' && fault.what === 'job') return second;
  return first;
}
