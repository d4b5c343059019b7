import type { ErrorEntries } from '../error-entry.ts';

export const secureErrors = {
  PRIVITY_SECURE_PROTOCOL: {
    failure: 'PROTOCOL_VIOLATION',
    means: 'A member of a secure device sent something that its protocol does not allow.',
    causes: 'A different implementation, a damaged message, or an attack.',
    remedy: 'Do not retry before you know why; talk to the peer.',
  },
  PRIVITY_SECURE_CHECK: {
    failure: 'CHECK_FAILED',
    means:
      'Two members of a secure device (rep3) hold different shares where both should hold the same one: what was opened is not used.',
    causes:
      'A member that deviates from the protocol, in this opening or before, or a fault of a machine. Which of the two it was cannot be told.',
    remedy: 'Do not use any result of the run, and do not retry before you know why.',
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
    means:
      'A value that should be shared lies outside of what was said of it, or of what the secure device can represent.',
    causes:
      'NaN, an infinity, or a number beyond `min` or `max` of `.to(device, { shape, min, max })`; where nothing is said, beyond 2^12 in magnitude (integers 2^26). The error names row and column, never the value; the owner alone finds the largest magnitude in its own log.',
    remedy:
      'Say `min` and `max` that hold for all data of this kind, not those of this column: everybody reads them. Or clean or scale the column at its owner.',
  },
  PRIVITY_SECURE_BOUND: {
    failure: 'USAGE',
    means:
      'An operation on secrets could leave its domain: what is known of its operands does not rule out a wrong number.',
    causes:
      'Bounds that are wide, or unsaid, and grow with every operation: powers, sums over many rows, loops; a divisor that may be 0. The error names the operation, the bounds that came and the domain.',
    remedy:
      'Say a smaller `max` where values are shared (of a divisor, a `min` above 0), scale them, or take fewer fractional bits. Or end the growth: `.clamp(lo, hi)` keeps numbers in an interval, `.assume({ min, max })` takes your word for it. `privity local JOB --plain` shows the range that every step really has.',
  },
  PRIVITY_SECURE_ROUNDING: {
    failure: 'USAGE',
    means: 'A public number beside a secret would be another number in fixed point.',
    causes:
      'A small factor, constant, choice of `select` or end of `clamp`, alone or one of a list or a tensor, that is no multiple of 2^-fracBits and is changed by over 1/256 of itself; or a number to compare with or to add that would become 0. The error names the first position of those that are off the most; the party alone finds the number in its own log.',
    remedy:
      'For `x.mul(0.00001)` write `x.div(100_000)`: divisors are taken as they are. Or share the secret in another unit, or give the device more `fracBits`. If what the number becomes will do, round it beforehand: `Math.round(x * 2 ** 18) / 2 ** 18` is never refused.',
  },
  PRIVITY_SECURE_ASSUMPTION: {
    failure: 'DATA_INVALID',
    means: 'An assumption of the job about a secret does not hold.',
    causes:
      'A number outside of what `.assume({ min, max })` says, found before anything was opened that rests on it.',
    remedy:
      'Find the step with `privity local JOB --plain` on data that you may see; widen the assumption, or replace it by `.clamp(lo, hi)`.',
  },
  PRIVITY_SECURE_ORDER: {
    failure: 'DATA_INVALID',
    means: 'A secret vector that was applied as an order is none.',
    causes:
      'Positions that do not come from `order()`, of which one is there twice and another not at all: all members have seen the numbers then, though not where they stood. Or an order that an owner gave to `permuteBy`: nobody has seen anything of that.',
    remedy:
      'Apply what `order()` gives, or `permute` of one such order by another. Positions that one member computes are applied by `permuteBy`, which checks them there.',
  },
  PRIVITY_SECURE_CONDITION: {
    failure: 'DATA_INVALID',
    means: 'A matrix was not inverted, because the result would not have been right.',
    causes:
      'It is not symmetric and positive definite, its condition number is above the promised `condition`, or an element of its inverse is above `max`. Columns that nearly follow from others, columns in very different units, a constant column, fewer rows than columns. Which one of these nobody learns: one bit is opened.',
    remedy:
      'Standardise the columns, add a ridge (a small number on the diagonal), drop columns that nearly follow from others. If the matrix is right, promise less: a larger `condition` takes more rounds, a larger `max` wider bounds.',
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
