import type { Clock } from '../../contracts/clock.ts';
import { openFileSink } from '../../record/file-sink.ts';
import { createLogLines } from '../../record/log-lines.ts';
import { TOO_SLOW } from '../../record/text-sink.ts';
import type { Shell } from '../shell.ts';
import type { Presenter } from './presenter.ts';

/** How long closing the log may take: a disk that hangs must not keep a finished party from ending. */
export const LOG_CLOSE_TIMEOUT_MS = 2_000;

/**
 * A structured log beside the display: one JSON object a line, appended, readable by its owner only, because the text
 * and stack of this party's own failures are in it. `-` is standard error. A disk that fills up later does not end the
 * run; the display goes on without the log, and `onLost` says so.
 *
 * @throws {EnvironmentError} PRIVITY_FILE_WRITE
 */
export async function openLog(
  shell: Shell,
  target: string,
  onLost: (text: string) => void,
): Promise<Presenter> {
  if (target === '-') {
    const toStderr = (line: string): void => void shell.err.write(line);
    return logPresenter(shell.clock, toStderr, () => Promise.resolve());
  }
  const file = await openFileSink(target, 'log', {
    onLost: (reason) => onLost(`${target}: the log ends here, it cannot be written (${reason})`),
  });
  const toFile = (line: string): void => void file.write(line);
  return logPresenter(shell.clock, toFile, async () => {
    await file.close(LOG_CLOSE_TIMEOUT_MS);
    if (file.lost === TOO_SLOW) onLost(`${target}: the end of the log is missing: the disk is too slow`);
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
