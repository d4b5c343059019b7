/**
 * Events, output and the summary of a run as lines of a structured log: what `--log` and a run's record have. Pure but
 * for the clock.
 */
import type { Clock } from '../contracts/clock.ts';
import type { RunEvent } from '../observe/events.ts';
import { recordLine } from './event-line.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogLines {
  event(event: RunEvent): string;
  /** Text from a party's processes that is no event. */
  output(party: string, text: string): string;
  /** What a person is shown at the end. */
  summary(text: string): string;
}

/**
 * Each line has the run's id and, from the first failure that became known to its party on, an incident: its own if it
 * is about a failure, otherwise that of the verdict or, before there is one, of the first failure. So one search finds
 * what belongs together.
 *
 * A line is made of one object, so no key can stand in it twice: readers differ in which of the two they believe.
 */
export function createLogLines(clock: Clock): LogLines {
  const incidents = new Map<string, string>();
  const parties = new Set<string>();
  let runId = '';
  const about = (party: string): { time: string; runId: string; party: string; incident: string | null } => ({
    time: new Date(clock.wallTime()).toISOString(),
    runId,
    party,
    incident: incidents.get(party) ?? null,
  });
  return {
    event(event) {
      if (event.runId !== '') runId = event.runId;
      parties.add(event.party);
      if (event.event === 'failure' && !incidents.has(event.party))
        incidents.set(event.party, event.incident);
      if (event.event === 'verdict' && event.incident !== null) incidents.set(event.party, event.incident);
      // What the job returned may be large, and is the reader's to keep, not the log's.
      const fields = event.event === 'result' ? { ...event, value: undefined } : event;
      const incident = incidents.get(event.party) ?? null;
      return recordLine({ level: levelOf(event), incident, ...fields, runId });
    },
    output: (party, text) => recordLine({ level: 'info', event: 'output', ...about(party), text }),
    summary(text) {
      // Of a run in which all went well: its party, if the log is of one.
      const [party = ''] = incidents.size === 0 && parties.size === 1 ? parties : incidents.keys();
      return recordLine({ level: 'info', event: 'summary', ...about(party), text: text.trim() });
    },
  };
}

export function levelOf(event: RunEvent): LogLevel {
  switch (event.event) {
    case 'log':
      return event.level;
    case 'failure':
      return 'error';
    case 'verdict':
      return event.outcome === 'completed' ? 'info' : 'error';
    case 'waiting':
    case 'busy':
    case 'standstill':
      return 'warn';
    case 'peer.state':
      return event.state === 'suspect' || event.state === 'lost' ? 'warn' : 'info';
    case 'step.progress':
      return 'debug';
    default:
      return 'info';
  }
}
