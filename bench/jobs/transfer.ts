/** One value of many bytes from alice to bob, and how long it was on its way by the clock that both have. */
import { randomBytes } from 'node:crypto';
import { job, z } from 'privity';

export default job(
  { parties: ['alice', 'bob'], args: z.object({ bytes: z.coerce.number().int() }) },
  async ({ alice, bob, args, reveal }) => {
    const value = alice.run('make', () => new Uint8Array(randomBytes(args.bytes)));
    const begun = alice.run('begin', { value }, () => Date.now());
    const arrived = bob.run('arrive', { value: value.to(bob) }, ({ value: { length } }) =>
      length === args.bytes ? Date.now() : 0,
    );
    return { ms: (await reveal(arrived)) - (await reveal(begun)) };
  },
);
