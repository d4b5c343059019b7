/** Failures that carry secrets wherever an error can: every one of them contains the word that the test looks for. */
import { job, PublicError, z } from 'privity';

class CanaryClassError extends Error {
  override name = 'canary-class-name';
  readonly canaryProperty = 'canary-property';
}

function canaryFunctionName(secret: string): never {
  const cause = new RangeError('canary-cause', { cause: { canary: 'canary-object' } });
  throw new CanaryClassError(`canary-message ${secret}`, { cause });
}

export default job(
  {
    parties: ['alice', 'bob'],
    settings: { alice: [], bob: ['secret'] },
    args: z.object({ how: z.enum(['error', 'object', 'getter', 'value', 'exit', 'attempt', 'public']) }),
  },
  async ({ alice, bob, args, reveal, attempt }) => {
    const seed = alice.run('seed', () => 20);
    await reveal(seed);
    const fail = () =>
      reveal(
        bob.run('work', { seed: seed.to(bob) }, ({ seed }, { settings }): number => {
          console.log(`canary-log ${settings.secret}`);
          if (args.how === 'object') throw { canary: 'canary-object' };
          if (args.how === 'getter') {
            throw Object.defineProperty(new Error(), 'message', {
              get() {
                throw new Error('canary-getter');
              },
            });
          }
          if (args.how === 'value') return new Map([['canary-key', 'canary-value']]) as unknown as number;
          if (args.how === 'exit') process.exit(3);
          if (args.how === 'public') {
            const cause = new Error(`canary-cause ${settings.secret}`);
            throw new PublicError('too few rows', { details: { needed: 100 }, cause });
          }
          return seed > 0 ? canaryFunctionName(settings.secret) : 0;
        }),
      );
    if (args.how !== 'attempt') return fail();
    const tried = await attempt(fail);
    return tried.ok ? 'ok' : tried.failure.code;
  },
);
