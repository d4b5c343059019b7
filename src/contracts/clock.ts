/** A pending callback. Cancelling one that has fired, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as a parameter, so that everything with a timeout also runs on the simulator's virtual clock. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary origin. For durations and deadlines. */
  now(): number;
  /** Milliseconds since the Unix epoch. For people and logs only; no decision depends on it. */
  wallTime(): number;
  /** Calls `callback` once, `delayMs` or later from now. Does not keep a process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
}
