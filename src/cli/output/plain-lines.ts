import type { RunEvent } from '../../observe/events.ts';
import { printable } from './printable.ts';
import { count, duration } from './quantity.ts';
import { busyText, exitText, placeText, stepPlace, stoodStillText, waitingText } from './run-board.ts';

/** `14:03:12.345`, in local time: what a person beside the machine compares with a watch. */
export function clockText(isoTime: string): string {
  const time = new Date(isoTime);
  if (Number.isNaN(time.getTime())) return '--:--:--.---';
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** What an event says, for a person. Undefined: nothing that a line could say. */
export function sentence(event: RunEvent): string | undefined {
  switch (event.event) {
    case 'run.started':
      return `run ${printable(event.runId)}${event.ownRunId === event.runId ? '' : ` (so far ${printable(event.ownRunId)})`} with ${event.parties.filter((party) => party !== event.party).join(', ')}`;
    case 'process.started':
      return `${event.role} process ${event.pid} started`;
    case 'process.exited':
      return `${event.role} process ${event.pid} ${exitText(event)}`;
    case 'peer.state':
      if (event.state === 'up' && event.reason === 'joined') return `${event.peer} has joined`;
      return `${event.peer} is ${event.state}${event.reason === undefined ? '' : `: ${printable(event.reason)}`}`;
    case 'step.started':
      return `${stepPlace(event.stepId, event.name, event.kind)} begins`;
    case 'step.progress':
      return `${stepPlace(event.stepId, null)}: ${event.done} of ${event.total}`;
    case 'step.finished':
      return `${stepPlace(event.stepId, event.name, event.kind)} ${event.outcome} after ${duration(event.durationMs)}`;
    case 'failure':
      return `failure ${event.code} at ${placeText(event.origin, event.stepId, event.stepName)}${
        event.message === undefined ? '' : `: ${printable(cutText(event.message))}`
      }${event.seenHere === undefined ? '' : ` (${printable(event.seenHere)})`}`;
    case 'verdict':
      return event.outcome === 'completed'
        ? `verdict: completed${event.absent ? ` without ${listed(event.absent)}` : ''}`
        : `verdict: ${event.code ?? 'failed'} at ${placeText(event.origin, event.stepId, event.stepName)}${
            event.unconfirmed ? ', not confirmed by the others' : ''
          }`;
    case 'party.absent':
      return `the run goes on without ${event.peer}: ${event.code}`;
    case 'reclaimed':
      return event.leftovers.length === 0
        ? 'everything is reclaimed'
        : `reclaimed, but left behind: ${event.leftovers.map(printable).join(', ')}`;
    case 'report':
      return `report written to ${printable(event.path)}`;
    case 'waiting':
      return waitingText(event);
    case 'busy':
      return busyText(event);
    case 'standstill':
      return `${stoodStillText('this party', event.forMs)}: its process or machine was stopped, slept or was overloaded`;
    case 'log':
      return event.level === 'info'
        ? printable(event.message)
        : `${event.level}: ${printable(event.message)}`;
    case 'result':
      return undefined;
  }
}

/** Of parties that do not hear each other any more, what the verdict names as `cut: alice | bob, carol`. */
export function cutText(said: string): string {
  const [, ...sides] = /^cut: ([^|]*) \| ([^|]*)$/.exec(said) ?? [];
  const [one, other] = sides.map((side) => listed(side.split(', ')));
  return one && other ? `nothing came through between ${one} on one side and ${other} on the other` : said;
}

/** `3 values to bob and carol` */
export function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  if (names.length > 6) return `${names.slice(0, 5).join(', ')} and ${count(names.length - 5, 'other')}`;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
