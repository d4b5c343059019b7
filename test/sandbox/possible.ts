/**
 * Whether a sandbox can be tried on this machine. Where it cannot, the tests name what they leave out, unless they are
 * to insist.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type FoundSandbox, findSandbox } from '../../src/supervisor/sandbox/launch.ts';

/** Set to 1 where the sandbox has to work: the tests fail without it. */
const INSIST = 'PRIVITY_TEST_SANDBOX';

const found: FoundSandbox = await findSandbox();

/** Path of bubblewrap; undefined after a word about what is left out. */
export function bubblewrapOr(t: TestContext): string | undefined {
  if (found.kind === 'bubblewrap') return found.path;
  assert.notEqual(process.env[INSIST], '1', `${INSIST}=1, and there is no sandbox: ${found.reason}`);
  // The summary of the whole test run counts these.
  t.diagnostic(`left out: ${t.name}, because ${found.reason}`);
  return undefined;
}
