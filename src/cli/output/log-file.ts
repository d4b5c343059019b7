import { once } from 'node:events';
import { pino } from 'pino';
import { EnvironmentError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/clock.ts';
import type { Shell } from '../shell.ts';
import { createLogLines } from './log-lines.ts';
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
    const toStderr = (line: string): void => void shell.err.write(line);
    return logPresenter(shell.clock, toStderr, () => Promise.resolve());
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
  const toFile = (line: string): void => void file.write(line);
  return logPresenter(shell.clock, toFile, async () => {
    if (broken) return;
    const closed = once(file, 'close');
    file.end();
    await Promise.race([
      closed,
      new Promise<void>((resolve) => shell.clock.after(LOG_CLOSE_TIMEOUT_MS, resolve)),
    ]);
  });
}

function logPresenter(clock: Clock, write: (line: string) => void, close: () => Promise<void>): Presenter {
  const lines = createLogLines(clock);
  return {
    event: (event) => write(lines.event(event)),
    notice: (party, text) => write(lines.output(party, text)),
    async end(summary) {
      if (summary !== undefined) write(lines.summary(summary));
      await close();
    },
  };
}
