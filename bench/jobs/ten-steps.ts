/** Ten steps of three parties: tasks at each, transfers between them, one reveal at the end. */
import { job } from 'privity';

export default job({ parties: ['alice', 'bob', 'carol'] }, async ({ alice, bob, carol, reveal }) => {
  const a = alice.run('measure', () => 3);
  const b = bob.run('measure', () => 4);
  const c = carol.run('measure', () => 5);
  const ab = bob.run('add', { a: a.to(bob), b }, ({ a, b }) => a + b);
  const abc = carol.run('add', { ab: ab.to(carol), c }, ({ ab, c }) => ab + c);
  const back = alice.run('check', { abc: abc.to(alice), a }, ({ abc, a }) => abc - a);
  return await reveal(back);
});
