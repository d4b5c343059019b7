/** What an exhaustive search explores, as data. */
import type { CoreBounds } from '../../src/coordination/types.ts';

/**
 * What every party's program does, one after the other. A scope may also fail, as often as the budget allows. `enter`
 * comes before a scope whose members shall go on without a party that is lost while they are in it; without it the core
 * hears of the scope only when a program leaves it.
 */
export type ProgramAction = 'step' | 'enter' | 'scope' | 'finish';

export interface SearchScenario {
  readonly name: string;
  readonly parties: number;
  /** From before the handshake, or with all programs running. */
  readonly from: 'start' | 'running';
  readonly program: readonly ProgramAction[];
  /** How often each kind of fault may happen at most, at whom and when it will: the search tries all. */
  readonly faults: {
    readonly failures?: number;
    readonly crashes?: number;
    readonly cuts?: number;
    /** A connection breaks and the link resumes it: nothing is lost, but both ends notice. */
    readonly breaks?: number;
    readonly scopeFailures?: number;
    /** A program ends itself by Ctrl-C. */
    readonly cancellations?: number;
  };
  /** Who may fail, and who may crash; everyone unless told otherwise. */
  readonly failing?: readonly number[];
  readonly crashing?: readonly number[];
  /** This party has another job than the others. */
  readonly mismatched?: number;
  /** This party's steps have other digests, from its first on. */
  readonly diverging?: number;
  /**
   * Whether a board that has not been delivered is replaced by a newer one, as the supervisor does within one turn of
   * its event loop. Otherwise each is delivered.
   */
  readonly coalesce?: boolean;
  /**
   * Time passes, at most so many times; otherwise it stands still, and only silence and lingering show that it can
   * pass.
   */
  readonly time?: { readonly grainMs: number; readonly advances: number; readonly bounds: CoreBounds };
  /** Stop after so many states, and say so. */
  readonly statesMax?: number;
}

/** One thing that can happen next, in a single number. */
export const MOVES = [
  'deliver',
  'lose',
  'gone',
  'load',
  'step',
  'leave scope',
  'finish',
  'tick',
  'advance',
  'fail',
  'cancel',
  'enter scope',
  'fail scope',
  'kill',
  'isolate',
  'crash',
  'cut',
  'break',
  'linger over',
  'give up on difference',
] as const;
export type Move = (typeof MOVES)[number];

const MOVE_NUMBERS = new Map(MOVES.map((move, number) => [move, number]));

export function encodeMove(move: Move, a: number, b = 0): number {
  return ((MOVE_NUMBERS.get(move) ?? 0) << 8) | (a << 4) | b;
}

export function decodeMove(code: number): { readonly move: Move; readonly a: number; readonly b: number } {
  return { move: MOVES[code >> 8] ?? 'deliver', a: (code >> 4) & 15, b: code & 15 };
}
