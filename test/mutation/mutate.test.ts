/** The guard bites: a few defects of each part of the core, planted as `npm run mutate` does, which runs them all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

function mutate(only: string): { readonly status: number | null; readonly output: string } {
  const script = join(projectRoot, 'scripts/mutate.mjs');
  const args = [script, '--only', only, '--seeds', '300', '--first', '--no-unit-tests'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('planted defects', () => {
  for (const defect of shareOf(
    [
      'turn.ts a party decides as soon as it has sealed itself',
      'verdict.ts a loss goes before own reports',
      'machine.ts completes with one READY missing',
      'liveness.ts silence is never judged',
      'scopes.ts a scope is over with one vote missing',
    ],
    2,
  )) {
    it(`${defect}: is caught`, () => {
      const { status, output } = mutate(defect);
      assert.match(output, /^1 of 1 defects are caught by the checkers/m);
      // None of these makes the core spin: what does not end here has not been checked.
      assert.doesNotMatch(output, /does not end as it has to/);
      assert.equal(status, 0, output);
    });
  }

  it('refuses a defect that it does not know', () => {
    assert.equal(mutate('no such defect').status, 64);
  });
});
