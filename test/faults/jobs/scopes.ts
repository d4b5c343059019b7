/** Attempts that fail at one party, are cancelled at the others, and are followed by more of the program. */
import { job } from 'privity';

export default job(
  { parties: ['alice', 'bob', 'carol'] },
  async ({ alice, bob, carol, reveal, attempt, retry, deadline, parallel }) => {
    const base = alice.run('base', () => 40);
    const first = await attempt(async () => {
      const sent = base.to(bob, carol);
      // Carol would wait for ever; bob's failure has to end her part, too.
      carol.run(
        'wait',
        ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      );
      return reveal(
        bob.run('divide', { sent }, () => {
          throw new Error('canary-attempt-message');
        }),
      );
    });
    const second = await attempt(() =>
      reveal(bob.run('double', { base: base.to(bob) }, ({ base }) => base + 1)),
    );
    const third = await retry({ attempts: 3, when: () => true }, (n) =>
      reveal(
        carol.run('third time', () => {
          if (n < 3) throw new Error('not yet');
          return n;
        }),
      ),
    );
    const late = await attempt(() =>
      deadline(200, () =>
        reveal(
          alice.run(
            'slow',
            ({ signal }) =>
              new Promise<number>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
          ),
        ),
      ),
    );
    // One branch fails, the other would never end.
    const both = await attempt(() =>
      parallel([
        () => reveal(bob.run('one', () => Promise.reject(new Error('canary-branch-message')))),
        () =>
          reveal(
            carol.run(
              'other',
              ({ signal }) =>
                new Promise<number>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
            ),
          ),
      ]),
    );
    return {
      both: both.ok ? 'ok' : [both.failure.code, both.failure.origin, both.failure.stepName],
      first: first.ok ? 'ok' : [first.failure.code, first.failure.origin, first.failure.stepName],
      second: second.ok ? second.value : second.failure.code,
      third,
      late: late.ok ? 'ok' : late.failure.code,
    };
  },
);
