/** For as long as its arguments say: every party blocks its event loop for two seconds, and values pass in between. */
import { job, z } from 'privity';

const BLOCK_MS = 2_000;

const block = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS);
};

export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    args: z.object({ seconds: z.coerce.number().positive() }),
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const until = await reveal(alice.run('until', () => Date.now() + args.seconds * 1_000));
    let value = alice.run('begin', () => 0);
    for (let round = 0; ; round++) {
      const atBob = bob.run('work', { value: value.to(bob) }, ({ value }) => {
        block();
        return value + 1;
      });
      const atCarol = carol.run('work', { value: atBob.to(carol) }, ({ value }) => {
        block();
        return value + 1;
      });
      value = alice.run('work', { value: atCarol.to(alice) }, ({ value }) => {
        block();
        return value + 1;
      });
      const isOver = await reveal(alice.run('is over', { value }, () => Date.now() >= until));
      if (isOver) return { rounds: round + 1, value: await reveal(value) };
    }
  },
);
