/** Methods of `Secret` (at.ts) by families that need no more than the types of operands and results. */
import type { PublicOperand } from './device-types.ts';

/** Functions of fixed-point numbers `F`. */
export interface SecretFunctions<F> {
  /**
   * x / y, element by element. Domain: 2^-17 ≤ |y| < 2^26, |x/y| < 2^18, so that y needs a `min` above 0 (or a `max`
   * below); by one public number: |x/y| < 2^26. Accuracy: 3 · 2^-18 + |x/y| · 2^-21; by a public number (1 + |x/y|) ·
   * 2^-18. Public divisors are taken as they are, not rounded to `fracBits` first. Cost: 35 rounds, 208.4 bytes an
   * element; by a public number up to 1: 2 rounds, 10.25 bytes, and a bit more for each power of two above; by several
   * public numbers 4 rounds, 22.1 bytes.
   * @throws {UsageError} PRIVITY_STEP_INVALID: a public divisor that is 0
   * @example const share = sales.div(total); // total shared with { min: 1, max: 5000 }
   */
  div(this: F, other: F | PublicOperand): F;
  /**
   * 1/x. Domain, accuracy: as `div`. Cost: 35 rounds, 208.4 bytes an element.
   * @example const odds = probability.reciprocal().sub(1);
   */
  reciprocal(this: F): F;
  /**
   * √x. Domain: 0 ≤ x < 2^26. Accuracy: 2^-17 + √x · 2^-19; √0 is 0. Cost: 41 rounds, 284.3 bytes an element.
   * @example const deviation = variance.sqrt();
   */
  sqrt(this: F): F;
  /**
   * 1/√x. Domain: 2^-18 ≤ x < 2^26. Accuracy: 2^-17 + 2^-19/√x. Cost: 41 rounds, 284.8 bytes an element.
   * @example const unit = x.mul(x.square().sum().clamp(0.01, 100).rsqrt());
   */
  rsqrt(this: F): F;
  /**
   * e^x. Domain: -2^20 < x < 9.70; below -12.5 the result is 0. Accuracy: 2^-17 + e^x · 2^-16. Cost: 22 rounds, 193.5
   * bytes an element.
   * @example const weights = distances.neg().exp();
   */
  exp(this: F): F;
  /**
   * Natural logarithm. Domain: 2^-18 ≤ x < 2^26. Accuracy: 2^-18 + 2^-21. Cost: 35 rounds, 245.3 bytes an element.
   * @example const entropy = p.mul(p.log()).sum().neg();
   */
  log(this: F): F;
  /**
   * 1/(1 + e^-x). Domain: |x| < 2^20. Accuracy: 3 · 2^-18. Cost: 33 rounds, 290.3 bytes an element.
   * @example const probability = features.matmul(weights).sigmoid();
   */
  sigmoid(this: F): F;
  /**
   * Hyperbolic tangent. Domain: |x| < 2^19. Accuracy: 6 · 2^-18. Cost: 33 rounds, 290.3 bytes an element.
   * @example const activation = layer.tanh();
   */
  tanh(this: F): F;
  /**
   * e^x / Σ e^x along an axis; default: the last. Domain: differences below 2^20, fewer than 2^25 elements. Accuracy:
   * 2^-15 + (n + 3) · 2^-17 of n elements. Cost: `max` along the axis, `exp` and a product of each element, one
   * `reciprocal` for each n; of 100 elements 136 rounds, 246.9 bytes an element.
   * @example const probabilities = scores.softmax();
   */
  softmax(this: F, axis?: number): F;
}

/** Comparisons of numbers `N` with `O`, whose outcomes are booleans `B`. */
export interface SecretComparisons<N, O, B> {
  /**
   * x < y. Domain: differences below 2^45, of integers below 2^63. Accuracy: exact. Cost: 8 rounds, 25.4 bytes an
   * element.
   * @example const young = ages.lt(30);
   */
  lt(this: N, other: O): B;
  /**
   * x ≤ y. Domain, accuracy: as `lt`. Cost: 8 rounds, 25.4 bytes an element.
   * @example const affordable = prices.le(budget);
   */
  le(this: N, other: O): B;
  /**
   * x > y. Domain, accuracy: as `lt`. Cost: 8 rounds, 25.4 bytes an element.
   * @example const overdrawn = spent.gt(earned);
   */
  gt(this: N, other: O): B;
  /**
   * x ≥ y. Domain, accuracy: as `lt`. Cost: 8 rounds, 25.4 bytes an element.
   * @example const enough = rows.ge(10);
   */
  ge(this: N, other: O): B;
  /**
   * x = y, to the last bit. Domain, accuracy: as `lt`. Cost: 7 rounds, 10.5 bytes an element.
   * @example const matches = codes.eq(17);
   */
  eq(this: N, other: O): B;
  /**
   * x ≠ y. Domain, accuracy: as `lt`. Cost: 7 rounds, 10.5 bytes an element.
   * @example const changed = today.ne(yesterday);
   */
  ne(this: N, other: O): B;
}

/** Connectives of booleans `B`. */
export interface SecretLogic<B> {
  /**
   * Both. Domain: any. Accuracy: exact. Cost: 1 round, 1 bit an element.
   * @example const eligible = adult.and(resident);
   */
  and(this: B, other: B | PublicOperand): B;
  /**
   * At least one. Domain: any. Accuracy: exact. Cost: 1 round, 1 bit an element.
   * @example const flagged = late.or(overdrawn);
   */
  or(this: B, other: B | PublicOperand): B;
  /**
   * Exactly one. Domain: any. Accuracy: exact. Cost: local.
   * @example const differs = mine.xor(yours);
   */
  xor(this: B, other: B | PublicOperand): B;
  /**
   * The opposite. Domain: any. Accuracy: exact. Cost: local.
   * @example const absent = present.not();
   */
  not(this: B): B;
}

/** Rearrangements of a secret `S` by public positions. */
export interface SecretForms<S> {
  /**
   * The same elements in another shape; one size may be -1: what is left. Domain: any. Accuracy: exact. Cost: local.
   * @example const matrix = vector.reshape([10, -1]);
   */
  reshape(shape: readonly number[]): S;
  /**
   * Reverses the axes, or puts them in the given order. Domain: any. Accuracy: exact. Cost: local.
   * @example const gram = x.transpose().matmul(x);
   */
  transpose(axes?: readonly number[]): S;
  /**
   * Elements [from, to) along an axis; default: the first. Domain: any. Accuracy: exact. Cost: local.
   * @example const firstTen = rows.slice(0, 10);
   */
  slice(from: number, to: number, axis?: number): S;
  /**
   * This and others, one after the other along an axis; default: the first. The other dimensions agree. Domain: any.
   * Accuracy: exact. Cost: local.
   * @example const all = atHome.concat([abroad, online]);
   */
  concat(others: readonly S[], axis?: number): S;
  /**
   * Elements of one axis at public positions, in their order, also several times; default: the first. Domain: any.
   * Accuracy: exact. Cost: local.
   * @example const sample = rows.gather([3, 1, 4]);
   */
  gather(indices: readonly number[] | Uint32Array, axis?: number): S;
}
