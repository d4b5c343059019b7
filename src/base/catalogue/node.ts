import type { ErrorEntries } from '../error-entry.ts';

/** Errors of a party's node and of what it keeps. */
export const nodeErrors = {
  PRIVITY_NODE_SOCKET: {
    failure: 'SETUP_FAILED',
    means: 'A process of the node cannot listen at its local socket.',
    causes:
      'The path of the folder for sockets is too long, the folder cannot be written, or another node of the same party uses it.',
    remedy:
      'Look at the path in the message: set `sockets` in the node file to a folder with a short path that only this user can enter, or stop the other node.',
  },
  PRIVITY_NODE_MESSAGE: {
    failure: 'PROTOCOL_VIOLATION',
    means:
      "A partner's node has sent something that this node does not understand, or that is not signed by its key.",
    causes: 'Another version of Privity at the partner, or a message that was altered or made up.',
    remedy:
      'Compare the versions that `privity partners` shows. If they are equal, keep the log and ask the partner.',
  },
  PRIVITY_NODE_PROTOCOL: {
    failure: 'PROGRAM_MISMATCH',
    means: "A partner's node is of a version of Privity that exchanges something else than this one.",
    causes: 'One of the two was upgraded, and the other was not.',
    remedy:
      'Upgrade the older one; the message names it. What waits for the partner is kept until then, and goes by itself.',
  },
  PRIVITY_NODE_ORDER: {
    failure: 'INTERNAL',
    means: 'A supervisor was started with an order that is none of this version of Privity.',
    causes: 'Privity was replaced by another version while the node was starting a run.',
    remedy:
      'Let the node start the attempt again. If it happens without a change of versions, please report it with the log.',
  },
  PRIVITY_NODE_GATE: {
    failure: 'SETUP_FAILED',
    means: 'The process that listens for partners could not be started.',
    causes: 'Too many processes, too little memory, or files of Privity that were replaced while it ran.',
    remedy: 'Look at the reason in the message and at the limits of this machine, then start the node again.',
  },
  PRIVITY_PROPOSAL_INVALID: {
    failure: 'USAGE',
    means: 'A proposal is not one that this node takes: it contradicts itself, or the federation.',
    causes:
      'A mistake of the proposer, such as a schedule that never comes; another federation file at the partner, a clock that is wrong, or files that were altered.',
    remedy:
      'Mend what the message names (a schedule: `--cron`, `--timezone`, `--valid`), and propose again. Where a partner refuses what this node takes, compare the federation files (`privity federation show`) and the clocks of both.',
  },
  PRIVITY_PROPOSAL_FLOOD: {
    failure: 'RESOURCE_EXHAUSTED',
    means:
      'A partner proposes more than a node takes: too many wait for a decision, or were made within a day.',
    causes: 'A program that proposes in a loop, or nobody who decides.',
    remedy:
      'Decide on what waits (`privity proposals`), or withdraw it, then propose again. The bound of a day counts withdrawn ones, too: wait, and mend the program.',
  },
  PRIVITY_PROPOSAL_UNKNOWN: {
    failure: 'USAGE',
    means: 'There is no proposal of that name at this node.',
    causes: 'A name that was cut off, or one of another node.',
    remedy: 'Look for it with `privity proposals`.',
  },
  PRIVITY_PROPOSAL_STATE: {
    failure: 'USAGE',
    means: 'What was asked for is not possible with a proposal that stands as this one does.',
    causes: 'It was refused, withdrawn, has expired, or all its runs are over.',
    remedy: 'Propose it again: `privity propose`.',
  },
  PRIVITY_PROPOSAL_OWN: {
    failure: 'USAGE',
    means: 'The person who has proposed a run may not approve it for the same party.',
    causes: 'Two people are wanted at each party, unless its node file says otherwise.',
    remedy: 'Let somebody else approve it, or set `selfApproval: true` in the node file.',
  },
  PRIVITY_GRANT_MISSING: {
    failure: 'POLICY_DENIED',
    means: 'A proposal asks for more of a dataset than its partner has been granted.',
    causes: 'There is no grant, it has expired or is used up, or it is for other columns or another purpose.',
    remedy: 'Add a grant (`privity grants add`), or refuse the proposal.',
  },
  PRIVITY_JOB_PACKAGE: {
    failure: 'POLICY_DENIED',
    means: "A job imports a package that is not on this party's list of packages that jobs may import.",
    causes:
      'The list (`packages` in the node file) does not name it, or it is not installed where the node looks.',
    remedy:
      'Read the package. Put its name on the list, install it in the folder `packagesFolder` in the version that the proposal names, and start the node again; or refuse the proposal.',
  },
  PRIVITY_REHEARSAL_BUSY: {
    failure: 'RESOURCE_EXHAUSTED',
    means: 'A node rehearses one proposal at a time, and is rehearsing one.',
    causes: 'Somebody else, or another terminal, has asked for a rehearsal that has not ended.',
    remedy: 'Ask again when it has ended, which is after four minutes at the latest.',
  },
  PRIVITY_REHEARSAL_LIMIT: {
    failure: 'LIMIT_EXCEEDED',
    means:
      'The rehearsal of a proposal was ended, because it used more than a node gives to code that nobody has approved.',
    causes: 'A job that takes long on hundreds of rows, one that never ends, or one that means harm.',
    remedy:
      'Ask for fewer rows (`--rows 6,20 --seeds 1`). If it comes again, read the job, or refuse the proposal.',
  },
  PRIVITY_DATASET_UNKNOWN: {
    failure: 'USAGE',
    means:
      'There is no dataset of that name: none at this node, or none that the partner has published for this party.',
    causes:
      'A name that was mistyped, a dataset that was removed after the proposal, or a partner that has granted others only.',
    remedy:
      "If it is this party's own, look at `privity datasets list`: correct the name, or add the dataset under it. If it is a partner's, look at `privity partners`: correct the name, have the partner grant it, or ask for another proposal.",
  },
  PRIVITY_GRANT_MEMORY: {
    failure: 'POLICY_DENIED',
    means:
      'Too little of a dataset has changed since the partner last used it: two answers would tell of single rows.',
    causes: 'The same question about nearly the same rows, by mistake or on purpose.',
    remedy:
      'Run it again when more rows have changed, or let the owner of the dataset change `changedRowsMin` of the grant.',
  },
  PRIVITY_DATASET_EXISTS: {
    failure: 'USAGE',
    means: 'There is a dataset of that name at this node already.',
    causes: 'It was added before, or the name is used for another table.',
    remedy: 'Remove the other one first (`privity datasets remove NAME`), or take another name.',
  },
  PRIVITY_GRANT_UNKNOWN: {
    failure: 'USAGE',
    means: 'There is no grant of that name at this node.',
    causes: 'A name that was cut off, or one of another node.',
    remedy: 'Look for it with `privity grants list`.',
  },
  PRIVITY_RULE_INVALID: {
    failure: 'USAGE',
    means: 'A rule is not one that a node takes.',
    causes:
      'It would approve anything, it names a proposal that no person of this party has approved, or it contradicts itself.',
    remedy:
      'Approve one proposal by hand, then let the rule approve the same again: `privity rules add approve --like PROPOSAL`.',
  },
  PRIVITY_RULE_UNKNOWN: {
    failure: 'USAGE',
    means: 'There is no rule of that name at this node that could be shown or removed.',
    causes: 'A name that was cut off, or a rule that was removed before.',
    remedy: 'Look for it with `privity rules list`.',
  },
  PRIVITY_RUN_UNKNOWN: {
    failure: 'USAGE',
    means: 'There is no run, and no incident, of that name at this node.',
    causes: 'A name that was cut off, a run of another node, or one that was purged.',
    remedy: 'Look for it with `privity runs list --config NODE_FILE`.',
  },
  PRIVITY_RUN_STATE: {
    failure: 'USAGE',
    means: 'What was asked for is not possible with a run that stands as this one does.',
    causes: 'It has ended, or it does not run at this party.',
    remedy: 'Look at it with `privity runs show`.',
  },
  PRIVITY_RUN_NO_REPORT: {
    failure: 'INPUT_MISSING',
    means: 'A run has no report at this party.',
    causes: 'It goes on, it has never begun, or its supervisor was killed.',
    remedy: 'Wait for its end, or read its log: `privity runs logs`.',
  },
  PRIVITY_RUN_NO_RESULT: {
    failure: 'INPUT_MISSING',
    means: 'A run has no result at this party.',
    causes: 'It goes on, it has failed, or its job returns nothing.',
    remedy:
      'Look at what it came to: `privity runs show`. Files that a job wrote are in `results` of its folder.',
  },
  PRIVITY_TOKEN_UNKNOWN: {
    failure: 'USAGE',
    means: 'There is no token of that name at this node that could be revoked.',
    causes: 'A name that was cut off, or a token that was revoked before.',
    remedy: 'Look at `privity tokens list`.',
  },
  PRIVITY_TOKEN_INVALID: {
    failure: 'AUTH_FAILED',
    means: 'A request came to a node without a token that is good for it.',
    causes: 'No token, one of another node, or one that has expired or was revoked.',
    remedy: 'Give one with --token-file; an administrator makes one with `privity tokens add`.',
  },
  PRIVITY_TOKEN_RIGHT: {
    failure: 'AUTH_FAILED',
    means: 'A token is good, and its role may not do what was asked for.',
    causes: 'The person has another role.',
    remedy:
      'Let somebody with that role do it, or have a token with another role made: `privity tokens add --role`.',
  },
  PRIVITY_API_TLS: {
    failure: 'USAGE',
    means: 'The API of a node would be reachable from other machines without TLS.',
    causes: 'An address in `api` that is not one of this machine alone.',
    remedy: 'Use 127.0.0.1, or let a proxy with TLS on this machine pass requests on.',
  },
  PRIVITY_API_UNKNOWN: {
    failure: 'USAGE',
    means: 'The API of a node has no such address.',
    causes: 'A mistake in the path, or another version of the node.',
    remedy: 'Look at `/api/v1/openapi.json` of the node.',
  },
  PRIVITY_API_INVALID: {
    failure: 'USAGE',
    means:
      'A request to the API of a node, or a call of `privity/control`, does not have the form that it needs.',
    causes:
      'A missing or unknown key or option, a value of another type, or a body that is too large or not JSON.',
    remedy: 'Look at the message, and for a request at `/api/v1/openapi.json` of the node.',
  },
  PRIVITY_API_FOREIGN: {
    failure: 'AUTH_FAILED',
    means:
      'A request came to the API of a node under another name of the machine, or from a page of another site.',
    causes: 'A page in a browser on this machine that tries to use it, or a proxy that changes names.',
    remedy:
      'Use the address at which the API listens, which is one of this machine; let a proxy ask under that address.',
  },
  PRIVITY_NODE_NOT_RUNNING: {
    failure: 'SETUP_FAILED',
    means: 'There is no node that serves from the state folder that the node file names.',
    causes: 'It was never started, or the node file is another one.',
    remedy: 'Start it (`privity node start --config NODE_FILE`), or name the right node file with --config.',
  },
  PRIVITY_NODE_UNREACHABLE: {
    failure: 'SETUP_FAILED',
    means: 'The node does not answer at the address of its API.',
    causes: 'It has ended, it is being started, or something else listens there.',
    remedy: 'Look at `privity node status`, and at what the node has printed; start it again.',
  },
  PRIVITY_EVIDENCE_INVALID: {
    failure: 'DATA_INVALID',
    means: 'A file is not one that `privity runs evidence` has written.',
    causes: 'Another file, one that was cut off, or one of a newer version.',
    remedy: 'Ask for the file again, or use the version of Privity that it names.',
  },
  PRIVITY_PROPOSAL_BUNDLE: {
    failure: 'USAGE',
    means: "A job's files do not go into a bundle, or a partner's bundle is not one that is taken.",
    causes:
      'The job has too many or too large files, it imports files outside of a common folder, or the bundle was altered.',
    remedy: 'Look at the message: keep code, not data, beside the job, below one folder.',
  },
  PRIVITY_STORE_IN_USE: {
    failure: 'SETUP_FAILED',
    means: 'Another node works on this store. Two on one store would each decide without the other.',
    causes:
      'The node was started twice, or the one before has not ended yet. On PostgreSQL also: two nodes were given one database.',
    remedy:
      'End the other node, or give this one a state folder or a database of its own. A node that was killed lets go at once; one whose machine vanished from PostgreSQL within half a minute.',
  },
  PRIVITY_STORE_OTHER_PARTY: {
    failure: 'SETUP_FAILED',
    means: 'The store was made by another party, or under another key of this one.',
    causes: "A wrong state folder or database, or this party's key was replaced.",
    remedy:
      'Look at the folder or the database in the message. If the key was replaced on purpose, enter the fingerprint of the former one, which the message names, under `former` of this party in the federation file.',
  },
  PRIVITY_STORE_NEWER: {
    failure: 'SETUP_FAILED',
    means: 'The store was written by a newer Privity. Nothing in it was changed.',
    causes: 'An older version was installed after a newer one had opened the store.',
    remedy:
      'Install the newer version again. Stores are converted forward only; a backup from before the upgrade is of the old version.',
  },
  PRIVITY_STORE_FULL: {
    failure: 'RESOURCE_EXHAUSTED',
    means: 'There is no room left for what the node has to keep. The change was not made, not even in part.',
    causes: 'The disk of the state folder, or of PostgreSQL, is full, or a quota is used up.',
    remedy: 'Make room, and try again: nothing has to be repaired. Old runs can be purged.',
  },
  PRIVITY_STORE_LOCKED: {
    failure: 'SETUP_FAILED',
    means: 'Another program holds the store, so that the node could not read or write it in time.',
    causes: 'A tool of SQLite or PostgreSQL that has a transaction open on it, or a backup that locks.',
    remedy: 'End that transaction. Read a store that is in use, if at all, with a tool that does not lock.',
  },
  PRIVITY_STORE_CORRUPT: {
    failure: 'DATA_CORRUPT',
    means: 'What is in the place of the store cannot be read as one.',
    causes:
      'A failing disk, a copy made while the node was writing, or a file or database that belongs to something else.',
    remedy:
      'Keep what is there, look at the disk, and put back the latest backup. What partners have signed can be had from them again.',
  },
  PRIVITY_STORE_UNREACHABLE: {
    failure: 'SETUP_FAILED',
    means: 'The PostgreSQL of the store cannot be reached, or did not answer in time.',
    causes:
      'A wrong address, name or password, a server that is down or starting, a network that loses packets, or no connection left.',
    remedy:
      'Try the same address with psql on the machine of the node. The message has the reason that the server or the system gave.',
  },
  PRIVITY_STORE_LOST: {
    failure: 'SETUP_FAILED',
    means:
      'The connection that makes this node the only one on its store has ended, so that it may not write any more.',
    causes: 'PostgreSQL was restarted, an administrator ended the session, or the network broke.',
    remedy:
      'Start the node again: it takes the store anew. What it had acknowledged is kept; of a change that was under way the node reads then whether it was kept.',
  },
  PRIVITY_STORE_SLOW: {
    failure: 'SETUP_FAILED',
    means: 'A change of the store did not end in time, or too many wait. It was not made, not even in part.',
    causes: 'A disk or a database that has far too much to do, or hardly answers.',
    remedy: 'Look at the disk or at PostgreSQL, and try again.',
  },
  PRIVITY_STORE_FAILED: {
    failure: 'SETUP_FAILED',
    means: 'The store could not be read or written. What was to be changed was not, not even in part.',
    causes:
      'Missing permission on the state folder, a limit on the size of files, a failing disk, or a rule of the database that was broken.',
    remedy: "Look at the reason in the message: SQLite's, PostgreSQL's or the system's own code.",
  },
  PRIVITY_STORE_CLOSED: {
    failure: 'CANCELLED',
    means: 'The store was asked for something after the node had begun to stop.',
    causes: 'A request that came in, or a run that ended, while the node was stopping.',
    remedy: 'Ask again when the node is up. Nothing was changed.',
  },
  PRIVITY_STORE_DRIVER_MISSING: {
    failure: 'SETUP_FAILED',
    means: 'The store is to be in PostgreSQL, and the package that speaks to it is not installed.',
    causes: 'The package pg comes with Privity only where it is asked for.',
    remedy: 'Run `npm install pg` where Privity is installed, or keep the store in the state folder.',
  },
  PRIVITY_STORE_VALUE: {
    failure: 'USAGE',
    means: 'A text or number cannot be kept as it is, and is refused rather than changed.',
    causes:
      'A text with a NUL character or half a surrogate pair, or a number that is no whole number below 2^53.',
    remedy: 'Send it without that character, or as a whole number.',
  },
  PRIVITY_NODE_OUTBOX_FULL: {
    failure: 'RESOURCE_EXHAUSTED',
    means: 'So many messages wait for a partner that no more are taken.',
    causes: 'The partner has been off, or has not been reachable, for very long.',
    remedy: 'Look at the link to the partner. If the partner is gone, remove it: its messages go with it.',
  },
} as const satisfies ErrorEntries;
