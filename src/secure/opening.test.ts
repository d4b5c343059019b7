/** What is opened in rep3 is the same at both holders of each share, or refused. And what that does not find. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withMethods } from '../../test/parts/protocol-methods.ts';
import { type SecureRun, settleSecure } from '../../test/parts/secure-parties.ts';
import { PeerError } from '../base/errors.ts';
import * as ops from './ops/index.ts';
import { decode } from './ring/fixed-point.ts';
import { HEADER_BYTES } from './rounds.ts';
import type { SecretTensor } from './secret.ts';
import type { Evaluator } from './session.ts';
import type { Arith } from './sharing/shares.ts';

const LENGTH = 70;
const share = (on: Evaluator, dtype: 'fixed' | 'boolean'): Promise<SecretTensor> =>
  ops.share(
    on,
    { owner: 0, dtype, shape: [LENGTH] },
    on.protocol.rank === 0 ? Float64Array.from({ length: LENGTH }, (_, i) => i % 2) : undefined,
  );

/** The members that refuse what is opened; the others are stopped, or have it. */
async function refusing(
  run: SecureRun,
  { dtype = 'fixed', to }: { dtype?: 'fixed' | 'boolean'; to?: number } = {},
): Promise<number[]> {
  const outcomes = await settleSecure(
    'rep3',
    3,
    async (on) => ops.reveal(on, await share(on, dtype), to),
    run,
  );
  return outcomes.flatMap((outcome, rank) => {
    if (outcome.status === 'fulfilled' || !(outcome.reason instanceof PeerError)) return [];
    assert.equal(outcome.reason.code, 'PRIVITY_SECURE_CHECK');
    assert.equal(outcome.reason.failure, 'CHECK_FAILED');
    assert.equal(outcome.reason.party, undefined);
    return [rank];
  });
}

/** Changes one bit of the body of the message with this number, from 1, that goes this way. */
function changing(from: number, to: number, number: number): SecureRun {
  let messages = 0;
  return {
    tap(sender, receiver, bytes) {
      if (sender !== from || receiver !== to || ++messages !== number) return bytes;
      return bytes.with(HEADER_BYTES, (bytes[HEADER_BYTES] ?? 0) ^ 1);
    },
  };
}

describe('an opening of rep3', () => {
  it('goes through where nothing is changed', async () => {
    assert.deepEqual(await refusing({}), []);
    assert.deepEqual(await refusing({}, { dtype: 'boolean', to: 2 }), []);
  });

  for (const dtype of ['fixed', 'boolean'] as const) {
    it(`is refused where a member tells another share than it holds: ${dtype}`, async () => {
      // Seeds, the sharing (from 0 to 1), the opening.
      assert.deepEqual(await refusing(changing(0, 1, 3), { dtype }), [1]);
      assert.deepEqual(await refusing(changing(1, 2, 2), { dtype }), [2]);
      assert.deepEqual(await refusing(changing(1, 2, 2), { dtype, to: 2 }), [2]);
    });

    it(`is refused where the other holder says something else of it: ${dtype}`, async () => {
      assert.deepEqual(await refusing(changing(2, 1, 2), { dtype }), [1]);
      assert.deepEqual(await refusing(changing(0, 2, 2), { dtype, to: 2 }), [2]);
    });

    it(`is refused where the owner has given the two holders different shares: ${dtype}`, async () => {
      assert.deepEqual(await refusing(changing(0, 1, 2), { dtype }), [2]);
    });
  }

  it('does not find a member that errs in what it alone computes: nothing is claimed there', async () => {
    const outcomes = await settleSecure('rep3', 3, async (on, rank) => {
      const x = await share(on, 'fixed');
      const wrong = withMethods(on, {
        async mulTruncSS(fiber, a, b, by) {
          // One more in the first part of one factor: the summand that this member tells is another one.
          const [first, second] = a.parts as [BigUint64Array, BigUint64Array];
          const parts = [first.map((word) => BigInt.asUintN(64, word + (1n << 18n))), second];
          return on.protocol.mulTruncSS(fiber, { ...a, parts } as Arith, b, by);
        },
      });
      const opened = await ops.reveal(on, await ops.mul(rank === 1 ? wrong : on, x, x));
      return opened && decode(opened.words, opened.dtype, on.fracBits);
    });
    const values = outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value);
    assert.ok(values.every((value) => value));
    assert.deepEqual(values[0], values[1]);
    assert.notDeepEqual(
      Array.from(values[0] || []).map(Math.round),
      Array.from({ length: LENGTH }, (_, i) => i % 2),
    );
  });
});
