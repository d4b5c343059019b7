/** What a cell of the fault matrix is: data only. The list is in scenarios.ts, the execution in run-scenario.ts. */
import type { FailureCode } from '../../src/base/failure-codes.ts';
import type { PartySpec } from './parties.ts';

export const PARTY_NAMES = ['alice', 'bob', 'carol', 'dave', 'erin'] as const;
export type PartyName = (typeof PARTY_NAMES)[number];

/** What is done to a party from outside, or, as `job`, by the job itself; `setup` is wrong from the start. */
export type What =
  | 'job'
  | 'setup'
  | 'nothing'
  | 'kill program'
  | 'kill supervisor'
  | 'kill all'
  | 'stop program'
  | 'stop program for a while'
  | 'stop supervisor'
  | 'stop both'
  | 'interrupt'
  | 'interrupt twice'
  | 'terminate'
  | 'black hole'
  | 'one-way black hole'
  | 'cut one link'
  | 'black hole for data'
  | 'refuse data'
  | 'break data once'
  | 'reset storm'
  | 'gateway restart'
  | 'jitter'
  /** Queues so short that packets are lost and TCP has to send them again. */
  | 'lossy link'
  | 'break once'
  /** `whom` on one side, everyone else on the other. */
  | 'partition'
  /** Power and cable: all its processes stop, and its link goes down. */
  | 'host gone'
  | 'short black hole';

/** When it happens: what the test has seen by then. */
export type When =
  /** The victim's program process exists; it has not loaded the job. */
  | 'before the handshake'
  /** The victim loads the job and has heard of a peer, and another party has not loaded the job. */
  | 'handshake'
  /** The victims' task "work" has begun. */
  | 'mid-task'
  /** Another party's task has begun; the victim has nothing to do and nothing to wait for. */
  | 'idle'
  /** As mid-task, within an `attempt` in which all parties are by then. */
  | 'in attempt'
  /** A part of a large value has passed the network. */
  | 'mid-transfer'
  | 'at reveal'
  /** The private set intersection makes progress at the victim. */
  | 'mid-psi'
  /** A secure computation makes progress at the victim. */
  | 'mid-secure-operation'
  /** The victim's program is through and has said so to all (FIN); another party's is not. */
  | 'closing'
  /** The run has failed, and the victim's job cleans up. */
  | 'in clean-up'
  /** The certificates of all have expired. */
  | 'after expiry'
  /** All programs are through; the last words are on a slow way. */
  | 'after READY'
  | 'always';

export interface Fault {
  readonly what: What;
  readonly whom: readonly PartyName[];
  readonly when: When;
}

/** One party's end. Several codes or origins where the moment decides and either is right. */
export interface End {
  readonly code: FailureCode | readonly FailureCode[] | null;
  readonly origin?: PartyName | readonly PartyName[];
  /** Where it is not the exit code of the code. */
  readonly exit?: number;
}

export interface Expected extends End {
  /** Parties that cannot say anything: killed, or refused before there was a run. */
  readonly silent?: readonly PartyName[];
  /** Parties that are cut off from the others, and cannot agree with them. */
  readonly apart?: Readonly<Partial<Record<PartyName, End>>>;
  /** Of those that are apart: who can still reach each other, and has to agree. */
  readonly together?: readonly (readonly PartyName[])[];
  /** Temporary folders that stay because nobody was left to remove them. */
  readonly leaves?: readonly PartyName[];
}

export interface Scenario {
  readonly name: string;
  readonly parties: 2 | 3 | 5;
  /** Arguments of jobs/matrix.ts. */
  readonly args: Readonly<Record<string, string>>;
  readonly fault: Fault;
  readonly expected: Expected;
  /**
   * From the fault to the verdict of the last party that can speak, in milliseconds. Null where nothing happens at a
   * moment.
   */
  readonly detectionMs: number | null;
  readonly bounds?: Readonly<Record<string, number>>;
  readonly specs?: Readonly<Partial<Record<PartyName, Partial<PartySpec>>>>;
  /** Bytes a second between any two parties; given only where the network takes part. */
  readonly bytesPerSecond?: number;
  readonly delayMs?: number;
  /** Certificates that expire so long after they were made, while the run goes on. */
  readonly expiresAfterMs?: number;
  /** How long the run may take at most, where that is longer than usual. */
  readonly patienceMs?: number;
  /** Each party at a host of its own, a network namespace: faults happen below TCP. */
  readonly hosts?: boolean;
  /** Can only be made by root. */
  readonly root?: boolean;
}
