import type { FailureCode } from '../../base/failure-codes.ts';
import { listed } from './plain-lines.ts';

/** From where a failure is looked at. */
export interface Viewpoint {
  /** Where it happened; null where only a code is asked about. */
  readonly origin: string | null;
  /** The party that tells of it; absent where that is not known. */
  readonly reporter?: string | undefined;
  /**
   * The parties whose output and logs the reader has before him; none where reports are read or a code is explained.
   */
  readonly own: readonly string[];
  /** Of a party that did not join: what was turned away under its name where the reader is. */
  readonly turnedAway?: string | undefined;
}

/**
 * `{origin}` and `{log}` stand for the party and for its own output and log: "this party", where it is the reader's.
 */
interface Advice {
  readonly text: string;
  /** At the one party that the others complain of. */
  readonly here?: string;
  /** Where another party has seen it, of which the origin may know nothing. */
  readonly observed?: string;
  /** Where somebody was turned away under the name of the origin. */
  readonly turnedAway?: string;
}

const NOT_HEARD =
  'The others did not hear {origin}: see whether its machine was stopped or overloaded and whether its network was up, then run again: all parties, from the start.';

const advice: Readonly<Record<FailureCode, Advice>> = {
  USAGE: { text: 'Correct the call or the file named in {log}, then run again.' },
  DATA_INVALID: {
    text: '{log} say which value, and where it stands: of a table which file and column. Mend it there, or what the job says of it, then run again.',
  },
  DATA_CORRUPT: {
    text: 'Run again. If it happens twice, look for a proxy or a disk that changes bytes, and report it.',
  },
  INPUT_MISSING: {
    text: 'At {origin}: give what is missing: a file with --inputs PARTY.KEY=FILE, another setting with --setting PARTY.KEY=VALUE, or either under `settings:` in its party file.',
  },
  JOIN_TIMEOUT: {
    text: 'Start all parties within the join timeout. `privity doctor --wait 60s` at both ends, at the same time, says which address or port cannot be reached; compare the address of {origin} in the federation files.',
    here: 'Start all parties within the join timeout. `privity doctor --wait 60s` here and at the other end, at the same time, says which address or port cannot be reached; compare the address of this party in their federation files.',
    turnedAway:
      'First compare the fingerprints of {origin} and of this party in both federation files (`privity federation show FILE` at both, over the phone): {turnedAway}. If that was not {origin}, start all parties within the join timeout; `privity doctor --wait 60s` at both ends, at the same time, says which address or port cannot be reached.',
  },
  PEER_UNREACHABLE: {
    text: 'See whether the machine of {origin} and the network to it are up, then run again: all parties, from the start.',
    here: NOT_HEARD,
  },
  PEER_CRASHED: {
    text: "See in the system's log at {origin} why its supervisor process ended (its own log ends with it), then run again.",
  },
  LINK_DOWN: { text: 'See whether the two parties named can reach each other, then run again.' },
  QUORUM_NOT_MET: {
    text: 'Look at why the absent parties are missing; start the run again when enough of them can take part.',
  },
  PARTITION: { text: 'The network came apart between the groups named. When it is whole, run again.' },
  TASK_FAILED: {
    text: "The error's text is in {log} and nowhere else, under the incident number. Mend the job or its input, then run again.",
    here: "The error's text and stack are above and in this party's log, under the incident number; the other parties have neither. Mend the job or its input, then run again.",
  },
  FINALIZE_FAILED: {
    text: 'The results may be complete at other parties. {log} say what failed at the end.',
  },
  INTERNAL: { text: 'Please report it, with the stack from {log}; it holds no private data.' },
  PROCESS_KILLED: {
    text: 'See who or what ended the program process at {origin}: the memory limit (out of memory), an operator, or a crash in native code.',
  },
  RESOURCE_EXHAUSTED: {
    text: 'Give {origin} more memory, disk or descriptors, or run on less data. What its program may hold is set by `memoryMax` in its party file, or --memory-max.',
  },
  LIMIT_EXCEEDED: {
    text: 'Raise the limit at {origin} if the need is real; otherwise look at what the job sends or keeps.',
  },
  OUTPUT_FAILED: {
    text: 'See whether the folder of the output exists at {origin}, may be written and has room.',
  },
  DEADLINE_EXCEEDED: {
    text: 'Run again, with a longer deadline if the work needs it: `stepDeadlineMs` in the job or under `bounds` in the party file, as the message says; --bound for the others.',
  },
  STALLED: {
    text: 'See what the program of {origin} was doing: a loop without end, or a wait on something outside.',
  },
  PROTOCOL_VIOLATION: {
    text: 'Compare the versions of Privity at the parties named. If they are equal, report it.',
  },
  DIVERGENCE: {
    text: 'Control flow must depend on public values only. Compare the step named at the two parties: a branch, a loop or a race took another way.',
  },
  CHECK_FAILED: {
    text: 'Do not run again at once: talk to the party named first. A failed check can be an attack.',
  },
  AUTH_FAILED: {
    text: 'Compare the fingerprints of the two parties over the phone (`privity federation show FILE` at both), then correct the federation file that is wrong: it may be the one of either. `privity doctor` checks each peer.',
  },
  POLICY_DENIED: {
    text: 'The job tried something that {origin} does not allow: what its sandbox refuses, an intersection by a protocol that its `psi.protocols` leaves out, or to disclose what is not in the contract of the run. The verdict names what, and the step if one ran alone: look for it in the code of that step and in what that imports, before the job is run again, and ask its author. A disclosure that is meant goes into the contract (`privity contract make`), which all parties have to agree to.',
  },
  PROGRAM_MISMATCH: {
    text: 'Bring all parties to the same files, packages, arguments, federation and version of Privity, then run again.',
  },
  SETUP_FAILED: {
    text: '{log} say what it could not set up.',
    observed:
      'At the address that the federation file of {reporter} gives for {origin} something else answers: compare host and port with {origin}, and see there whether another program has the port.',
  },
  IN_DOUBT: {
    text: 'The result here is complete. Ask the other parties whether they have theirs before you act on it.',
  },
  CANCELLED: { text: 'Nothing is broken. Run again when all are ready.' },
};

/** What to do now: one or two sentences for the person in front of the terminal. */
export function adviceFor(code: FailureCode, { origin, reporter, own, turnedAway }: Viewpoint): string {
  const isHere = isOwn(origin, own);
  const isObserved = origin !== null && reporter !== undefined && reporter !== origin;
  const { text, here, observed, turnedAway: refused } = advice[code];
  const chosen =
    (turnedAway === undefined ? undefined : refused) ??
    (isObserved ? observed : undefined) ??
    (isHere ? here : undefined) ??
    text;
  const party = (name: string | null | undefined): string =>
    isOwn(name ?? null, own) ? 'this party' : (name ?? 'the origin');
  const filled = chosen
    .replaceAll('{log}', logOf(origin, own))
    .replaceAll('{origin}', party(origin))
    .replaceAll('{reporter}', party(reporter));
  const sentences = filled.replace(/(?:^|\. )\p{Ll}/gu, (begin) => begin.toUpperCase());
  return sentences.replaceAll('{turnedAway}', () => turnedAway ?? '');
}

/** Where parties stood still by their own clocks, neither the network nor the others need to be looked at first. */
export function adviceForStandstill(parties: readonly string[]): string {
  return `See why ${listed(parties)} stood still: whether the machine slept, the process was stopped, or there was no processor time for it. Then run again: all parties, from the start.`;
}

/** Whose output and log have the details: names the reader's own as such. */
export function logOf(party: string | null, own: readonly string[]): string {
  if (isOwn(party, own)) return "this party's own output and log";
  return party === null ? "the origin's own output and log" : `the output and log of ${party}`;
}

/** Of a failure that another party than its origin tells of: there is nothing to be looked for at the origin. */
export function whoNoticed(origin: string, reporter: string, own: readonly string[]): string {
  return `${isOwn(reporter, own) ? 'this party' : reporter} noticed it; ${origin} itself may know nothing of it`;
}

/** Of several parties at one terminal each keeps its name. */
const isOwn = (party: string | null, own: readonly string[]): boolean => own.length === 1 && own[0] === party;
