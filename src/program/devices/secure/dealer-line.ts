/**
 * The dealer's side of a {@link SecureLine}: it serves the session of one device in one branch, over the channels of
 * the steps in which the members compute. Each member says when it is through with a step; its next message then comes
 * in the next one.
 */

import { type Deferred, deferred } from '../../../base/deferred.ts';
import { PeerError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import type { Channel } from '../../../contracts/channel.ts';
import { bereft, MESSAGE, THROUGH } from './line.ts';

/** What serves the members until they have ended their sessions: `serveDealer` in src/secure. */
export type Serve = (channel: Channel) => Promise<unknown>;

interface Step {
  readonly channel: Channel;
  readonly done: Deferred<void>;
  /** Members that are not through. */
  left: number;
}

export class DealerLine {
  readonly #serve: Serve;
  readonly #channel: DealerChannel;
  #serving: Promise<unknown> | undefined;

  constructor(serve: Serve, signal: AbortSignal) {
    this.#serve = serve;
    this.#channel = new DealerChannel(signal);
  }

  /** Resolves when all members are through with the step. */
  async run(channel: Channel): Promise<void> {
    const done = this.#channel.add(channel);
    this.#serving ??= this.#serve(this.#channel);
    const serving = this.#serving;
    void ignored(serving, 'its awaiter is told');
    await Promise.race([done, serving.then(() => done)]);
  }

  /** The branch has ended: when all members are through with its steps, the session ends. */
  end(): void {
    this.#channel.end();
  }
}

class DealerChannel implements Channel {
  readonly signal: AbortSignal;
  readonly #steps: Step[] = [];
  /** By rank: the step in which the member's next message comes. */
  readonly #at: number[] = [];
  readonly #ended = deferred<never>();
  #grown = deferred<void>();

  constructor(signal: AbortSignal) {
    this.signal = signal;
    void ignored(this.#ended.promise, 'its awaiter is told');
  }

  get rank(): number {
    return this.#first.rank;
  }

  get binding(): Uint8Array | undefined {
    return this.#first.binding;
  }

  get size(): number {
    return this.#first.size;
  }

  add(channel: Channel): Promise<void> {
    const step = { channel, done: deferred<void>(), left: channel.size - 1 };
    this.#steps.push(step);
    this.#grown.resolve();
    this.#grown = deferred();
    return step.done.promise;
  }

  end(): void {
    // One member may be through while another's last word is still on its way.
    const through = Promise.all(this.#steps.map(({ done }) => done.promise));
    void through.then(() => this.#ended.reject(bereft));
  }

  /** In the step of the last member, who alone orders: whatever is sent answers it. */
  send(to: number, message: Uint8Array | readonly Uint8Array[]): Promise<void> {
    const asking = this.rank === this.size - 1 ? this.size - 2 : this.size - 1;
    const step = this.#steps[this.#at[asking] ?? 0] ?? this.#steps.at(-1);
    return (step as Step).channel.send(to, message);
  }

  async receive(from: number): Promise<Uint8Array> {
    for (;;) {
      const at = this.#at[from] ?? 0;
      const step = this.#steps[at];
      if (step === undefined) {
        await Promise.race([this.#grown.promise, this.#ended.promise]);
        continue;
      }
      const bytes = await step.channel.receive(from);
      if (bytes[0] === MESSAGE) return bytes.subarray(1);
      if (bytes[0] !== THROUGH || bytes.length !== 1)
        throw new PeerError(
          'PRIVITY_DEALER_PROTOCOL',
          'a member of the secure device sent a message without a mark',
        );
      this.#at[from] = at + 1;
      step.left -= 1;
      if (step.left === 0) step.done.resolve();
    }
  }

  get #first(): Channel {
    return (this.#steps[0] as Step).channel;
  }
}
