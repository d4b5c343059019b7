import type { RunEvent } from '../../observe/events.ts';
import { type Bounds, DEFAULT_BOUNDS } from '../../supervisor/bounds.ts';
import type { Shell } from '../shell.ts';
import type { Stopping } from '../stop.ts';
import { SupervisorChild } from './supervisor-child.ts';

/** Beyond the run's own bounds: how long a loaded machine may take to end a supervisor that has a verdict. */
export const STRAGGLER_SLACK_MS = 5_000;

/** After the second stop signal: how long supervisors may take to end before they are killed. */
export const SUPERVISOR_KILL_AFTER_MS = 5_000;

export interface CrewPlan {
  readonly runId: string;
  /** Of the run's keys and files. */
  readonly folder: string;
  readonly parties: readonly string[];
  readonly bounds: Partial<Bounds>;
  /** The command line of a party's supervisor, without `node`. */
  command(party: string): readonly string[];
  onEvent(event: RunEvent): void;
  onLine(party: string, text: string): void;
}

/**
 * Runs the supervisors of all parties to their end. Every supervisor ends by itself in bounded time; this only keeps watch
 * over the one that cannot because it is stopped or stuck, and over the parties that wait for one that could not start.
 */
export async function runCrew(
  shell: Shell,
  plan: CrewPlan,
  stopping: Stopping,
): Promise<readonly SupervisorChild[]> {
  const bounds: Bounds = { ...DEFAULT_BOUNDS, ...plan.bounds };
  const announced = new Set<number>();
  const decided = new Set<string>();
  let straggler: { cancel(): void } | undefined;

  const eventOf = (party: string): { time: string; runId: string; party: string } => ({
    time: new Date(shell.clock.wallTime()).toISOString(),
    runId: plan.runId,
    party,
  });
  const take = (event: RunEvent): void => {
    if (event.event === 'process.started' && event.role === 'supervisor') {
      if (announced.has(event.pid)) return;
      announced.add(event.pid);
    }
    if (event.event === 'verdict') {
      decided.add(event.party);
      // Whoever has decided lingers and leaves; so do all others, unless they cannot.
      watchStragglers(bounds.lostAfterMs + bounds.lingerMs + bounds.graceMs + bounds.flushMs);
    }
    plan.onEvent(event);
  };
  const children = plan.parties.map((party) => {
    const handlers = { event: take, line: (text: string) => plan.onLine(party, text) };
    const child = new SupervisorChild(party, plan.command(party), plan.folder, handlers, shell.clock);
    if (child.pid !== undefined && !announced.has(child.pid)) {
      announced.add(child.pid);
      plan.onEvent({ ...eventOf(party), event: 'process.started', role: 'supervisor', pid: child.pid });
    }
    return child;
  });

  function watchStragglers(afterMs: number): void {
    straggler ??= shell.clock.after(afterMs + STRAGGLER_SLACK_MS, () => {
      for (const child of children) {
        if (!child.running) continue;
        plan.onLine(child.party, 'its supervisor did not end by itself and is killed');
        child.killNow();
      }
    });
  }
  const forward = (): void => {
    for (const child of children) child.ask('cancel');
  };
  const forwardKill = (): void => {
    for (const child of children) child.ask('kill');
    shell.clock.after(SUPERVISOR_KILL_AFTER_MS, () => {
      for (const child of children) child.killNow();
    });
  };
  if (stopping.cancel.aborted) forward();
  stopping.cancel.addEventListener('abort', forward, { once: true });
  stopping.kill.addEventListener('abort', forwardKill, { once: true });

  await Promise.all(
    children.map(async (child) => {
      const { code, signal } = await child.ended;
      if (child.pid !== undefined) {
        plan.onEvent({
          ...eventOf(child.party),
          event: 'process.exited',
          role: 'supervisor',
          pid: child.pid,
          code,
          signal,
        });
      }
      if (decided.has(child.party)) return;
      // It never took part, so no peer can hear of it from its own supervisor: the others are told from here.
      if (child.errors.length > 0 && decided.size === 0) for (const other of children) other.ask('cancel');
      watchStragglers(bounds.joinTimeoutMs + bounds.lostAfterMs + bounds.lingerMs + bounds.graceMs);
    }),
  );
  straggler?.cancel();
  stopping.cancel.removeEventListener('abort', forward);
  stopping.kill.removeEventListener('abort', forwardKill);
  return children;
}
