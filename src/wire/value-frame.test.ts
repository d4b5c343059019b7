import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { PeerError } from '../base/errors.ts';
import { type DataHeader, DataHeaderSchema, DataKind } from './gen/privity/v1/value_pb.ts';
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

  it('is what the generated code makes of it and reads, whatever header came before', () => {
    const good = { kind: DataKind.CHANNEL, stepId: '4/0/2', digest: new Uint8Array(16).fill(7) };
    const plain = (fields: Partial<Pick<DataHeader, 'kind' | 'sequence'>>): Uint8Array =>
      toBinary(DataHeaderSchema, create(DataHeaderSchema, { ...good, ...fields }));
    const digest = '07'.repeat(16);
    const channel = { kind: 'channel', stepId: '4/0/2', digest } as const;
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.boolean(), (sequence, again) => {
        if (again) decodeDataFrame(plain({}), 'bob');
        const bytes = plain({ sequence: BigInt(sequence) });
        assert.deepEqual(Buffer.from(encodeDataFrame({ ...channel, sequence })), Buffer.from(bytes));
        assert.deepEqual(decodeDataFrame(bytes, 'bob'), { ...channel, sequence });
      }),
    );
    // Behind what is known: anything but one sequence number, and one where there may be none.
    const known = plain({});
    const tails = [[0x20], [0x20, 0x80], [0x20, 1, 1], [0x28, 1], [0x20, 0x81, 0x80, 0x80, 0x80]];
    for (const tail of tails) {
      decodeDataFrame(known, 'bob');
      let expected: unknown;
      try {
        const { sequence } = fromBinary(DataHeaderSchema, Uint8Array.from([...known, ...tail]));
        expected = { ...channel, sequence: Number(sequence) };
      } catch {
        expected = undefined;
      }
      const decode = () => decodeDataFrame(Uint8Array.from([...known, ...tail]), 'bob');
      if (expected === undefined) assert.throws(decode, { code: 'PRIVITY_FRAME_INVALID' }, `${tail}`);
      else assert.deepEqual(decode(), expected, `${tail}`);
    }
    const value = plain({ kind: DataKind.VALUE });
    decodeDataFrame(value, 'bob');
    assert.throws(() => decodeDataFrame(Uint8Array.from([...value, 0x20, 1]), 'bob'), {
      code: 'PRIVITY_FRAME_INVALID',
    });
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
