import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deferred } from '../../base/deferred.ts';
import { EnvironmentError } from '../../base/errors.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { within } from './within.ts';

/** Timers that go off when the test says so. */
function handTimers() {
  const due: (() => void)[] = [];
  return {
    loop: {
      hold: (_ms: number, callback: () => void) => {
        due.push(callback);
        return { cancel: () => void due.splice(due.indexOf(callback), 1) };
      },
    },
    fire: () => {
      for (const callback of [...due]) callback();
    },
    open: () => due.length,
  };
}

const stuck = (message: string, exit: number) => (error: unknown) => {
  assert.ok(error instanceof EnvironmentError);
  assert.deepEqual(
    [error.code, error.message, failureCodes[error.failure].exit],
    ['PRIVITY_MACHINE_STUCK', message, exit],
  );
  return true;
};

describe('waiting for the machine', () => {
  it('ends with what the work comes to, and leaves no timer', async () => {
    const { loop, open } = handTimers();
    assert.equal(await within(loop, { ms: 1_000, what: 'x' }, Promise.resolve(7)), 7);
    await assert.rejects(
      within(loop, { ms: 1_000, what: 'x' }, Promise.reject(new Error('EACCES'))),
      /EACCES/,
    );
    assert.equal(open(), 0);
  });

  it('ends when the time is over, and gives back what comes too late', async () => {
    const { loop, fire, open } = handTimers();
    const work = deferred<string>();
    const back = deferred<string>();
    const waiting = within(loop, { ms: 10_000, what: 'making /a', undo: back.resolve }, work.promise);
    fire();
    await assert.rejects(waiting, stuck('making /a: not done within 10 s', 78));
    work.resolve('a folder');
    assert.equal(await back.promise, 'a folder');
    assert.equal(open(), 0);
  });

  it('ends when nobody wants to wait any longer, before or during it', async () => {
    const { loop } = handTimers();
    const never = new Promise<never>(() => undefined);
    const stopping = new AbortController();
    const waiting = within(loop, { ms: 10_000, what: 'making /a', stop: stopping.signal }, never);
    stopping.abort();
    const stopped = stuck('making /a: not done when the run was to end at once', 130);
    await assert.rejects(waiting, stopped);
    await assert.rejects(
      within(loop, { ms: 10_000, what: 'making /a', stop: stopping.signal }, never),
      stopped,
    );
  });
});
