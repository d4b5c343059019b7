import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Document, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { DecodeBound } from '../base/decode-bound.ts';
import { UsageError } from '../base/errors.ts';

/**
 * A federation of 64 parties with long addresses is 26 KB. A partner may have written it, and a parser of YAML takes
 * its time.
 */
export const CONFIG_BYTES_MAX = 64 * 1024;

/** Of each byte the parser can make a token, a node and a complaint: some 100 MB for the longest file. */
export const CONFIG_BOUND: DecodeBound = {
  bytesMax: CONFIG_BYTES_MAX,
  memory: { perByte: 8192, once: 4096 * 1024 },
  steps: { perByte: 200, once: 50_000 },
};

export type KeyPath = readonly (string | number)[];

/** One YAML document, and where in the file each of its keys stands. */
export interface YamlFile {
  /** As the user wrote the path: what messages show. */
  readonly name: string;
  readonly value: unknown;
  /** `file:line:column` of the value at the path or, if it is not there, of the nearest thing around it. */
  at(path: KeyPath, key?: string): string;
  has(path: KeyPath): boolean;
}

/** `parties[1].address` */
export function formatPath(path: KeyPath): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** Reads a text file. @throws {UsageError} PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE */
export async function readTextFile(path: string, what: string, bytesMax = CONFIG_BYTES_MAX): Promise<string> {
  const bytes = await readBytes(path, what, bytesMax);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UsageError('PRIVITY_CONFIG_FILE_UNREADABLE', `${path}: the ${what} is not text in UTF-8`, {
      cause,
    });
  }
}

async function readBytes(path: string, what: string, bytesMax: number): Promise<Buffer> {
  try {
    // Non-blocking, so that a named pipe in the place of the file is an error and not an endless wait.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = await file.stat();
    if (!stat.isFile())
      throw new UsageError(
        'PRIVITY_CONFIG_FILE_UNREADABLE',
        `${path}: not a file, where the ${what} is expected`,
      );
    if (stat.size > bytesMax) {
      throw new UsageError(
        'PRIVITY_CONFIG_FILE_UNREADABLE',
        `${path}: ${stat.size} bytes are too many for a ${what} (at most ${bytesMax})`,
      );
    }
    return await file.readFile();
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code;
    if (reason === 'ENOENT' || reason === 'ENOTDIR') {
      throw new UsageError('PRIVITY_CONFIG_FILE_MISSING', `${path}: there is no such ${what}`, { cause });
    }
    throw new UsageError(
      'PRIVITY_CONFIG_FILE_UNREADABLE',
      `${path}: the ${what} cannot be read (${reason ?? 'unknown reason'})`,
      {
        cause,
      },
    );
  }
}

/** @throws {UsageError} those of {@link readTextFile}, PRIVITY_CONFIG_SYNTAX */
export async function readYamlFile(path: string, what: string): Promise<YamlFile> {
  return parseYaml(path, await readTextFile(path, what));
}

/** @throws {UsageError} PRIVITY_CONFIG_SYNTAX */
export function parseYaml(name: string, text: string): YamlFile {
  if (nestsTooDeeply(text)) throw tooDeep(name);
  const lines = new LineCounter();
  const document = notTooDeep(name, () => parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines }));
  // A warning is an unknown tag or directive: something that would be read as other than it was meant.
  const problem = document.errors[0] ?? document.warnings[0] ?? notTooDeep(name, () => keyProblem(document));
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new UsageError(
      'PRIVITY_CONFIG_SYNTAX',
      `${name}:${line}:${col}: not valid YAML: ${reasonOf(problem.code)}`,
    );
  }
  let value: unknown;
  try {
    value = notTooDeep(name, () => document.toJS({ maxAliasCount: 20 }));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError('PRIVITY_CONFIG_SYNTAX', `${name}: too many YAML aliases (&, *)`, { cause });
  }
  return {
    name,
    value,
    at: (keys, key) => {
      const offset = offsetOf(document, keys, key);
      if (offset === undefined) return name;
      const { line, col } = lines.linePos(offset);
      return `${name}:${line}:${col}`;
    },
    has: (keys) => keys.length === 0 || document.hasIn([...keys]),
  };
}

const YAML_OPTIONS = {
  prettyErrors: false,
  version: '1.2',
  // A file that says of itself that it is of YAML 1.1 does not get what that has more: merged keys and dates.
  schema: 'core',
  merge: false,
  // See keyProblem.
  uniqueKeys: false,
} as const;

/** The parser goes down into what it reads, and so ends where the stack does. */
function notTooDeep<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw tooDeep(name);
  }
}

const tooDeep = (name: string): UsageError =>
  new UsageError('PRIVITY_CONFIG_SYNTAX', `${name}: not valid YAML: nested too deeply`);

/**
 * Levels that one line may open, and brackets that may be open: what a parser pays for a level grows with the levels
 * around it.
 */
const NESTING_MAX = 64;

function nestsTooDeeply(text: string): boolean {
  let open = 0;
  for (const line of text.split(/[\n\r]/)) {
    let opened = 0;
    for (const [mark] of line.matchAll(/[-?:](?=\s|$)|[[\]{}]/g)) {
      if (mark === '[' || mark === '{') open++;
      else if (mark === ']' || mark === '}') open = Math.max(0, open - 1);
      else opened++;
      if (open > NESTING_MAX || opened > NESTING_MAX) return true;
    }
  }
  return false;
}

interface KeyProblem {
  /** As the parser's own codes are. */
  readonly code: 'DUPLICATE_KEY' | 'KEY_IS_NOT_TEXT';
  readonly pos: readonly [number, number];
}

/**
 * The parser would compare keys with each other, and write out those that are lists again at every level around them.
 */
function keyProblem(document: Document): KeyProblem | undefined {
  let found: KeyProblem | undefined;
  visit(document, {
    Map(_, { items, range }) {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        const [from = 0, to = 0] = (isNode(key) ? key.range : range) ?? [];
        if (!isScalar(key)) found ??= { code: 'KEY_IS_NOT_TEXT', pos: [from, to] };
        else if (keys.has(key.value)) found ??= { code: 'DUPLICATE_KEY', pos: [from, to] };
        else keys.add(key.value);
      }
      return found === undefined ? undefined : visit.BREAK;
    },
  });
  return found;
}

/**
 * The parser's own messages quote the file, which may hold settings; its codes say enough: `BAD_INDENT` → `bad indent`.
 */
function reasonOf(code: string): string {
  return code.toLowerCase().replaceAll('_', ' ');
}

function offsetOf(document: Document, path: KeyPath, key?: string): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (!isNode(node)) continue;
    if (length === path.length && key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === key);
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0];
    }
    return node.range?.[0];
  }
  return undefined;
}
