import { Listr, type ListrTaskWrapper } from 'listr2';
import { ignored } from '../../base/ignored.ts';
import type { RunEvent } from '../../observe/events.ts';
import type { Shell } from '../shell.ts';
import { padEnd, widest } from './columns.ts';
import { sentence } from './plain-lines.ts';
import type { Presenter } from './presenter.ts';
import { printable } from './printable.ts';
import { busyText, type PartyView, RunBoard } from './run-board.ts';
import { createStyle } from './style.ts';

/** Text of a job's own output that is kept for after the display. What is beyond was already seen, or is in the log. */
const NOTICES_KEPT_MAX = 200;

/** How often the display shows how long a step has been running. */
const REDRAW_INTERVAL_MS = 1_000;

interface Row {
  readonly party: string;
  task?: ListrTaskWrapper<unknown, never, never>;
  readonly ended: Promise<void>;
  over: boolean;
  end(): void;
}

/** One line for each party, redrawn in place: for people at a terminal. */
export function livePresenter(shell: Shell, parties: readonly string[], own: readonly string[]): Presenter {
  const board = new RunBoard(own, parties);
  const style = createStyle(shell.colour.out);
  const columns = widest(parties);
  const notices: string[] = [];
  let noticesDropped = 0;
  const rows = new Map(parties.map((party) => [party, createRow(party)]));

  const title = (party: string): string => {
    const text = own.includes(party)
      ? board.describe(party, shell.clock.wallTime())
      : peerText(board, own, party, shell.clock.wallTime());
    return `${style.bold(padEnd(party, columns))}  ${text}`;
  };
  // A row that has ended is out of the display's hands: touching it would draw it again.
  const redraw = (): void => {
    for (const row of rows.values()) {
      if (row.over) continue;
      if (row.task !== undefined) row.task.title = title(row.party);
      if (isOver(board, own, row.party)) row.end();
    }
  };
  let open = true;
  const tick = (): void => {
    if (!open) return;
    redraw();
    shell.clock.after(REDRAW_INTERVAL_MS, tick);
  };
  shell.clock.after(REDRAW_INTERVAL_MS, tick);
  const list = new Listr(
    parties.map((party) => ({
      title: title(party),
      task: async (_: unknown, task: unknown): Promise<void> => {
        const row = rows.get(party);
        if (row === undefined) return;
        row.task = task as ListrTaskWrapper<unknown, never, never>;
        await row.ended;
        if (hasFailed(board, own, party)) throw new Error(title(party));
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      forceTTY: true,
      rendererOptions: { formatOutput: 'truncate', collapseErrors: true },
    },
  );
  const shown = ignored(list.run(), 'it only shows what the summary says again');

  return {
    event(event: RunEvent) {
      board.apply(event);
      if (event.event === 'log') {
        keep(event.party, event.level === 'info' ? event.message : `${event.level}: ${event.message}`);
      }
      if (event.event === 'standstill') keep(event.party, sentence(event) ?? '');
      redraw();
    },
    notice: keep,
    async end() {
      open = false;
      redraw();
      for (const row of rows.values()) row.end();
      await shown;
      if (noticesDropped > 0) shell.out.write(style.dim(`(${noticesDropped} earlier lines left out)\n`));
      for (const text of notices) shell.out.write(`${text}\n`);
    },
  };

  function keep(party: string, text: string): void {
    const line = `${style.cyan(padEnd(party, columns))}  ${style.dim(`| ${printable(text)}`)}`;
    notices.push(line);
    if (notices.length > NOTICES_KEPT_MAX) {
      notices.shift();
      noticesDropped += 1;
    }
    const row = rows.get(party);
    if (row?.task !== undefined && !row.over) row.task.output = style.dim(printable(text));
  }
}

function createRow(party: string): Row {
  let settle: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const row: Row = {
    party,
    ended,
    over: false,
    end() {
      row.over = true;
      settle();
    },
  };
  return row;
}

/** A peer as the one party that runs here sees it. */
function peerText(board: RunBoard, own: readonly string[], peer: string, now: number): string {
  const view = firstView(board, own);
  const state = view?.peers.get(peer) ?? 'joining';
  if (view?.verdict !== undefined)
    return view.verdict.origin === peer ? 'where it went wrong' : 'has the same verdict';
  const busy = state === 'up' && view !== undefined ? board.isBusy(view, peer, now) : undefined;
  if (busy !== undefined) return busyText(busy);
  return state === 'joining' ? 'not here yet' : state === 'up' ? 'connected' : state;
}

function isOver(board: RunBoard, own: readonly string[], party: string): boolean {
  const view = own.includes(party) ? board.party(party) : firstView(board, own);
  return view?.verdict !== undefined || view?.supervisorExit !== undefined;
}

function hasFailed(board: RunBoard, own: readonly string[], party: string): boolean {
  const view = own.includes(party) ? board.party(party) : firstView(board, own);
  return view?.verdict?.outcome !== 'completed';
}

function firstView(board: RunBoard, own: readonly string[]): PartyView | undefined {
  return own[0] === undefined ? undefined : board.party(own[0]);
}
