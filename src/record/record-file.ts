/**
 * What a record says of itself in `record.json`: enough to list runs and to find one by its id or an incident, without
 * its log.
 */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { DecodeBound } from '../base/decode-bound.ts';
import { type FailureCode, isFailureCode } from '../base/failure-codes.ts';
import type { RunEvent } from '../observe/events.ts';

/** Files of a party's record. Beside them lies its claim (src/supervisor/machine/claim.ts) while the run goes on. */
export const RECORD_FILE = 'record.json';
export const LOG_FILE = 'log.ndjson';
export const REPORT_FILE = 'report.json';
/** What the job returned, of a run that a node has started: nobody watches it, so nobody is shown it. */
export const RESULT_FILE = 'result.json';

/**
 * Failures by which a record is found. A job that handles thousands is found by the first ones and by the verdict's.
 */
export const INCIDENTS_MAX = 100;
/** A record that is longer was not written by Privity. Ours have some 1,000 bytes. */
const RECORD_BYTES_MAX = 256 * 1024;

/** Every wrong item of a list is an object of its own. */
export const RECORD_BOUND: DecodeBound = {
  bytesMax: RECORD_BYTES_MAX,
  memory: { perByte: 512, once: 1024 * 1024 },
  steps: { perByte: 40, once: 50_000 },
};

const text = z.string().max(10_000);
const code = z.custom<FailureCode>(isFailureCode, { error: 'expected a failure code' });

const recordSchema = z.looseObject({
  recordVersion: z.literal(1),
  /** In the order in which they became known: the last one holds. Empty until there is one. */
  runIds: z.array(text).max(10),
  party: text,
  parties: z.array(text).max(1_000),
  job: text,
  privityVersion: text,
  startedAt: z.iso.datetime(),
  /** Null until the end; for a supervisor that was killed, when it was last heard of. */
  endedAt: z.iso.datetime().nullable(),
  /** `refused`: an error kept the run from existing. `killed`: the supervisor ended without a word. */
  ending: z.enum(['ended', 'refused', 'killed']).nullable(),
  exitCode: z.int().nullable(),
  verdict: z
    .looseObject({
      outcome: z.enum(['completed', 'failed']),
      code: code.nullable(),
      origin: text.nullable(),
      stepId: text.nullable(),
      stepName: text.nullable(),
      incident: text.nullable(),
      digest: text,
    })
    .nullable(),
  incidents: z.array(text).max(INCIDENTS_MAX),
  /** Of a run that was refused. */
  error: z.looseObject({ code: text, message: text }).nullable(),
  /** Lines that did not fit the log. */
  linesLeftOut: z.int(),
});

export type RecordFacts = z.output<typeof recordSchema>;

/** The facts with what an event adds to them. */
export function factsAfter(facts: RecordFacts, event: RunEvent): RecordFacts {
  const { runId } = event;
  const known = facts.runIds.at(-1) ?? '';
  // An id that has been given up still finds the run, if it was shown to anybody.
  const runIds = runId === '' || runId === known ? facts.runIds : [...facts.runIds, runId].slice(-10);
  const next = runIds === facts.runIds ? facts : { ...facts, runIds };
  if (event.event === 'failure') return withIncident(next, event.incident);
  if (event.event !== 'verdict') return next;
  const { outcome, code, origin, stepId, stepName, incident, digest } = event;
  const verdict = { outcome, code, origin, stepId, stepName, incident, digest };
  return { ...(incident === null ? next : withIncident(next, incident, true)), verdict };
}

function withIncident(facts: RecordFacts, incident: string, isCause = false): RecordFacts {
  if (facts.incidents.includes(incident)) return facts;
  if (facts.incidents.length < INCIDENTS_MAX) return { ...facts, incidents: [...facts.incidents, incident] };
  return isCause ? { ...facts, incidents: [...facts.incidents.slice(0, -1), incident] } : facts;
}

/** Undefined if there is no record here, or none that can be read. */
export async function readRecordFile(folder: string): Promise<RecordFacts | undefined> {
  try {
    return parseRecord(await readFile(join(folder, RECORD_FILE)));
  } catch {
    return undefined;
  }
}

/** Undefined if this is no record. */
export function parseRecord(bytes: Uint8Array): RecordFacts | undefined {
  if (bytes.length > RECORD_BYTES_MAX) return undefined;
  try {
    const record: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return recordSchema.safeParse(record).data;
  } catch {
    return undefined;
  }
}

/** Complete or not at all. @throws what the file system throws */
export async function writeRecordFile(folder: string, facts: RecordFacts): Promise<void> {
  await writePrivate(folder, RECORD_FILE, `${JSON.stringify(facts)}\n`);
}

/** A file that only its owner reads, complete or not at all. @throws what the file system throws */
export async function writePrivate(folder: string, name: string, content: string): Promise<void> {
  const draft = join(folder, `${name}.${process.pid}.part`);
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, join(folder, name));
}

/**
 * Adds a line to a log whose last one may have been cut off by the end of its writer. @throws what the file system
 * throws
 */
export async function appendLine(path: string, line: string): Promise<void> {
  const file = await open(path, 'a+', 0o600);
  try {
    const { size } = await file.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    await file.appendFile(size > 0 && last.toString() !== '\n' ? `\n${line}` : line);
  } finally {
    await file.close();
  }
}
