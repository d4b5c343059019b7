/**
 * A job that carries a value from alice's task to bob's behind Privity's back. In real runs they are different
 * processes.
 */
import { job } from 'privity';

let smuggled = 'nothing';
const shared = globalThis as unknown as { smuggled?: string };

export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const done = alice.run('hide', () => {
    smuggled = 'a secret of alice';
    shared.smuggled = 'a secret of alice';
    return true;
  });
  await reveal(done);
  const found = bob.run('look', () => `${smuggled}, ${shared.smuggled ?? 'nothing'}`);
  return await reveal(found);
});
