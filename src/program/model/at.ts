/**
 * What a job holds in place of values: a value at parties (`At`), of whom the others cannot compute with it, and a
 * secret on a device (`Secret`), which nobody can use as a value.
 */

import type { Dtype } from '../../secure/ring/fixed-point.ts';
import type { Tensor } from '../../wire/value-kinds.ts';
import type {
  AnyDevice,
  AnySecret,
  BoundOptions,
  MatmulOptions,
  NoShape,
  NotAMember,
  NotANumber,
  NotAParty,
  NotShareable,
  ProductOptions,
  PublicOperand,
  Shareable,
  SharedDtype,
  ShareOptions,
  SharingOptions,
} from './device-types.ts';
import type { AnyParty, NamedParty, NameOf, OwnedBy, valueMark } from './handle-types.ts';
import type { SecretAlgebra } from './secret-algebra.ts';
import type { SecretComparisons, SecretForms, SecretFunctions, SecretLogic } from './secret-methods.ts';
import type { SecretOrders } from './secret-orders.ts';
import type { NotSendable, Unsendable } from './sendable.ts';

declare const membersMark: unique symbol;
declare const protocolMark: unique symbol;
declare const secretMark: unique symbol;
declare const dtypeMark: unique symbol;

export type { Dtype };

/**
 * A value of type `T` that exists at every one of `Owners` and nowhere else; at all other parties it is only a handle.
 * Immutable. `Owners` is invariant: a value of alice is neither one of "alice and bob" nor the other way round.
 *
 * Using the handle as if it were the value throws PRIVITY_HANDLE_COERCED. Comparing it (`===`) or testing it (`if
 * (handle)`) cannot be caught: a handle is always truthy.
 */
export interface At<in out Owners extends string, T> extends OwnedBy<Owners> {
  /** @internal Tells types apart; not there at run time. */
  readonly [valueMark]: T;

  /**
   * Shares the value on a secure device: its members get shares, from which none of them can tell anything. Numbers,
   * typed arrays, tensors and tables of numbers (rows × columns). The value's first owner that is a member shares it.
   *
   * Cost: one round; bytes by protocol, see docs/protocols.md. A line in the disclosure ledger of the owner.
   * @throws {UsageError} PRIVITY_SECURE_MEMBER, PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE; at the owner, ending the
   *   run: PRIVITY_SHARE_MISMATCH, PRIVITY_SECURE_DOMAIN (NaN, infinite, too large; with row and column)
   * @example const secret = features.to(spu, { shape: [rows, 15] });
   */
  to<D extends AnyDevice, const O extends ShareOptions = Record<never, never>>(
    this: Sharing<Owners, T, D>,
    device: D,
    ...options: SharingOptions<T, O>
  ): Secret<D, SharedDtype<O>>;
  /**
   * Sends the value to other parties and returns a handle to it there. Its owners keep it, too. Each party is sent the
   * same value once, however often this is called. Every send is a line in the disclosure ledger of the sender.
   *
   * Cost: the encoded size of the value for each party that does not have it; half a round trip.
   * @throws {UsageError} PRIVITY_STEP_PARTY_UNKNOWN, PRIVITY_HANDLE_FOREIGN; PRIVITY_VALUE_NOT_SENDABLE ends the run
   * @example const atBob = x.to(bob);
   */
  to<const To extends readonly [AnyParty, ...AnyParty[]]>(
    this: [Unsendable<T>] extends [never] ? unknown : NotSendable<Unsendable<T>>,
    ...parties: To
  ): At<NameOf<To[number]>, T>;
  /** Takes nothing: compilers that explain the last overload only say here what is wrong with a call of the others. */
  to<const A extends readonly [unknown, ...unknown[]]>(this: NotTo<Owners, T, A>, ...refused: A): never;
}

/** What is wrong with a call of `to` that no other overload takes. */
export type NotTo<Owners extends string, T, A extends readonly unknown[]> = A extends readonly [
  infer D extends AnyDevice,
  ...unknown[],
]
  ? unknown extends Sharing<Owners, T, D>
    ? NoShape
    : Sharing<Owners, T, D>
  : A extends readonly AnyParty[]
    ? NotSendable<Unsendable<T>>
    : NotAParty;

/**
 * A secure device: several parties that compute together on values that none of them has. Devices that were made with
 * the same members, protocol and options are one device.
 */
export interface SecureDevice<in out Members extends string, in out Protocol extends string>
  extends AnyDevice {
  /** @internal Tells types apart; not there at run time. */
  readonly [membersMark]: (members: Members) => Members;
  /** @internal Tells types apart; not there at run time. */
  readonly [protocolMark]: (protocol: Protocol) => Protocol;
  /** Who holds shares, in federation order. */
  readonly members: readonly Members[];
  /** The protocol that they follow (docs/protocols.md). */
  readonly protocol: Protocol;

  /**
   * Public numbers as a tensor on the device, for a starting point that becomes secret later. Local: nothing is sent,
   * and nothing about it is hidden.
   * @throws {DataError} PRIVITY_SECURE_DOMAIN, PRIVITY_TENSOR_EMPTY
   * @throws {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_ROUNDING: a number that `fracBits` makes another one
   *   (by over 1/256 of itself): round it beforehand
   */
  constant<const T extends Dtype = 'fixed'>(
    values: PublicOperand,
    options?: { readonly dtype?: T; readonly shape?: readonly number[] },
  ): Secret<SecureDevice<Members, Protocol>, T>;
}

/** The members of a device, by name. */
export type MembersOf<D extends AnyDevice> = D extends SecureDevice<infer M, infer _P> ? M : never;

/** Types of numbers, which products mix. */
export type NumberType = Exclude<Dtype, 'boolean'>;
/** What stands on the right of an operation: a secret of the same device and type, or public numbers. */
export type Operand<D extends AnyDevice, T extends Dtype> = Secret<D, T> | PublicOperand;
/** The secret that arithmetic is called on; of booleans what the compiler says instead. */
export type NumericOf<D extends AnyDevice, T extends Dtype> = T extends 'boolean' ? NotANumber : Secret<D, T>;
/** A secret of fixed-point numbers. */
export type Fixed<D extends AnyDevice> = Secret<D, 'fixed'>;
/** A secret of truth values, as comparisons give it. */
export type Bool<D extends AnyDevice> = Secret<D, 'boolean'>;

/**
 * A tensor that exists only as shares on the device `D`: no member, and nobody else, has its numbers. Shape and type
 * are public. Immutable. All methods issue one numbered step of the program and return at once; shapes and types are
 * checked in the call, at every party alike. Operands broadcast as in NumPy; public numbers can stand on the right of
 * every operation, and are rounded to `fracBits` first: one that this would make another number is refused, whether it
 * comes alone, in a list or in a tensor.
 *
 * Operations that do not need each other's results share their rounds. They run when somebody asks for a result
 * (`reveal`, `to`), when the branch waits for something else, or when `OPERATIONS_PENDING_MAX` of them have gathered.
 *
 * Domains and accuracies are those of 18 fractional bits, costs those of rep3, bytes the mean of members;
 * docs/protocols.md, "Operations", has them for any number of bits and for every protocol. Nothing is opened where a
 * method does not say so.
 *
 * Using a secret as if it were the value throws PRIVITY_HANDLE_COERCED; testing it (`if (secret)`) cannot be caught.
 * Every operation can throw {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE, PRIVITY_SECURE_BOUND (it could
 * leave its domain), PRIVITY_DEVICE_MISMATCH, PRIVITY_STEP_INVALID (what it is given beside), PRIVITY_SECURE_ROUNDING
 * (a public number that `fracBits` makes 0), PRIVITY_SECRET_BRANCH and PRIVITY_HANDLE_SCOPE_FAILED.
 */
export interface Secret<in out D extends AnyDevice, in out T extends Dtype = 'fixed'>
  extends AnySecret,
    SecretFunctions<Fixed<D>>,
    SecretComparisons<NumericOf<D, T>, Operand<D, T>, Bool<D>>,
    SecretLogic<Bool<D>>,
    SecretForms<Secret<D, T>>,
    SecretAlgebra<NumericOf<D, T>, Secret<D, T>, Fixed<D>, Secret<D, 'integer'>>,
    SecretOrders<
      NumericOf<D, T>,
      Secret<D, T>,
      Fixed<D> | Secret<D, 'integer'>,
      Secret<D, 'integer'>,
      Bool<D>,
      OrderAt<D>
    > {
  /** @internal Tells types apart; not there at run time. */
  readonly [secretMark]: (device: D) => D;
  /** @internal Tells types apart; not there at run time. */
  readonly [dtypeMark]: (dtype: T) => T;
  /** The device whose members hold its shares. */
  readonly device: D;
  /** Its dimensions, which are public; [] for a single number. */
  readonly shape: readonly number[];
  /** What its elements are; public, too. */
  readonly dtype: T;

  /**
   * Opens the secret to one member, who alone learns it. A line in the disclosure ledgers of the others.
   * @throws {UsageError} PRIVITY_SECURE_MEMBER if the party is no member of the device
   * @example const coefficients = w.to(bob); // At<'bob', Tensor<Float64Array>>
   */
  to<P extends MembersOf<D>>(party: NamedParty<P>): At<P, Tensor<Float64Array>>;
  /**
   * The same secret under a name, by which ledgers and reports list what is done with it. At most `STEP_NAME_CHARS_MAX`
   * characters.
   */
  as(name: string): Secret<D, T>;

  // ── Arithmetic ──
  /**
   * Sums, element by element. Domain: sums below 2^45, of integers below 2^63. Accuracy: exact. Cost: local.
   * @example const total = atHome.add(abroad).add(1);
   */
  add(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  /**
   * Differences, element by element. Domain: differences below 2^45, of integers below 2^63. Accuracy: exact. Cost:
   * local.
   * @example const change = after.sub(before);
   */
  sub(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  /**
   * -x. Domain: any. Accuracy: exact. Cost: local.
   * @example const debt = balance.neg();
   */
  neg(this: NumericOf<D, T>): Secret<D, T>;
  /**
   * Products, element by element. Domain: below 2^26; with an integer or by a public whole number below 2^45, of
   * integers below 2^63. Accuracy: 2^-18; with integers and by public whole numbers exact. Cost: 2 rounds, 10.25 bytes
   * an element; with an integer 1 round, 8 bytes; by a public whole number local. `{ truncation: 'exact' }` rounds
   * down: then 12 rounds, 32.9 bytes, by a public number 11 rounds, 24.9 bytes.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public factor, also one of many, that `fracBits` makes another
   *   number (by over 1/256 of itself): divide by one over it, or round it beforehand
   * @example const revenue = prices.mul(quantities); // fixed point by integers: fixed point
   */
  mul(this: NumericOf<D, T>, other: Operand<D, T>, options?: ProductOptions): Secret<D, T>;
  /**
   * Of a fixed-point number with an integer, or the other way: a fixed-point number, exact. Cost: 1 round, 8 bytes an
   * element.
   */
  mul<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: ProductOptions,
  ): Secret<D, 'fixed'>;
  /**
   * x · x, never negative. Domain, accuracy: as `mul`. Cost: 2 rounds, 10.25 bytes an element.
   * @example const variance = x.sub(mean).square().mean();
   */
  square(this: NumericOf<D, T>, options?: ProductOptions): Secret<D, T>;
  /**
   * Sums of products along the last axis of two tensors of one shape: of two vectors a number. Domain: sums below 2^26,
   * with integers below 2^45. Accuracy: 2^-18, however many are added up; with integers exact. Cost: 2 rounds, 10.25
   * bytes a sum; with integers or `{ truncation: 'exact' }` as `matmul`.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example const lengths = rows.dot(rows).sqrt(); // [n, k] and [n, k] → [n]
   */
  dot(this: NumericOf<D, T>, other: Operand<D, T>, options?: ProductOptions): Secret<D, T>;
  /** Of fixed-point numbers and integers, either way: fixed-point. */
  dot<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: ProductOptions,
  ): Secret<D, 'fixed'>;
  /**
   * Matrix products, [.., m, k] and [.., k, n] to [.., m, n]; a vector on the right is a column, one on the left a row,
   * and its dimension goes. Leading dimensions, which agree, count one product each. `{ transposeLeft: true }` reads
   * the secret with its last two axes exchanged, `transposeRight` the other; so does `x.transpose().matmul(y)` of a
   * matrix: neither copies it. Domain, accuracy: as `dot`. Cost: 2 rounds, 10.25 bytes an element of the result; with
   * integers 1 round, 8 bytes; by public integers local; `{ truncation: 'exact' }`: 12 rounds, 32.9 bytes.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example const predictions = features.matmul(weights); // [n, k] and [k] → [n]
   * const gradient = features.matmul(errors, { transposeLeft: true }); // [n, k] and [n] → [k]
   */
  matmul(this: NumericOf<D, T>, other: Operand<D, T>, options?: MatmulOptions): Secret<D, T>;
  /** Of fixed-point numbers and integers, either way: fixed-point. */
  matmul<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: MatmulOptions,
  ): Secret<D, 'fixed'>;
  /**
   * |x|. Domain: any. Accuracy: exact. Cost: 11 rounds, 41.4 bytes an element.
   * @example const error = predicted.sub(actual).abs();
   */
  abs(this: NumericOf<D, T>): Secret<D, T>;
  /**
   * x where it is positive, otherwise 0. Domain: any. Accuracy: exact. Cost: 11 rounds, 41.4 bytes an element.
   * @example const excess = income.sub(limit).relu();
   */
  relu(this: NumericOf<D, T>): Secret<D, T>;

  // ── Along an axis, which goes unless it is kept as 1, or over all elements; negative axes count from the last ──
  /**
   * Sums. Domain: sums below 2^45, of integers below 2^63. Accuracy: exact. Cost: local.
   * @example const perColumn = table.sum(0);
   */
  sum(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  /**
   * Means. Domain: sums below 2^44, means below 2^26. Accuracy: (2 + mean) · 2^-18. Cost: of n elements each 4 rounds,
   * 18.25 + floor(log2 n)/8 bytes a mean; where n is a power of two, 2 rounds and the first half; where it is 1, local.
   * @example const average = incomes.mean();
   */
  mean(this: Fixed<D>, axis?: number, keep?: boolean): Fixed<D>;
  /**
   * Sums of the first 1, 2, … elements along an axis; default: the first axis. Domain: the sum of all below 2^45, of
   * integers below 2^63. Accuracy: exact. Cost: local.
   * @example const balance = transactions.cumulativeSum();
   */
  cumulativeSum(this: NumericOf<D, T>, axis?: number): Secret<D, T>;
  /**
   * The smallest. Domain: differences below 2^45, of integers below 2^63. Accuracy: exact. Cost: of n elements each
   * ceil(log2 n) levels of 11 rounds, 41.4 bytes for each of n - 1 comparisons.
   * @example const cheapest = bids.min();
   */
  min(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  /**
   * The largest. Domain, accuracy: as `min`. Cost: as `min`.
   * @example const best = bids.max();
   */
  max(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  /**
   * Position of the largest along the axis, or among all; of equal ones the first. `argmaxOneHot` waits for fewer
   * rounds and sends more. Domain, accuracy: as `min`. Cost: as `min`, but 49.4 bytes a comparison.
   * @example const winner = bids.argmax();
   */
  argmax(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, 'integer'>;

  // ── Choice and bounds ──
  /**
   * The smaller of each two. Domain: differences below 2^45, of integers below 2^63. Accuracy: exact. Cost: 11 rounds,
   * 41.4 bytes an element.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example const capped = claims.minimum(limits);
   */
  minimum(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  /**
   * The larger of each two. Domain, accuracy: as `minimum`. Cost: 11 rounds, 41.4 bytes an element.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example const floor = offers.maximum(100);
   */
  maximum(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  /**
   * Where this is true the first, elsewhere the second. Domain: any. Accuracy: exact. Cost: numbers 3 rounds, 16 bytes
   * an element; booleans 1 round, 1 bit. Of public numbers: fixed-point numbers.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example const fee = isMember.select(price.mul(0.5), price);
   */
  select<U extends Dtype>(this: Bool<D>, yes: Secret<D, U>, no: Operand<D, U>): Secret<D, U>;
  /** Of a public first and a secret second. */
  select<U extends Dtype>(this: Bool<D>, yes: PublicOperand, no: Secret<D, U>): Secret<D, U>;
  /** Of two public ones. */
  select(this: Bool<D>, yes: PublicOperand, no: PublicOperand): Fixed<D>;
  /**
   * The nearest number from `lo` to `hi`: what was outside is moved to the end, and all are known to lie inside from
   * then on. Domain: differences with both ends below 2^45, of integers below 2^63. Accuracy: exact. Cost: 11 rounds,
   * 82.8 bytes an element.
   * @throws {UsageError} PRIVITY_SECURE_ROUNDING: a public number that `fracBits` makes another one, as in `mul`
   * @example weights = weights.sub(step).clamp(-9, 9); // in a loop, bounds would grow with every turn
   */
  clamp(this: NumericOf<D, T>, lo: number, hi: number): Secret<D, T>;
  /**
   * The same secret, of which all elements are taken to lie from `min` to `max` (`max` alone: of the magnitude). Your
   * word: nobody checks it, a number outside makes results wrong, and the summary and reports list it. `privity local
   * JOB --plain` tries it. Domain: any. Accuracy: exact. Cost: local.
   * @throws {UsageError} PRIVITY_STEP_INVALID: nothing of what is known lies there
   * @throws {DataError} PRIVITY_SECURE_ASSUMPTION, later, where something would be opened that must not be if it does
   *   not hold
   * @example const shares = counts.div(total).assume({ min: 0, max: 1 });
   */
  assume(this: NumericOf<D, T>, range: BoundOptions): Secret<D, T>;

  // ── Type ──
  /**
   * The same values as another type: fixed point to integer rounds down, numbers to boolean are whether they are not
   * zero. Domain: integer to fixed below 2^45; fixed to integer below 2^44. Accuracy: exact. Cost: boolean to number 2
   * rounds, 8 bytes an element; integer to fixed local; fixed to integer 11 rounds, 24.9 bytes; number to boolean 7
   * rounds, 10.5 bytes.
   * @example const count = ages.lt(30).cast('integer').sum();
   */
  cast<const U extends Dtype>(dtype: U): Secret<D, U>;
  /**
   * Integers times 2^by; for negative `by` divided, rounded down. Domain: to the left the result below 2^63, to the
   * right x below 2^62. Accuracy: exact. Cost: to the left local; to the right 11 rounds, 24.9 bytes an element where
   * by is -18.
   * @example const thousands = amounts.shift(-10);
   */
  shift(this: Secret<D, 'integer'>, by: number): Secret<D, 'integer'>;
}

/** An order of rows that one member of a device has: positions from 0 on, each once. */
export type OrderAt<D extends AnyDevice> = {
  readonly [M in MembersOf<D>]: At<M, Uint32Array> | At<M, number[]>;
}[MembersOf<D>];

/** The handle that is shared: `unknown` if a member has the value and it is numbers, else what the compiler says. */
export type Sharing<Owners extends string, T, D extends AnyDevice> = [Owners & MembersOf<D>] extends [never]
  ? NotAMember<Owners>
  : [T] extends [Shareable]
    ? unknown
    : NotShareable<T>;
