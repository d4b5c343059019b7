import type { ErrorEntries } from '../error-entry.ts';

/** Errors of datasets: of where their rows come from, what is published of them, and their staging before a run. */
export const sourceErrors = {
  PRIVITY_SOURCE_INVALID: {
    failure: 'USAGE',
    means: 'The description of where the rows of a dataset come from is not one that Privity understands.',
    causes: 'A typing error, a key of another kind of source, a relative path, or a password written out.',
    remedy: 'Correct the key that the error names; docs/sources.md lists the keys of each kind.',
  },
  PRIVITY_SOURCE_CREDENTIAL: {
    failure: 'SETUP_FAILED',
    means: 'A credential that a source refers to cannot be had.',
    causes:
      'The environment variable is not set where the node runs, or the file is missing, empty, too large or not readable for it.',
    remedy: 'Set the variable, or put the file in place; the error names it, never its content.',
  },
  PRIVITY_SOURCE_EXTENSION: {
    failure: 'SETUP_FAILED',
    means: 'The extension of DuckDB that a kind of source needs is not in place, or does not fit.',
    causes:
      'No folder of extensions is configured, the file is not in it, or it was made for another version of DuckDB or another platform. Nothing is ever downloaded while Privity runs.',
    remedy:
      'Put the file for the version that the error names into the folder (docs/sources.md), or install the version of @duckdb/node-api that fits the file.',
  },
  PRIVITY_SOURCE_UNREACHABLE: {
    failure: 'INPUT_MISSING',
    means: 'The server of a source cannot be reached, or did not answer in time.',
    causes:
      'A wrong host or port, a server that is off or overloaded, a firewall, or a time-out that is too short.',
    remedy: 'Try the server from this machine with its own client; then look at the time-outs of the node.',
  },
  PRIVITY_SOURCE_DENIED: {
    failure: 'SETUP_FAILED',
    means: 'The server of a source does not let Privity in, or does not let it read.',
    causes:
      'A wrong user or credential, a missing permission, or TLS that cannot be agreed on or whose certificate is not trusted.',
    remedy:
      'Try the same user from this machine with the client of the server; for TLS look at sslMode, tls and rootCertificate of the source.',
  },
  PRIVITY_SOURCE_MISSING: {
    failure: 'INPUT_MISSING',
    means: 'A source is there, but not what it should have: no such database, table, folder, file or object.',
    causes: 'A wrong name (case counts), or something that was renamed or removed since.',
    remedy: 'Compare the names in the source with those at the place itself.',
  },
  PRIVITY_SOURCE_UNREADABLE: {
    failure: 'DATA_INVALID',
    means: 'What a source has cannot be read as one table whose values are right.',
    causes:
      'Files of a folder whose columns differ, a damaged file, a database that another process writes to, values that this way of reading would change, or a view that reads something else.',
    remedy:
      'Correct what the error names; in a database, a view can leave out or convert what cannot be read.',
  },
  PRIVITY_SCHEMA_CHANGED: {
    failure: 'DATA_INVALID',
    means: 'The columns of a dataset are not those that were published of it.',
    causes:
      'A column was renamed, removed or has another type or gaps since, or the source is another one now.',
    remedy:
      'Publish the schema anew, so that partners see it, or bring the columns back. The error names each.',
  },
  PRIVITY_PUBLISH_REFUSED: {
    failure: 'DATA_INVALID',
    means: 'What should be published of a column would tell of single rows, or does not fit its values.',
    causes:
      'Categories with few rows in one of them, too many categories, a range that is not one of numbers or times, or values outside of the range that its owner states.',
    remedy: 'State a range by hand, put rare categories together in a view, or do not publish it.',
  },
  PRIVITY_ROW_CONDITION: {
    failure: 'USAGE',
    means: 'The condition of a grant on rows is not one SQL expression that is true or false of a row.',
    causes:
      'A mistake in the SQL, a column that the source does not have, a subquery, a function that gives another value each time, or a condition that fails on some value.',
    remedy: "Write one condition on the columns of the source, as in: region = 'north' AND consent",
  },
  PRIVITY_ROWS_TOO_FEW: {
    failure: 'DATA_INVALID',
    means:
      'A dataset, or an intersection with it, has fewer rows than its owner demands for a run, or the job for a result.',
    causes:
      'A condition that leaves few rows, a source that has shrunk, or keys of which few are at both parties.',
    remedy: 'Use a wider condition, or talk to the owner about minimumRows of the grant, or of the job.',
  },
  PRIVITY_STAGING_FAILED: {
    failure: 'SETUP_FAILED',
    means: 'The process that reads a dataset ended without an answer. Nothing is left of what it wrote.',
    causes:
      'It was killed (by the system, when memory ran out), it crashed, or it was not done within its deadline.',
    remedy:
      'Look at the memory of the machine; grant fewer columns or rows; raise deadlineMs or memoryLimitMb of staging.',
  },
  PRIVITY_MEMORY_FILE: {
    failure: 'SETUP_FAILED',
    means: 'A file in which the node remembers which rows were used cannot be used.',
    causes: 'It is missing, damaged, or was made with another key.',
    remedy: 'Bring back the file or its key; without them it cannot be told how many rows have changed.',
  },
} as const satisfies ErrorEntries;
