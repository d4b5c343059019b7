/** The log of a record, line by line. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ignored } from '../base/ignored.ts';
import type { RunEvent } from '../observe/events.ts';
import { LOG_FILE } from './record-file.ts';
import type { StoredParty } from './stored-run.ts';

/** A line as it is in the file, and what it says. */
export interface LogLine {
  readonly text: string;
  readonly time: string;
  readonly party: string;
  readonly event: string;
  readonly incident: string | null;
  readonly value: Readonly<Record<string, unknown>>;
}

export type FailureEvent = Extract<RunEvent, { event: 'failure' }>;

/** The lines of a party's log. What was cut off by the end of its writer is left out. No log is none. */
export async function* logLines({ folder }: StoredParty): AsyncGenerator<LogLine> {
  const stream = createReadStream(join(folder, LOG_FILE), 'utf8');
  stream.on('error', () => undefined);
  try {
    for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = parse(text);
      if (line !== undefined) yield line;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    stream.destroy();
  }
}

/**
 * Bytes at the end of a log in which its last line is looked for: one with a stack and its causes has some 100 KB at
 * most.
 */
const TAIL_BYTES = 256 * 1024;

/** The last whole line of a party's log with a time that can be read; undefined if there is none. */
export async function lastLineOf(folder: string): Promise<LogLine | undefined> {
  const file = await ignored(open(join(folder, LOG_FILE), 'r'), 'a record may have no log');
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    await file.read(tail, 0, tail.length, size - tail.length);
    const lines = tail.toString('utf8').split('\n').map(parse);
    return lines.findLast((line) => line !== undefined && Number.isFinite(Date.parse(line.time)));
  } finally {
    await file.close();
  }
}

function parse(text: string): LogLine | undefined {
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    const { time, party, event, incident } = value;
    if (typeof time !== 'string' || typeof party !== 'string' || typeof event !== 'string') return undefined;
    return { text, time, party, event, incident: typeof incident === 'string' ? incident : null, value };
  } catch {
    return undefined;
  }
}

/** The lines of several parties of one machine in the order of their time; lines of one party stay in order. */
export async function* mergedLines(parties: readonly StoredParty[]): AsyncGenerator<LogLine> {
  const sources = await Promise.all(
    parties.map(async (party) => {
      const lines = logLines(party);
      return { lines, next: (await lines.next()).value as LogLine | undefined };
    }),
  );
  for (;;) {
    const [first] = sources
      .filter(({ next }) => next !== undefined)
      .sort((a, b) => ((a.next?.time ?? '') < (b.next?.time ?? '') ? -1 : 1));
    if (first?.next === undefined) return;
    yield first.next;
    first.next = (await first.lines.next()).value as LogLine | undefined;
  }
}

/** The event that a line of a log has; undefined for lines that are none. */
export function eventIn({ value, event }: LogLine): RunEvent | undefined {
  return notEvents.has(event) ? undefined : (value as unknown as RunEvent);
}

/** Lines of logs beside events: output, the summary, what a reader has added, an error before the run. */
const notEvents: ReadonlySet<string> = new Set(['output', 'summary', 'supervisor.gone', 'error']);
