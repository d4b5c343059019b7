/** The operations of a secure device. Each takes the evaluator of a session first; see {@link Evaluator.all} for sharing rounds. */
export { add, dot, matmul, mul, neg, square, sub, type Truncation } from './arithmetic.ts';
export { abs, eq, le, lt, maximum, minimum, relu } from './compare.ts';
export { div, reciprocal } from './divide.ts';
export { exp, sigmoid, softmax, tanh } from './exponential.ts';
export { and, cast, not, or, select, shift, xor } from './logic.ts';
export { argmax, cumulativeSum, max, mean, min, sum } from './reduce.ts';
export { log, rsqrt, sqrt } from './roots.ts';
export { concat, gather, reshape, slice, transpose } from './shape.ts';
export { fromPublic, reveal, type ShareOptions, share } from './sharing.ts';
export { groupSum, shuffle, sort } from './sort.ts';
export { checkWithin, clamp } from './within.ts';
