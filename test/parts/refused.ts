/** Refusals of what has data in it: the code, the words, and nothing of the data. */
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../src/base/error-catalogue.ts';
import { PrivityError } from '../../src/base/errors.ts';

/**
 * The promise rejects with the code, the message has all of `parts`, and nothing in it or below it quotes the canary.
 */
export const refusedWithout =
  (canary: string) =>
  (promise: Promise<unknown>, code: ErrorCode, ...parts: readonly string[]): Promise<void> =>
    assert.rejects(promise, (error: unknown) => {
      assert.ok(error instanceof PrivityError, String(error));
      assert.equal(error.code, code, error.message);
      for (const part of parts)
        assert.ok(error.message.includes(part), `'${part}' is not in: ${error.message}`);
      for (let e: unknown = error; e instanceof Error; e = e.cause)
        assert.ok(!`${e.message}${e.stack}`.includes(canary));
      return true;
    });
