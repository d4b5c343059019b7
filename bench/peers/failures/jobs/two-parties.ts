/**
 * The scenarios on Privity, step for step those of rayfed/party.py. Every party has this same file; where a scenario
 * says that one party differs, the difference is an `if` on an environment variable, which the runner sets to the
 * party's name.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { job, z } from 'privity';

const me = process.env.PEERS_PARTY;

const LARGE_BYTES = 9 * 1024 * 1024;

const markFault = (): void => {
  console.log(`FAULT-AT ${Date.now()}`);
};

const fail = (): number => {
  markFault();
  throw new Error('planned failure');
};

const names = [
  'completes',
  'producer-throws',
  'consumer-throws',
  'driver-throws',
  'killed',
  'host-gone',
  'frozen-producer',
  'frozen-consumer',
  'extra-step',
  'swapped-steps',
  'unsendable-value',
  'oversized-value',
  'names-differ',
  'ctrl-c',
] as const;

// biome-ignore lint/style/noDefaultExport: a job is the default export of its module
export default job(
  { parties: ['alice', 'bob'], args: z.object({ scenario: z.enum(names) }) },
  async ({ alice, bob, args, reveal }) => {
    const work = (seconds: number) =>
      alice.run('work', ({ signal }) => delay(seconds * 1_000, seconds, { signal }));
    const useOf = (number: typeof one) =>
      bob.run('use', { number: number.to(bob) }, ({ number }) => number + 1);
    const one = alice.run('value', () => 1);
    // As in the other system's program: one value each way first.
    await reveal(one);
    await reveal(bob.run('value', () => 1));

    switch (args.scenario) {
      case 'producer-throws':
        return await reveal(useOf(alice.run('fail', fail)));
      case 'consumer-throws': {
        bob.run('fail', { one: one.to(bob) }, fail);
        return await reveal(work(5));
      }
      case 'driver-throws':
        if (me === 'alice') fail();
        break;
      case 'killed':
      case 'host-gone':
      case 'frozen-producer':
      case 'ctrl-c':
        return await reveal(work(600));
      case 'frozen-consumer':
        return await reveal(useOf(work(3)));
      case 'extra-step':
        if (me === 'alice') {
          markFault();
          alice.run('value', () => 0);
        }
        break;
      case 'swapped-steps': {
        const load = (number: number) => alice.run('value', () => number);
        if (me === 'alice') markFault();
        const early = load(me === 'alice' ? 1 : 10);
        const late = load(me === 'alice' ? 10 : 1);
        const [left, right] = me === 'alice' ? [late, early] : [early, late];
        const inputs = { left: left.to(bob), right: right.to(bob) };
        return await reveal(bob.run('difference', inputs, ({ left, right }) => left - right));
      }
      case 'unsendable-value': {
        const lock = alice.run('unsendable', () => {
          markFault();
          return new WeakMap() as unknown as number;
        });
        return await reveal(useOf(lock));
      }
      case 'oversized-value': {
        const bytes = alice.run('large', () => {
          markFault();
          return new Uint8Array(LARGE_BYTES);
        });
        return await reveal(bob.run('length', { bytes: bytes.to(bob) }, ({ bytes }) => bytes.length));
      }
      default:
        break;
    }
    return await reveal(useOf(alice.run('value', () => 1)));
  },
);
