import type { ErrorEntries } from '../error-entry.ts';

export const transportErrors = {
  PRIVITY_PARTY_NAME_INVALID: {
    failure: 'USAGE',
    means: 'A party name does not fit into a server name.',
    causes: 'Upper case letters, dots, spaces or more than 63 characters in a name.',
    remedy: 'Use lower case letters, digits, - and _, starting with a letter or digit.',
  },
  PRIVITY_PARTY_UNKNOWN: {
    failure: 'USAGE',
    means: 'A connection to a party was asked for that the federation does not list.',
    causes: 'A job or a configuration that names a party which is not in the federation file.',
    remedy: 'Add the party to the federation file of every party, or correct the name.',
  },
  PRIVITY_IDENTITY_INVALID: {
    failure: 'SETUP_FAILED',
    means: "This party's own certificate or private key cannot be read, or the two do not belong together.",
    causes: 'A file that is not PEM, a key that is not P-256 in PKCS #8, or a key of another certificate.',
    remedy:
      'Point `key` and `certificate` in the party file at the pair that was made together. Only if one of them is lost make a new pair (`privity keygen --force`): its fingerprint has to go into the federation file of every party.',
  },
  PRIVITY_IDENTITY_OUT_OF_DATE: {
    failure: 'SETUP_FAILED',
    means:
      "This party's own certificate is past its last day or not valid yet, by the clock of this machine.",
    causes: 'It was not renewed, or the clock of this machine, or of the one where it was made, is wrong.',
    remedy:
      'Look at the clock of this machine. If it is right, `privity keygen --party NAME --renew` makes a new certificate around the same key: the fingerprint and the federation file stay as they are.',
  },
  PRIVITY_IDENTITY_MISMATCH: {
    failure: 'SETUP_FAILED',
    means: "This party's own certificate is not the one that its federation file lists for it.",
    causes: 'The key was replaced, the federation file is old, or the certificate names another party.',
    remedy:
      "If the certificate is the right one, put the fingerprint in the message into the federation file of every party. If it is another party's, point `key` and `certificate` in the party file at this party's own.",
  },
  PRIVITY_PEER_CERTIFICATE_MISSING: {
    failure: 'AUTH_FAILED',
    means: 'The other end did not present a certificate that can be read.',
    causes: 'A proxy that ends TLS in between, or a client that is not Privity.',
    remedy:
      'Let TLS pass through proxies unopened; every party needs the certificate that `privity keygen` made.',
  },
  PRIVITY_PEER_SESSION_RESUMED: {
    failure: 'AUTH_FAILED',
    means: 'The other end resumed an earlier TLS session, which does not prove that it has its key.',
    causes: 'A client that is not Privity, or a proxy that ends TLS in between.',
    remedy: 'Let TLS pass through proxies unopened; Privity itself never resumes a session.',
  },
  PRIVITY_PEER_KEY_UNKNOWN: {
    failure: 'AUTH_FAILED',
    means: 'The other end has a key other than the one that the federation file lists for that party.',
    causes:
      'The peer made a new key, the federation file has a wrong fingerprint or address, or someone is in between.',
    remedy:
      'Compare fingerprints with the other organisation by telephone (`privity federation show`), then correct the federation file.',
  },
  PRIVITY_PEER_NAME_WRONG: {
    failure: 'AUTH_FAILED',
    means: "The peer's certificate does not name the party that was expected.",
    causes: 'Two addresses swapped in the federation file, or a certificate made for another name.',
    remedy: 'Check name and address in the federation file; the peer makes its certificate with that name.',
  },
  PRIVITY_PEER_CERTIFICATE_EXPIRED: {
    failure: 'AUTH_FAILED',
    means: "The peer's certificate is past its last day.",
    causes: 'It was not renewed, or the clock of this machine is ahead.',
    remedy:
      'The peer renews it with the same key (`privity keygen --renew`), which keeps its fingerprint; check the clock.',
  },
  PRIVITY_PEER_CERTIFICATE_NOT_YET_VALID: {
    failure: 'AUTH_FAILED',
    means: "The peer's certificate is not valid yet.",
    causes:
      'The clock of this machine is behind, or that of the machine where the certificate was made is ahead.',
    remedy: 'Set both clocks (`privity doctor` compares them).',
  },
  PRIVITY_PEER_REFUSED_US: {
    failure: 'AUTH_FAILED',
    means: "A peer refused this party's identity. Why is said to nobody but its own operator.",
    causes:
      "The peer's federation file lists another fingerprint for this party, or the certificate is out of date.",
    remedy:
      "Ask the peer's operator what the log there says; send the peer this party's fingerprint again (`privity federation show`), or renew the certificate.",
  },
  PRIVITY_PEER_ADDRESS_WRONG: {
    failure: 'SETUP_FAILED',
    means: 'What listens at the address of a party is not that party.',
    causes:
      'A wrong host or port in the federation file: another party, a web server or something else is there.',
    remedy: 'Correct host and port in the federation file; `privity doctor` shows what answers.',
  },
  PRIVITY_PEER_UNREACHABLE: {
    failure: 'PEER_UNREACHABLE',
    means: 'No connection to a party can be made at this moment. Tried again until a deadline passes.',
    causes: 'The peer has not started, its host is down, or a firewall is in between.',
    remedy:
      'Start the peer; check host and port in the federation file and the firewalls (`privity doctor`).',
  },
  PRIVITY_CONNECTION_BROKEN: {
    failure: 'LINK_DOWN',
    means: 'A connection to a party ended without a goodbye. The link makes another and resumes.',
    causes: 'A restarted router, an idle timeout of a proxy, a lost network, or the death of the process.',
    remedy: 'Nothing, if it resumes; otherwise see what the failure that followed says.',
  },
  PRIVITY_PROTOCOL_VIOLATION: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'A peer sent something that the protocol does not allow.',
    causes: 'A defect in one of the two programs, an incompatible version, or a peer that means harm.',
    remedy: 'Compare the versions of Privity at both parties; report it if they are the same.',
  },
  PRIVITY_PROTOCOL_VERSION: {
    failure: 'PROGRAM_MISMATCH',
    means: 'The two parties speak different versions of the protocol between parties.',
    causes: 'Different versions of Privity are installed.',
    remedy: 'Install the same version of Privity at all parties.',
  },
  PRIVITY_RUN_MISMATCH: {
    failure: 'PROGRAM_MISMATCH',
    means: 'The two parties are in different runs.',
    causes:
      'One party was started again while the other still has the run before, or run ids were given that differ.',
    remedy: 'End the old run, then start all parties again with the same run id or none.',
  },
  PRIVITY_SESSION_LOST: {
    failure: 'PEER_CRASHED',
    means: 'A peer came back without the memory of the conversation, so messages are lost.',
    causes: "The peer's process was restarted in the middle of a run.",
    remedy: 'Start the run again at all parties.',
  },
  PRIVITY_SUPERVISOR_GONE: {
    failure: 'PEER_CRASHED',
    means: "A peer's supervisor process has ended in the middle of a run; what is left of the peer says so.",
    causes: 'It was killed: by an operator, by the system when memory ran out, or by a third Ctrl-C.',
    remedy: "Look at the peer's system log for the reason, then start the run again at all parties.",
  },
  PRIVITY_LINK_CLOSED: {
    failure: 'LINK_DOWN',
    means: 'The link to a peer was closed while this was pending.',
    causes: 'The run ended, or this party gave the peer up.',
    remedy: 'Look at the verdict, not here: this error is a consequence.',
  },
  PRIVITY_LINK_ENDED_BY_PEER: {
    failure: 'LINK_DOWN',
    means: 'A peer ended the conversation in an orderly way while this party still had use for it.',
    causes: 'The run ended at the peer.',
    remedy: 'Look at the verdict, not here: this error is a consequence.',
  },
  PRIVITY_MESSAGE_ABANDONED: {
    failure: 'TASK_FAILED',
    means: 'The sender of a streamed message failed before it was complete.',
    causes: 'The stream that the message was read from failed at its sender.',
    remedy: "See the sender's log.",
  },
  PRIVITY_LINK_LIMIT: {
    failure: 'LIMIT_EXCEEDED',
    means: 'More was given to a link than its limits allow.',
    causes: 'Very many messages sent without waiting for any, or a header that is too long.',
    remedy: 'Wait for sends to resolve; put large content into the body of a message.',
  },
  PRIVITY_PORT_IN_USE: {
    failure: 'SETUP_FAILED',
    means: "Another process listens on this party's port already.",
    causes: 'Another run of the same party has not ended, or another service has the port.',
    remedy: 'End the other process (`ss -ltnp` shows it), or choose another port in the federation file.',
  },
  PRIVITY_PORT_UNAVAILABLE: {
    failure: 'SETUP_FAILED',
    means: 'This process cannot listen at the address that it was given.',
    causes: 'The address is not one of this machine, or the port needs privileges (below 1024).',
    remedy: 'Listen on 0.0.0.0 or an address of this machine, and a port above 1023.',
  },
} as const satisfies ErrorEntries;
