/** Methods of `Secret` (at.ts) that put rows in an order, or in groups. */

/** How a vector is put in order. */
export interface OrderOptions {
  /** The largest first. Default: the smallest first. */
  readonly descending?: boolean;
}

/**
 * Orders and groups of a secret `S` of numbers `N`, by keys `K`, integers `I`, booleans `B`, or a member's order `H`.
 */
export interface SecretOrders<N, S, K, I, B, H> {
  /**
   * A vector of n, ascending, or descending. Nobody learns where an element came from. Opens: comparisons of keys in an
   * order that nobody knows, and, of keys that rest on an assumption, one bit before: whether it holds. Domain: the
   * ends at most 2^(45 - ceil(log2 n)) apart, of integers 2^(63 - ceil(log2 n)). Accuracy: exact. Cost: 3 rounds, 32
   * bytes an element; then, up to 511 keys, n · (1.39·log2 n - 2.85) comparisons of 25.5 bytes, on levels of 9 rounds:
   * 1.5·log2 n of them for 16 keys, 2·log2 n for 10^6. Of more keys fewer: 12.8·n of 4,096, 21.3·n of 10^6.
   * @throws {DataError} PRIVITY_SECURE_ASSUMPTION
   * @example const median = incomes.sort().slice(n >> 1, (n >> 1) + 1); // of even n the upper of the middle two
   */
  sort(this: N, options?: OrderOptions): S;
  /**
   * The rows (the first axis) in ascending or descending order of their keys, a vector; rows of equal keys keep their
   * order either way. Opens: as `sort`. Domain: of the keys as in `sort`. Accuracy: exact. Cost: 3 rounds, 16 bytes for
   * each key and for each number; then comparisons as in `sort`.
   * @throws {DataError} PRIVITY_SECURE_ASSUMPTION
   * @example const oldestFirst = patients.sortBy(ages, { descending: true });
   */
  sortBy(this: N, keys: K, options?: OrderOptions): S;
  /**
   * The order of a vector of n as a secret of its own, for later and for other tensors: the positions 0 to n - 1 in
   * ascending or descending order of their keys, so that row i of the sorted is row order[i]; equal keys keep theirs.
   * Opens: as `sort`. Domain: as `sort`. Accuracy: exact. Cost: as `sort`.
   * @throws {DataError} PRIVITY_SECURE_ASSUMPTION
   * @example const byAge = ages.order();
   */
  order(this: N, options?: OrderOptions): I;
  /**
   * The rows (the first axis) in an order, as `order()` gives it: row i of the result is row order[i]. Opens: the
   * positions, in places that nobody knows: of an order nothing; of what is none, its numbers, before it is refused.
   * Domain: the order 0 to n - 1. Accuracy: exact. Cost: 7 rounds, 24 bytes for each row, and 16 bytes for each number.
   * @throws {DataError} PRIVITY_SECURE_ORDER, later, where the order has not each position once;
   *   PRIVITY_SECURE_ASSUMPTION, where one rests on an assumption that does not hold
   * @example const agesInOrder = ages.permute(ages.order());
   */
  permute(this: N, order: I): S;
  /**
   * The way back: row order[i] of the result is row i, so that `x.permute(order).unpermute(order)` is x. Opens: as
   * `permute`. Domain: as `permute`. Accuracy: exact. Cost: 4 rounds, 24 bytes for each row, and 16 bytes for each
   * number.
   * @throws {DataError} PRIVITY_SECURE_ORDER, PRIVITY_SECURE_ASSUMPTION, as `permute`
   * @example
   * const places = spu.constant(Array.from({ length: n }, (_, i) => i + 1));
   * const ranks = places.unpermute(incomes.order()); // of each income, how many are no larger
   */
  unpermute(this: N, order: I): S;
  /**
   * The rows (the first axis) in an order that one member has, of which no other learns anything: row i of the result
   * is row order[i]. The way back is the inverse order, which the owner has, too. A line in the owner's ledger. Domain:
   * any. Accuracy: exact. Cost: 2 rounds, 10.7 bytes for each number and 1.3 bytes for each row.
   * @throws {UsageError} PRIVITY_SECURE_MEMBER if none of its owners is a member of the device
   * @throws {DataError} PRIVITY_SECURE_ORDER, at the owner, of what has not each position from 0 to n - 1 once: nothing
   *   has left it then
   * @example
   * const fromTheEnd = bob.run('order', () => Uint32Array.from({ length: n }, (_, i) => n - 1 - i));
   * const inBobsOrder = patients.permuteBy(fromTheEnd);
   */
  permuteBy(this: N, order: H): S;
  /**
   * The rows (the first axis) in an order that nobody knows. Domain: any. Accuracy: exact. Cost: 3 rounds, 16 bytes an
   * element.
   * @example const anonymous = answers.shuffle();
   */
  shuffle(this: N): S;
  /**
   * Sums of the rows of each of `count` groups: row i belongs to group groups[i], public or secret, and to none if a
   * secret one is out of range. Domain: sums of the largest group below 2^45, of integers 2^63; of secret groups any
   * may have all rows. Accuracy: exact. Cost: public groups local; secret ones 10 rounds, 18.5 bytes for each group and
   * row, and 8 bytes an element of the result.
   * @example const perRegion = sales.groupSum(regions, 16); // [16]
   */
  groupSum(this: N, groups: I | readonly number[] | Uint32Array, count: number): S;
  /**
   * Running sums of rows (the first axis), each from where the last segment began: `starts`, a vector, is true, or 1,
   * at the first row of each. So at its last row a segment's sum stands, and that is where the next one starts. Where
   * the ends of segments are public, differences of `cumulativeSum` at them are the same sums, and local. Domain: the
   * sum of all n below 2^45, of integers below 2^63; starts 0 to 1. Accuracy: exact. Cost: at most
   * log2 n + 4 levels of a round; of 6,400 rows of one number 16 rounds, 26.6 bytes a row, where starts are booleans 18
   * rounds, 34.6 bytes; of each further number 17.3 bytes more.
   * @example
   * const sorted = ages.sort();
   * const differs = sorted.slice(1, n).ne(sorted.slice(0, n - 1));
   * const first = spu.constant([1], { dtype: 'boolean' });
   * const soFar = counts.segmentedSum(first.concat([differs])); // within each age
   */
  segmentedSum(this: N, starts: B | I): S;
}
