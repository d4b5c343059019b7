/** Uses everything that differs from run to run on a real machine: clocks, timers, randomness. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { job } from 'privity';

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, attempt, reveal }) => {
  const drawn = alice.run('draw', async () => {
    await wait(5 + 10 * Math.random());
    return `${Date.now()} ${performance.now()} ${randomBytes(8).toString('hex')} ${crypto.randomUUID()}`;
  });
  const tried = await attempt(() =>
    reveal(bob.run('try', { drawn: drawn.to(bob) }, ({ drawn }) => drawn.length)),
  );
  const big = carol.run('fill', () => 'x'.repeat(10_000));
  const seen = alice.run('measure', { big: big.to(alice) }, ({ big }) => big.length);
  return { drawn: await reveal(drawn), tried: tried.ok, seen: await reveal(seen) };
});
