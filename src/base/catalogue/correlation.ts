import type { ErrorEntries } from '../error-entry.ts';

export const correlationErrors = {
  PRIVITY_CURVE_MISSING: {
    failure: 'SETUP_FAILED',
    means: 'Oblivious transfer between two parties needs the curve of sodium-native, which cannot be loaded.',
    causes: 'sodium-native has no build for this platform.',
    remedy: 'Give the secure device a dealer (a party that holds no data), or run on a platform that has it.',
  },
  PRIVITY_DEALER_PROTOCOL: {
    failure: 'PROTOCOL_VIOLATION',
    means:
      'The dealer of a secure device, or a party in a request to it, sent something that the protocol does not allow.',
    causes: 'A different implementation or version, a damaged message, or an attack.',
    remedy: 'Do not retry before you know why; talk to the peer.',
  },
  PRIVITY_SECURE_DEALER: {
    failure: 'USAGE',
    means: 'The dealer of a secure device does not fit its protocol or its parties.',
    causes:
      'A dealer that also holds data, none for more than two parties, or one for a protocol that takes none.',
    remedy:
      'Name a further party that takes no part in computing; or use rep3 for three parties, or semi2k for two.',
  },
} as const satisfies ErrorEntries;
