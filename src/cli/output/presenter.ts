import type { RunEvent } from '../../observe/events.ts';
import { eventLine } from '../../record/event-line.ts';
import type { Shell } from '../shell.ts';
import { padEnd, widest } from './columns.ts';
import { clockText } from './plain-lines.ts';
import { ONGOING_INTERVAL_MS, PlainRun } from './plain-run.ts';
import { printable } from './printable.ts';
import { createStyle } from './style.ts';

/** How a command shows a run while it goes on. */
export interface Presenter {
  event(event: RunEvent): void;
  /** Text from a party's processes that is no event. */
  notice(party: string, text: string): void;
  /** Ends the display; text may be printed after it. `summary` is that text, for a log. */
  end(summary?: string): Promise<void>;
}

/** `--json`: events on standard output and nothing else. */
export function jsonPresenter(shell: Shell): Presenter {
  let dropped = 0;
  return {
    event(event) {
      if (dropped > 0) {
        const message = `${dropped} events are missing here: the reader of standard output is too slow`;
        const { time, runId, party } = event;
        if (!shell.out.write(eventLine({ event: 'log', time, runId, party, level: 'warn', message }))) {
          dropped += 1;
          return;
        }
        dropped = 0;
      }
      if (!shell.out.write(eventLine(event))) dropped += 1;
    },
    notice(party, text) {
      shell.err.write(`${party}: ${printable(text)}\n`);
    },
    end: () => Promise.resolve(),
  };
}

/** A line for each phase, for logs, pipes and screen readers. */
export function plainPresenter(shell: Shell, parties: readonly string[], own: readonly string[]): Presenter {
  const style = createStyle(shell.colour.out);
  const columns = widest(parties);
  const run = new PlainRun(own, parties, shell.clock.wallTime());
  const line = (time: string, party: string, text: string): void => {
    shell.out.write(`${style.dim(clockText(time))}  ${style.cyan(padEnd(party, columns))}  ${text}\n`);
  };
  const nowText = (): string => new Date(shell.clock.wallTime()).toISOString();
  let open = true;
  const look = (): void => {
    if (!open) return;
    for (const { party, text } of run.ongoing(shell.clock.wallTime())) line(nowText(), party, text);
    // Often enough that nobody waits much longer for the first word than the interval says.
    shell.clock.after(ONGOING_INTERVAL_MS / 10, look);
  };
  look();
  return {
    event(event) {
      const text = run.take(event);
      if (text === undefined) return;
      const emphatic = event.event === 'failure' || (event.event === 'verdict' && event.outcome === 'failed');
      line(event.time, event.party, emphatic ? style.red(text) : text);
    },
    notice(party, text) {
      line(nowText(), party, style.dim(`| ${printable(text)}`));
    },
    end() {
      open = false;
      return Promise.resolve();
    },
  };
}
