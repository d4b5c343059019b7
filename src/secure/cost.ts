/**
 * What an operation costs on the network: declared beside the code, and compared with measured traffic by the
 * compliance suite.
 */

export interface Cost {
  /** Messages that have to wait for each other. */
  readonly rounds: number;
  /**
   * Payload bytes that each member sends, by rank: without headers and padding, which depend on what else shares the
   * round.
   */
  readonly bytes: readonly number[];
}

/** The same for every member. */
export function evenCost(size: number, rounds: number, bytes: number): Cost {
  return { rounds, bytes: new Array<number>(size).fill(bytes) };
}

/** One after the other. */
export function inSequence(...costs: readonly Cost[]): Cost {
  return { rounds: costs.reduce((sum, { rounds }) => sum + rounds, 0), bytes: addBytes(costs) };
}

/** At the same time, sharing rounds. */
export function inParallel(...costs: readonly Cost[]): Cost {
  return { rounds: costs.reduce((max, { rounds }) => Math.max(max, rounds), 0), bytes: addBytes(costs) };
}

export function times(count: number, cost: Cost): Cost {
  return { rounds: count * cost.rounds, bytes: cost.bytes.map((bytes) => count * bytes) };
}

function addBytes(costs: readonly Cost[]): number[] {
  const size = costs.reduce((max, { bytes }) => Math.max(max, bytes.length), 0);
  return Array.from({ length: size }, (_, rank) =>
    costs.reduce((sum, { bytes }) => sum + (bytes[rank] ?? 0), 0),
  );
}
