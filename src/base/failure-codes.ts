/**
 * The codes of failures: the coarse, stable vocabulary in which parties tell each other why a run ended. Coarse on
 * purpose: how a computation failed can depend on private data, so only these words cross between organisations
 * (docs/errors.md).
 *
 * Exit codes follow BSD sysexits where one fits, gRPC status codes follow google.rpc.Code.
 */

/**
 * Where to look: at the job and its settings, the data, another party, the machine or its network, or at Privity
 * itself. The one list of them.
 */
export const BLAMES = ['user', 'data', 'peer', 'environment', 'bug'] as const;

/** Where to look after a failure. */
export type Blame = (typeof BLAMES)[number];

/** What follows from a failure code. */
export interface FailureCodeInfo {
  /** Where to look. */
  readonly blame: Blame;
  /** google.rpc.Code number that a failed call carries. */
  readonly grpcStatus: number;
  /** Exit code of a party's process when this is the verdict. */
  readonly exit: number;
  /** Whether the whole run may be tried again, with fresh randomness. */
  readonly retryable: boolean;
  /** The code in one sentence. */
  readonly summary: string;
}

const info = (
  blame: Blame,
  grpcStatus: number,
  exit: number,
  retryable: boolean,
  summary: string,
): FailureCodeInfo => ({
  blame,
  grpcStatus,
  exit,
  retryable,
  summary,
});

/**
 * What follows from each failure code: exit code of the process, whom to ask, whether another run can help.
 *
 * @example const again = failureCodes.PEER_UNREACHABLE.retryable; // true
 */
export const failureCodes = {
  USAGE: info('user', 3, 64, false, 'The command line, a configuration file or a call in the job is wrong.'),
  DATA_INVALID: info('data', 3, 65, false, "A party's input data is not what the job needs."),
  DATA_CORRUPT: info('data', 15, 65, false, 'Data arrived that does not decode to what was sent.'),
  INPUT_MISSING: info(
    'user',
    5,
    66,
    false,
    'A file, setting or private key that a party must provide is not there.',
  ),
  JOIN_TIMEOUT: info('peer', 14, 69, true, 'A party did not join the run in time.'),
  PEER_UNREACHABLE: info('peer', 14, 69, true, 'A party fell silent and was given up.'),
  PEER_CRASHED: info('peer', 14, 69, true, "A party's supervisor process ended without saying goodbye."),
  LINK_DOWN: info('environment', 14, 69, true, 'Two parties lost the connection between them for good.'),
  PARTITION: info('environment', 14, 69, true, 'The network fell into parts that cannot reach each other.'),
  QUORUM_NOT_MET: info(
    'environment',
    14,
    69,
    true,
    'Fewer parties than needed came through a part of the program.',
  ),
  TASK_FAILED: info('user', 10, 70, false, "A task, or the job's own code, threw an error."),
  FINALIZE_FAILED: info(
    'user',
    10,
    70,
    false,
    'A party failed after its program was through, while the run was closing.',
  ),
  INTERNAL: info('bug', 13, 70, false, 'An invariant of Privity itself broke. Please report it.'),
  PROCESS_KILLED: info('environment', 8, 71, false, "A party's program process was killed or crashed."),
  RESOURCE_EXHAUSTED: info(
    'environment',
    8,
    71,
    false,
    'A party ran out of memory, disk or another resource.',
  ),
  LIMIT_EXCEEDED: info('user', 8, 71, false, 'A configured limit was exceeded.'),
  OUTPUT_FAILED: info('environment', 13, 74, false, 'A party could not write a result.'),
  DEADLINE_EXCEEDED: info('environment', 4, 75, true, 'A deadline passed.'),
  STALLED: info('environment', 4, 75, true, "A party's program stopped making progress."),
  PROTOCOL_VIOLATION: info('peer', 9, 76, false, 'A peer sent something that the protocol does not allow.'),
  DIVERGENCE: info(
    'user',
    9,
    76,
    false,
    'The parties executed different steps of what should be one program.',
  ),
  CHECK_FAILED: info('peer', 10, 76, false, 'A cryptographic check failed. Never retry by itself.'),
  AUTH_FAILED: info('peer', 16, 77, false, 'A peer could not prove that it is who the federation says.'),
  POLICY_DENIED: info('user', 7, 77, false, "A party's policy forbids what the job asked for."),
  PROGRAM_MISMATCH: info(
    'user',
    9,
    78,
    false,
    'The parties do not run the same job, arguments, federation or version.',
  ),
  SETUP_FAILED: info('user', 9, 78, false, 'A party could not start its part of the run.'),
  IN_DOUBT: info(
    'environment',
    2,
    79,
    false,
    'The run was complete here, but contact was lost before everyone confirmed it.',
  ),
  CANCELLED: info('user', 1, 130, false, 'A party cancelled the run.'),
} as const satisfies Record<string, FailureCodeInfo>;

/** Why a run or a scope ended, in the one word that all parties agree on (docs/errors.md, "Failure codes"). */
export type FailureCode = keyof typeof failureCodes;

export function isFailureCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(failureCodes, value);
}
