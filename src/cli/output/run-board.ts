import type { StepKind } from '../../coordination/failure.ts';
import type { RunEvent } from '../../observe/events.ts';
import { type BusyProgram, type Wait, WORK_KINDS } from '../../observe/report.ts';
import { printable } from './printable.ts';
import { progressed, progressText, type StepProgress } from './progress-text.ts';
import { count, duration } from './quantity.ts';

export type FailureEvent = Extract<RunEvent, { event: 'failure' }>;
export type VerdictEvent = Extract<RunEvent, { event: 'verdict' }>;
export type ReclaimedEvent = Extract<RunEvent, { event: 'reclaimed' }>;
export type WaitingEvent = Extract<RunEvent, { event: 'waiting' }>;
export type BusyEvent = Extract<RunEvent, { event: 'busy' }>;
export type StandstillEvent = Extract<RunEvent, { event: 'standstill' }>;
export type ProcessExit = Extract<RunEvent, { event: 'process.exited' }>;

interface RunningStep {
  readonly name: string;
  /** Milliseconds since the epoch, from the event. NaN if the event had no readable time. */
  readonly since: number;
  readonly kind: StepKind;
  progress?: StepProgress;
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
  /** What this party was told last of programs that do not answer. */
  readonly busy: Map<string, BusyEvent>;
  /** The last time that its supervisor did not run. */
  standstill: StandstillEvent | undefined;
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

/** It is told every second. A reader who has not been told for this long need not be told that it is over. */
const BUSY_STALE_MS = 2_500;

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
      busy: new Map(),
      standstill: undefined,
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
        if (step !== undefined) step.progress = progressed(step.progress, event.done, event.total, time);
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
      case 'busy':
        view.busy.set(event.peer, event);
        break;
      case 'standstill':
        view.standstill = event;
        break;
      default:
        break;
    }
  }

  /** Whether a party's program is busy at this moment, as another was told; `now`: milliseconds since the epoch. */
  isBusy(view: PartyView, peer: string, now: number): BusyEvent | undefined {
    const told = view.busy.get(peer);
    return told !== undefined && now - Date.parse(told.time) < BUSY_STALE_MS ? told : undefined;
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
      return wait === undefined ? 'comparing job, arguments and federation' : blockedText(wait);
    }
    const waiting = currentWait(view, now);
    if (view.running.size > 0) return `${runningText(view, waiting, now)}${done}`;
    if (waiting !== undefined) return `${blockedText(waiting)}${done}`;
    return view.stepsCompleted === 0
      ? 'all parties are here'
      : count(view.stepsCompleted, 'step').concat(' done');
  }

  /** What {@link describe} is about: the same for as long as the party does, or waits for, the same. */
  subject(name: string, now: number): string {
    const { verdict, supervisorExit, started, running, peers, ...view } = this.party(name);
    if (verdict !== undefined || supervisorExit !== undefined) return 'over';
    const states = [...peers]
      .filter(([, state]) => state !== 'up')
      .map(([peer, state]) => `${peer} ${state}`);
    if (states.length > 0 || !started) return states.join() || 'start';
    const steps = shownSteps(running).map(([stepId]) => stepId);
    const waiting = currentWait(view, now);
    return `${steps.join()} ${waiting === undefined ? '' : `${waiting.peer} ${waiting.stepId}`}`;
  }

  /** Whether a step of the party that is shown says how far it is. */
  hasProgress(name: string): boolean {
    return shownSteps(this.party(name).running).some(([, { progress }]) => progress !== undefined);
  }
}

/** `waits for bob, step 3 "load" (12 s)` */
export function waitingText(wait: Wait): string {
  const purposes = { join: ' to join', start: ' to load the job', value: '', end: ' to come to the end' };
  const step = wait.stepId === null ? '' : `, ${stepPlace(wait.stepId, wait.stepName)}`;
  return `waits for ${wait.peer}${purposes[wait.what]}${step} (${duration(wait.sinceMs)})`;
}

/** `bob's program has been busy in step 4 "score" for 25 s` */
export function busyText({ peer, stepId, stepName, sinceMs }: BusyProgram): string {
  const step = stepId === null ? '' : ` in ${stepPlace(stepId, stepName)}`;
  return `${peer}'s program has been busy${step} for ${wholeSeconds(sinceMs)}`;
}

/** `bob stood still for 30.1 s` */
export function stoodStillText(who: string, forMs: number): string {
  return `${who} stood still for ${duration(forMs)}`;
}

/** Programs are asked once a second: tenths would be made up. */
const wholeSeconds = (ms: number): string => (ms < 60_000 ? `${Math.floor(ms / 1_000)} s` : duration(ms));

/** A wait with what is known of the program that is waited for. */
export function blockedText(wait: Wait): string {
  const program = wait.busy === undefined ? '' : `; ${busyText({ peer: wait.peer, ...wait.busy })}`;
  return `${waitingText(wait)}${program}`;
}

/** Half of the interval in which waits are told. */
const SAME_MOMENT_MS = 500;

function isLater(event: WaitingEvent, before: WaitingEvent): boolean {
  return Date.parse(event.time) - Date.parse(before.time) > SAME_MOMENT_MS;
}

/** Waits are told every second; one that is not told any more is over. */
const WAIT_OVER_AFTER_MS = 3_500;

function currentWait({ waiting }: Pick<PartyView, 'waiting'>, now: number): WaitingEvent | undefined {
  if (waiting === undefined || now - Date.parse(waiting.time) > WAIT_OVER_AFTER_MS) return undefined;
  return waiting;
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
export function shownSteps(running: PartyView['running']): [string, RunningStep][] {
  const all = [...running];
  const work = all.filter(isWork);
  return work.length > 0 ? work : all;
}

const isWork = ([, { kind }]: readonly [string, RunningStep]): boolean => WORK_KINDS.has(kind);

function runningText(view: PartyView, waiting: WaitingEvent | undefined, now: number): string {
  const steps = shownSteps(view.running);
  if (!steps.some(isWork) && waiting !== undefined) return blockedText(waiting);
  const shown = steps.slice(0, RUNNING_SHOWN_MAX).map(([, step]) => stepText(step, now));
  if (steps.length > shown.length) shown.push(`${steps.length - shown.length} more`);
  // What waits beside work of its own holds nobody up; work that stands still until a message comes does.
  const stands = steps.some(([stepId]) => stepId === waiting?.stepId);
  if (waiting !== undefined && stands) shown.push(`waits for ${waiting.peer} (${duration(waiting.sinceMs)})`);
  return shown.join(', ');
}

function stepText({ name, kind, progress, since }: RunningStep, now: number): string {
  const elapsed = now - since >= ELAPSED_SHOWN_FROM_MS ? ` (${duration(now - since)})` : '';
  const verb = kind === 'transfer' ? 'passes on ' : kind === 'reveal' ? 'reveals ' : '';
  return `${verb}${printable(name)}${progressText(kind, progress)}${elapsed}`;
}

function ending(verdict: VerdictEvent, stepsCompleted: number): string {
  if (verdict.outcome === 'completed') return `completed · took part in ${count(stepsCompleted, 'step')}`;
  return `stopped: ${verdict.code ?? 'failed'} at ${placeText(verdict.origin, verdict.stepId, verdict.stepName)}`;
}
