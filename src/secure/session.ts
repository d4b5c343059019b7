/**
 * A secure device while it lives: one protocol over one channel, with its randomness. One session a scope: when the
 * scope ends, or anything in it fails, the session is destroyed and its seeds are zeroed, so nothing random is ever
 * used twice.
 */
import { InternalError, UsageError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import { linkToDealer } from './correlation/dealer-source.ts';
import type { Fiber } from './fiber.ts';
import type { Kernels } from './kernels/kernels.ts';
import { loadKernels } from './kernels/load.ts';
import { matmulThreads } from './kernels/matmul-threads.ts';
import type { DrawObserver } from './prg.ts';
import type { Protocol } from './protocols/protocol.ts';
import { checkDealer, checkMembers, type ProtocolName, protocols } from './protocols/table.ts';
import { FRAC_BITS, FRAC_BITS_MAX } from './ring/fixed-point.ts';
import { Rounds, type RoundsReport } from './rounds.ts';
import { closed } from './violations.ts';

export interface SessionOptions {
  /** Bits right of the point, 1 … 24. Default 18: five decimals, and products up to 2^26. The same at all members. */
  readonly fracBits?: number;
  /** Default: WebAssembly where it is there, otherwise TypeScript. Results are the same. */
  readonly kernels?: Kernels;
  /**
   * Threads, this one among them, on which large matrix products run (`SHARED_MULTIPLICATIONS_MIN` multiplications or
   * more). Default 1, as
   * 0: no others. A run gives as many as the machine has cores. Results are the same.
   */
  readonly threads?: number;
  /** Watches which pseudorandom words are drawn. For tests. */
  readonly observe?: DrawObserver;
  /**
   * Rank in the channel of the member that deals correlated randomness and holds no data, where the protocol takes one.
   * It runs {@link serveDealer} instead of a session.
   */
  readonly dealer?: number;
}

/** What operations see: the session, and the fiber on which they run. */
export interface Evaluator {
  readonly session: Session;
  readonly protocol: Protocol;
  readonly kernels: Kernels;
  readonly fracBits: number;
  readonly fiber: Fiber;
  /** Runs independent operations at once, so that they share rounds. The result is in the order of `parts`. */
  all<T extends readonly unknown[]>(
    ...parts: { readonly [K in keyof T]: (on: Evaluator) => Promise<T[K]> }
  ): Promise<T>;
}

export class Session {
  readonly protocol: Protocol;
  readonly fracBits: number;
  readonly #rounds: Rounds;
  readonly #signal: AbortSignal;
  readonly #letThreadsGo: () => Promise<void>;
  #busy = false;
  #ended = false;

  constructor(protocol: Protocol, rounds: Rounds, signal: AbortSignal, fracBits: number, threads = 1) {
    this.protocol = protocol;
    this.fracBits = fracBits;
    this.#rounds = rounds;
    this.#signal = signal;
    this.#letThreadsGo = matmulThreads.hold(threads);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  get destroyed(): boolean {
    return this.#ended;
  }

  /**
   * Runs a computation; all members run the same. One at a time. If it throws, the session is destroyed: the others
   * cannot go on from where they are.
   * @throws {UsageError} PRIVITY_SECURE_CLOSED
   */
  async run<T>(body: (on: Evaluator) => Promise<T>): Promise<T> {
    if (this.#ended) throw closed();
    if (this.#busy) throw new InternalError('a secure session was asked to run two computations at once');
    this.#busy = true;
    try {
      return await body(evaluator(this, this.#rounds.root));
    } catch (error) {
      this.destroy();
      throw this.#signal.aborted ? this.#signal.reason : error;
    } finally {
      this.#busy = false;
    }
  }

  /** Rounds, messages and bytes that this member has sent so far, in all and by operation. */
  report(): RoundsReport {
    return this.#rounds.report();
  }

  /** Zeroes the seeds and lets threads go; everything later is refused. Twice is once. */
  destroy(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.protocol.destroy();
    this.#rounds.close();
    void this.#letThreadsGo();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  readonly #onAbort = (): void => this.destroy();
}

function evaluator(session: Session, fiber: Fiber): Evaluator {
  const { protocol, fracBits } = session;
  return {
    session,
    protocol,
    kernels: protocol.kernels,
    fracBits,
    fiber,
    async all<T extends readonly unknown[]>(
      ...parts: { readonly [K in keyof T]: (on: Evaluator) => Promise<T[K]> }
    ): Promise<T> {
      const runs = parts.map((part) => (child: Fiber) => part(evaluator(session, child)));
      return (await fiber.all<unknown>(runs)) as unknown as T;
    },
  };
}

/**
 * Opens a secure device. Every member of the channel calls this with the same protocol and options.
 * Cost: one round in which members agree on seeds and compare what they are about to do.
 * @param random the operating system's generator in production
 * @throws {UsageError} PRIVITY_SECURE_PARTIES, PRIVITY_SECURE_OPTIONS
 * @throws {PeerError} PRIVITY_SECURE_MISMATCH, PRIVITY_SECURE_PROTOCOL
 */
export async function createSession(
  name: ProtocolName,
  channel: Channel,
  random: Random,
  options: SessionOptions = {},
): Promise<Session> {
  checkOptions(options);
  checkDealerRank(name, channel, options.dealer);
  const dealer = options.dealer === undefined ? undefined : linkToDealer(channel, options.dealer);
  const members = dealer?.members ?? channel;
  checkMembers(name, members.size);
  const fracBits = options.fracBits ?? FRAC_BITS;
  const rounds = new Rounds(members);
  const protocol = await protocols[name].open({
    fiber: rounds.root,
    random,
    kernels: options.kernels ?? (await loadKernels()),
    agreement: `${name} ${protocols[name].version}, ${members.size} members, ${dealer === undefined ? 'no' : 'a'} dealer, ${fracBits} fractional bits`,
    binding: channel.binding ?? new Uint8Array(),
    observe: options.observe,
    dealer,
  });
  return new Session(protocol, rounds, channel.signal, fracBits, options.threads);
}

/** @throws {UsageError} PRIVITY_SECURE_DEALER, PRIVITY_SECURE_OPTIONS */
function checkDealerRank(name: ProtocolName, { rank, size }: Channel, dealer: number | undefined): void {
  const parties = Array.from({ length: size }, (_, member) => member).filter((member) => member !== dealer);
  checkDealer(name, parties.map(String), dealer === undefined ? undefined : String(dealer));
  if (dealer === undefined) return;
  if (!Number.isInteger(dealer) || dealer < 0 || dealer >= size || dealer === rank) {
    throw new UsageError(
      'PRIVITY_SECURE_DEALER',
      'The dealer of a secure device must be another of its members.',
    );
  }
}

const optionNames: ReadonlySet<string> = new Set(['fracBits', 'kernels', 'observe', 'dealer', 'threads']);

function checkOptions(options: SessionOptions): void {
  const unknown = Object.keys(options).find((name) => !optionNames.has(name));
  if (unknown !== undefined) {
    throw new UsageError('PRIVITY_SECURE_OPTIONS', `A secure device has no option "${unknown}".`);
  }
  const { fracBits = FRAC_BITS, threads = 1 } = options;
  if (!Number.isInteger(threads) || threads < 0) {
    throw new UsageError('PRIVITY_SECURE_OPTIONS', 'threads must be a whole number of 0 or more.');
  }
  if (!Number.isInteger(fracBits) || fracBits < 1 || fracBits > FRAC_BITS_MAX) {
    throw new UsageError(
      'PRIVITY_SECURE_OPTIONS',
      `fracBits must be a whole number of 1 to ${FRAC_BITS_MAX}.`,
    );
  }
}
