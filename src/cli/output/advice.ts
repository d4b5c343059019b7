import type { FailureCode } from '../../base/failure-codes.ts';

/** What to do now, for each verdict: one or two sentences for the person in front of the terminal. */
export const advice: Readonly<Record<FailureCode, string>> = {
  USAGE: "Correct the call or the file named in the origin's log, then run again.",
  DATA_INVALID: "The origin's own output says which file and column; mend the data there and run again.",
  DATA_CORRUPT:
    'Run again. If it happens twice, look for a proxy or a disk that changes bytes, and report it.',
  INPUT_MISSING:
    'At the origin: give the missing file or setting (--inputs PARTY.KEY=FILE, or `settings` in its party file).',
  JOIN_TIMEOUT:
    'Start all parties within the join timeout. `privity doctor` at both ends says which address or port cannot be reached.',
  PEER_UNREACHABLE:
    'See whether that machine and the network to it are up, then run again: all parties, from the start.',
  PEER_CRASHED: "Look at why the supervisor ended at the origin (its log, the system's log), then run again.",
  LINK_DOWN: 'See whether the two parties named can reach each other, then run again.',
  QUORUM_NOT_MET:
    'Look at why the absent parties are missing; start the run again when enough of them can take part.',
  PARTITION: 'The network came apart between the groups named. When it is whole, run again.',
  TASK_FAILED:
    "The error's text is in the output and log of the origin only, under the incident number. Mend the job or its input, then run again.",
  FINALIZE_FAILED:
    "The results may be complete at other parties. The origin's log says what failed at the end.",
  INTERNAL: "Please report it, with the stack from the origin's log; it holds no private data.",
  PROCESS_KILLED:
    'See who or what ended the program process at the origin: the memory limit (out of memory), an operator, or a crash in native code.',
  RESOURCE_EXHAUSTED: 'Give the origin more memory, disk or descriptors, or run on less data.',
  LIMIT_EXCEEDED:
    'Raise the limit at the party named if the need is real; otherwise look at what the job sends or keeps.',
  OUTPUT_FAILED: 'See whether the folder of the output exists, may be written and has room.',
  DEADLINE_EXCEEDED:
    'Run again, with a longer deadline if the work needs it (`bounds` in the party file, or --bound).',
  STALLED: "See what the origin's program was doing: a loop without end, or a wait on something outside.",
  PROTOCOL_VIOLATION: 'Compare the versions of Privity at the parties named. If they are equal, report it.',
  DIVERGENCE:
    'Control flow must depend on public values only. Compare the step named at the two parties: a branch, a loop or a race took another way.',
  CHECK_FAILED: 'Do not run again at once: talk to the party named first. A failed check can be an attack.',
  AUTH_FAILED:
    'Compare fingerprints over the phone (`privity federation show`), then correct the federation file. `privity doctor` checks each peer.',
  POLICY_DENIED: "The job asks for something that the origin's policy forbids. Agree on it there first.",
  PROGRAM_MISMATCH:
    'Bring all parties to the same files, packages, arguments, federation and version of Privity, then run again.',
  SETUP_FAILED: "The origin's own output says what it could not set up.",
  IN_DOUBT:
    'The result here is complete. Ask the other parties whether they have theirs before you act on it.',
  CANCELLED: 'Nothing is broken. Run again when all are ready.',
};
