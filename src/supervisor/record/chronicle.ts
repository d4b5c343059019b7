/** What a party's report says of the course of its run: when what happened here, and which failures became known. */
import { failureCodes } from '../../base/failure-codes.ts';
import type { Failure } from '../../coordination/failure.ts';
import type { RunEventBody } from '../../observe/events.ts';
import type { FailureReport, TimelineEntry } from '../../observe/report.ts';
import type { Standstill } from '../../observe/standstill.ts';

/** Entries that a report keeps. A run has a few for each party; a peer that comes and goes for days has more. */
const ENTRIES_MAX = 2_000;
/** Failures that a report keeps: a job may handle many, one after the other. */
const FAILURES_MAX = 500;
/** The last ones: those that a verdict can have come from. */
const STANDSTILLS_MAX = 100;

type Unstamped = TimelineEntry extends infer E ? (E extends TimelineEntry ? Omit<E, 'atMs'> : never) : never;

export class Chronicle {
  readonly #now: () => number;
  readonly #wallTime: () => number;
  readonly #entries: TimelineEntry[] = [];
  readonly #failures = new Map<string, FailureReport>();
  readonly #standstills: Standstill[] = [];

  /** `now`: milliseconds since this supervisor began, by a clock that never goes back. */
  constructor(now: () => number, wallTime: () => number) {
    this.#now = now;
    this.#wallTime = wallTime;
  }

  note(entry: Unstamped): void {
    const full = { atMs: Math.round(this.#now() * 10) / 10, ...entry } as TimelineEntry;
    // The beginning explains more than the middle; the end is what the report is read for.
    if (this.#entries.length >= ENTRIES_MAX) this.#entries.splice(ENTRIES_MAX / 2, 1);
    this.#entries.push(full);
  }

  /** This supervisor did not run for so long until now. */
  stoodStill(forMs: number): void {
    if (this.#standstills.length >= STANDSTILLS_MAX) this.#standstills.shift();
    this.#standstills.push({ atMs: Math.round((this.#now() - forMs) * 10) / 10, forMs });
  }

  /** A failure became known here. The first time counts. */
  failure(failure: Failure): void {
    const known = this.#failures.get(failure.incident);
    // Its text has come later.
    if (known?.said !== undefined && failure.said === undefined) {
      const { said: _, ...before } = known;
      this.#failures.set(failure.incident, { ...before, ...failure });
    }
    if (known) return;
    this.note({ what: 'failure', incident: failure.incident });
    if (this.#failures.size >= FAILURES_MAX) return;
    const { blame, retryable } = failureCodes[failure.code];
    const time = new Date(this.#wallTime()).toISOString();
    const atMs = Math.round(this.#now() * 10) / 10;
    this.#failures.set(failure.incident, { ...failure, blame, retryable, atMs, time });
  }

  /** Takes from the events of this party those that belong on the timeline. */
  take(event: RunEventBody): void {
    switch (event.event) {
      case 'peer.state':
        this.note({ what: 'peer', peer: event.peer, state: event.state, reason: event.reason ?? '' });
        return;
      case 'run.started':
        return this.note({ what: 'started' });
      case 'process.exited':
        if (event.role === 'program') {
          const { code, signal, endedByPrivity: because } = event;
          this.note({ what: 'exited', code, signal, ...(because ? { endedByPrivity: because } : {}) });
        }
        return;
      case 'verdict':
        return this.note({ what: 'verdict' });
      case 'reclaimed':
        return this.note({ what: 'reclaimed' });
      default:
        return;
    }
  }

  get timeline(): readonly TimelineEntry[] {
    return this.#entries;
  }

  get standstills(): readonly Standstill[] {
    return this.#standstills;
  }

  get failures(): readonly FailureReport[] {
    return [...this.#failures.values()];
  }
}
