/** What a supervisor does, and says, when the process that started it asks for something or is gone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../base/system.ts';
import { cancelWords } from '../supervisor/seam/options.ts';
import { watchParent } from './parent.ts';
import type { Shell } from './shell.ts';

function watched(line: string | null) {
  const clock = { ...systemClock, after: () => ({ cancel: () => undefined }) };
  const shell = {
    clock,
    onParent: (callback: (line: string | null) => void) => callback(line),
  } as unknown as Shell;
  return watchParent(shell);
}

describe('a supervisor that was started by another process', () => {
  it('is cancelled by the operator when that asks for it, and by nobody when that is gone', () => {
    const asked = watched('cancel').cancel;
    assert.ok(asked.aborted);
    assert.equal(cancelWords(asked.reason), 'cancelled by the operator');
    const gone = watched(null).cancel;
    assert.ok(gone.aborted);
    assert.equal(cancelWords(gone.reason), 'cancelled, because the process that started this party is gone');
    assert.equal(cancelWords(AbortSignal.abort().reason), 'cancelled by the operator');
  });
});
