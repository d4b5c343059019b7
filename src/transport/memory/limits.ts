/** Bounds of connections in memory. */

export interface MemoryLimits {
  /** Bytes on their way in one direction of a connection above which `send` asks its caller to wait. */
  readonly windowBytes: number;
  /** An orderly close that takes longer is cut short. */
  readonly closeTimeoutMs: number;
}
