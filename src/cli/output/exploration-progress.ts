/** What `privity explore` says while it explores, on standard error: the result alone goes to standard output. */
import type { Break, ExploreProgress } from '../../simulation/index.ts';
import type { Shell } from '../shell.ts';
import { printable } from './printable.ts';
import { duration } from './quantity.ts';

/** How often the line on a terminal is written over. */
const LIVE_EVERY_MS = 200;
/**
 * How often a line is added where nobody watches: a log is read later. What takes no longer than this says nothing on
 * its way.
 */
export const LINE_EVERY_MS = 5_000;

/** Over the line before. */
const OVER = '\r\u001b[2K';

export interface ExplorationProgress {
  readonly show: (progress: ExploreProgress) => void;
  readonly broke: (found: Break) => void;
  /** Removes the line on a terminal. */
  readonly clear: () => void;
}

/** On a terminal one line that is written over, else a line every few seconds; `json`: the same as JSON. */
export function explorationProgress(shell: Shell, json: boolean): ExplorationProgress {
  const isLive = shell.interactive && !json;
  const everyMs = isLive ? LIVE_EVERY_MS : LINE_EVERY_MS;
  const write = (text: string): void => void shell.err.write(isLive ? `${OVER}${text}` : `${text}\n`);
  let saidAt = shell.clock.now();
  if (isLive) write('  a run without faults first, which tells how long the others take');
  return {
    show(progress) {
      const now = shell.clock.now();
      // How long it will take is said at once, if that is long.
      const isFirst = progress.runs === 0 && progress.leftMs > everyMs;
      if (!isFirst && now - saidAt < everyMs) return;
      saidAt = now;
      write(json ? JSON.stringify({ event: 'explore.progress', ...progress }) : progressText(progress));
    },
    broke({ seed, violations, shrunkPlan }) {
      const words = violations.map(({ checker, words }) => `${checker}: ${words}`).join('; ');
      if (json) write(JSON.stringify({ event: 'explore.break', seed, violations, shrunkPlan }));
      else write(`  seed ${seed} breaks ${printable(words)}${isLive ? '\n' : ''}`);
    },
    clear() {
      if (isLive) write('');
    },
  };
}

/** `120 of 1000 runs, 0 broken, 24 runs/s, about 37 s left` */
export function progressText({ runs, ofRuns, broken, elapsedMs, leftMs }: ExploreProgress): string {
  const left = `about ${duration(Math.ceil(leftMs / 1_000) * 1_000)}`;
  if (runs === 0) return `  ${ofRuns} runs, ${left}`;
  const rate = (1_000 * runs) / Math.max(1, elapsedMs);
  const speed = rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
  return `  ${runs} of ${ofRuns} runs, ${broken} broken, ${speed} runs/s, ${left} left`;
}
