import type { ErrorEntries } from '../error-entry.ts';

export const secureErrors = {
  PRIVITY_SECURE_PROTOCOL: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'A member of a secure device sent something that its protocol does not allow.',
    causes: 'A different implementation, a damaged message, or an attack.',
    remedy: 'Do not retry before you know why; talk to the peer.',
  },
  PRIVITY_SECURE_MISMATCH: {
    failure: 'DIVERGENCE',
    means: 'The members of a secure device do not set out to compute the same thing.',
    causes: 'Different options, or versions of Privity whose protocols differ.',
    remedy: 'Run the same job and version at all members.',
  },
  PRIVITY_SECURE_CLOSED: {
    failure: 'USAGE',
    means: 'A secure device, or a secret on it, was used after its end.',
    causes:
      'A secret kept beyond the scope in which it was made, or used after a failure: the randomness behind it is destroyed then.',
    remedy: 'Share the inputs again in the new scope.',
  },
  PRIVITY_SECURE_PARTIES: {
    failure: 'USAGE',
    means: 'A protocol was given a number of parties that it is not made for.',
    causes: 'rep3 takes exactly three parties, semi2k two to five.',
    remedy: 'Choose the protocol that fits the parties; docs/protocols.md lists them.',
  },
  PRIVITY_SECURE_OPTIONS: {
    failure: 'USAGE',
    means: 'A secure device was opened with options that it does not have or that are out of range.',
    causes: 'A misspelt option, or a number of fractional bits outside 1 … 24.',
    remedy: 'The documentation of SessionOptions lists the options with their ranges.',
  },
  PRIVITY_SECURE_DOMAIN: {
    failure: 'DATA_INVALID',
    means: 'A value that should be shared lies outside what the secure device can represent.',
    causes:
      'NaN, an infinity, or a number too large for fixed point (the error names row and column, never the value).',
    remedy: 'Clean or scale the column at its owner; fewer fractional bits widen the domain.',
  },
  PRIVITY_SECURE_DTYPE: {
    failure: 'USAGE',
    means: 'An operation was given tensors of a type that it is not defined for.',
    causes: 'Arithmetic on booleans, logic on numbers, or fixed point mixed with integers.',
    remedy: 'Convert with cast first.',
  },
  PRIVITY_SHAPE_MISMATCH: {
    failure: 'USAGE',
    means: 'The shapes of the operands do not fit the operation.',
    causes:
      'Dimensions that differ and are not 1, an axis that is not there, or an inner dimension that differs.',
    remedy: 'Compare the shapes that the error names; reshape or transpose one operand.',
  },
  PRIVITY_DEVICE_MISMATCH: {
    failure: 'USAGE',
    means: 'Secrets of different devices were used in one operation.',
    causes: 'Two secure devices in one job, or a secret of an earlier scope.',
    remedy: 'Share the value on the device that computes.',
  },
  PRIVITY_TENSOR_EMPTY: {
    failure: 'DATA_INVALID',
    means: 'A tensor without elements was given to a secure device.',
    causes: 'A table without rows, a filter or slice that leaves nothing.',
    remedy: 'Check the number of rows, which is public, before sharing.',
  },
  PRIVITY_SECURE_LIMIT: {
    failure: 'LIMIT_EXCEEDED',
    means:
      'A tensor, or an intermediate result of an operation on it, is larger than the secure device allows.',
    causes: 'More than TENSOR_ELEMENTS_MAX elements.',
    remedy: 'Split the computation.',
  },
} as const satisfies ErrorEntries;
