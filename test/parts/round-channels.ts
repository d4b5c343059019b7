/**
 * Channels on which a message arrives only when nobody has anything more to say: what is said at once is one round. So
 * the rounds of a protocol are counted, whatever its messages are.
 */
import type { Channel } from '../../src/contracts/channel.ts';

/**
 * Turns of the event loop without a message after which nobody is taken to have more to say: work on the calling thread
 * takes a few.
 */
const QUIET_TURNS = 40;

export interface RoundChannels {
  readonly channels: readonly [Channel, Channel];
  /** Lets messages arrive until the promise settles; gives in how many rounds they did. */
  count(until: Promise<unknown>): Promise<number>;
}

export function roundChannels(signal: AbortSignal): RoundChannels {
  const held: { readonly to: number; readonly bytes: Uint8Array }[] = [];
  const arrived: Uint8Array[][] = [[], []];
  const takers: ((bytes: Uint8Array) => void)[][] = [[], []];
  const deliver = (): void => {
    for (const { to, bytes } of held.splice(0)) {
      const take = takers[to]?.shift();
      if (take) take(bytes);
      else arrived[to]?.push(bytes);
    }
  };
  const channel = (rank: number): Channel => ({
    rank,
    size: 2,
    signal,
    async send(to, message) {
      held.push({
        to,
        bytes: new Uint8Array(message instanceof Uint8Array ? message : Buffer.concat(message)),
      });
    },
    receive() {
      const here = arrived[rank]?.shift();
      return here ? Promise.resolve(here) : new Promise((resolve) => takers[rank]?.push(resolve));
    },
  });
  return {
    channels: [channel(0), channel(1)],
    async count(until) {
      let over = false;
      const end = (): void => {
        over = true;
      };
      until.then(end, end);
      let rounds = 0;
      for (let [quiet, before] = [0, 0]; !over; ) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = held.length === before ? quiet + 1 : 0;
        before = held.length;
        if (quiet < QUIET_TURNS || held.length === 0) continue;
        rounds++;
        deliver();
        [quiet, before] = [0, 0];
      }
      return rounds;
    },
  };
}
