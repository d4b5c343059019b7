/**
 * The values that several commands take on the command line: pure, so that every mistake can be tested by its message.
 */
import { resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { hint } from '../base/suggest.ts';
import { memoryBytes, memoryExpected } from '../config/memory-size.ts';

import { DAY_MS, RECORD_BOUND_MAX } from '../config/record-bounds.ts';
import { BOUND_MS_MAX, boundNames } from '../config/run-bounds.ts';
import { isOwnRunId } from '../coordination/handshake.ts';
import type { Bounds } from '../supervisor/seam/bounds.ts';

const wrong = (text: string): UsageError => new UsageError('PRIVITY_COMMAND_LINE', text);

interface Assignment {
  readonly key: string;
  readonly value: string;
}

/** Splits at the first `=`. Values are never part of a message: an argument may be confidential among the parties. */
function assignment(option: string, text: string): Assignment {
  const at = text.indexOf('=');
  if (at < 1) throw wrong(`${option}: expected KEY=VALUE, with a key before the first "="`);
  return { key: text.slice(0, at), value: text.slice(at + 1) };
}

function put<T>(option: string, target: Record<string, T>, key: string, value: T): void {
  if (Object.hasOwn(target, key)) throw wrong(`${option}: ${key} is given twice`);
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** `--arg k=v …` → public arguments, as text; the job's schema turns them into what it needs. */
export function parseArgs(texts: readonly string[]): Record<string, string> {
  const args: Record<string, string> = {};
  for (const text of texts) {
    const { key, value } = assignment('--arg', text);
    put('--arg', args, key, value);
  }
  return args;
}

export interface PrivateSettings {
  /** `--inputs PARTY.KEY=FILE`: files; relative paths count from the current folder. */
  readonly inputs: readonly string[];
  /** `--setting PARTY.KEY=VALUE`: anything that is not a file. */
  readonly settings: readonly string[];
}

/**
 * Private settings by party. With `only`, settings of other parties are refused: they belong on the other parties'
 * machines, and a key without a party is `only`'s.
 */
export function parsePrivateSettings(
  given: PrivateSettings,
  parties: readonly string[],
  cwd: string,
  only?: string,
): Record<string, Record<string, string>> {
  const byParty: Record<string, Record<string, string>> = Object.fromEntries(
    parties.map((party) => [party, {}]),
  );
  const add = (option: string, text: string, isFile: boolean): void => {
    const { key, value } = assignment(option, text);
    const { party, name } = splitSettingKey(option, key, parties, only);
    if (only !== undefined && party !== only) {
      throw wrong(
        `${option} ${key}: this machine runs ${only}; private settings of ${party} are given where ${party} runs`,
      );
    }
    if (isFile && value === '') throw wrong(`${option} ${key}: expected a file after "="`);
    put(option, byParty[party] ?? {}, name, isFile ? resolve(cwd, value) : value);
  };
  for (const text of given.inputs) add('--inputs', text, true);
  for (const text of given.settings) add('--setting', text, false);
  return byParty;
}

/**
 * The same of a run with all parties here: what was typed, and what a program has given by party.
 *
 * @throws {UsageError} PRIVITY_CONFIG_PARTY_UNKNOWN
 */
export function allSettings(
  typed: PrivateSettings,
  given: Readonly<Record<string, unknown>>,
  parties: readonly string[],
  cwd: string,
): Record<string, Record<string, unknown>> {
  const byParty: Record<string, Record<string, unknown>> = parsePrivateSettings(typed, parties, cwd);
  for (const [party, settings] of Object.entries(given)) {
    if (!parties.includes(party))
      throw new UsageError(
        'PRIVITY_CONFIG_PARTY_UNKNOWN',
        `settings: no party "${party}"; ${hint(party, parties)}`,
      );
    byParty[party] = { ...byParty[party], ...(settings as Record<string, unknown>) };
  }
  return byParty;
}

function splitSettingKey(
  option: string,
  key: string,
  parties: readonly string[],
  only: string | undefined,
): { party: string; name: string } {
  const dot = key.indexOf('.');
  if (dot === -1 && only !== undefined) return { party: only, name: key };
  if (dot < 1 || dot === key.length - 1)
    throw wrong(`${option} ${key}: expected PARTY.KEY=…, for example alice.table=…`);
  const party = key.slice(0, dot);
  if (!parties.includes(party)) {
    throw new UsageError(
      'PRIVITY_CONFIG_PARTY_UNKNOWN',
      `${option} ${key}: no party "${party}"; ${hint(party, parties)}`,
    );
  }
  return { party, name: key.slice(dot + 1) };
}

const unitMs: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: DAY_MS,
};

const durationExpected = (maxMs: number): string =>
  `expected a duration such as 500ms, 5s, 2m, 1h or 1d, from 1ms to ${maxMs / DAY_MS}d`;

function durationMs(text: string, maxMs: number): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text);
  const ms = Math.round(Number(match?.[1]) * (unitMs[match?.[2] ?? ''] ?? Number.NaN));
  return ms >= 1 && ms <= maxMs ? ms : undefined;
}

/** One duration: whole milliseconds, or a number with ms, s, m, h or d. */
export function parseDuration(option: string, text: string, maxMs = BOUND_MS_MAX): number {
  const ms = durationMs(text, maxMs);
  if (ms === undefined) throw wrong(`${option}: ${durationExpected(maxMs)}`);
  return ms;
}

/** How long ago something began: records are kept for longer than any run may take. */
export function parseAge(option: string, text: string): number {
  return parseDuration(option, text, RECORD_BOUND_MAX.days * DAY_MS);
}

/** `--memory-max 2GiB`. */
export function parseMemory(text: string): number {
  const bytes = memoryBytes(text);
  if (bytes === undefined) throw wrong(`--memory-max: expected ${memoryExpected}`);
  return bytes;
}

/** `--bound lostAfterMs=5s …`: a duration as in {@link parseDuration}. */
export function parseBounds(texts: readonly string[]): Partial<Bounds> {
  const bounds: Record<string, number> = {};
  for (const text of texts) {
    const { key, value } = assignment('--bound', text);
    if (!(boundNames as readonly string[]).includes(key)) {
      throw wrong(`--bound: no bound "${key}"; ${hint(key, boundNames)}`);
    }
    put('--bound', bounds, key, parseDuration(`--bound ${key}`, value));
  }
  return bounds;
}

/** A run id travels in every frame and log line, and names folders. */
export function parseRunId(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(text)) {
    throw wrong(
      '--run-id: expected 1 to 64 letters, digits, hyphens or underscores, beginning with a letter or digit',
    );
  }
  if (isOwnRunId(text))
    throw wrong(`--run-id: ${text.slice(0, 4)}… is how Privity calls runs without an agreed id`);
  return text;
}

/** A whole number: a seed, a count. */
export function parseWhole(option: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw wrong(`${option}: expected a whole number`);
  return Number(text);
}

/** A whole number that is at least one: of nothing there is nothing to do. */
export function parseCount(option: string, text: string, max = Number.POSITIVE_INFINITY): number {
  const count = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= max) return count;
  throw wrong(
    `${option}: expected a whole number ${max === Number.POSITIVE_INFINITY ? 'of 1 or more' : `from 1 to ${max}`}`,
  );
}

/** A whole number of days, for a certificate. Ten years is already longer than most keys should live. */
export const CERTIFICATE_DAYS_MAX = 3_650;

export function parseDays(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > CERTIFICATE_DAYS_MAX) {
    throw wrong(`--days: expected a whole number from 1 to ${CERTIFICATE_DAYS_MAX}`);
  }
  return days;
}
