/** A run that goes on in processes of its own, as a program has it. */
import { fileURLToPath } from 'node:url';
import { EnvironmentError, PrivityError } from '../base/errors.ts';
import { systemClock } from '../base/system.ts';
import type { RunEvent } from '../observe/events.ts';
import { CommandChild, type CommandExit } from './command-child.ts';
import { type EndedWords, type Given, parseEnded } from './driving.ts';
import { Endings, type PartyEnd } from './ends.ts';
import { KeptEvents } from './kept-events.ts';

/** The command line, which has the supervisor of a run in a process of its own. */
const ENTRY = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** What stray text of a process is told of, if it ends without another word: a native crash prints some lines. */
const STRAY_LINES_MAX = 20;

/** A run that goes on. Its processes end with it, and with this program, however that ends. */
export interface Running<End> extends AsyncIterable<RunEvent> {
  /**
   * How it ended; settles when every process of it has gone and everything is given back. A run that failed or was
   * cancelled resolves, too: `outcome` says it.
   *
   * @throws {PrivityError} no run came to be: the code says why. PRIVITY_SUPERVISOR_GONE: it was killed, and nobody
   *   here knows how the run ended
   */
  readonly result: Promise<End>;
  /**
   * Events from the first one on, as they come, to the end; each reader gets all. A reader that is more than 10,000
   * events behind misses the oldest of them. Ends with the error of `result` if no run came to be. To stop reading does
   * not stop the run.
   */
  [Symbol.asyncIterator](): AsyncIterator<RunEvent, void, undefined>;
}

export interface Drive<End> {
  readonly command: 'run' | 'local';
  readonly flags: readonly string[];
  readonly given: Given;
  readonly signal: AbortSignal | undefined;
  /** Of parties that came to a verdict, at least one. */
  end(parties: readonly PartyEnd[], words: EndedWords): End;
}

export function drive<End>(plan: Drive<End>): Running<End> {
  const events = new KeptEvents();
  const result = follow(plan, events);
  result.then(
    () => events.end(),
    (error: unknown) => events.end(error),
  );
  return { result, [Symbol.asyncIterator]: () => events.read() };
}

async function follow<End>(
  { command, flags, given, signal, end }: Drive<End>,
  events: KeptEvents,
): Promise<End> {
  signal?.throwIfAborted();
  const endings = new Endings();
  const stray: string[] = [];
  let words: EndedWords | undefined;
  const handlers = {
    event(event: RunEvent) {
      endings.add(event);
      events.add(event);
    },
    line(text: string) {
      words = parseEnded(text) ?? words;
      if (words === undefined) stray.push(text);
      if (stray.length > STRAY_LINES_MAX) stray.shift();
    },
  };
  const asked = { command: [ENTRY, command, '--driven', '--json', ...flags], given };
  const child = new CommandChild(asked, handlers, systemClock);
  const cancel = (): void => child.ask('cancel');
  signal?.addEventListener('abort', cancel, { once: true });
  const exit = await child.ended;
  signal?.removeEventListener('abort', cancel);
  const [error] = child.errors;
  if (error !== undefined) throw new PrivityError(error.error, error.message, { failure: error.failure });
  const parties = endings.of(words?.reports ?? {});
  if (parties.length === 0) throw gone(exit, stray);
  return end(parties, words ?? { exitCode: exit.code ?? 1, reports: {}, record: null });
}

function gone({ code, signal }: CommandExit, stray: readonly string[]): EnvironmentError {
  const how = signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`;
  return new EnvironmentError(
    'PRIVITY_SUPERVISOR_GONE',
    `the process of this run ${how} before the parties agreed on an end`,
    stray.length === 0 ? {} : { own: stray.join('\n') },
  );
}
