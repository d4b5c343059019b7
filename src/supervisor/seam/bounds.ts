import type { CoreBounds } from '../../coordination/types.ts';

/** Bounds of a run, all in milliseconds. Configurable in the party file under `bounds:`. */
export interface Bounds extends CoreBounds {
  /** After the verdict: how long the job's own clean-up may take before its process tree is killed. Default 2 s. */
  readonly graceMs: number;
  /** How long the last control messages may take to leave. Default 0.5 s. */
  readonly flushMs: number;
  /** Loading the job: its imports and its compilation. Default 30 s. */
  readonly loadMs: number;
  /** One step of this party's own, from when its inputs are there. Default 12 hours. */
  readonly stepDeadlineMs: number;
  /** How long nothing may come from the program of a peer whose supervisor answers. Default 30 s. */
  readonly dataLinkMs: number;
}

/**
 * Defaults for parties in one data centre. Between continents set heartbeatMs 1000, suspectAfterMs 2500, lostAfterMs
 * 5000.
 */
export const DEFAULT_BOUNDS: Bounds = {
  /** How long a party waits for others to join. Long enough for an operator to start the second terminal. */
  joinTimeoutMs: 60_000,
  /**
   * After a failure before the start: how long parties that are just starting are waited for, so that they can be told.
   */
  lateJoinMs: 3_000,
  /** Interval of heartbeats: four in the time after which a party is lost, at under 1 KB/s a peer. */
  heartbeatMs: 250,
  /** Silence after which a peer is shown as suspect: two heartbeats and some jitter. */
  suspectAfterMs: 600,
  /** Silence after which a peer is lost. A supervisor runs no user code, so a second without a heartbeat is a fault. */
  lostAfterMs: 1_000,
  /** How long a party that has decided stays to relay for others; more than the time in which they lose a peer. */
  lingerMs: 1_500,
  /** The whole run: a forgotten run must not hold its resources for ever. A day. */
  runDeadlineMs: 86_400_000,
  /**
   * Of an agreement on a failure, what is not the time to notice losses: messages over slow links. A party that has
   * waited for the whole of it ends with what it knows, and says so (docs/failure-model.md, "Bounds of the last
   * phases").
   */
  agreeMs: 3_000,
  /** The same for the end of a run that everybody's program has come to. */
  confirmMs: 3_000,
  /** After the verdict: how long the job's own clean-up may take before its process tree is killed. */
  graceMs: 2_000,
  /** How long the last control messages may take to leave before links are closed all the same. */
  flushMs: 500,
  /** Loading the job: its imports and its compilation. Generous, because disks of shared machines can be slow. */
  loadMs: 30_000,
  /**
   * One step of this party's own, from when its inputs are there. A forgotten loop must end; twelve hours. A job can
   * have a shorter one (`stepDeadlineMs` of `job`), which counts then.
   */
  stepDeadlineMs: 43_200_000,
  /**
   * How long nothing may come from the program of a peer whose supervisor says that it answers: a gateway that restarts
   * takes seconds, one that lets only the control plane through would be waited for for ever. After half of it the
   * connection is replaced.
   */
  dataLinkMs: 30_000,
};

/**
 * Of a run that a node starts, where the party file says nothing else. A gate alone that is killed is back within a
 * second; a node and its gate that are killed together take two, and were measured to take 14 on two cores with a load
 * of 13. They may be killed once more meanwhile. Nobody waits at a terminal to hear sooner of a peer that is gone for
 * good, and data links wait for as long (`dataLinkMs`). `lingerMs` is longer than the time in which a peer is lost, as
 * ever.
 */
export const NODE_RUN_BOUNDS = { lostAfterMs: 30_000, lingerMs: 31_000 } as const satisfies Partial<Bounds>;

/**
 * How long one file, or one folder, may take to be made, read or written: milliseconds normally; a disk that wakes up
 * or a network file system that fails over takes seconds. What takes longer may take for ever.
 */
export const FILE_IO_MS = 10_000;

/** The same after a second stop signal: its sender wants to see the process end. */
export const FILE_IO_STOPPED_MS = 1_000;

/** How long a killed process may take to be gone: one that waits for a dead disk cannot even be killed. */
export const KILLED_MS = 1_000;

/** How long the release of one thing may take before it is reported as left over. */
export const RELEASE_MS = 2_000;
/** The same for all that a run holds together, so that several that hang do not add up. */
export const RECLAIM_MS = 6_000;

/**
 * Beyond `graceMs`, `lingerMs` and `flushMs`: the longest until a supervisor that has a verdict has ended, whatever
 * hangs.
 */
export const GIVING_BACK_MS = KILLED_MS + RECLAIM_MS + FILE_IO_MS;

/**
 * Longest that the word is being said, however long peers wait for a party in this run. Half of what a whole end may
 * take.
 */
export const LAST_WORD_MS_MAX = 2_500;
/** The same at a door of the run's own, which nobody else waits for: a gate that is killed as well is back by then. */
export const LAST_WORD_AT_DOOR_MS_MAX = 10_000;
