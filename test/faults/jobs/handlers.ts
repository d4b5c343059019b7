/** Handlers of failures: of the run, of an attempt, of a task; one of them fails itself. */
import { appendFile } from 'node:fs/promises';
import { job } from 'privity';

export default job(
  { parties: ['alice', 'bob'], settings: { alice: ['notes'], bob: [] } },
  async ({ alice, bob, reveal, attempt }) => {
    alice.onFailure(async ({ code, origin }, { settings }) =>
      appendFile(settings.notes, `run ${code} ${origin}\n`),
    );
    alice.onFailure(() => {
      throw new Error('handler broke');
    });
    const tried = await attempt(async () => {
      alice.onFailure(async ({ code }, { settings }) => appendFile(settings.notes, `attempt ${code}\n`));
      // What alice waits for is registered before bob can fail: a scope that has failed elsewhere is not entered.
      const entered = alice.run('enter', () => true).to(bob);
      return reveal(
        bob.run('fails', { entered }, () => {
          throw new Error('planned');
        }),
      );
    });
    const reserved = alice.run('reserve', async ({ settings, onFailure }) => {
      onFailure(async ({ code }) => appendFile(settings.notes, `task ${code}\n`));
      return tried.ok;
    });
    await reveal(reserved);
    return reveal(
      bob.run('fails again', () => {
        throw new Error('planned');
      }),
    );
  },
);
