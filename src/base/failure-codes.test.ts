import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Blame, type FailureCode, failureCodes } from './failure-codes.ts';

/** What other programs rely on: blame, gRPC status, exit code, and whether the whole run may be tried again. */
const PROMISED: Readonly<
  Record<FailureCode, readonly [Blame, grpcStatus: number, exit: number, retryable: boolean]>
> = {
  USAGE: ['user', 3, 64, false],
  DATA_INVALID: ['data', 3, 65, false],
  DATA_CORRUPT: ['data', 15, 65, false],
  INPUT_MISSING: ['user', 5, 66, false],
  JOIN_TIMEOUT: ['peer', 14, 69, true],
  PEER_UNREACHABLE: ['peer', 14, 69, true],
  PEER_CRASHED: ['peer', 14, 69, true],
  LINK_DOWN: ['environment', 14, 69, true],
  PARTITION: ['environment', 14, 69, true],
  QUORUM_NOT_MET: ['environment', 14, 69, true],
  TASK_FAILED: ['user', 10, 70, false],
  FINALIZE_FAILED: ['user', 10, 70, false],
  INTERNAL: ['bug', 13, 70, false],
  PROCESS_KILLED: ['environment', 8, 71, false],
  RESOURCE_EXHAUSTED: ['environment', 8, 71, false],
  LIMIT_EXCEEDED: ['user', 8, 71, false],
  OUTPUT_FAILED: ['environment', 13, 74, false],
  DEADLINE_EXCEEDED: ['environment', 4, 75, true],
  STALLED: ['environment', 4, 75, true],
  PROTOCOL_VIOLATION: ['peer', 9, 76, false],
  DIVERGENCE: ['user', 9, 76, false],
  CHECK_FAILED: ['peer', 10, 76, false],
  AUTH_FAILED: ['peer', 16, 77, false],
  POLICY_DENIED: ['user', 7, 77, false],
  PROGRAM_MISMATCH: ['user', 9, 78, false],
  SETUP_FAILED: ['user', 9, 78, false],
  IN_DOUBT: ['environment', 2, 79, false],
  CANCELLED: ['user', 1, 130, false],
};

describe('failure codes', () => {
  it('stand for what is promised', () => {
    const found = Object.entries(failureCodes).map(([code, { blame, grpcStatus, exit, retryable }]) => [
      code,
      [blame, grpcStatus, exit, retryable],
    ]);
    assert.deepEqual(Object.fromEntries(found), PROMISED);
  });
});
