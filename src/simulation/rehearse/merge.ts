/** From what several rehearsed runs have shown to a contract. Pure. */
import {
  AT_MOST,
  CONTRACT_VERSION,
  type Contract,
  type ContractEntry,
  type ContractSymbol,
  type ContractText,
  type Growth,
} from '../../observe/contract/contract.ts';
import { ANY, upToOf } from '../../observe/contract/form.ts';
import { formText } from '../../wire/value-form.ts';
import type { Observation, SeenDisclosure } from './observation.ts';

export interface Merged {
  readonly contract: Contract;
  /** What the person who rehearses has to know of it. */
  readonly warnings: readonly string[];
}

/** Forms that one step may give to one receiver; more say that the form itself is made of data. */
const FORMS_MAX = 4;
/** Texts that one step may fail with; more say that they are made of data. */
const TEXTS_MAX = 4;
/** Bytes of a text that are allowed at least. */
const TEXT_BYTES_MIN = 16;

interface Group {
  readonly step: string;
  readonly kind: SeenDisclosure['kind'];
  readonly from: string;
  readonly to: readonly string[];
  readonly template: string;
  /** By run: the sizes of each time that it left. */
  readonly seen: (readonly (number | typeof ANY)[])[][];
  /** Where it is in the first run that shows it. */
  readonly order: number;
}

export function mergeObservations(
  parties: readonly string[],
  runs: readonly Observation[],
  args: Readonly<Record<string, unknown>>,
): Merged {
  const warnings: string[] = [];
  const symbols = new Symbols(parties, runs);
  const steps = [...new Set(inOrder(runs).flatMap((run) => run.steps))];
  const groups = bounded(groupsOf(parties, runs, steps), warnings);
  const discloses = groups.map((group): ContractEntry => {
    const { step, kind, from, to, template } = group;
    const modes = upToOf(template);
    const words = modes.map((upTo, slot) => sizeWord(group, slot, upTo, symbols, runs));
    const what = formText({ template, sizes: [] }, words);
    return { step, kind, from, to, what, times: timesWord(group, symbols, runs, warnings) };
  });
  const completed = runs.filter((run) => run.completed);
  if (completed.length === 0) warnings.push(...notCompleted(runs));
  else if (completed.length < runs.length) {
    const [first] = runs.filter((run) => !run.completed);
    warnings.push(
      `${runs.length - completed.length} of ${runs.length} runs did not come to their end, the first with tables of ${first?.size} rows: ${first?.failure ?? 'for no reason that is known'}`,
    );
  }
  const [small, large] = pair(completed);
  const contract: Contract = {
    version: CONTRACT_VERSION,
    parties: [...parties],
    steps,
    discloses,
    errors: textsOf(parties, runs, steps, warnings),
    symbols: symbols.used,
    ...(small && large ? { price: priceOf(parties, small, large) } : {}),
    rehearsed: {
      runs: runs.length,
      completed: completed.length,
      rows: [...new Set(runs.map(({ size }) => size))].sort((a, b) => a - b),
      args: { ...args },
    },
  };
  return { contract, warnings };
}

/** Runs that came to their end know the order of all that can be seen. */
const inOrder = (runs: readonly Observation[]): readonly Observation[] =>
  [...runs].sort((a, b) => Number(b.completed) - Number(a.completed));

function groupsOf(
  parties: readonly string[],
  runs: readonly Observation[],
  steps: readonly string[],
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const [at, run] of runs.entries())
    for (const { step, kind, from, to, form } of run.disclosures) {
      const receivers = parties.filter((party) => to.includes(party));
      const key = JSON.stringify([step, kind, from, receivers, form.template]);
      const order = steps.includes(step) ? steps.indexOf(step) : steps.length;
      const known = groups.get(key) ?? {
        ...{ step, kind, from, to: receivers, template: form.template, order },
        seen: runs.map(() => []),
      };
      known.seen[at]?.push(form.sizes);
      groups.set(key, known);
    }
  const rank = (a: Group): readonly (string | number)[] => [
    a.order,
    a.step,
    a.kind,
    parties.indexOf(a.from),
    a.to.join(),
    a.template,
  ];
  return [...groups.values()].sort((a, b) => compareLists(rank(a), rank(b)));
}

function compareLists(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [at, one] of a.entries()) {
    const other = b[at] ?? '';
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}

/** Without those whose form is another one in every run: a contract cannot list them. */
function bounded(groups: readonly Group[], warnings: string[]): readonly Group[] {
  const keyOf = ({ step, kind, from, to }: Group): string => JSON.stringify([step, kind, from, to]);
  const forms = new Map<string, number>();
  for (const group of groups) forms.set(keyOf(group), (forms.get(keyOf(group)) ?? 0) + 1);
  const told = new Set<string>();
  return groups.filter((group) => {
    if ((forms.get(keyOf(group)) ?? 0) <= FORMS_MAX) return true;
    if (!told.has(keyOf(group)))
      warnings.push(
        `step "${group.step}" at ${group.from}: its value had ${forms.get(keyOf(group))} different forms, so they seem to be made of data (keys of a record, say). None is in the contract: send a table, or lists.`,
      );
    told.add(keyOf(group));
    return false;
  });
}

/** One size for each run that shows the group; undefined where a run shows several. */
function sizesOf({ seen }: Group, slot: number): readonly (number | undefined)[] | undefined {
  const sizes: (number | undefined)[] = [];
  for (const times of seen) {
    const different = new Set(times.map((one) => one[slot] ?? ANY));
    if (different.size > 1 || different.has(ANY)) return undefined;
    sizes.push([...different][0] as number | undefined);
  }
  return sizes;
}

function sizeWord(
  group: Group,
  slot: number,
  upTo: boolean,
  symbols: Symbols,
  runs: readonly Observation[],
): string {
  if (upTo) {
    const bytes = group.seen.flat().map((one) => one[slot] ?? 0);
    if (bytes.includes(ANY)) return ANY;
    let bound = TEXT_BYTES_MIN;
    while (bound < Math.max(...(bytes as readonly number[]))) bound *= 2;
    return String(bound);
  }
  const sizes = sizesOf(group, slot);
  if (sizes === undefined) return ANY;
  const known = sizes.filter((size) => size !== undefined);
  const shown = new Set(runs.flatMap(({ size }, at) => (sizes[at] === undefined ? [] : [size])));
  const same = known.every((size) => size === known[0]);
  if (same && shown.size > 1) return String(known[0]);
  return symbols.nameOf(sizes, group) ?? (same ? String(known[0]) : symbols.nameSize(sizes, group));
}

function timesWord(
  group: Group,
  symbols: Symbols,
  runs: readonly Observation[],
  warnings: string[],
): ContractEntry['times'] {
  const counts = runs.map(({ completed }, at) => (completed ? (group.seen[at]?.length ?? 0) : undefined));
  const known = counts.filter((count) => count !== undefined);
  const most = Math.max(...group.seen.map((times) => times.length));
  if (known.length === 0) return `${AT_MOST}${most}`;
  if (known.every((count) => count === most)) return most;
  const symbol = symbols.nameOf(counts, group);
  if (symbol !== undefined) return symbol;
  const largest = Math.max(...runs.map(({ size }) => size));
  const below = Math.max(
    0,
    ...runs.flatMap(({ size }, at) => (size < largest ? [group.seen[at]?.length ?? 0] : [])),
  );
  const above = Math.max(
    0,
    ...runs.flatMap(({ size }, at) => (size === largest ? [group.seen[at]?.length ?? 0] : [])),
  );
  if (above > below && below > 0)
    warnings.push(
      `step "${group.step}" at ${group.from}: it told its value more often with larger tables (${below} and ${above} times); write into the entry how often it may`,
    );
  return `${AT_MOST}${most}`;
}

/** Names for numbers that follow from tables, from intersections, or from nothing that is known. */
class Symbols {
  readonly #candidates: readonly {
    readonly symbol: ContractSymbol;
    readonly values: readonly (number | undefined)[];
  }[];
  readonly #sizes: { readonly symbol: ContractSymbol; readonly values: readonly (number | undefined)[] }[] =
    [];
  readonly #used = new Map<string, ContractSymbol>();

  constructor(parties: readonly string[], runs: readonly Observation[]) {
    const tables = [...new Set(runs.flatMap(({ rows }) => [...rows.keys()]))];
    const intersections = [...new Set(runs.flatMap(({ shared }) => [...shared.keys()]))];
    tables.sort((a, b) => parties.indexOf(ownerOf(a)) - parties.indexOf(ownerOf(b)) || (a < b ? -1 : 1));
    this.#candidates = [
      ...tables.map((of) => ({
        symbol: { name: `rows(${of.replace(/[^A-Za-z0-9_.-]/g, '-')})`, kind: 'rows' as const, of },
        values: runs.map(({ rows }) => rows.get(of)),
      })),
      ...intersections.map((of, index) => ({
        symbol: { name: `shared${index === 0 ? '' : index + 1}`, kind: 'shared' as const, of },
        values: runs.map(({ shared }) =>
          (shared.get(of)?.size ?? 0) > 1 ? undefined : [...(shared.get(of) ?? [])][0],
        ),
      })),
    ];
  }

  get used(): readonly ContractSymbol[] {
    const all = [...this.#candidates, ...this.#sizes].map(({ symbol }) => symbol);
    return all.filter(({ name }) => this.#used.has(name));
  }

  /** The symbol that was this number in every run; of rows the sender's own first. */
  nameOf(sizes: readonly (number | undefined)[], { from }: Group): string | undefined {
    const fits = this.#candidates.filter(({ values }) =>
      sizes.every((size, at) => size === undefined || size === values[at]),
    );
    const [best] = fits.sort(
      (a, b) => Number(ownerOf(b.symbol.of) === from) - Number(ownerOf(a.symbol.of) === from),
    );
    return best && this.#use(best.symbol);
  }

  nameSize(sizes: readonly (number | undefined)[], { step }: Group): string {
    const known = this.#sizes.find(({ values }) =>
      values.every((value, at) => value === sizes[at] || value === undefined || sizes[at] === undefined),
    );
    if (known) return this.#use(known.symbol);
    const symbol = { name: `n${this.#sizes.length + 1}`, kind: 'size', of: step } as const;
    this.#sizes.push({ symbol, values: sizes });
    return this.#use(symbol);
  }

  #use(symbol: ContractSymbol): string {
    this.#used.set(symbol.name, symbol);
    return symbol.name;
  }
}

const ownerOf = (setting: string): string => setting.slice(0, setting.indexOf('.'));

function textsOf(
  parties: readonly string[],
  runs: readonly Observation[],
  steps: readonly string[],
  warnings: string[],
): readonly ContractText[] {
  const texts = new Map<string, ContractText>();
  for (const { step, from, text, details } of runs.flatMap((run) => run.texts)) {
    const some = Object.keys(details).length > 0 ? { details } : {};
    texts.set(JSON.stringify([step, from, text]), { step, from, text, ...some });
  }
  const all = [...texts.values()];
  const few = all.filter(({ step, from, text }) => {
    const others = all.filter((one) => one.step === step && one.from === from);
    if (others.length <= TEXTS_MAX) return true;
    if (others[0]?.text === text)
      warnings.push(
        `step "${step}" at ${from}: it failed with ${others.length} different texts, so they seem to be made of data. None is in the contract: a text that it does not list stays at its party.`,
      );
    return false;
  });
  const rank = ({ step, from, text }: ContractText): readonly (string | number)[] => [
    steps.indexOf(step),
    parties.indexOf(from),
    text,
  ];
  return few.sort((a, b) => compareLists(rank(a), rank(b)));
}

function notCompleted(runs: readonly Observation[]): readonly string[] {
  const furthest = [...runs].sort((a, b) => b.steps.length - a.steps.length)[0];
  const last = furthest?.steps.at(-1);
  return [
    `no run came to its end. The furthest got to step "${last ?? ''}": ${(furthest?.failure ?? 'for no reason that is known').replace(/\.$/, '')}. What comes after it is not in the contract: give tables that fit the job better (--schema, --rows), or add the entries by hand`,
  ];
}

/** A run of the smallest and one of the largest size that can be compared: both came to their end. */
function pair(completed: readonly Observation[]): readonly (Observation | undefined)[] {
  const sizes = [...new Set(completed.map(({ size }) => size))].sort((a, b) => a - b);
  const [large, small] = [sizes.at(-1), sizes.at(-2)];
  return [small, large].map((size) => completed.find((run) => run.size === size));
}

function priceOf(
  parties: readonly string[],
  small: Observation,
  large: Observation,
): NonNullable<Contract['price']> {
  const growth = (low: number, high: number): Growth => {
    // Numbers take more bytes or fewer by what they are.
    if (high <= low) return { fixed: low, perRow: 0 };
    const slope = (high - low) / (large.size - small.size);
    const fixed = low - slope * small.size;
    // What grows faster than its rows is told by the larger size alone.
    if (fixed < 0) return { fixed: 0, perRow: Number((high / large.size).toPrecision(3)) };
    return { fixed: Math.round(fixed), perRow: Number(slope.toPrecision(3)) };
  };
  const all = (run: Observation, from: string): number =>
    Object.values(run.bytes[from] ?? {}).reduce((sum, bytes) => sum + bytes, 0);
  const link = (from: string, to: string): Growth =>
    growth(small.bytes[from]?.[to] ?? 0, large.bytes[from]?.[to] ?? 0);
  const byParty = <T>(of: (party: string) => T): Record<string, T> =>
    Object.fromEntries(parties.map((party) => [party, of(party)]));
  const linksOf = (from: string): Record<string, Growth> =>
    Object.fromEntries(parties.filter((to) => to !== from).map((to) => [to, link(from, to)]));
  return {
    rounds: growth(small.rounds, large.rounds),
    bytes: byParty((party) => growth(all(small, party), all(large, party))),
    // Of two parties it would be the same again.
    ...(parties.length > 2 ? { links: byParty(linksOf) } : {}),
  };
}
