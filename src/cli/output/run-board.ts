import type { RunEvent } from '../../observe/events.ts';
import type { Wait } from '../../observe/report.ts';
import { printable } from './printable.ts';
import { count, duration } from './quantity.ts';

export type FailureEvent = Extract<RunEvent, { event: 'failure' }>;
export type VerdictEvent = Extract<RunEvent, { event: 'verdict' }>;
export type ReclaimedEvent = Extract<RunEvent, { event: 'reclaimed' }>;
export type WaitingEvent = Extract<RunEvent, { event: 'waiting' }>;
export type ProcessExit = Extract<RunEvent, { event: 'process.exited' }>;

interface RunningStep {
  readonly name: string;
  /** Milliseconds since the epoch, from the event. NaN if the event had no readable time. */
  readonly since: number;
  readonly kind: string;
  progress?: { readonly done: number; readonly total: number };
}

/** What is known of one party from its own events. */
export interface PartyView {
  readonly party: string;
  started: boolean;
  readonly running: Map<string, RunningStep>;
  stepsCompleted: number;
  /** Peers as this party sees them. */
  readonly peers: Map<string, string>;
  /** The longest wait of the last second. */
  waiting: WaitingEvent | undefined;
  readonly failures: FailureEvent[];
  verdict: VerdictEvent | undefined;
  reclaimed: ReclaimedEvent | undefined;
  result: { readonly value: unknown } | undefined;
  reportPath: string | undefined;
  programExit: ProcessExit | undefined;
  supervisorExit: ProcessExit | undefined;
}

/** Failures kept for each party: the verdict's causes are few; a flood of consequences is not worth the memory. */
const FAILURES_KEPT_MAX = 50;

/** The state of a run, folded from its events. Nothing here reads a clock or prints. */
export class RunBoard {
  readonly parties = new Map<string, PartyView>();
  runId: string | undefined;
  firstTime: number | undefined;
  lastTime: number | undefined;

  /**
   * @param own the parties whose events will arrive
   * @param all every party of the run: each waits for all others
   */
  constructor(own: readonly string[], all: readonly string[] = own) {
    for (const party of own) {
      const { peers } = this.party(party);
      for (const peer of all) if (peer !== party) peers.set(peer, 'joining');
    }
  }

  party(name: string): PartyView {
    const known = this.parties.get(name);
    if (known !== undefined) return known;
    const view: PartyView = {
      party: name,
      started: false,
      running: new Map(),
      stepsCompleted: 0,
      peers: new Map(),
      waiting: undefined,
      failures: [],
      verdict: undefined,
      reclaimed: undefined,
      result: undefined,
      reportPath: undefined,
      programExit: undefined,
      supervisorExit: undefined,
    };
    this.parties.set(name, view);
    return view;
  }

  apply(event: RunEvent): void {
    const view = this.party(event.party);
    // Empty until the parties have agreed on it.
    if (event.runId !== '') this.runId = event.runId;
    const time = Date.parse(event.time);
    if (Number.isFinite(time)) {
      this.firstTime ??= time;
      this.lastTime = Math.max(time, this.lastTime ?? time);
    }
    switch (event.event) {
      case 'run.started':
        view.started = true;
        view.waiting = undefined;
        for (const peer of event.parties)
          if (peer !== event.party) view.peers.set(peer, view.peers.get(peer) ?? 'joining');
        break;
      case 'process.exited':
        if (event.role === 'program') view.programExit = event;
        else view.supervisorExit = event;
        break;
      case 'peer.state':
        view.peers.set(event.peer, event.state);
        break;
      case 'step.started':
        view.running.set(event.stepId, { name: event.name, kind: event.kind, since: time });
        view.waiting = undefined;
        break;
      case 'step.progress': {
        const step = view.running.get(event.stepId);
        if (step !== undefined) step.progress = { done: event.done, total: event.total };
        break;
      }
      case 'step.finished':
        view.running.delete(event.stepId);
        view.waiting = undefined;
        if (event.outcome === 'completed') view.stepsCompleted += 1;
        break;
      case 'failure':
        if (view.failures.length < FAILURES_KEPT_MAX) view.failures.push(event);
        break;
      case 'verdict':
        view.verdict = event;
        break;
      case 'result':
        view.result = { value: event.value };
        break;
      case 'reclaimed':
        view.reclaimed = event;
        break;
      case 'report':
        view.reportPath = event.path;
        break;
      case 'waiting':
        // The longest is told first; the others of the same second follow at once.
        if (
          view.waiting === undefined ||
          event.sinceMs >= view.waiting.sinceMs ||
          isLater(event, view.waiting)
        )
          view.waiting = event;
        break;
      default:
        break;
    }
  }

  /** One line: what the party is doing now, or how it ended. `now`: milliseconds since the epoch. */
  describe(name: string, now: number): string {
    const view = this.party(name);
    if (view.verdict !== undefined) return ending(view.verdict, view.stepsCompleted);
    if (view.supervisorExit !== undefined) return `its supervisor ${exitText(view.supervisorExit)}`;
    const done = view.stepsCompleted === 0 ? '' : ` · ${count(view.stepsCompleted, 'step')} done`;
    const troubled = [...view.peers].filter(([, state]) => state === 'suspect' || state === 'lost');
    if (troubled.length > 0)
      return `${troubled.map(([peer, state]) => `${peer} is ${state}`).join(', ')}${done}`;
    const joining = [...view.peers].filter(([, state]) => state === 'joining').map(([peer]) => peer);
    if (joining.length > 0)
      return `waits for ${joining.join(', ')} to join${sinceText(view.waiting, 'join')}`;
    if (!view.started) {
      const wait = view.waiting?.what === 'start' ? view.waiting : undefined;
      return wait === undefined ? 'comparing job, arguments and federation' : waitingText(wait);
    }
    if (view.running.size > 0) return `${runningText(view, now)}${done}`;
    if (view.waiting !== undefined) return `${waitingText(view.waiting)}${done}`;
    return view.stepsCompleted === 0
      ? 'all parties are here'
      : count(view.stepsCompleted, 'step').concat(' done');
  }
}

/** `waits for bob, step 3 "load" (12 s)` */
export function waitingText(wait: Wait): string {
  const purposes = { join: ' to join', start: ' to load the job', value: '', end: ' to come to the end' };
  const step = wait.stepId === null ? '' : `, ${stepPlace(wait.stepId, wait.stepName)}`;
  return `waits for ${wait.peer}${purposes[wait.what]}${step} (${duration(wait.sinceMs)})`;
}

/** Half of the interval in which waits are told. */
const SAME_MOMENT_MS = 500;

function isLater(event: WaitingEvent, before: WaitingEvent): boolean {
  return Date.parse(event.time) - Date.parse(before.time) > SAME_MOMENT_MS;
}

const sinceText = (wait: Wait | undefined, what: Wait['what']): string =>
  wait?.what === what ? ` (${duration(wait.sinceMs)})` : '';

export function exitText(exit: Pick<ProcessExit, 'code' | 'signal' | 'endedByPrivity'>): string {
  if (exit.endedByPrivity !== undefined) return `was ended by Privity ${printable(exit.endedByPrivity)}`;
  if (exit.signal !== null) return `was killed by ${exit.signal}`;
  return exit.code === 0 ? 'ended normally' : `ended with exit code ${exit.code ?? 'unknown'}`;
}

/** `step 3 "load patients"`, `step 5 reveal "count"` */
export function stepPlace(
  stepId: string | null | undefined,
  stepName: string | null | undefined,
  kind = 'task',
): string {
  const name = stepName ? ` "${printable(stepName)}"` : '';
  if (stepId === null || stepId === undefined) return name.trim();
  return `step ${printable(stepId)}${kind === 'task' ? '' : ` ${kind}`}${name}`;
}

/** `bob, step 3 "load patients"` */
export function placeText(
  origin: string | null,
  stepId: string | null | undefined,
  stepName: string | null | undefined,
): string {
  return [origin ?? '', stepPlace(stepId, stepName)].filter((part) => part !== '').join(', ');
}

/** Steps shown of one party at a time; the rest is counted. */
const RUNNING_SHOWN_MAX = 3;
/** A step that takes longer shows for how long. */
const ELAPSED_SHOWN_FROM_MS = 2_000;

/** A party's own work first. Values under way, and scopes, are shown only when there is nothing else. */
function runningText(view: PartyView, now: number): string {
  const all = [...view.running.values()];
  const work = all.filter(({ kind }) => kind === 'task' || kind === 'psi' || kind === 'exchange');
  if (work.length === 0 && view.waiting !== undefined) return waitingText(view.waiting);
  const steps = work.length > 0 ? work : all;
  const shown = steps.slice(0, RUNNING_SHOWN_MAX).map((step) => stepText(step, now));
  if (steps.length > shown.length) shown.push(`${steps.length - shown.length} more`);
  return shown.join(', ');
}

function stepText({ name, kind, progress, since }: RunningStep, now: number): string {
  const share =
    progress === undefined || progress.total <= 0
      ? ''
      : ` ${Math.min(100, Math.floor((100 * progress.done) / progress.total))}%`;
  const elapsed = now - since >= ELAPSED_SHOWN_FROM_MS ? ` (${duration(now - since)})` : '';
  const verb = kind === 'transfer' ? 'passes on ' : kind === 'reveal' ? 'reveals ' : '';
  return `${verb}${printable(name)}${share}${elapsed}`;
}

function ending(verdict: VerdictEvent, stepsCompleted: number): string {
  if (verdict.outcome === 'completed') return `completed · ${count(stepsCompleted, 'step')}`;
  return `stopped: ${verdict.code ?? 'failed'} at ${placeText(verdict.origin, verdict.stepId, verdict.stepName)}`;
}
