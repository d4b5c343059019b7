/** An attempt in which every party waits for carol, and what the others do without her. */
import { job } from 'privity';

export default job(
  { parties: ['alice', 'bob', 'carol'] },
  async ({ alice, carol, attempt, retry, reveal }) => {
    const first = await attempt(() =>
      retry({ attempts: 3, when: () => true }, async () =>
        reveal(
          carol.run(
            'waits',
            ({ signal }) =>
              new Promise<number>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
          ),
        ),
      ),
    );
    const after = await reveal(alice.run('after', () => 5));
    return first.ok
      ? 'ok'
      : { code: first.failure.code, origin: first.failure.origin, absent: first.absent, after };
  },
);
