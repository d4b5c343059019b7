/**
 * What a hello says beside the digests that are compared, so that a difference can be named: files and arguments one by
 * one, and the versions under which the party runs. All of it is public among the parties, and bounded: a hello has to
 * fit one message of a link.
 */
import { digestOf } from './board.ts';

/** One file or argument. */
export interface Item {
  /** A path relative to the job, or the name of an argument. */
  readonly name: string;
  readonly digest: string;
  /** Of a file: the digest with all line ends alike. Of an argument: its value as JSON, cut. */
  readonly also: string;
}

export interface Items {
  /** By name, ascending. */
  readonly listed: readonly Item[];
  /** How many more there are; they come after those that are listed. */
  readonly more: number;
}

export interface HelloFacts {
  /** The job file first: its name is not compared, because it may differ. */
  readonly files: Items;
  readonly args: Items;
  /** Versions; empty where there is none. */
  readonly node: string;
  readonly duckdb: string;
  /** Name and digest of the lockfile that is nearest to the job; empty where there is none. */
  readonly lockfile: string;
}

/** What a program process knows of its job; the supervisor makes a hello of it. */
export interface JobFacts {
  readonly files: readonly Item[];
  readonly args: readonly Item[];
  readonly node: string;
  readonly duckdb: string;
  readonly lockfile: string;
}

export function factsOf({ files, args, ...versions }: JobFacts): HelloFacts {
  return { files: boundedItems(files), args: boundedItems(args), ...versions };
}

/** Items that are listed, of files and of arguments each: far more than a person compares. */
export const HELLO_ITEMS_MAX = 200;
/** UTF-8 bytes of the names and texts of each list; two lists stay well below a message of a link. */
export const HELLO_LIST_BYTES_MAX = 16 * 1024;
/** Characters of a name. A longer one is cut at its beginning, where paths differ least. */
export const ITEM_NAME_CHARS_MAX = 160;
/** Characters of an argument's value, cut at its end. */
export const ITEM_TEXT_CHARS_MAX = 80;
/** Hex digits of an item's digest: for people. What decides is the digest of the whole. */
export const ITEM_DIGEST_CHARS = 16;
/** What an item costs on the wire beside its texts, at most. */
const ITEM_OVERHEAD_BYTES = 16;

export const NO_FACTS: HelloFacts = {
  files: { listed: [], more: 0 },
  args: { listed: [], more: 0 },
  node: '',
  duckdb: '',
  lockfile: '',
};

/** The longest beginning of a list that a hello may carry. */
export function boundedItems(items: readonly Item[]): Items {
  const listed: Item[] = [];
  let bytes = 0;
  const shortened = items.map(({ name, digest, also }) => ({
    name: name.length > ITEM_NAME_CHARS_MAX ? `…${name.slice(1 - ITEM_NAME_CHARS_MAX)}` : name,
    digest: digest.slice(0, ITEM_DIGEST_CHARS),
    also: also.length > ITEM_TEXT_CHARS_MAX ? `${also.slice(0, ITEM_TEXT_CHARS_MAX - 1)}…` : also,
  }));
  for (const item of shortened.sort(byName)) {
    bytes += Buffer.byteLength(Object.values(item).join('')) + ITEM_OVERHEAD_BYTES;
    if (bytes > HELLO_LIST_BYTES_MAX || listed.length === HELLO_ITEMS_MAX) break;
    listed.push(item);
  }
  return { listed, more: items.length - listed.length };
}

export function argumentItem(name: string, json: string): Item {
  return { name, digest: digestOf(json), also: json };
}

/** Ascending by code units: the same on every machine. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
