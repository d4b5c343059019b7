/**
 * `--quiet`: what a run came to and nothing else. The result is on standard output, whatever went wrong on standard
 * error.
 */
import type { Shell } from '../shell.ts';
import type { Presenter } from './presenter.ts';
import { printable } from './printable.ts';
import { createStyle } from './style.ts';
import { failedBlock, leftoversBlock, outcomeOf } from './summary.ts';
import type { SummaryInput } from './summary-input.ts';
import { valueText } from './value-text.ts';

/** Errors that are no failures of the run: a log that cannot be written, something that could not be removed. */
export function quietPresenter(shell: Shell): Presenter {
  const style = createStyle(shell.colour.err);
  return {
    event(event) {
      if (event.event === 'log' && event.level === 'error')
        shell.err.write(`${style.red('error')} ${event.party}: ${printable(event.message)}\n`);
    },
    notice: () => undefined,
    end: () => Promise.resolve(),
  };
}

export function writeQuietSummary(shell: Shell, input: SummaryInput): void {
  const { completed, failed, result } = outcomeOf(input);
  if (result !== undefined) shell.out.write(`${valueText(result).join('\n')}\n`);
  const style = createStyle(shell.colour.err);
  const wrong = [...(completed ? [] : failedBlock(input, failed, style)), ...leftoversBlock(input, style)];
  if (wrong.length > 0) shell.err.write(`${wrong.join('\n')}\n`);
}
