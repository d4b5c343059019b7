/**
 * The handshake: what must be equal at all parties before the first step, compared in the order in which it helps most.
 */
import { createHash } from 'node:crypto';
import { digestOf } from './board.ts';
import { type Item, type Items, NO_FACTS } from './hello-facts.ts';
import type { Hello } from './types.ts';

/** Changes whenever parties of different versions could misunderstand each other. */
export const PROTOCOL_VERSION = 'privity/4';

/** The hellos that a party has, its own among them, by the name of the party. */
export type Hellos = ReadonlyMap<string, Hello>;

export interface Mismatch {
  /** The party that differs from most; where there is no majority, the first by name of those that differ. */
  readonly origin: string;
  readonly facts: string;
  /** The same at every party that has the same hellos. */
  readonly incident: string;
}

interface Field {
  readonly words: string;
  readonly of: (hello: Hello) => string;
  /** What people are shown of it, where that is not what is compared. */
  readonly shown?: (hello: Hello) => string;
  /** Where the value is a digest: of what. */
  readonly parts?: (hello: Hello) => Items;
  readonly partText?: (item: Item) => readonly [what: string, value: string];
  /** Who has none differs from nobody. */
  readonly mayMiss?: boolean;
}

const FIELDS: readonly Field[] = [
  {
    words: 'protocol version',
    of: (hello) => hello.protocol,
    shown: ({ protocol, version }) => `${protocol} (Privity ${version})`,
  },
  { words: 'federation', of: (hello) => hello.federation },
  {
    words: 'job',
    of: (hello) => hello.job,
    parts: ({ facts = NO_FACTS }) => facts.files,
    partText: ({ name, digest }) => [name === '' ? 'the job file' : `file ${name}`, digest.slice(0, 8)],
  },
  {
    words: 'arguments',
    of: (hello) => hello.args,
    parts: ({ facts = NO_FACTS }) => facts.args,
    partText: ({ name, also }) => [`argument ${name}`, also],
  },
  {
    words: 'contract',
    of: ({ contract = '' }) => contract,
    shown: ({ contract = '' }) => contract.slice(0, CONTRACT_DIGITS_SHOWN),
  },
  { words: 'run id', of: (hello) => hello.runId },
  {
    words: 'version of DuckDB',
    of: ({ facts = NO_FACTS }) => minorOf(facts.duckdb),
    shown: ({ facts = NO_FACTS }) => facts.duckdb,
    mayMiss: true,
  },
];

/** What may differ, and may matter: shown to the operators, refused by nobody. */
const SHOWN: readonly Field[] = [
  { words: 'version of Privity', of: (hello) => hello.version },
  { words: 'version of Node.js', of: (hello) => (hello.facts ?? NO_FACTS).node },
  { words: 'version of DuckDB', of: (hello) => (hello.facts ?? NO_FACTS).duckdb },
  { words: 'lockfile', of: (hello) => (hello.facts ?? NO_FACTS).lockfile },
];

/** Enough for people to compare. */
const CONTRACT_DIGITS_SHOWN = 12;
/** Files or arguments named in one mismatch. */
const PARTS_NAMED_MAX = 3;
/** Characters of the facts of a mismatch. */
const FACTS_CHARS_MAX = 800;
/** Characters of one value in it. */
const VALUE_CHARS_MAX = 40;

/** The first thing in which hellos differ, in words for people; null when all of them can run together. */
export function mismatch(hellos: Hellos): Mismatch | null {
  for (const field of FIELDS) {
    const groups = groupsOf(hellos, field);
    if (groups.length < 2) continue;
    const [most = [], next = []] = groups;
    const odd = most.length > next.length && most.length > hellos.size / 2 ? groups.slice(1).flat() : [];
    const apart =
      odd.length > 0 ? `; ${listed(odd)} differ${odd.length === 1 ? 's' : ''} from the others` : '';
    const lineEnds =
      field.words === 'job' && onlyLineEnds(hellos, groups) ? '; only the line ends differ' : '';
    const text = partsText(hellos, groups, field) ?? valuesText(hellos, groups, field);
    const facts = `${text}${lineEnds}${apart}`;
    const [origin = ''] = (odd.length > 0 ? odd : groups.flat()).sort();
    const nonces = [...hellos.values()].map((hello) => hello.nonce).sort();
    return { origin, facts: cut(facts, FACTS_CHARS_MAX), incident: digestOf(['mismatch', nonces]) };
  }
  return null;
}

/** Whether a peer cannot be understood beyond its hello. */
export const speaksOther = (hello: Hello): boolean => hello.protocol !== PROTOCOL_VERSION;

/** Differences that nobody refuses: one text for each. */
export function differences(hellos: Hellos): readonly string[] {
  return SHOWN.flatMap((field) => {
    const groups = groupsOf(hellos, field);
    return groups.length > 1 ? [valuesText(hellos, groups, field)] : [];
  });
}

/** The run id: the one that everybody gave, or one that nobody can choose alone. */
export function agreedRunId(hellos: readonly Hello[]): string {
  const given = hellos[0]?.runId ?? '';
  return given !== '' ? given : digestOf(['run', hellos.map((hello) => hello.nonce).sort()]).slice(0, 16);
}

/**
 * What a run is, by all that its parties have agreed on and by what each has thrown in: the same at all of them, and in
 * no other run, also if its operators choose one id twice. Nobody but the parties can compute it: nonces cross only
 * between them.
 */
export function runBinding(hellos: Hellos): string {
  const [any] = hellos.values();
  if (any === undefined) return '';
  const { protocol, federation, job, args, contract = '' } = any;
  const nonces = [...hellos].map(([party, { nonce }]) => [party, nonce] as const).sort();
  const runId = agreedRunId([...hellos.values()]);
  const all = [
    'privity run 1',
    protocol,
    federation,
    job,
    args,
    runId,
    nonces,
    ...(contract === '' ? [] : [contract]),
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}

/** How ids begin under which a party runs before all have agreed on one. */
const OWN_RUN_ID = 'own-';

/** What a party calls its run until the parties have agreed on an id; told apart from what an operator may give. */
export const ownRunId = (nonce: string): string => `${OWN_RUN_ID}${digestOf(['own', nonce]).slice(0, 12)}`;

/** Whether an id is one party's own, or, in a report of an older version, there is none. */
export const isOwnRunId = (runId: string): boolean => runId === '' || runId.startsWith(OWN_RUN_ID);

type Groups = readonly (readonly string[])[];

/** The parties by what they have, the largest group first. */
function groupsOf(hellos: Hellos, { of, mayMiss = false }: Field): Groups {
  const groups = new Map<string, string[]>();
  for (const [party, hello] of hellos) {
    const value = of(hello);
    if (mayMiss && value === '') continue;
    groups.set(value, [...(groups.get(value) ?? []), party].sort());
  }
  return [...groups.values()].sort((a, b) => b.length - a.length || ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

function valuesText(hellos: Hellos, groups: Groups, { words, of, shown = of }: Field): string {
  const value = (party: string): string => {
    const hello = hellos.get(party);
    return hello ? shown(hello) : '';
  };
  return `${words}: ${haveText(groups, value)}`;
}

/** The files or arguments that differ; undefined where none of those that all have listed does. */
function partsText(hellos: Hellos, groups: Groups, { parts, partText }: Field): string | undefined {
  if (!parts || !partText) return undefined;
  const lists = groups.flatMap(([party = '']) => {
    const hello = hellos.get(party);
    return hello ? [parts(hello)] : [];
  });
  const found = differing(lists);
  if (found.length === 0) return undefined;
  const texts = found.slice(0, PARTS_NAMED_MAX).map((name) => {
    const items = lists.map(({ listed }) => listed.find((item) => item.name === name));
    const what = items.flatMap((item) => (item ? [partText(item)[0]] : []))[0] ?? name;
    const value = (party: string): string => {
      const item = items[groups.findIndex((group) => group[0] === party)];
      return item ? partText(item)[1] : '';
    };
    return `${what}: ${haveText(groups, value)}`;
  });
  const more = found.length - texts.length;
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/** Whether the files that differ are equal but for their line ends. */
function onlyLineEnds(hellos: Hellos, groups: Groups): boolean {
  const lists = groups.flatMap(([party = '']) => hellos.get(party)?.facts?.files ?? []);
  const texts = lists.map(({ listed }) => JSON.stringify(listed.map(({ name, also }) => [name, also])));
  return (
    lists.length === groups.length &&
    lists.every(({ listed, more }) => listed.length > 0 && more === 0) &&
    new Set(texts).size === 1
  );
}

/** Names of the items that are not the same in all lists, as far as all of them are listed. */
function differing(lists: readonly Items[]): readonly string[] {
  // Behind the last item of a list that was cut nothing can be told from "is not there".
  const ends = lists.flatMap(({ listed, more }) => (more > 0 ? [listed.at(-1)?.name ?? ''] : []));
  const end = ends.sort()[0];
  const names = new Set(lists.flatMap(({ listed }) => listed.map(({ name }) => name)));
  return [...names].sort().filter((name) => {
    if (end !== undefined && name > end) return false;
    const digests = lists.map(({ listed }) => listed.find((item) => item.name === name)?.digest);
    return new Set(digests).size > 1;
  });
}

/** `alice and carol have 1, bob has 2`; groups by what is shown, in the order of their first names. */
function haveText(groups: Groups, shown: (party: string) => string): string {
  const merged = new Map<string, string[]>();
  for (const group of groups) {
    const value = shown(group[0] ?? '');
    merged.set(value, [...(merged.get(value) ?? []), ...group].sort());
  }
  return [...merged]
    .sort(([, a], [, b]) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
    .map(
      ([value, parties]) => `${listed(parties)} ${parties.length === 1 ? 'has' : 'have'} ${valueText(value)}`,
    )
    .join(', ');
}

function listed(parties: readonly string[]): string {
  return parties.length < 2 ? parties.join('') : `${parties.slice(0, -1).join(', ')} and ${parties.at(-1)}`;
}

function valueText(value: string): string {
  return value === '' ? 'none' : cut(value, VALUE_CHARS_MAX);
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}

/** Versions of DuckDB with the same first two numbers give the same results. */
function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
