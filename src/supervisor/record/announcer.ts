/** What a party says of its run, as events: each failure once, the verdict, and everything else as it comes. */
import { failureCodes } from '../../base/failure-codes.ts';
import type { Clock } from '../../contracts/index.ts';
import type { Failure } from '../../coordination/failure.ts';
import type { ErrorLink } from '../../coordination/public-details.ts';
import type { Outcome } from '../../coordination/types.ts';
import type { RunEventBody } from '../../observe/events.ts';
import type { EventsInOrder } from './events-in-order.ts';

/** What this party knows of a failure beyond what may cross. */
interface OwnKnowledge {
  /** Of its own failure: message and stacks. */
  readonly detail?: string | undefined;
  readonly chain?: readonly ErrorLink[] | undefined;
  /** Of a peer's, or of one that a peer tells of this party: what has been seen of it from here. */
  readonly seenHere?: string | undefined;
  /** Of a peer that did not join: what was turned away under its name. */
  readonly turnedAway?: string | undefined;
}

export class Announcer {
  readonly #party: string;
  readonly #clock: Clock;
  readonly #events: Pick<EventsInOrder, 'awaits' | 'put'>;
  readonly #told = new Set<string>();
  /** Failures of this party's program whose details are under way, and when each became known. */
  readonly #awaited = new Map<string, { readonly failure: Failure; readonly atMs: number }>();
  /**
   * Failures of others whose text is under way: told when it is there, or with the verdict, which waits for no text.
   */
  readonly #textless = new Map<string, Failure>();
  /** This party's own until the parties have agreed on one. */
  runId: string;

  constructor(party: string, runId: string, clock: Clock, events: Pick<EventsInOrder, 'awaits' | 'put'>) {
    this.#party = party;
    this.#clock = clock;
    this.runId = runId;
    this.#events = events;
  }

  /** `atMs`: when it happened, by the clock on the wall, where that is not now. */
  emit(event: RunEventBody, atMs = this.#clock.wallTime()): void {
    const time = new Date(atMs).toISOString();
    this.#events.put({ ...event, time, runId: this.runId, party: this.#party });
  }

  info(message: string): void {
    this.emit({ event: 'log', level: 'info', message });
  }

  warn(message: string): void {
    this.emit({ event: 'log', level: 'warn', message });
  }

  /** Holds a failure back until `failure` brings its details, or `failuresAwaited` says that none will come. */
  awaitDetail(failure: Failure): void {
    this.#awaited.set(failure.incident, { failure, atMs: this.#clock.wallTime() });
    this.#events.awaits(failure.incident);
  }

  failuresAwaited(): void {
    for (const { failure } of this.#awaited.values()) this.failure(failure, { detail: '' });
  }

  /** What is this party's own is shown here and nowhere else. `atMs`: when it became known, where that is not now. */
  failure(
    failure: Failure,
    { detail, chain: own, seenHere, turnedAway }: OwnKnowledge = {},
    atMs = this.#clock.wallTime(),
  ): void {
    const { code, origin, reporter, stepId, stepName, incident, message, facts, details } = failure;
    const chain = own ?? failure.chain;
    const { blame, retryable } = failureCodes[code];
    if (this.#told.has(incident) || (detail === undefined && this.#awaited.has(incident))) return;
    if (detail === undefined && failure.said !== undefined) {
      this.#textless.set(incident, failure);
      return;
    }
    this.#textless.delete(incident);
    this.#told.add(incident);
    const knownMs = this.#awaited.get(incident)?.atMs ?? atMs;
    this.#awaited.delete(incident);
    const said = message ?? (detail ? detail.split('\n', 1)[0] : facts);
    const event = {
      event: 'failure' as const,
      code,
      origin,
      stepId: stepId ?? null,
      stepName: stepName ?? null,
      incident,
      blame,
      retryable,
      reporter,
      ...(said ? { message: said } : {}),
      ...(details ? { details } : {}),
      ...(chain ? { chain } : {}),
      ...(detail ? { stack: detail } : {}),
      ...(seenHere ? { seenHere } : {}),
      ...(turnedAway ? { turnedAway } : {}),
    };
    this.emit(event, knownMs);
  }

  /** The run goes on without the party at which this has happened. */
  absent({ code, origin, incident }: Failure): void {
    this.emit({ event: 'party.absent', peer: origin, code, incident });
  }

  verdict(outcome: Outcome, atMs: number): void {
    const { result, failure, attached, digest, absent, unconfirmed } = outcome;
    for (const one of this.#textless.values()) this.failure(one, { detail: '' }, atMs);
    const info = failure ? failureCodes[failure.code] : null;
    const said = failure?.message ?? failure?.facts;
    const event = {
      event: 'verdict' as const,
      outcome: result,
      code: failure?.code ?? null,
      origin: failure?.origin ?? null,
      stepId: failure?.stepId ?? null,
      stepName: failure?.stepName ?? null,
      digest,
      ...(absent ? { absent: absent.map(({ origin }) => origin) } : {}),
      ...(unconfirmed ? { unconfirmed } : {}),
      incident: failure?.incident ?? null,
      blame: info?.blame ?? null,
      retryable: info?.retryable ?? false,
      attached: attached.map((one) => ({
        code: one.code,
        origin: one.origin,
        stepId: one.stepId ?? null,
        stepName: one.stepName ?? null,
        incident: one.incident,
      })),
      ...(said ? { message: said } : {}),
    };
    this.emit(event, atMs);
  }
}
