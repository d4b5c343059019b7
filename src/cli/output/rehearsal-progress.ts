/** How far a rehearsal has come, on standard error: the result alone goes to standard output. */
import type { Shell } from '../shell.ts';
import { LINE_EVERY_MS } from './exploration-progress.ts';

/** Over the line before. */
const OVER = '\r\u001b[2K';

export interface RehearsalProgress {
  readonly show: (done: number, of: number) => void;
  /** Removes the line on a terminal. */
  readonly clear: () => void;
}

/** On a terminal one line that is written over, else a line every few seconds; `json`: the same as JSON. */
export function rehearsalProgress(shell: Shell, json: boolean): RehearsalProgress {
  const isLive = shell.interactive && !json;
  let saidAt = shell.clock.now();
  return {
    show(done, of) {
      const now = shell.clock.now();
      if (!isLive && now - saidAt < LINE_EVERY_MS) return;
      saidAt = now;
      const text = `  ${done} of ${of} rehearsals`;
      if (json) shell.err.write(`${JSON.stringify({ event: 'contract.progress', done, of })}\n`);
      else shell.err.write(isLive ? `${OVER}${text}` : `${text}\n`);
    },
    clear() {
      if (isLive) shell.err.write(OVER);
    },
  };
}
