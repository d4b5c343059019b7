import { EnvironmentError } from '../../base/errors.ts';
import { runLabel } from '../grpc/server-name.ts';
import { type ArrivedSocket, type ListeningPort, type ListenOptions, listenPort } from './listen-port.ts';

export type SharedPortOptions = Omit<ListenOptions, 'onSocket'>;

/** Where the connections of one run arrive: `onSocket` is called for each, until it is closed. */
export type RunPort = (onSocket: (arrived: ArrivedSocket) => void) => Promise<{ close(): Promise<void> }>;

/**
 * One port of a party for many runs at once, owned by a process that outlives them. A dialler says in the server name
 * which run it means. A run that is not here, or not yet, is as if nothing listened: the connection closes, and the
 * dialler comes again.
 */
export class SharedPort {
  readonly #listening: ListeningPort;
  readonly #runs: Map<string, (arrived: ArrivedSocket) => void>;

  private constructor(listening: ListeningPort, runs: Map<string, (arrived: ArrivedSocket) => void>) {
    this.#listening = listening;
    this.#runs = runs;
  }

  /** @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_PORT_UNAVAILABLE */
  static async open(options: SharedPortOptions): Promise<SharedPort> {
    const runs = new Map<string, (arrived: ArrivedSocket) => void>();
    const listening = await listenPort({
      ...options,
      onSocket: (arrived) => {
        const onSocket = runs.get(arrived.run ?? '');
        if (onSocket === undefined) arrived.socket.destroy();
        else onSocket(arrived);
      },
    });
    return new SharedPort(listening, runs);
  }

  get host(): string {
    return this.#listening.host;
  }

  get port(): number {
    return this.#listening.port;
  }

  /** The port of one run, which all its parties know by the same id before it begins. */
  of(runId: string): RunPort {
    const run = runLabel(runId);
    return async (onSocket) => {
      if (this.#runs.has(run)) {
        throw new EnvironmentError(
          'PRIVITY_PORT_IN_USE',
          `the run ${runId} is under way at ${this.host}:${this.port}; end it, or give this one another id`,
        );
      }
      this.#runs.set(run, onSocket);
      return {
        close: async () => {
          // A run that is closed twice does not take the place of the next one.
          if (this.#runs.get(run) === onSocket) this.#runs.delete(run);
        },
      };
    };
  }

  /** Stops listening. Runs that are under way keep their connections, and get no others. */
  close(): Promise<void> {
    this.#runs.clear();
    return this.#listening.close();
  }
}
