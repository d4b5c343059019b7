import type { ErrorEntries } from '../error-entry.ts';

export const programErrors = {
  PRIVITY_JOB_NOT_FOUND: {
    failure: 'INPUT_MISSING',
    means: 'The job file is not there or cannot be read.',
    causes: 'A mistyped path, a path relative to another folder, or missing permission.',
    remedy: 'Check the path; it is relative to the folder in which the command runs.',
  },
  PRIVITY_JOB_SYNTAX: {
    failure: 'USAGE',
    means: 'The job file, or a file that it imports, is not valid TypeScript or JavaScript.',
    causes: 'A syntax error; the message says in which file and where.',
    remedy: 'Correct it and compile the job with tsc before running it.',
  },
  PRIVITY_JOB_TOP_LEVEL_AWAIT: {
    failure: 'USAGE',
    means: 'The job file, or a file that it imports, has an `await` that stands in no function.',
    causes:
      'Something is read or fetched while the job is loaded. Jobs are loaded in one go, before the parties meet.',
    remedy:
      'Move it into the job function, or into the task that needs it; the message says where it stands.',
  },
  PRIVITY_JOB_LATE_IMPORT: {
    failure: 'USAGE',
    means:
      "The job loads a file while it runs that was not compared with the other parties' before the start.",
    causes:
      'An `import()` or `require` whose name is put together while the job runs, or a package that loads parts of itself in this way.',
    remedy:
      "Import the file at the top of the job, or write its name as a text: `import('./rates.ts')`. Data is no code: read it with readTable or from a file named in the settings.",
  },
  PRIVITY_JOB_LOAD_FAILED: {
    failure: 'USAGE',
    means: 'The job file threw an error while it was loaded, or imports a module that is not there.',
    causes:
      'A missing package or file, or code outside the job function that fails. Modules are loaded before the run starts.',
    remedy: 'Load the file alone with node to see the error; install what is missing next to the job.',
  },
  PRIVITY_JOB_NOT_A_JOB: {
    failure: 'USAGE',
    means: 'The default export of the job file is not a job, or there is none.',
    causes: 'A forgotten `export default`, or a default export that is not the result of `job(...)`.',
    remedy: 'Write `export default job({ parties: [...] }, async ({ ... }) => { ... })`.',
  },
  PRIVITY_JOB_INVALID: {
    failure: 'USAGE',
    means: 'The options or the function given to `job` are wrong.',
    causes:
      'No parties, a party named twice, a party name that is reserved or malformed, settings for an unknown party, an unknown option.',
    remedy:
      'Party names match [a-z][a-z0-9-]{0,30} and are none of the words of the job function’s parameter (args, reveal, parallel, ...).',
  },
  PRIVITY_ARGS_INVALID: {
    failure: 'USAGE',
    means: 'The public arguments do not fit the schema that the job declares.',
    causes:
      'A missing, mistyped or unknown argument. Arguments from the command line are strings: a number needs a schema that converts.',
    remedy: 'Pass `--arg name=value` as the job declares it; declare numbers as `z.coerce.number()`.',
  },
  PRIVITY_SETTINGS_INVALID: {
    failure: 'USAGE',
    means: 'The private settings of a party do not fit what the job declares for it.',
    causes: 'A mistyped or unknown setting, or a value of another kind than the job declares.',
    remedy:
      'Correct `--setting party.name=value`, for a file `--inputs party.name=file`, or `settings:` in the party file; of a proposal `--dataset party.name=dataset` or `--output party.name=file`.',
  },
  PRIVITY_SETTING_MISSING: {
    failure: 'INPUT_MISSING',
    means: 'A private setting that the job declares, or that a task reads, was not given to its party.',
    causes: 'The setting was not passed, or its name is mistyped in the job or in the configuration.',
    remedy:
      'Pass it with `--setting party.name=value`, a file with `--inputs party.name=file`, or under `settings:` in the party file; with a proposal by `--dataset party.name=dataset` or `--output party.name=file`.',
  },
  PRIVITY_STEP_PARTY_UNKNOWN: {
    failure: 'USAGE',
    means: 'A step names something that is not a party of this job.',
    causes: 'A string instead of the party object, or a party object of another job.',
    remedy: 'Use the party objects that the job function receives: `async ({ alice, bob }) => ...`.',
  },
  PRIVITY_STEP_INVALID: {
    failure: 'USAGE',
    means: 'A step was called with wrong arguments.',
    causes:
      'Of `party.run`: a missing or over-long name, inputs that are no record of handles, or no function. Of `attempt`, `retry`, `withDeadline`, `quorum`, `conclave`, `parallel` and `psi`: an option that does not exist, a number out of its range, or something else than a function or a party. Of a secret: something else beside it than a secret of the device or public numbers, a divisor that is 0, a position, an axis or an end that is no number, an option that does not exist.',
    remedy:
      'The message names the call, and what it takes and was given: correct that argument. The reference has every call with an example, docs/writing-a-job.md how they go together.',
  },
  PRIVITY_PUBLIC_DETAILS: {
    failure: 'USAGE',
    means: 'The details of a `PublicError` are not what may cross to other parties.',
    causes: 'A nested value, a long text, too many details, or a name that is no short word.',
    remedy:
      'Give at most 16 texts (200 characters), finite numbers or booleans, under names of letters, digits, `_`, `.` and `-`.',
  },
  PRIVITY_STEP_INSIDE_TASK: {
    failure: 'USAGE',
    means: 'The code of a task tried to issue a step.',
    causes:
      'A task runs at one party only, but every party has to issue the same steps in the same order. Only the job function may.',
    remedy: 'Return the value from the task and issue the step in the job function.',
  },
  PRIVITY_STEP_OUTSIDE_RUN: {
    failure: 'USAGE',
    means: 'A step was issued where no job function is running.',
    causes:
      'A party object or handle was kept after the run, or a callback that lost its asynchronous context issued the step.',
    remedy: 'Issue steps in the job function or in functions that it awaits.',
  },
  PRIVITY_BRANCH_BUSY: {
    failure: 'USAGE',
    means: 'A step was issued while branches of `parallel` were running in the same place of the program.',
    causes: 'A `parallel([...])` that is not awaited before the next step.',
    remedy: 'Await `parallel` first, or make the step a branch of it.',
  },
  PRIVITY_HANDLE_EXPECTED: {
    failure: 'USAGE',
    means: 'A plain value was given where a handle to a located value is needed.',
    causes:
      'A public value, a promise or a task’s inner value was passed to `reveal`, `to`, `psi` or as an input.',
    remedy:
      'Pass what `party.run(...)` returned. Public values need no reveal and can be used in tasks directly.',
  },
  PRIVITY_HANDLE_COERCED: {
    failure: 'USAGE',
    means: 'The job used a handle as if it were the value itself.',
    causes:
      'Arithmetic, comparison, string formatting, JSON, iteration or property access on a handle in the job function. The value exists only at its owners.',
    remedy:
      'Compute with it in a task at a party that has it: `alice.run("name", { x }, ({ x }) => ...)`; or `await reveal(x)`.',
  },
  PRIVITY_HANDLE_FOREIGN: {
    failure: 'USAGE',
    means: 'A handle belongs to another run.',
    causes: 'A handle was kept in a variable outside the job function.',
    remedy: 'Keep handles inside the job function.',
  },
  PRIVITY_HANDLE_NOT_HERE: {
    failure: 'USAGE',
    means: 'A step uses a value at a party that does not have it.',
    causes: 'A missing `.to(party)`.',
    remedy: 'Send it first: `x.to(bob)`. That discloses the value to bob and is listed in the ledger.',
  },
  PRIVITY_PSI_ARGUMENTS: {
    failure: 'USAGE',
    means: 'The arguments of `psi` are wrong.',
    causes:
      'No key column, two tables of the same party, a table with several owners, a value that is not a table, an unknown protocol or option, options that do not go together.',
    remedy: 'Call `psi({ on: "id" }, tableAtAlice, tableAtBob)` with tables of two different parties.',
  },
  PRIVITY_SECURE_MEMBER: {
    failure: 'USAGE',
    means: 'A value is shared by, or a secret opened to, a party that is no member of the secure device.',
    causes: 'A party that was left out of `secure([...])`.',
    remedy: 'Make it a member, send the value to a member first, or open the secret to a member.',
  },
  PRIVITY_SHARE_MISMATCH: {
    failure: 'DATA_INVALID',
    means: 'A value that is shared on a secure device is not what the job says of it.',
    causes:
      'Another shape than `.to(device, { shape })` declares, more rows than `psi({ into: { rows } })` says, or a value that is no numbers.',
    remedy: 'Correct the declaration, or the data of the party that the failure names.',
  },
  PRIVITY_SECRET_BRANCH: {
    failure: 'USAGE',
    means: 'A branch of `parallel` uses a secret that another branch makes at the same time.',
    causes: 'A secret that was passed on by a variable instead of being returned.',
    remedy: 'Return the secret from the branch and use it after `parallel`.',
  },
  PRIVITY_VALUE_NOT_SENDABLE: {
    failure: 'USAGE',
    means: 'A value that was to leave its party, or the result of the job, is of a kind that cannot be sent.',
    causes:
      'A function, class instance, symbol, Map, Set, promise, accessor, cycle or sparse array in it, or too deep or too many items. Nothing was sent.',
    remedy:
      'Send scalars, strings, bytes, typed arrays, tables, Blobs, dates, and plain records and arrays of those. Large data belongs in typed arrays or tables.',
  },
  PRIVITY_VALUE_TOO_LARGE: {
    failure: 'LIMIT_EXCEEDED',
    means: 'A value is larger than the limit for values that are held in memory.',
    causes: 'A very large array, table or record.',
    remedy: 'Send it as a Blob, which is streamed, or send less.',
  },
  PRIVITY_VALUE_CORRUPT: {
    failure: 'DATA_CORRUPT',
    means: 'What a peer sent does not decode to a value.',
    causes: 'A defect or another version at the peer, or a peer that does not keep to the protocol.',
    remedy: 'Compare the versions of Privity; report it if they are the same.',
  },
  PRIVITY_FRAME_INVALID: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'A peer’s program sent a message that the protocol does not allow.',
    causes: 'A defect or another version at the peer, or a peer that does not keep to the protocol.',
    remedy: 'Compare the versions of Privity; report it if they are the same.',
  },
  PRIVITY_MAILBOX_FULL: {
    failure: 'LIMIT_EXCEEDED',
    means: 'Peers sent more values ahead of time than the mailbox and its spill files may hold.',
    causes: 'This party is far slower than its peers, or a value is larger than the limit for spill files.',
    remedy: 'Send less at a time, or raise the limit (mailboxSpillBytesMax) if the disk has room.',
  },
  PRIVITY_SPILL_FAILED: {
    failure: 'RESOURCE_EXHAUSTED',
    means: 'A value that does not fit into memory could not be written to or read from a temporary file.',
    causes: 'The disk of the temporary folder is full or not writable.',
    remedy: 'Free space, or point the temporary folder (TMPDIR) to a larger disk.',
  },
  PRIVITY_SCOPE_FAILED: {
    failure: 'TASK_FAILED',
    means:
      'A `retry` or `deadline` of the job has failed at all parties; the error names the failure that they agree on.',
    causes: 'Something in it failed at a party, or its deadline passed.',
    remedy: 'Look at the failure that it names. To go on without its result, use `attempt`.',
  },
  PRIVITY_SCOPE_DEADLINE: {
    failure: 'DEADLINE_EXCEEDED',
    means: 'A `deadline` of the job has passed at a party.',
    causes: 'A step in it took longer than the job allows, or waits for a peer that is slow.',
    remedy: 'Look at the steps of the report for the one that was open; give it more time or less data.',
  },
  PRIVITY_PARTY_ABSENT: {
    failure: 'PEER_UNREACHABLE',
    means: 'A step needs a party that the run has lost and gone on without.',
    causes: 'A task at the party, a value that only it has, or a transfer to it, after or while it was lost.',
    remedy:
      'Go by what `quorum` says of who is present, or attempt the step. The failure that is reported is the loss itself.',
  },
  PRIVITY_PARTY_NOT_IN_CONCLAVE: {
    failure: 'USAGE',
    means: 'A step in a conclave names a party that is not a member of it.',
    causes: 'The code of the conclave uses a party object of the job around it.',
    remedy: 'Use only the parties that the function of the conclave receives, or name the party as a member.',
  },
  PRIVITY_HANDLE_CONCLAVE: {
    failure: 'USAGE',
    means: 'A handle crosses the border of a conclave.',
    causes:
      'A handle that was made in a conclave was kept for later or returned, or a conclave uses a value of a party that is not a member of it.',
    remedy:
      'Return plain values from the conclave: its result is located at all members. Send values to members before the conclave.',
  },
  PRIVITY_HANDLE_SCOPE_FAILED: {
    failure: 'USAGE',
    means: 'The job uses a value that was made in an `attempt` that has failed.',
    causes: 'A handle was kept in a variable outside of the attempt.',
    remedy: 'Use what a successful attempt returns, and make the value again otherwise.',
  },
} as const satisfies ErrorEntries;
