import type { ErrorEntries } from '../error-entry.ts';

export const dataErrors = {
  PRIVITY_DUCKDB_MISSING: {
    failure: 'SETUP_FAILED',
    means: 'Tables need the optional package @duckdb/node-api, and it cannot be loaded.',
    causes: 'It is not installed, or has no build for this platform.',
    remedy: 'Run `npm install @duckdb/node-api` beside privity.',
  },
  PRIVITY_DATABASE_STATE: {
    failure: 'USAGE',
    means: 'The database behind the tables was opened twice, or a table was used after it had gone.',
    causes: 'openDatabase after the first table, or a table kept beyond closeDatabase or drop.',
    remedy: 'Call openDatabase once, before the first table; do not keep tables beyond the run.',
  },
  PRIVITY_FILE_MISSING: {
    failure: 'INPUT_MISSING',
    means: 'A file that a table should be read from is not there.',
    causes:
      'A wrong path, a relative path resolved from another folder, or a missing permission on a folder.',
    remedy: 'Check the path in the settings of the party that the error names.',
  },
  PRIVITY_FILE_FORMAT: {
    failure: 'USAGE',
    means: 'The name of the file does not say a format that Privity reads or writes.',
    causes:
      'An extension that no format of tables has, or an option that the format does not have. The error lists those that there are.',
    remedy: 'Rename or convert the file.',
  },
  PRIVITY_FILE_UNREADABLE: {
    failure: 'DATA_INVALID',
    means: 'The file is there, but it cannot be read as a table.',
    causes:
      'No header line, lines with a different number of fields, mixed line ends, an open quote, another delimiter, a damaged file, or a missing permission.',
    remedy: 'Look at the line that the error names; for another delimiter pass `delimiter`.',
  },
  PRIVITY_FILE_ENCODING: {
    failure: 'DATA_INVALID',
    means: 'The file is not valid UTF-8.',
    causes: 'It was exported in another encoding (Latin-1, UTF-16), or is not text.',
    remedy: 'Export it as UTF-8, or convert it: `iconv -f LATIN1 -t UTF-8 IN > OUT`.',
  },
  PRIVITY_FILE_UNWRITABLE: {
    failure: 'OUTPUT_FAILED',
    means: 'A table could not be written. Nothing is left at the path that was not there before.',
    causes: 'A missing folder, a missing permission or a full disk.',
    remedy: 'Check the folder that the error names.',
  },
  PRIVITY_COLUMN_MISSING: {
    failure: 'DATA_INVALID',
    means: 'A table does not have a column that the job asks for.',
    causes: 'Another header than agreed, a different spelling or case, or the wrong file.',
    remedy: 'Compare the header of the file with the names in the job.',
  },
  PRIVITY_COLUMN_NAME: {
    failure: 'DATA_INVALID',
    means: 'The columns of a table cannot be told apart by their names.',
    causes: 'Two columns of one name (case does not count), or an empty or overlong name.',
    remedy: 'Rename the columns in the file, or give them names with AS in the query.',
  },
  PRIVITY_COLUMN_TYPE: {
    failure: 'DATA_INVALID',
    means: 'A column has a type that does not fit its use, or values that do not fit its declared type.',
    causes: 'Text in a column of numbers, a nested type, or a `types` entry that the data does not obey.',
    remedy: 'Correct the data, or name another type: `types: { column: "VARCHAR" }`.',
  },
  PRIVITY_COLUMN_NULLS: {
    failure: 'DATA_INVALID',
    means: 'A column that must have a value in every row has gaps.',
    causes: 'Empty fields in the file.',
    remedy:
      'Fill them, drop those rows with a query, or share a mask beside the column. For plain tasks only: read numbers with `{ nulls: "nan" }`.',
  },
  PRIVITY_TABLE_EMPTY: {
    failure: 'DATA_INVALID',
    means: 'A table without rows was given to something that needs at least one.',
    causes: 'A file with a header only, or a filter that leaves nothing.',
    remedy: 'Check the file and the query; use rowCount to decide beforehand.',
  },
  PRIVITY_TABLE_LIMIT: {
    failure: 'LIMIT_EXCEEDED',
    means: 'A table has more rows, columns or bytes than the named limit allows.',
    causes: 'A very large file, or a value that arrived with absurd sizes.',
    remedy: 'Select fewer columns or rows; split the table.',
  },
  PRIVITY_TABLE_QUERY: {
    failure: 'USAGE',
    means: 'A query on a table is not one read-only SELECT that works on `rows`.',
    causes: 'A mistake in the SQL, several statements, or a statement that would change something.',
    remedy:
      'Write one SELECT over the name `rows`. The reason is in the cause, in the log of the party itself.',
  },
  PRIVITY_TABLE_CORRUPT: {
    failure: 'DATA_CORRUPT',
    means: 'Bytes that should be a table (an Arrow IPC stream) are not.',
    causes: 'A peer that sends something else, or damage on the way.',
    remedy: 'Check that both parties run the same version of Privity; if they do, talk to the peer.',
  },
  PRIVITY_KEY_DUPLICATE: {
    failure: 'DATA_INVALID',
    means: 'The key of a private set intersection is not unique in the table.',
    causes:
      'Several rows for one id, or more than `duplicates` allows; keys that differ until `normalise` has made them one.',
    remedy:
      'Remove duplicates before: `table.query("SELECT … FROM rows GROUP BY id")`, or allow some: `duplicates: { upTo: 3 }`.',
  },
  PRIVITY_KEY_NULL: {
    failure: 'DATA_INVALID',
    means: 'Rows without a key take part in a private set intersection.',
    causes: 'Empty fields in a key column.',
    remedy:
      'Remove those rows: `table.query("SELECT * FROM rows WHERE id IS NOT NULL")`, or let the intersection leave them out: `nulls: "leave out"`.',
  },
  PRIVITY_KEY_UNREADABLE: {
    failure: 'DATA_INVALID',
    means: 'A key has a form that the rules of the intersection (`normalise`) cannot read.',
    causes:
      'A phone number with letters or too few digits, a date in another format or one that no calendar has.',
    remedy:
      'Correct the values, name the right format, or let the intersection leave them out: `nulls: "leave out"`.',
  },
  PRIVITY_KEY_TYPE: {
    failure: 'DATA_INVALID',
    means: 'A column cannot serve as a key of a private set intersection.',
    causes: 'Fractional numbers, times with a zone or bytes.',
    remedy: 'Read the column as text: `readTable(path, { types: { id: "VARCHAR" } })`.',
  },
  PRIVITY_KEY_TYPE_MISMATCH: {
    failure: 'DATA_INVALID',
    means: 'A key column has types at the two parties whose equal values can have different texts.',
    causes:
      'Dates at one party and timestamps at the other; numbers of a Parquet file, or declared ones, at one party and text at the other.',
    remedy:
      'Read the column alike at both: `readTable(path, { types: { id: "VARCHAR" } })`, and bring the texts to one form.',
  },
  PRIVITY_PSI_USAGE: {
    failure: 'USAGE',
    means: 'A private set intersection was called with key columns or a channel that cannot work.',
    causes: 'No key column, too many, one twice, or a channel that does not have exactly two members.',
    remedy: 'Name one to sixteen different columns; intersect two parties at a time.',
  },
  PRIVITY_PSI_LIMIT: {
    failure: 'LIMIT_EXCEEDED',
    means: 'A table is too large for one private set intersection.',
    causes: 'More rows than the protocol takes, at this party or the peer; the error has both numbers.',
    remedy: 'Split both tables by a public property and intersect the parts.',
  },
  PRIVITY_PSI_MEMORY: {
    failure: 'RESOURCE_EXHAUSTED',
    means: 'A private set intersection takes more memory than this party has for it.',
    causes: 'Many rows, and a small memoryMax; the error says what it takes and what there is.',
    remedy: 'Raise memoryMax in the party file, or intersect parts of the tables by a public property.',
  },
  PRIVITY_PSI_MISMATCH: {
    failure: 'DIVERGENCE',
    means: 'The two parties of a private set intersection do not ask for the same thing.',
    causes:
      'Different key columns, options or protocols, versions of Privity whose protocols or rules differ, or party files (`psi.protocols`) that have no protocol in common.',
    remedy:
      'Run the same job and version at both parties, with party files that both take one of its protocols.',
  },
  PRIVITY_PSI_POLICY: {
    failure: 'POLICY_DENIED',
    means: "A private set intersection runs by no protocol that this party's party file takes.",
    causes:
      'The job names another protocol (`protocol`), or what it asks for takes one: `cardinality` runs by `dh`.',
    remedy:
      'Have the job name a protocol that both parties take, or add the one it needs to `psi.protocols` of the party file.',
  },
  PRIVITY_PSI_PROTOCOL: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'The peer of a private set intersection sent something that the protocol does not allow.',
    causes: 'A different implementation, a damaged message, or an attack.',
    remedy: 'Do not retry before you know why; talk to the peer.',
  },
  PRIVITY_PSI_CHECK: {
    failure: 'CHECK_FAILED',
    means: 'The two parties of a private set intersection did not arrive at the same result.',
    causes: 'A peer that deviates from the protocol; a fault of a machine.',
    remedy: 'Do not use any result of the run, and do not retry before you know why.',
  },
} as const satisfies ErrorEntries;
