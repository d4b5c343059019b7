import { once } from 'node:events';
import { pino } from 'pino';
import { EnvironmentError } from '../../base/errors.ts';
import { steeringEscaped } from '../../base/steering.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { Shell } from '../shell.ts';
import type { Presenter } from './presenter.ts';

/** How long closing the log may take: a disk that hangs must not keep a finished party from ending. */
export const LOG_CLOSE_TIMEOUT_MS = 2_000;

/**
 * A structured log beside the display: one JSON object a line, appended, readable by its owner only, because the text and
 * stack of this party's own failures are in it. `-` is standard error.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function openLog(shell: Shell, target: string): Promise<Presenter> {
  if (target === '-') {
    const toStderr = pino(options, { write: (text: string) => void shell.err.write(text) });
    return logPresenter(toStderr, shell.clock, () => Promise.resolve());
  }
  const file = pino.destination({ dest: target, sync: false, append: true, mode: 0o600 });
  try {
    await once(file, 'ready');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
    throw new EnvironmentError('PRIVITY_FILE_WRITE', `${target}: the log cannot be written (${reason})`, {
      cause,
    });
  }
  // A disk that fills up later must not end the run; the display goes on without the log.
  let broken = false;
  file.on('error', () => {
    broken = true;
  });
  return logPresenter(pino(options, file), shell.clock, async () => {
    if (broken) return;
    const closed = once(file, 'close');
    file.end();
    await Promise.race([
      closed,
      new Promise<void>((resolve) => shell.clock.after(LOG_CLOSE_TIMEOUT_MS, resolve)),
    ]);
  });
}

const options: pino.LoggerOptions = {
  base: null,
  timestamp: false,
  messageKey: 'message',
  hooks: { streamWrite: steeringEscaped },
  formatters: { level: (label) => ({ level: label }) },
};

/**
 * Each line has the run's id and, from the first failure that became known to its party on, an incident: its own if it is about a
 * failure, otherwise that of the verdict or, before there is one, of the first failure. So one search finds what belongs together.
 */
function logPresenter(log: pino.Logger, clock: Clock, close: () => Promise<void>): Presenter {
  const incidents = new Map<string, string>();
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
      if (event.event === 'failure' && !incidents.has(event.party))
        incidents.set(event.party, event.incident);
      if (event.event === 'verdict' && event.incident !== null) incidents.set(event.party, event.incident);
      // What the job returned may be large, and is the reader's to keep, not the log's.
      const fields = event.event === 'result' ? { ...event, value: undefined } : event;
      log[levelOf(event)]({ incident: incidents.get(event.party) ?? null, ...fields, runId });
    },
    notice(party, text) {
      log.info({ event: 'output', ...about(party), text });
    },
    async end(summary) {
      const [party = ''] = incidents.keys();
      if (summary !== undefined) log.info({ event: 'summary', ...about(party), text: summary.trim() });
      await close();
    },
  };
}

function levelOf(event: RunEvent): 'debug' | 'info' | 'warn' | 'error' {
  switch (event.event) {
    case 'log':
      return event.level;
    case 'failure':
      return 'error';
    case 'verdict':
      return event.outcome === 'completed' ? 'info' : 'error';
    case 'waiting':
      return 'warn';
    case 'peer.state':
      return event.state === 'suspect' || event.state === 'lost' ? 'warn' : 'info';
    case 'step.progress':
      return 'debug';
    default:
      return 'info';
  }
}
