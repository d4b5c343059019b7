/**
 * The functions that compute operations: for operations made of others, for tests and for benchmarks. The list of
 * operations is catalogue.ts.
 */
export { cast, shift } from './cast.ts';
export { abs, eq, le, lt, maximum, minimum, relu } from './compare.ts';
export { div, reciprocal } from './divide.ts';
export { exp, sigmoid, softmax, tanh } from './exponential.ts';
export { groupSum } from './group-sum.ts';
export { inverse, inverseOrZeros, solve } from './linear-solve.ts';
export { and, not, or, select, xor } from './logic.ts';
export { dot, matmul } from './matrix-products.ts';
export { argmaxOneHot } from './one-hot.ts';
export { permute, permuteBy, unpermute } from './permute.ts';
export { mul, square, type Truncation } from './products.ts';
export { argmax, cumulativeSum, max, mean, min, sum } from './reduce.ts';
export { log, rsqrt, sqrt } from './roots.ts';
export { segmentedSum } from './segments.ts';
export { concat, gather, reshape, slice } from './shape.ts';
export { fromPublic, reveal, type ShareOptions, share } from './sharing.ts';
export { atLeast, whereAtLeast } from './small-counts.ts';
export { shuffle, sort } from './sort.ts';
export { add, neg, sub } from './sums.ts';
export { transpose } from './transpose.ts';
export { checkWithin, clamp } from './within.ts';
