/** Two contracts side by side: what would be disclosed that was not before, and what no longer. */
import {
  type Contract,
  type ContractEntry,
  type ContractSymbol,
  type ContractText,
  isWhole,
  timesOf,
} from './contract.ts';
import { ANY, parseForm, type WrittenSize } from './form.ts';
import { entrySentence } from './sentences.ts';

export interface Difference {
  /** In a sentence. */
  readonly text: string;
  readonly step: string;
  /** The form of the value, where it is one. */
  readonly what?: string;
  /** The entry of the other contract that comes nearest, from 1. */
  readonly entry?: number;
}

export interface Comparison {
  readonly more: readonly Difference[];
  readonly less: readonly Difference[];
}

export function compareContracts(before: Contract, after: Contract): Comparison {
  return { more: beyond(before, after), less: beyond(after, before) };
}

/**
 * How much there is to compare: characters of the forms of entries that are looked at side by side, which are those of
 * one step, kind and party, and symbols for each.
 */
export function comparedChars(a: Contract, b: Contract): number {
  const keyOf = ({ step, kind, from }: ContractEntry): string => JSON.stringify([step, kind, from]);
  const sums = new Map<string, { entries: number; chars: number }>();
  for (const entry of a.discloses) {
    const { entries, chars } = sums.get(keyOf(entry)) ?? { entries: 0, chars: 0 };
    sums.set(keyOf(entry), { entries: entries + 1, chars: chars + entry.what.length });
  }
  return b.discloses.reduce((total, entry) => {
    const { entries, chars } = sums.get(keyOf(entry)) ?? { entries: 0, chars: 0 };
    return total + chars + entries * entry.what.length;
  }, 0);
}

/** What `other` lets happen, and `base` does not. */
function beyond(base: Contract, other: Contract): readonly Difference[] {
  const steps = new Set(base.steps);
  const parties = other.parties.filter((party) => !base.parties.includes(party));
  return [
    ...parties.map((party) => ({ step: '', text: `${party} takes part` })),
    ...other.steps
      .filter((step) => !steps.has(step))
      .map((step) => ({ step, text: `there is a step "${step}", whose name all learn` })),
    ...other.discloses.flatMap((entry) => beyondEntry(base, other, entry)),
    ...other.errors
      .filter((text) => !base.errors.some((known) => coversText(known, text)))
      .map(textDifference),
  ];
}

function beyondEntry(base: Contract, other: Contract, entry: ContractEntry): readonly Difference[] {
  const near = base.discloses
    .map((known, index) => ({ known, number: index + 1 }))
    .filter(
      ({ known }) => known.step === entry.step && known.kind === entry.kind && known.from === entry.from,
    );
  const covering = near.filter(({ known }) => covers(known, entry, base, other));
  if (covering.some(({ known }) => coversTimes(known, entry, base, other))) return [];
  const sentence = entrySentence(entry);
  const [close] = covering.length > 0 ? covering : near;
  const often = covering.length > 0 ? `, more often than ${String(close?.known.times)}` : '';
  const about = { step: entry.step, what: entry.what };
  if (!close) return [{ ...about, text: sentence }];
  const missing = entry.to.filter((party) => !close.known.to.includes(party));
  const why =
    often ||
    (missing.length > 0 ? `, and ${missing.join(' and ')} did not` : `, where it was: ${close.known.what}`);
  return [{ ...about, entry: close.number, text: `${sentence}${why}` }];
}

function covers(known: ContractEntry, entry: ContractEntry, base: Contract, other: Contract): boolean {
  if (!entry.to.every((party) => known.to.includes(party))) return false;
  const [a, b] = [parseForm(known.what), parseForm(entry.what)];
  if (a.template !== b.template) return false;
  return a.sizes.every((size, slot) => coversSize(size, b.sizes[slot]?.word ?? ANY, base, other));
}

function coversSize({ word, upTo }: WrittenSize, than: string, base: Contract, other: Contract): boolean {
  if (word === ANY) return true;
  if (isWhole(word)) return isWhole(than) && (upTo ? Number(than) <= Number(word) : than === word);
  const symbol = symbolOf(base, word);
  // A size of which nothing is known but that it is one: any number is one.
  if (symbol?.kind === 'size') return isWhole(than) || symbolOf(other, than) !== undefined;
  const theirs = symbolOf(other, than);
  return symbol !== undefined && theirs?.kind === symbol.kind && theirs.of === symbol.of;
}

function coversTimes(known: ContractEntry, entry: ContractEntry, base: Contract, other: Contract): boolean {
  const [a, b] = [timesOf(known.times).most, timesOf(entry.times).most];
  if (a === ANY) return true;
  if (isWhole(a)) return isWhole(b) && Number(b) <= Number(a);
  return coversSize({ word: a, upTo: false }, b, base, other);
}

const symbolOf = ({ symbols }: Contract, name: string): ContractSymbol | undefined =>
  symbols.find((symbol) => symbol.name === name);

function coversText(known: ContractText, text: ContractText): boolean {
  if (known.step !== text.step || known.from !== text.from || known.text !== text.text) return false;
  return Object.entries(text.details ?? {}).every(([key, kind]) => known.details?.[key] === kind);
}

const textDifference = ({ step, from, text }: ContractText): Difference => ({
  step,
  text: `if step "${step}" fails at ${from}, all may read ${JSON.stringify(text)}`,
});

/**
 * The contract with what another one adds: entries that were written by hand stay. Of two that say the same, the first
 * is kept.
 */
export function mergeByHand(made: Contract, byHand: Contract): Contract {
  const extra = byHand.discloses.filter(
    (entry) =>
      !made.discloses.some(
        (one) =>
          covers(one, entry, made, byHand) && coversTimes(one, entry, made, byHand) && sameKey(one, entry),
      ),
  );
  const symbols = byHand.symbols.filter((symbol) => symbolOf(made, symbol.name) === undefined);
  const errors = byHand.errors.filter((text) => !made.errors.some((known) => coversText(known, text)));
  const steps = [...new Set([...made.steps, ...byHand.steps])];
  return {
    ...made,
    steps,
    discloses: [...made.discloses, ...extra],
    symbols: [...made.symbols, ...symbols],
    errors: [...made.errors, ...errors],
  };
}

const sameKey = (a: ContractEntry, b: ContractEntry): boolean =>
  a.step === b.step && a.kind === b.kind && a.from === b.from;
