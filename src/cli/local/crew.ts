import { EnvironmentError } from '../../base/errors.ts';
import { CommandChild } from '../../control/command-child.ts';
import type { Given } from '../../control/driving.ts';
import type { RunEvent } from '../../observe/events.ts';
import { type ErrorReport, reportOf } from '../../record/error-report.ts';
import { LOCAL_MARK } from '../../supervisor/machine/process-group.ts';
import { type Bounds, DEFAULT_BOUNDS, FILE_IO_MS, GIVING_BACK_MS } from '../../supervisor/seam/bounds.ts';
import type { Shell } from '../shell.ts';
import type { Stopping } from '../stop.ts';

/** Beyond the run's own bounds: how long a loaded machine may take to end a supervisor that has a verdict. */
export const STRAGGLER_SLACK_MS = 5_000;

/**
 * How long a supervisor may take until its program process runs: what its own start may wait for, and the loading of
 * two modules where a machine starts sixty parties at once.
 */
export const SUPERVISOR_START_MS = 60_000;

/** After the second stop signal: how long supervisors may take to end before they are killed. */
export const SUPERVISOR_KILL_AFTER_MS = 5_000;

const NOT_BY_ITSELF = 'because it did not end by itself';

export interface CrewPlan {
  readonly runId: string;
  /** Of the run's keys and files. */
  readonly folder: string;
  readonly parties: readonly string[];
  readonly bounds: Partial<Bounds>;
  /** The command line of a party's supervisor, without `node`. */
  command(party: string): readonly string[];
  /** Public arguments. */
  readonly args: Given['args'];
  onEvent(event: RunEvent): void;
  onLine(party: string, text: string): void;
}

type PartyChild = CommandChild & { readonly party: string };

export interface Crew {
  /** What kept supervisors from taking part at all. */
  readonly startErrors: readonly ErrorReport[];
}

/**
 * Runs the supervisors of all parties to their end. Every supervisor ends by itself in bounded time; this only keeps
 * watch over the one that cannot because it is stopped or stuck, and over the parties that wait for one that could not
 * start.
 */
export async function runCrew(shell: Shell, plan: CrewPlan, stopping: Stopping): Promise<Crew> {
  const bounds: Bounds = { ...DEFAULT_BOUNDS, ...plan.bounds };
  const announced = new Set<number>();
  const decided = new Set<string>();
  const begun = new Set<string>();
  const stuck: string[] = [];
  const endingMs = bounds.lostAfterMs + bounds.lingerMs + bounds.graceMs + bounds.flushMs;
  let straggler: { cancel(): void } | undefined;

  const eventOf = (party: string): { time: string; runId: string; party: string } => ({
    time: new Date(shell.clock.wallTime()).toISOString(),
    runId: plan.runId,
    party,
  });
  const take = (event: RunEvent): void => {
    if (event.event === 'process.started' && event.role === 'program') begun.add(event.party);
    if (event.event === 'process.started' && event.role === 'supervisor') {
      if (announced.has(event.pid)) return;
      announced.add(event.pid);
    }
    if (event.event === 'verdict') {
      decided.add(event.party);
      // A party that has decided lingers and leaves; so do all others, unless they cannot.
      watchStragglers(endingMs);
    }
    plan.onEvent(event);
  };
  const children = plan.parties.map((party) => {
    const handlers = { event: take, line: (text: string) => plan.onLine(party, text) };
    const given = { args: plan.args, settings: {} };
    const asked = { command: plan.command(party), env: { [LOCAL_MARK]: plan.folder }, given };
    const child = Object.assign(new CommandChild(asked, handlers, shell.clock), { party });
    if (child.pid !== undefined && !announced.has(child.pid)) {
      announced.add(child.pid);
      plan.onEvent({ ...eventOf(party), event: 'process.started', role: 'supervisor', pid: child.pid });
    }
    return child;
  });

  // One that has not even heard of a verdict stands still; one that has may have a slow disk to wait for.
  function watchStragglers(afterMs: number): void {
    straggler ??= shell.clock.after(afterMs + STRAGGLER_SLACK_MS, () => {
      for (const child of children) if (!decided.has(child.party)) end(child, NOT_BY_ITSELF);
      straggler = shell.clock.after(GIVING_BACK_MS, () => {
        for (const child of children) end(child, NOT_BY_ITSELF);
      });
    });
  }
  const end = (child: PartyChild, because: string): void => {
    if (!child.running) return;
    plan.onLine(child.party, `its supervisor is ended by Privity ${because}`);
    child.endNow(because);
  };
  const starting = shell.clock.after(SUPERVISOR_START_MS, () => {
    for (const child of children) {
      if (begun.has(child.party) || !child.running) continue;
      stuck.push(child.party);
      end(child, `because it did not start within ${SUPERVISOR_START_MS / 1_000} s`);
    }
  });
  // The run itself ends then; who is still there cannot.
  const longest = shell.clock.after(bounds.joinTimeoutMs + bounds.runDeadlineMs + SUPERVISOR_START_MS, () =>
    watchStragglers(endingMs),
  );
  const forward = (): void => {
    for (const child of children) child.ask('cancel');
    // One that is stopped or stuck does not heed it, and nobody may be left who comes to a verdict.
    watchStragglers(FILE_IO_MS + bounds.lateJoinMs + endingMs);
  };
  const forwardKill = (): void => {
    for (const child of children) child.ask('kill');
    shell.clock.after(SUPERVISOR_KILL_AFTER_MS, () => {
      for (const child of children) end(child, 'after the second stop signal');
    });
  };
  if (stopping.cancel.aborted) forward();
  stopping.cancel.addEventListener('abort', forward, { once: true });
  stopping.kill.addEventListener('abort', forwardKill, { once: true });

  await Promise.all(
    children.map(async (child) => {
      const exit = await child.ended;
      if (child.pid !== undefined) {
        plan.onEvent({
          ...eventOf(child.party),
          event: 'process.exited',
          role: 'supervisor',
          pid: child.pid,
          ...exit,
        });
      }
      if (decided.has(child.party)) return;
      // It never took part, so no peer can hear of it from its own supervisor: the others are told from here.
      const isRefused = child.errors.length > 0 || stuck.includes(child.party);
      if (isRefused && decided.size === 0) for (const other of children) other.ask('cancel');
      watchStragglers(bounds.joinTimeoutMs + endingMs);
    }),
  );
  for (const timer of [straggler, starting, longest]) timer?.cancel();
  stopping.cancel.removeEventListener('abort', forward);
  stopping.kill.removeEventListener('abort', forwardKill);
  const stuckErrors = stuck.map((party) =>
    reportOf(
      new EnvironmentError(
        'PRIVITY_MACHINE_STUCK',
        `the supervisor of ${party}: not started within ${SUPERVISOR_START_MS / 1_000} s`,
      ),
    ),
  );
  return { startErrors: [...children.flatMap((child) => child.errors), ...stuckErrors] };
}
