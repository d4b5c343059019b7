import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { PeerError } from '../base/errors.ts';
import { decodeDataFrame, encodeDataFrame, isStepId } from './value-frame.ts';

const digests = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const stepIds = fc
  .array(fc.nat(), { minLength: 1, maxLength: 9 })
  .filter(({ length }) => length % 2 === 1)
  .map((parts) => parts.join('/'));

describe('the header of data messages', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(stepIds, digests, fc.option(fc.maxSafeNat(), { nil: null }), (stepId, digest, sequence) => {
        const frame =
          sequence === null
            ? ({ kind: 'value', stepId, digest, sequence: 0 } as const)
            : ({ kind: 'channel', stepId, digest, sequence } as const);
        assert.deepEqual(decodeDataFrame(encodeDataFrame(frame), 'bob'), frame);
      }),
    );
  });

  it('is refused with a typed error when it is anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeDataFrame(bytes, 'bob');
        } catch (error) {
          assert.ok(error instanceof PeerError);
          assert.equal(error.code, 'PRIVITY_FRAME_INVALID');
        }
      }),
      { numRuns: share(2000) },
    );
    const good = { kind: 'value', stepId: '1', digest: '00'.repeat(16), sequence: 0 } as const;
    for (const bad of [
      { ...good, digest: '00' },
      { ...good, stepId: '' },
      { ...good, stepId: '1/2' },
      { ...good, stepId: '01' },
      { ...good, stepId: '../1' },
      { ...good, sequence: 1 },
    ]) {
      assert.throws(() => decodeDataFrame(encodeDataFrame(bad), 'bob'), { code: 'PRIVITY_FRAME_INVALID' });
    }
    assert.throws(() => decodeDataFrame(new Uint8Array(2000), 'bob'), { code: 'PRIVITY_FRAME_INVALID' });
  });

  it('knows paths of steps', () => {
    for (const id of ['0', '12', '4/0/2', '1/2/3/4/5']) assert.ok(isStepId(id), id);
    for (const id of ['', '/', '4/', '4/0', '-1', '1.5', '1e3', 'x', `1${'0'.repeat(20)}`])
      assert.ok(!isStepId(id), id);
  });
});
