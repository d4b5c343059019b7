import type { Shell } from '../shell.ts';
import { openLog } from './log-file.ts';
import { jsonPresenter, type Presenter, plainPresenter } from './presenter.ts';
import { quietPresenter, writeQuietSummary } from './quiet.ts';
import { headText, summaryText } from './summary.ts';
import type { SummaryInput } from './summary-input.ts';

export interface DisplayFlags {
  readonly json?: boolean;
  readonly lines?: boolean;
  readonly plain?: boolean;
  readonly quiet?: boolean;
  readonly log?: string;
}

/**
 * The display that fits: events for programs, one line a party for a person at a terminal, plain lines elsewhere; and
 * the log beside it if one is wanted.
 *
 * @param parties in the order of the display; `own` are those whose events arrive here.
 */
export async function choosePresenter(
  shell: Shell,
  flags: DisplayFlags,
  parties: readonly string[],
  own: readonly string[],
): Promise<Presenter> {
  if (flags.log === undefined) return chooseDisplay(shell, flags, parties, own);
  const onStandardError = (text: string): void => void shell.err.write(`${text}\n`);
  // By the display while there is one.
  let tell = onStandardError;
  const log = await openLog(shell, flags.log, (text) => tell(text));
  const display = await chooseDisplay(shell, flags, parties, own);
  tell = (text) => display.notice(own.length === 1 ? (own[0] ?? 'local') : 'local', text);
  return {
    event(event) {
      log.event(event);
      display.event(event);
    },
    notice(party, text) {
      log.notice(party, text);
      display.notice(party, text);
    },
    async end(summary) {
      await display.end();
      tell = onStandardError;
      await log.end(summary);
    },
  };
}

/** What stands above the progress of a run, for people. */
export function writeHead(
  shell: Shell,
  flags: DisplayFlags,
  jobFile: string,
  parties: readonly string[],
): void {
  if (!flags.json && !flags.quiet) shell.out.write(headText(jobFile, parties, shell.colour.out));
}

/** What a run came to, where the display has ended. */
export function writeSummary(shell: Shell, flags: DisplayFlags, summary: SummaryInput): void {
  if (flags.json) return;
  if (flags.quiet) writeQuietSummary(shell, summary);
  else shell.out.write(summaryText(summary, shell.colour.out));
}

async function chooseDisplay(
  shell: Shell,
  flags: DisplayFlags,
  parties: readonly string[],
  own: readonly string[],
): Promise<Presenter> {
  if (flags.json) return jsonPresenter(shell);
  if (flags.quiet) return quietPresenter(shell);
  if (!shell.interactive || flags.lines || flags.plain) return plainPresenter(shell, parties, own);
  const { livePresenter } = await import('./live-presenter.ts');
  return livePresenter(shell, parties, own);
}
