import { PeerLostError } from '../../base/errors.ts';
import type { Clock, Connection, Plane, Random, Timer, Transport } from '../../contracts/index.ts';
import { backoffDelayMs } from './backoff.ts';
import type { LinkLimits } from './limits.ts';

export interface DiallerOptions {
  readonly transport: Transport;
  readonly peer: string;
  readonly plane: Plane;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: LinkLimits;
  readonly onConnection: (connection: Connection) => void;
  /** Not reachable now; the next dial is on its way. */
  readonly onFailure: (error: PeerLostError) => void;
  /** Refused, or unable: dialling is over. */
  readonly onRefused: (error: Error) => void;
}

/** Makes connections for a link, one at a time, with growing pauses while that fails. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #stopping = new AbortController();
  #failures = 0;
  #timer: Timer | undefined;

  constructor(options: DiallerOptions) {
    this.#options = options;
  }

  dial(): void {
    const { transport, peer, plane, onConnection, onFailure, onRefused } = this.#options;
    const { signal } = this.#stopping;
    transport.dial(peer, plane, signal).then(
      (connection) => {
        if (signal.aborted) connection.destroy();
        else onConnection(connection);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        if (!(error instanceof PeerLostError)) return onRefused(error as Error);
        onFailure(error);
        this.dialLater();
      },
    );
  }

  /** The connection is lost: dials again after a pause. */
  dialLater(): void {
    if (this.#stopping.signal.aborted) return;
    const { clock, limits, random } = this.#options;
    this.#timer = clock.after(backoffDelayMs(++this.#failures, limits, random), () => this.dial());
  }

  /** The peer has said its hello: the next pause is a short one. */
  succeeded(): void {
    this.#failures = 0;
  }

  stop(reason: Error): void {
    this.#timer?.cancel();
    this.#stopping.abort(reason);
  }
}
