/** Bounds of what a node keeps and takes, each with its reason. */
export const NODE_LIMITS = {
  /** Proposals of one partner that wait for a decision here; a flood is turned away before it fills the store. */
  openProposalsMax: 200,
  /** Proposals that one partner may make in 24 hours, those that it has withdrawn among them: one in 90 seconds. */
  proposalsPerDayMax: 1_000,
  /** Bytes of a proposal without its bundle: a contract of some thousand entries fits. */
  proposalBytesMax: 2 * 1024 * 1024,
  /** Bytes of the files of a job, packed: code, not data. */
  bundleBytesMax: 4 * 1024 * 1024,
  /** Packages that a job imports: each is one that an approver has read. */
  packagesMax: 50,
  /** Packages that these need, all together. */
  packageFoldersMax: 1_000,
  /** Rehearsals of proposals at once: an approver waits for one, and the machine is for runs. */
  rehearsalsAtOnceMax: 1,
  /** How long one may take, in milliseconds: clients wait five minutes for an answer to begin. */
  rehearsalMs: 240_000,
  /** Memory of its process: parties on some hundred made-up rows have a fraction of it. */
  rehearsalMemoryBytesMax: 1024 ** 3,
  /** Files that it writes: its made-up tables have some hundred KB. */
  rehearsalDiskBytesMax: 256 * 1024 ** 2,
  /** Bytes of what it answers: a contract of some thousand entries fits. */
  rehearsalAnswerBytesMax: 2 * 1024 * 1024,
  /** Characters of forms that are compared, entry with entry, of a contract that a stranger's code may have made. */
  comparedCharsMax: 2_000_000,
  /** Messages that wait for one partner; one that is off for a month has fewer. */
  outboxMessagesMax: 10_000,
  /** Characters of a reason, a purpose or a title that a person writes. */
  textCharsMax: 2_000,
  /** How long a proposal may wait for decisions, in milliseconds: half a year. */
  validityMaxMs: 183 * 24 * 60 * 60 * 1000,
  /** Occurrences of a schedule that one approval may cover. */
  occurrencesMax: 10_000,
  /**
   * Between two occurrences of a schedule, in milliseconds: with less, most come due while a run is on and are left
   * out, and five seconds are enough for trying.
   */
  scheduleIntervalMinMs: 5_000,
  /** Attempts of one occurrence: the first, and again where the verdict allows it. */
  attemptsMax: 10,
} as const;
