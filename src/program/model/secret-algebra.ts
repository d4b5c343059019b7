/** Methods of `Secret` (at.ts) that choose among elements, solve equations, and keep small counts back. */

/** What is promised of a matrix that is inverted: public, and checked. */
export interface InverseOptions {
  /**
   * The largest eigenvalue is at most so many times the smallest. Four times as much takes one step more. Rows times
   * this is at most 2^20. Default: 10,000.
   */
  readonly condition?: number;
  /**
   * No element of the inverse is larger in magnitude: what is computed with it needs to know. At most 2^18. Default:
   * 4,096.
   */
  readonly max?: number;
}

/** Choices and equations of a secret `S` of numbers `N`, fixed-point numbers `F` or integers `I`. */
export interface SecretAlgebra<N, S, F, I> {
  /**
   * 1 where the largest along the axis stands, or of all, 0 elsewhere; of equal ones the first. The largest itself is
   * `oneHot.mul(x).sum()`, its place `oneHot.mul([0, 1, 2]).sum()`, which sends nothing. Domain: differences below
   * 2^45, of integers below 2^63. Accuracy: exact. Cost: of rows of n elements, all pairs at once if n is up to 8 or
   * there are up to 4,096 pairs: 10 rounds, and ceil(log2(n - 1)) more. Else of groups first, then of their winners: of
   * 100 elements 28 rounds, 119.5 bytes an element. `argmax` sends less and waits longer: 77 rounds, 49.4 bytes.
   * @example const best = features.argmaxOneHot(1); // [n, k] → [n, k]
   */
  argmaxOneHot(this: N, axis?: number): I;
  /**
   * The inverse of a symmetric positive definite matrix of d rows, such as covariances, or X'X/n with a ridge. It is
   * right or it is refused. Opens: one bit, whether it is right: that the matrix is positive definite, with the
   * promised condition and max. Domain: d up to 100; d times the largest element below 2^18, d · condition up to 2^20.
   * Accuracy: 2^-18 + d · 2^-21 of its largest element. Cost: of 80 rows and condition 1000 76 rounds, 801.8 bytes an
   * element of the matrix; for four times as large a d · condition 2 rounds more.
   * @throws {DataError} PRIVITY_SECURE_CONDITION, later: it would not be right, so no number is given
   * @example const precision = covariance.inverse({ condition: 1000, max: 100 });
   */
  inverse(this: F, options?: InverseOptions): F;
  /**
   * As `inverse`, and zeros where that would be refused. Nothing is opened, and so nobody is told which it is: the
   * diagonal of an inverse is positive, so what is made of it can say so, and only to whom that is opened. Domain: as
   * `inverse`. Accuracy: as `inverse`. Cost: of 80 rows and condition 1000 78 rounds, 809.8 bytes an element of the
   * matrix.
   * @example const precision = covariance.inverseOrZeros({ condition: 1000, max: 100 });
   */
  inverseOrZeros(this: F, options?: InverseOptions): F;
  /**
   * The x with A x = b for a symmetric positive definite matrix A of d rows; of a b of [d, k] for each of its columns.
   * Opens: as `inverse`. Domain: of A as `inverse`; d · max · |b| below 2^22. Accuracy: 2^-18 + (d · 2^-21 of the
   * largest element of the inverse + 2^-22) · Σ|b|. Cost: as `inverse`, and 2 rounds, 10.75 bytes an element of b.
   * @throws {DataError} PRIVITY_SECURE_CONDITION, as `inverse`
   * @example const weights = gram.solve(moments, { condition: 1000, max: 100 });
   */
  solve(this: F, right: F, options?: InverseOptions): F;
  /**
   * Counts of `min` or more, as they are; smaller ones, also 0, become `otherwise`, which is 0 or less, by default -1:
   * no count, so nobody takes it for one. For what is opened: counts of a few people tell about them. A total beside
   * the counts gives a single missing one away. Which are small nobody learns before the result is opened;
   * `counts.ge(min)` says it on shares. Domain: differences with min below 2^63. Accuracy: exact. Cost: 11 rounds, 41.4
   * bytes an element.
   * @example const shown = perGroup.atLeast(10).to(alice);
   */
  atLeast(this: I, min: number, otherwise?: number): I;
  /**
   * The rows whose counts are `min` or more, as they are; the others become 0: sums and means of groups, beside
   * `counts.atLeast(min)`, which says of what rows they are. `counts` has the leading dimensions of this. Domain:
   * differences of counts and min below 2^63. Accuracy: exact. Cost: 11 rounds, 41.4 bytes where there is one number
   * for each count.
   * @example const shown = means.whereAtLeast(perGroup, 10).to(alice);
   */
  whereAtLeast(this: N, counts: I, min: number): S;
}
