/** What one rehearsed run has shown. */
import type { StepKind } from '../../coordination/failure.ts';
import { KINDS_NAMED_BY_PRIVITY } from '../../observe/contract/contract.ts';
import { kindOfDetail } from '../../observe/contract/contract-use.ts';
import type { Witness, WitnessedDisclosure } from '../../program/state/witness.ts';

export interface SeenDisclosure extends WitnessedDisclosure {
  readonly from: string;
}

export interface SeenText {
  readonly step: string;
  readonly from: string;
  readonly text: string;
  readonly details: Readonly<Record<string, 'number' | 'boolean' | 'text'>>;
}

export interface Observation {
  /** Rows of each table, by `party.setting`. */
  readonly rows: ReadonlyMap<string, number>;
  /** Rows that each intersection had, by step: several, if it was made several times. */
  readonly shared: ReadonlyMap<string, ReadonlySet<number>>;
  /** Names that the job gave, in the order in which steps were issued. */
  readonly steps: readonly string[];
  readonly disclosures: readonly SeenDisclosure[];
  readonly texts: readonly SeenText[];
  readonly completed: boolean;
  /** Why not, in words for the person who rehearses. */
  readonly failure?: string | undefined;
  /** Rounds of secure devices. */
  readonly rounds: number;
  /** That each party sent to each other. */
  readonly bytes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The size that was meant for tables of this run. */
  readonly size: number;
}

/** Takes what the witnesses of all parties of a run see. */
export class Observer {
  readonly shared = new Map<string, Set<number>>();
  readonly steps = new Set<string>();
  readonly disclosures: SeenDisclosure[] = [];
  readonly texts: SeenText[] = [];
  /** What failed first, in words for the person who rehearses. */
  firstError: string | undefined;

  witnessOf(from: string): Witness {
    return {
      issued: (kind: StepKind, step) => {
        if (!KINDS_NAMED_BY_PRIVITY.has(kind)) this.steps.add(step);
      },
      disclosed: (seen) => void this.disclosures.push(Object.assign(seen, { from })),
      shared: (step, rows) => {
        const known = this.shared.get(step) ?? new Set();
        this.shared.set(step, known.add(rows));
      },
      failed: (step, { code, message: text, details = {} }, own) => {
        this.firstError ??= `${code} at ${from}, step "${step}"${own === '' ? '' : `: ${own}`}`;
        if (text === undefined) return;
        const kinds = Object.entries(details).map(([name, value]) => [name, kindOfDetail(value)] as const);
        this.texts.push({ step, from, text, details: Object.fromEntries(kinds) });
      },
    };
  }
}
