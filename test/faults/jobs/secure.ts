/**
 * A secure device at work until the test has done something to one of its members. Parties come from the environment.
 */
import { type AnyDevice, job, type Secret, secure, z } from 'privity';

const parties = (process.env.MATRIX_PARTIES ?? 'alice,bob,carol').split(',') as unknown as readonly [
  'alice',
  'bob',
  'carol',
];
/** Looked for in every message, ledger and log of the others: a share shows nothing of it. */
const CANARY = 31_337.25;

/** Long enough that no machine is through before the test has struck. */
const OPERATIONS = 600;
const shapes = { matmul: [192, 192], comparison: [20_000], triples: [4_000] } as const;
type Scene = keyof typeof shapes;

function step<D extends AnyDevice>(scene: Scene, x: Secret<D>, y: Secret<D>, i: number): Secret<D> {
  // Nobody looks at what comes out.
  if (scene === 'matmul') return y.matmul(x).assume({ max: 1 });
  return scene === 'comparison' ? y.lt(i).cast('fixed') : y.mul(x);
}

function chain<D extends AnyDevice>(scene: Scene, x: Secret<D>): Secret<D> {
  let y = x;
  for (let i = 0; i < OPERATIONS; i++) y = step(scene, x, y, i);
  return y.sum();
}

export default job(
  {
    parties,
    args: z.object({
      scene: z.enum(['matmul', 'comparison', 'triples']),
      /** What bob's own task does in the middle: nothing, or throw. */
      act: z.enum(['wait', 'throw']).default('wait'),
      inAttempt: z.stringbool().default(false),
    }),
  },
  async ({ alice, bob, carol, args, attempt, reveal }) => {
    const shape = shapes[args.scene];
    const work = async (): Promise<number> => {
      const values = alice.run('values', () => {
        const count = shape.reduce((product: number, size) => product * size, 1);
        return new Float64Array(count).fill(CANARY / 2 ** 20);
      });
      if (args.act === 'throw') {
        bob.run('work', async () => {
          await new Promise((resolve) => setTimeout(resolve, 1_500));
          console.log(`fault at ${Date.now()}`);
          throw new Error('canary-task-message');
        });
      }
      // Two members make their own correlated randomness; three use replicated shares.
      if (args.scene === 'triples') {
        const x = values.to(secure([alice, bob], { protocol: 'semi2k' }), { shape, max: 1 });
        return (await reveal(chain(args.scene, x))).data.length;
      }
      const x = values.to(secure([alice, bob, carol], { protocol: 'rep3' }), { shape, max: 1 });
      return (await reveal(chain(args.scene, x))).data.length;
    };
    if (!args.inAttempt) return work();
    const tried = await attempt(work);
    return tried.ok ? 'completed' : tried.failure.code;
  },
);
