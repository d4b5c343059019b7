import type { ErrorEntries } from '../error-entry.ts';

/** Errors of the command line and of the files that it reads: raised before a run exists. */
export const setupErrors = {
  PRIVITY_COMMAND_LINE: {
    failure: 'USAGE',
    means: 'The command line is not one that privity understands.',
    causes:
      'An unknown command or option, an option without its value, a value in the wrong form, or options that exclude each other.',
    remedy: 'Read the command with --help; every command shows its options and examples.',
  },
  PRIVITY_CONFIG_FILE_MISSING: {
    failure: 'INPUT_MISSING',
    means: 'A federation file, party file, key or certificate is not where it should be.',
    causes:
      'A wrong path, or a relative path inside a file: those count from the folder of the file that they stand in.',
    remedy:
      'Correct the path, or create the file: `privity keygen` for keys, `privity federation create` for the list of parties; for a node file see docs/node.md.',
  },
  PRIVITY_CONFIG_FILE_UNREADABLE: {
    failure: 'SETUP_FAILED',
    means: 'A configuration file is there, but cannot be read as one.',
    causes:
      'Missing permission, a folder in place of a file, a file that is far too large or not text in UTF-8.',
    remedy: 'Look at the file named in the message and at who may read it.',
  },
  PRIVITY_CONFIG_SYNTAX: {
    failure: 'USAGE',
    means: 'A configuration file is not valid YAML.',
    causes: 'Wrong indentation, a tab, a missing quote or colon, or the same key twice.',
    remedy: 'Go to the line and column in the message.',
  },
  PRIVITY_CONFIG_UNKNOWN_KEY: {
    failure: 'USAGE',
    means: 'A configuration file has a key that Privity does not know.',
    causes:
      'A typing error, or a key of another version. Unknown keys are errors so that no setting is silently ignored.',
    remedy: 'Correct or remove the key; the message lists the keys that are allowed there.',
  },
  PRIVITY_CONFIG_MISSING_KEY: {
    failure: 'USAGE',
    means: 'A configuration file lacks a key that it must have.',
    causes: 'The key was left out, or stands at the wrong level of indentation.',
    remedy: 'Add the key named in the message.',
  },
  PRIVITY_CONFIG_VERSION: {
    failure: 'USAGE',
    means: 'A party or federation file is of a version that this Privity does not read.',
    causes: 'It was written for a newer Privity.',
    remedy:
      'Install the version of Privity for which it was written. Files without `version:` are of version 1, which every Privity reads.',
  },
  PRIVITY_CONFIG_VALUE: {
    failure: 'USAGE',
    means: 'A key of a configuration file has a value that does not fit.',
    causes:
      'Text where a number is expected, a number outside its range, a name or fingerprint in the wrong form.',
    remedy: 'Write what the message says is expected.',
  },
  PRIVITY_CONFIG_ADDRESS: {
    failure: 'USAGE',
    means: 'An address is not HOST:PORT, or is none that anybody could dial.',
    causes:
      'A missing port, a port outside 1 to 65535, an IPv6 address without brackets, a URL instead of an address, or 0.0.0.0 or [::] where other parties have to dial.',
    remedy:
      'Write for example bob.example.org:7420, 192.0.2.7:7420 or [2001:db8::7]:7420: what the other parties reach. To listen on every address of a machine is the matter of `listen` in its party file.',
  },
  PRIVITY_CONFIG_DUPLICATE: {
    failure: 'USAGE',
    means: 'Two parties of a federation have the same name, fingerprint or address.',
    causes: 'A copied entry that was not changed, or one key used for two parties.',
    remedy: 'Give every party its own name, key and address.',
  },
  PRIVITY_CONFIG_PARTY_UNKNOWN: {
    failure: 'USAGE',
    means: 'A party is named that the federation or the job does not have.',
    causes: 'A typing error, or another federation file than intended.',
    remedy: 'Use one of the names that the message lists.',
  },
  PRIVITY_CONFIG_PARTY_MISMATCH: {
    failure: 'USAGE',
    means: 'The command line names one party, the party file another.',
    causes: "Another party's file was given.",
    remedy: 'Give the party file of the party that this machine runs.',
  },
  PRIVITY_CONFIG_CERTIFICATE: {
    failure: 'SETUP_FAILED',
    means: 'A key or certificate file cannot be used.',
    causes: 'The file is not PEM, holds something else, or the certificate names another party.',
    remedy:
      "Point `key` and `certificate` in the party file at this party's own pair. Only if it is lost make a new one with `privity keygen --force`, and send its fingerprint to the other parties.",
  },
  PRIVITY_CONFIG_KEY_MISMATCH: {
    failure: 'SETUP_FAILED',
    means: 'The private key and the certificate do not belong together.',
    causes: 'Files of two different `privity keygen` were mixed, or only one of them was replaced.',
    remedy: 'Point `key` and `certificate` at the pair that was made together.',
  },
  PRIVITY_CONFIG_FINGERPRINT_MISMATCH: {
    failure: 'SETUP_FAILED',
    means: 'A certificate is not the one whose fingerprint the federation file lists for that party.',
    causes: 'The key was replaced after the federation file was made, or the file is of another federation.',
    remedy: 'Agree with the other parties on one federation file with the current fingerprints.',
  },
  PRIVITY_FILE_EXISTS: {
    failure: 'OUTPUT_FAILED',
    means: 'A file would be overwritten.',
    causes:
      'The command was run before; a private key that is lost cannot be made again. Or a file that is no report has the name of one.',
    remedy:
      'Choose another folder or name, or add --force, where the command has it, if the old file is really no longer needed.',
  },
  PRIVITY_FOLDER_NOT_EMPTY: {
    failure: 'USAGE',
    means: '`privity init` makes a folder, and the one that it was given has something in it.',
    causes: 'The command was run before, a path was mistyped, or it was run in a folder of other work.',
    remedy: 'Name a folder that is empty or not there yet. What is in this one has not been touched.',
  },
  PRIVITY_FILE_WRITE: {
    failure: 'OUTPUT_FAILED',
    means: 'A file, a folder, standard output or standard error cannot be written.',
    causes:
      'Missing permission, a folder that does not exist, a full disk, or a reader of the output that is too slow.',
    remedy:
      'Look at the path in the message: who may write there, and how much room is left. What was to be written is lost.',
  },
  PRIVITY_TEMPORARY_FOLDER: {
    failure: 'SETUP_FAILED',
    means: 'A run has no temporary folder.',
    causes: 'The folder for temporary files (TMPDIR) does not exist, may not be written, or is full.',
    remedy:
      'Look at the folder in the message, or set TMPDIR to another; `privity doctor --clean` may make room.',
  },
  PRIVITY_RECORD_UNKNOWN: {
    failure: 'INPUT_MISSING',
    means: 'There is no record of the run, or of the failure, that was asked for.',
    causes:
      'A typing error, a run of another user, machine or XDG_STATE_HOME, a run with --no-record, or one so old that its record was removed.',
    remedy: 'Look at `privity runs list`; the record of a party is on the machine where that party ran.',
  },
  PRIVITY_RECORD_AMBIGUOUS: {
    failure: 'USAGE',
    means: 'Several runs have an id that begins with what was asked for.',
    causes: 'The beginning is too short, or a run id was given to several runs by --run-id.',
    remedy: 'Use one of the names in the message, or more letters of the id.',
  },
  PRIVITY_MACHINE_STUCK: {
    failure: 'SETUP_FAILED',
    means:
      'This machine did not do in time what a run needs of it: make a folder, open a file or a port, start a process.',
    causes:
      'A network file system whose server is gone, a folder such as those of /proc in which nothing can be made, a failing disk, or a machine with far too much to do.',
    remedy:
      'Look at what the message names. Put reports, logs and temporary files (TMPDIR) on a disk that answers.',
  },
  PRIVITY_SANDBOX_MISSING: {
    failure: 'POLICY_DENIED',
    means: 'A party runs code of jobs in a sandbox only (`sandbox: required`), and none can be had here.',
    causes:
      'bubblewrap is not installed, users may not make namespaces on this machine or in this container, or the system is not Linux.',
    remedy:
      'Install bubblewrap and let users make namespaces (docs/operations.md); `privity doctor` says whether it works. Or take `sandbox: preferred`, if you have read the job.',
  },
  PRIVITY_SANDBOX_REFUSED: {
    failure: 'POLICY_DENIED',
    means:
      'The code of a job tried something that its sandbox refuses: network, processes, threads, native code, internals of Node.js.',
    causes:
      'A job, or a package that it imports, that needs more than files which it was given; or one that tries to get out.',
    remedy:
      'The message names what was tried, and the verdict the step, if one ran alone: look for it in the code of that step and in what that imports. What a job may need, it is given by its settings.',
  },
  PRIVITY_PROGRAM_NOT_STARTED: {
    failure: 'SETUP_FAILED',
    means: "A party's program process could not be started.",
    causes: 'The folder of the job is not there, or the system has no room for another process.',
    remedy:
      'Look at the folder and the reason in the message: ENOENT is a missing folder, EAGAIN a limit of processes.',
  },
  PRIVITY_REPORT_INVALID: {
    failure: 'DATA_INVALID',
    means: 'A file that should be the report of a party is none.',
    causes: 'Another file was named, the copy is not complete, or somebody has edited it.',
    remedy: 'Ask the party for its report again: DIR/PARTY.json of --report DIR, as the run has written it.',
  },
  PRIVITY_REPORT_VERSION: {
    failure: 'DATA_INVALID',
    means: 'A report was written in a form that this version of Privity does not read.',
    causes: 'The party runs an older or newer version of Privity.',
    remedy: 'Explain it with the version that wrote it (privityVersion in the report).',
  },
  PRIVITY_REPORT_RUNS_MIXED: {
    failure: 'USAGE',
    means: 'Reports that do not belong to one run were to be explained together.',
    causes: 'A report of an earlier run, of another job, or two reports of the same party.',
    remedy: 'Give one report of each party, all of the same run; the message says which differ.',
  },
  PRIVITY_REPORT_SIGNATURE: {
    failure: 'AUTH_FAILED',
    means: 'What a report says that a party has contributed to the verdict was not signed by that party.',
    causes: 'The report was changed after the run, or the federation file is not the one of that run.',
    remedy:
      'Use the federation file of the run (`privity federation show` prints its digest). If it is the right one, do not believe the report.',
  },
  PRIVITY_JOB_NOT_LOADED: {
    failure: 'SETUP_FAILED',
    means: 'The process that reads the list of parties from a job ended without telling them.',
    causes: "The job's module ends the process, crashes it, or is not loaded within the time allowed.",
    remedy:
      'Import the module alone with node and see what it does; a job should only define, not compute, when imported.',
  },
} as const satisfies ErrorEntries;
