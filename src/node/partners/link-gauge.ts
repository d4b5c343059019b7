/**
 * Measures the link to one partner: the round trip by notes, the speed by samples. A sample is a message with a body
 * of nothing, which the partner acknowledges by a message of its own; one that is not acknowledged in time counts as
 * lost, and another is sent. So nothing that is lost leaves the speed unknown for ever.
 */
import type { Body, Clock, Random, Timer } from '../../contracts/index.ts';
import type { NodeMessage } from './words.ts';

/** Between two questions after the round trip. */
export const PING_MS = 10_000;
/** Round trips of which the least counts, those of a minute: a busy machine is no property of the link. */
const ROUND_TRIPS_KEPT = 6;
/** 3 ms at 100 MB/s and 3 s at 100 kB/s: longer than a turn of the loop, shorter than anybody waits for it. */
export const SAMPLE_BYTES = 256 * 1024;
/** Of one measurement, the fastest of which counts: the first opens the window of a connection that was idle. */
const SAMPLES_IN_ROW = 2;
/** Between two measurements: links change by the hour, and the samples of a day are less than 80 MB. */
export const MEASURE_EVERY_MS = 600_000;
/** Without an answer for so long a sample is lost; a link that needs longer, 9 kB/s, has no speed to speak of. */
export const SAMPLE_TAKEN_MS = 30_000;
/** Lost samples, one after the other, before the next measurement is waited for. */
export const SAMPLE_TRIES_MAX = 3;
/** What is left of the time of a sample without the round trip is at least this part: round trips differ. */
const WITHOUT_ROUND_TRIP_MIN = 0.1;
/** Samples of the partner that are answered within a minute: an honest one sends half as many. */
export const SAMPLES_ANSWERED_MAX = 8;
const ANSWERED_WITHIN_MS = 60_000;

export interface LinkMeasure {
  /** The least of the last minute. */
  readonly roundTripMs: number | null;
  /** From here to the partner. */
  readonly bytesPerSecond: number | null;
  /** When the speed was measured, in milliseconds since 1970. */
  readonly measuredAt: number | null;
}

export interface GaugeParts {
  readonly clock: Clock;
  readonly random: Random;
  /** May be lost. */
  readonly note: (payload: Uint8Array) => void;
  readonly send: (said: NodeMessage, body: Body, onLeaving?: () => void) => void;
}

export class LinkGauge {
  readonly #parts: GaugeParts;
  #roundTrips: readonly number[] = [];
  #bytesPerSecond: number | null = null;
  #measuredAt: number | null = null;
  #ping: Timer | undefined;
  /** What the last ping said. */
  #asked = '';
  #next: Timer | undefined;
  /** The sample that is under way. */
  #nth = 0;
  #leftAt: number | undefined;
  #inRow = 0;
  #tries = 0;
  #fastest = 0;
  /** When the last measurement was begun, by the monotonic clock. */
  #begunAt: number | undefined;
  /** When the partner's samples of the last minute were answered. */
  #answered: readonly number[] = [];

  constructor(parts: GaugeParts) {
    this.#parts = parts;
  }

  get measure(): LinkMeasure {
    return {
      roundTripMs: this.#roundTripMs,
      bytesPerSecond: this.#bytesPerSecond,
      measuredAt: this.#measuredAt,
    };
  }

  /** The link is up. */
  up(): void {
    this.#ask();
  }

  /** The partner is one that answers samples. */
  answers(): void {
    // A link that comes and goes is not filled with samples.
    const since = this.#begunAt === undefined ? SAMPLE_TAKEN_MS : this.#parts.clock.now() - this.#begunAt;
    this.#tries = 0;
    this.#beginIn(Math.max(0, SAMPLE_TAKEN_MS - since));
  }

  down(): void {
    this.#ping?.cancel();
    this.#next?.cancel();
    this.#nth += 1;
  }

  onNote(payload: Uint8Array): void {
    const [word = '', at = ''] = Buffer.from(payload).toString('latin1').slice(0, 100).split(' ');
    if (word === 'ping') this.#parts.note(Buffer.from(`pong ${at}`));
    if (word !== 'pong' || at !== this.#asked) return;
    this.#asked = '';
    this.#roundTrips = [...this.#roundTrips, this.#parts.clock.now() - Number(at)].slice(-ROUND_TRIPS_KEPT);
  }

  /** A sample of the partner has come as a whole. A flood of them is read and not answered. */
  onSample(nth: number): void {
    const now = this.#parts.clock.now();
    this.#answered = this.#answered.filter((at) => now - at < ANSWERED_WITHIN_MS);
    if (this.#answered.length >= SAMPLES_ANSWERED_MAX) return;
    this.#answered = [...this.#answered, now];
    this.#parts.send({ kind: 'taken', nth }, []);
  }

  /** The partner has acknowledged a sample. */
  onTaken(nth: number): void {
    if (nth !== this.#nth || this.#leftAt === undefined) return;
    const tookMs = this.#parts.clock.now() - this.#leftAt;
    this.#leftAt = undefined;
    this.#fastest = Math.max(this.#fastest, speedOf(SAMPLE_BYTES, tookMs, this.#roundTripMs));
    if (this.#inRow < SAMPLES_IN_ROW) return this.#sample();
    this.#bytesPerSecond = this.#fastest;
    this.#measuredAt = this.#parts.clock.wallTime();
    this.#tries = 0;
    this.#beginIn(MEASURE_EVERY_MS);
  }

  get #roundTripMs(): number | null {
    return this.#roundTrips.length === 0 ? null : Math.min(...this.#roundTrips);
  }

  #ask(): void {
    this.#ping?.cancel();
    const { clock, note } = this.#parts;
    this.#asked = String(clock.now());
    note(Buffer.from(`ping ${this.#asked}`));
    this.#ping = clock.after(PING_MS, () => this.#ask());
  }

  #beginIn(ms: number): void {
    this.#next?.cancel();
    this.#next = this.#parts.clock.after(ms, () => {
      this.#begunAt = this.#parts.clock.now();
      this.#inRow = 0;
      this.#fastest = 0;
      this.#sample();
    });
  }

  #sample(): void {
    const { clock, random, send } = this.#parts;
    const nth = this.#nth + 1;
    this.#nth = nth;
    this.#inRow += 1;
    this.#leftAt = undefined;
    this.#next?.cancel();
    this.#next = clock.after(SAMPLE_TAKEN_MS, () => this.#lost());
    // Something on the way may compress what is not random.
    send({ kind: 'sample', nth }, [random.bytes(SAMPLE_BYTES)], () => {
      if (nth === this.#nth) this.#leftAt = clock.now();
    });
  }

  #lost(): void {
    this.#tries += 1;
    if (this.#tries < SAMPLE_TRIES_MAX) return this.#beginIn(0);
    this.#tries = 0;
    this.#beginIn(MEASURE_EVERY_MS);
  }
}

/** Bytes a second of a sample that was acknowledged after so long. */
export function speedOf(bytes: number, tookMs: number, roundTripMs: number | null): number {
  const ms = Math.max(tookMs - (roundTripMs ?? 0), tookMs * WITHOUT_ROUND_TRIP_MIN, 0.001);
  return bytes / (ms / 1_000);
}
