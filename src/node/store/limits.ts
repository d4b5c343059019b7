/** Bounds of the store, each with its reason. Times are milliseconds. */
export const STORE_LIMITS = {
  /** How long a starting node waits for the one before to let go: a restart overlaps, a second node does not end. */
  lockWaitMs: 2_000,
  /** How long a statement waits for a tool that holds the file or a row. The embedded store blocks meanwhile. */
  busyTimeoutMs: 2_000,
  /** A change that awaits longer is given up, since all others wait for it. */
  changeTimeoutMs: 10_000,
  /** Changes that wait for their turn; with more of them the disk is not the one to blame. */
  waitingChangesMax: 10_000,
  /** Changes that share one fsync. They also share its failure, and a reader of PostgreSQL waits for none of them. */
  groupChangesMax: 64,
  /** Rows of a page: of rows with JSON some megabytes. */
  pageRowsMax: 1_000,
  /** Runs that one change purges, so that decisions do not wait for it long. */
  purgeRunsMax: 500,
  /** Prepared statements kept for each connection: the store has fewer than a hundred. */
  statementsMax: 200,
  /** Connecting to PostgreSQL: a server on another continent that is awake answers in one. */
  connectTimeoutMs: 5_000,
  /** A statement of PostgreSQL, as its server counts. A page takes milliseconds. */
  statementTimeoutMs: 10_000,
  /** The same as the node counts, for a network that swallows answers; longer, so that the server speaks first. */
  answerTimeoutMs: 15_000,
  /** A session that idles in a transaction: a node that has stopped moving lets go. More than a change may take. */
  idleInTransactionMs: 30_000,
  /** Seconds until PostgreSQL asks a silent node whether it is there; it asks three times within as long again. */
  keepaliveSeconds: 10,
  /** Between two questions of a node whether its session is still there: what nobody uses breaks without a word. */
  heartbeatMs: 10_000,
  /** Connections for reading; writing has one of its own. */
  readersMax: 4,
} as const;
