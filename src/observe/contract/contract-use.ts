/**
 * A contract as it is used up in one run: which entry a value falls under, how often it has, and what its symbols
 * turned out to be. Pure. Whatever it says of a refusal is made of words of the contract, so that all parties may read
 * it.
 */
import type { StepKind } from '../../coordination/failure.ts';
import type { PublicDetails } from '../../coordination/public-details.ts';
import { MIXED, type ValueForm } from '../../wire/value-form.ts';
import {
  type Contract,
  type ContractEntry,
  type ContractText,
  isWhole,
  KINDS_NAMED_BY_PRIVITY,
  timesOf,
} from './contract.ts';
import { ANY, parseForm, type WrittenForm, type WrittenSize } from './form.ts';

/** A value that is about to leave, without its form. */
export interface Leaving {
  readonly step: string;
  readonly kind: StepKind;
  readonly from: string;
  readonly to: readonly string[];
}

/** Behind the form of what is opened, where more is known when it is. */
export const TRACES = ', with traces of dropped bits';

interface Line {
  readonly entry: ContractEntry;
  readonly form: WrittenForm;
  /** From 1, as people count. */
  readonly number: number;
  used: number;
}

/** The entry that a value has fallen under. */
export interface Claim {
  readonly number: number;
  readonly template: string;
}

export type Judged = { readonly claim: Claim } | { readonly denied: string };

export class ContractUse {
  readonly #contract: Contract;
  readonly #lines: readonly Line[];
  readonly #steps: ReadonlySet<string>;
  readonly #bound = new Map<string, number>();

  constructor(contract: Contract) {
    this.#contract = contract;
    this.#steps = new Set(contract.steps);
    this.#lines = contract.discloses.map((entry, index) => ({
      entry,
      form: parseForm(entry.what),
      number: index + 1,
      used: 0,
    }));
  }

  /** The name itself is not in the answer: it may be made of data. */
  stepDenied(kind: StepKind, step: string): string | undefined {
    if (KINDS_NAMED_BY_PRIVITY.has(kind) || this.#steps.has(step)) return undefined;
    return `a step of kind ${kind} has a name that the contract does not list`;
  }

  /** Before anything is known of the value. */
  denied(leaving: Leaving): string | undefined {
    const lines = this.#linesOf(leaving);
    return 'denied' in lines ? lines.denied : undefined;
  }

  /** Before it is known how large the value will be. */
  formDenied(leaving: Leaving, template: string): string | undefined {
    const found = this.#linesOf(leaving);
    if ('denied' in found) return found.denied;
    const { lines, words } = found;
    if (lines.some(({ form }) => fits(form.template, template))) return undefined;
    return `${words}: the value has another form than ${listed(lines)}`;
  }

  /** Before the first byte: counts it, and fixes the symbols in it. */
  take(leaving: Leaving, form: ValueForm): Judged {
    const found = this.#linesOf(leaving);
    if ('denied' in found) return found;
    const { lines, words } = found;
    const same = lines.filter(({ form: { template } }) => fits(template, form.template));
    const [first] = same;
    if (first === undefined) return { denied: `${words}: the value has another form than ${listed(lines)}` };
    let denied = '';
    for (const line of same) {
      const bound = this.#bind(line.form.sizes, form);
      if (typeof bound === 'string') denied ||= `${words}: ${bound} in entry ${line.number}`;
      else if (!this.#hasLeft(line))
        denied = `${words}: more often than entry ${line.number} allows (${line.entry.times})`;
      else {
        for (const [symbol, size] of bound) this.#bound.set(symbol, size);
        line.used++;
        return { claim: { number: line.number, template: line.form.template } };
      }
    }
    return { denied };
  }

  /** More is known of a value that has been taken. */
  more(leaving: Leaving, { number, template }: Claim, type: string): string | undefined {
    if (!type.includes(TRACES) || template.includes(TRACES)) return undefined;
    return `${wordsOf(leaving)}: what is opened has traces of dropped bits, which entry ${number} does not say`;
  }

  /** An intersection has been found here. */
  shared(step: string, rows: number): string | undefined {
    for (const { name, kind, of } of this.#contract.symbols) {
      if (kind !== 'shared' || of !== step) continue;
      const known = this.#bound.get(name);
      if (known !== undefined && known !== rows) return `step "${step}": "${name}" is not what it was before`;
      this.#bound.set(name, rows);
    }
    return undefined;
  }

  /** Whether a party may say this when its step fails. */
  lets({
    step,
    from,
    text,
    details,
  }: Omit<ContractText, 'details'> & { readonly details?: PublicDetails | undefined }): boolean {
    return this.#contract.errors.some((one) => {
      if (one.step !== step || one.from !== from || one.text !== text) return false;
      const kinds = one.details ?? {};
      return Object.entries(details ?? {}).every(([key, value]) => kinds[key] === kindOfDetail(value));
    });
  }

  #linesOf(
    leaving: Leaving,
  ): { readonly lines: readonly Line[]; readonly words: string } | { readonly denied: string } {
    const { step, kind, from, to } = leaving;
    const unlisted = this.stepDenied(kind, step);
    if (unlisted !== undefined) return { denied: unlisted };
    const words = wordsOf(leaving);
    const own = this.#lines.filter(
      ({ entry }) => entry.step === step && entry.kind === kind && entry.from === from,
    );
    if (own.length === 0) return { denied: `${words}: the contract has no entry for it` };
    const lines = own.filter(({ entry }) => to.every((party) => entry.to.includes(party)));
    if (lines.length > 0) return { lines, words };
    const told = own.map(({ entry, number }) => `entry ${number} lets ${entry.to.join(' and ')} learn it`);
    return { denied: `${words}: ${told.join(', ')}, and nobody else` };
  }

  #hasLeft({ entry, used }: Line): boolean {
    const { most } = timesOf(entry.times);
    if (most === ANY) return true;
    const allowed = isWhole(most) ? Number(most) : this.#bound.get(most);
    return allowed !== undefined && used < allowed;
  }

  /** What the symbols would be; or which size does not fit. */
  #bind(written: readonly WrittenSize[], { sizes }: ValueForm): ReadonlyMap<string, number> | string {
    const bound = new Map<string, number>();
    for (const [slot, { word, upTo }] of written.entries()) {
      const size = sizes[slot] ?? MIXED;
      if (word === ANY) continue;
      if (size === MIXED) return `sizes differ where there is one (${word})`;
      if (isWhole(word)) {
        if (upTo ? size <= Number(word) : size === Number(word)) continue;
        return upTo ? `a text is longer than ${word} bytes` : `a size is not ${word}`;
      }
      const known = this.#bound.get(word) ?? bound.get(word);
      if (known !== undefined && known !== size) return `a size is not the "${word}" of before`;
      bound.set(word, size);
    }
    return bound;
  }
}

/** The traces of an opening show only when it has run. */
const fits = (written: string, form: string): boolean =>
  written === form || (written.includes(TRACES) && written.replace(TRACES, '') === form);

const wordsOf = ({ step, kind, from, to }: Leaving): string =>
  `step "${step}" (${kind}), from ${from} to ${to.join(' and ')}`;

function listed(lines: readonly Line[]): string {
  return lines.map(({ entry, number }) => `entry ${number} (${cut(entry.what)})`).join(' and ');
}

/** Characters of a form in a message. */
const WHAT_CHARS_MAX = 80;
const cut = (text: string): string =>
  text.length > WHAT_CHARS_MAX ? `${text.slice(0, WHAT_CHARS_MAX)}…` : text;

export const kindOfDetail = (value: PublicDetails[string]): 'number' | 'boolean' | 'text' =>
  typeof value === 'string' ? 'text' : (typeof value as 'number' | 'boolean');
