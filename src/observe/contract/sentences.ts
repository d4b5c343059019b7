/** A contract as one of its readers understands it: who will learn what from whom. */
import {
  type Contract,
  type ContractEntry,
  type ContractSymbol,
  type Growth,
  isWhole,
  timesOf,
} from './contract.ts';
import { TRACES } from './contract-use.ts';
import { ANY, parseForm } from './form.ts';

const listed = (words: readonly string[], last = 'and'): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;

/**
 * Lines for a person who is asked to approve.
 * @param reader a party, which is `you`; or nobody in particular
 */
export function contractSentences(contract: Contract, reader?: string): readonly string[] {
  const { parties, errors, symbols, price, rehearsed } = contract;
  const others = parties.filter((party) => party !== reader);
  const named = new Map(parties.map((party) => [party, party === reader ? 'you' : party]));
  const order = reader !== undefined && parties.includes(reader) ? [...others, reader] : others;
  return [
    ...order.flatMap((party) => learns(contract, party, named)),
    ...textLines(contract, named),
    ...(errors.length === 0 ? ['If the run fails: all learn at which step, and no words of the job.'] : []),
    ...symbols.map((symbol) => `${symbol.name}: ${symbolSentence(symbol, named)}.`),
    ...(price ? priceLines(price, named) : []),
    ...(rehearsed
      ? [
          `Rehearsed ${count(rehearsed.runs, 'time')} on made-up tables of ${listed(rehearsed.rows.map(String), 'or')} rows; ${rehearsed.completed} came to the end.`,
        ]
      : ['Written by hand: not rehearsed.']),
  ];
}

/** One entry in a sentence, such as a comparison names it. */
export function entrySentence(entry: ContractEntry, named: ReadonlyMap<string, string> = new Map()): string {
  const name = (party: string): string => named.get(party) ?? party;
  const { step, from, to } = entry;
  return `${listed(to.map(name))} will learn from ${name(from)}, in step "${step}": ${whatOf(entry, named)}`;
}

/** Whether an entry leaves open how often a value is told, or how large it is. */
export const isOpenEnded = ({ what, times }: ContractEntry): boolean =>
  timesOf(times).most === ANY || parseForm(what).sizes.some(({ word }) => word === ANY);

export function symbolMeaning({ kind, of }: ContractSymbol): string {
  if (kind === 'rows') return `rows of the table that is the setting ${of}`;
  if (kind === 'shared') return `rows that both have, as step "${of}" finds`;
  return `a size in step "${of}", for which the rehearsal found no reason`;
}

/** The same, to a reader who may be the party whose rows are meant. */
function symbolSentence(symbol: ContractSymbol, named: ReadonlyMap<string, string>): string {
  const { kind, of } = symbol;
  if (kind === 'shared') return `how many rows both have, as step "${of}" finds`;
  const party = [...named.keys()].find((name) => of.startsWith(`${name}.`));
  if (kind !== 'rows' || party === undefined) return symbolMeaning(symbol);
  return `how many rows ${haveWords(named.get(party) ?? party)} in the table that is the setting ${of}`;
}

const haveWords = (who: string): string => (who === 'you' ? 'you have' : `${who} has`);

function learns(contract: Contract, party: string, named: ReadonlyMap<string, string>): readonly string[] {
  const who = named.get(party) ?? party;
  const lines = contract.discloses.filter(({ to }) => to.includes(party));
  if (lines.length === 0) return [`${capital(who)}: nothing.`];
  // What members of a device open together is one thing, though each sends a part of it.
  const groups = new Map<string, ContractEntry[]>();
  for (const entry of lines) {
    const together = entry.kind === 'reveal' && entry.what.startsWith('opened ') ? '' : entry.from;
    const key = JSON.stringify([
      together,
      entry.step,
      entry.kind,
      entry.what.replace(TRACES, ''),
      entry.times,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const told = [...groups.values()].flatMap(([first, ...more]) => {
    if (!first) return [];
    const from = [first, ...more].map((entry) => named.get(entry.from) ?? entry.from);
    return [
      `- from ${listed(from)}, in step "${first.step}": ${whatOf(first, named)}${repeatedWords(first.times)}`,
    ];
  });
  return [`${capital(who)} will learn:`, ...told];
}

function whatOf(
  { kind, from, what, times }: ContractEntry,
  named: ReadonlyMap<string, string> = new Map(),
): string {
  const who = named.get(from) ?? from;
  return `${kind === 'psi' ? sharedWords(what, who) : formWords(what)}${timesWords(times)}`;
}

/** What an intersection tells: its protocol's own words, and the rows of the other side. */
const SHARED =
  /^(size of the )?(intersection)?(?: with up to (\d+) rows a key)?(?:, )?key types, number of rows(.*?)(?:, whether at least (\d+) (match|do not match))? \[/;

/** Of one that stays on a device: the number of rows that the job says. */
const BOUNDED = /^key types, bound of its number of rows \[/;

function sharedWords(what: string, who: string): string {
  const [rows] = parseForm(what).sizes;
  if (rows && BOUNDED.test(what))
    return `the types of keys, and that ${haveWords(who)} at most ${rows.word} rows`;
  const found = SHARED.exec(what);
  if (found === null || !rows) return formWords(what);
  const [, counted, shared, upTo, more = '', least, matching] = found;
  const isCounted = counted !== undefined;
  const parts = [
    ...(shared === undefined ? [] : [isCounted ? 'how many rows match' : 'which keys both have']),
    ...(upTo !== undefined && isCounted ? [`up to ${upTo} of each key`] : []),
    shared === undefined || isCounted ? 'the types of keys' : 'their types',
    ...(upTo === undefined || isCounted
      ? []
      : [`of each key the smaller of both numbers of rows (up to ${upTo})`]),
    ...more.split(', ').filter((part) => part !== ''),
    ...(least === undefined ? [] : [`whether at least ${least} rows ${matching}`]),
  ];
  return `${parts.join(', ')}, and how many rows ${haveWords(who)} (${rows.word})`;
}

/** The form itself, and how many numbers it is where that can be told at a glance. */
function formWords(what: string): string {
  const { template, sizes } = parseForm(what);
  if (template === 'number') return 'one number';
  if (template === 'boolean') return 'one yes or no';
  const keys = /^\{ (.*) \}$/.exec(what)?.[1];
  if (keys !== undefined && /^(\S+: (number|boolean)(, )?)+$/.test(keys)) {
    const names = keys.split(', ').map((key) => key.slice(0, key.indexOf(':')));
    return `${listed(names)} (${count(names.length, 'value')})`;
  }
  const dims = sizes.map(({ word }) => word);
  if (/^opened \w+ tensor/.test(template)) {
    const traces = what.includes(TRACES) ? `${TRACES}: a little of what was rounded off` : '';
    return `a result of the secure computation (${manyNumbers(dims)}${traces})`;
  }
  const [, bit] = /^opened bit: (.+?)(?: \[\])?$/.exec(what) ?? [];
  if (bit !== undefined) return `one yes or no of the secure computation: ${bit}`;
  const secret = /^secret (\w+) tensor, (all within .+?) \[/.exec(what);
  if (secret !== null)
    return `no number itself: only that ${manyNumbers(dims)} are kept secret, ${secret[2]} (${secret[1]})`;
  if (template.startsWith('secret '))
    return `the form of a secret, and that it is within bounds (${what.slice('secret '.length)})`;
  return listWords(what) ?? what;
}

function manyNumbers([first, ...more]: readonly string[]): string {
  if (first === undefined) return '1 number';
  return more.length === 0 ? many(first, 'numbers') : `${[first, ...more].join(' × ')} numbers`;
}

/** @param size a number, a symbol, or anything */
function many(size: string, nouns: string): string {
  if (size === ANY) return `any number of ${nouns}`;
  return isWhole(size) ? `${size} ${nouns}` : `as many ${nouns} as ${size} says`;
}

/** Lists, arrays and tables: what each of them tells, and how many of it. */
function listWords(what: string): string | undefined {
  const [, array, length = ''] = /^(\w+) array \[(\S+)\]$/.exec(what) ?? [];
  if (array !== undefined) return `${many(length, 'single values')} (${array} array)`;
  const [, bytes, texts = ''] = /^list of text up to (\S+) bytes \[(\S+)\]$/.exec(what) ?? [];
  if (bytes !== undefined) return `a list of ${many(texts, 'texts')}, each of at most ${bytes} bytes`;
  const [, plain, items = ''] = /^list of (number|boolean) \[(\S+)\]$/.exec(what) ?? [];
  if (plain !== undefined)
    return `a list of ${many(items, plain === 'number' ? 'single numbers' : 'single answers, yes or no')}`;
  const [, columns, rows = ''] = /^table\(((?:\w+ [A-Z]+(?:, )?)+)\) \[(\S+), \d+\]$/.exec(what) ?? [];
  if (columns === undefined) return undefined;
  const names = columns.split(', ').map((column) => column.slice(0, column.indexOf(' ')));
  return `${many(rows, 'rows')} of a table, each with ${listed(names)}`;
}

/** In a loop, or an attempt that is made again. */
function repeatedWords(times: ContractEntry['times']): string {
  const { most } = timesOf(times);
  return most === '1' ? '' : ' (each time perhaps another value)';
}

function timesWords(times: ContractEntry['times']): string {
  const { most, atMost } = timesOf(times);
  if (most === ANY) return ', any number of times';
  if (!isWhole(most)) return `, ${atMost ? 'at most ' : ''}${most} times`;
  if (most === '1') return atMost ? ', or nothing' : '';
  return `, ${atMost ? 'at most ' : ''}${most} times`;
}

function textLines({ errors }: Contract, named: ReadonlyMap<string, string>): readonly string[] {
  return errors.map(({ step, from, text, details = {} }) => {
    const names = Object.keys(details);
    const beside = names.length === 0 ? '' : `, with ${listed(names)}`;
    return `If step "${step}" fails at ${named.get(from) ?? from}, all may read: ${JSON.stringify(text)}${beside}.`;
  });
}

function priceLines(
  { rounds, bytes }: NonNullable<Contract['price']>,
  named: ReadonlyMap<string, string>,
): readonly string[] {
  const sent = Object.entries(bytes).map(([party, of]) => {
    const who = named.get(party) ?? party;
    return `${who} ${who === 'you' ? 'send' : 'sends'} ${growthText(of, 'bytes')}`;
  });
  const first =
    rounds.fixed === 0 && rounds.perRow === 0 ? [] : [`${growthText(rounds, 'rounds')} of secure devices`];
  return [`Price: ${[...first, ...sent].join('; ')}.`];
}

/** `1,200 bytes + 96 a row` */
export function growthText({ fixed, perRow }: Growth, unit: string): string {
  const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (perRow === 0) return `${number(fixed)} ${unit}`;
  return fixed > 0
    ? `${number(fixed)} ${unit} and ${number(perRow)} a row`
    : `${number(perRow)} ${unit} a row`;
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
const capital = (word: string): string => (word === 'you' ? 'You' : word);
