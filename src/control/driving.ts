/**
 * What a process that drives `privity run` or `privity local` and the command say to each other. Over standard input:
 * what the run is given, in the first line; then `cancel` and `kill`; its end says that the driving process is gone.
 * Over standard output: the events, and behind them, if it is asked for, how it ended.
 */
import { z } from 'zod';
import type { RunReport } from '../observe/report.ts';
import { recordLine } from '../record/event-line.ts';

/** The same as a first and a second stop signal. */
export type ParentRequest = 'cancel' | 'kill';

const values = z.record(z.string(), z.unknown());
const given = z.strictObject({
  /** Public arguments. */
  args: values,
  /** Private settings: of `run` the party's own, of `local` by party. */
  settings: values,
});
export type Given = Readonly<z.output<typeof given>>;

export const givenLine = (words: Given): string => `${JSON.stringify(words)}\n`;

/** Undefined: the line is something else. */
export function parseGiven(line: string): Given | undefined {
  if (!line.startsWith('{"args":')) return undefined;
  try {
    return given.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** How a command ended, as the driving process is told in the last line. */
export interface EndedWords {
  /** As the command ends with it. */
  readonly exitCode: number;
  /** By party; of one whose supervisor was killed there is none. */
  readonly reports: Readonly<Record<string, RunReport>>;
  /** The folder of the record of the run; null: none is kept. */
  readonly record: string | null;
}

const ENDED = '{"ended":';
const ended = z.object({
  ended: z.object({
    exitCode: z.int(),
    reports: z.record(
      z.string(),
      z.custom<RunReport>((value) => typeof value === 'object'),
    ),
    record: z.string().nullable(),
  }),
});

export const endedLine = (words: EndedWords): string => recordLine({ ended: words });

/** Undefined: the line is something else. */
export function parseEnded(line: string): EndedWords | undefined {
  if (!line.startsWith(ENDED)) return undefined;
  try {
    return ended.safeParse(JSON.parse(line)).data?.ended;
  } catch {
    return undefined;
  }
}
