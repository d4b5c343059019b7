/**
 * What a job holds in place of values: a value at parties (`At`), of whom the others cannot compute with it, and a secret on a device
 * (`Secret`), which nobody can use as a value.
 */

import type { Table } from '../../data/table.ts';
import type { Dtype } from '../../secure/ring/fixed-point.ts';
import type { Tensor, TypedArray } from '../../wire/value-kinds.ts';
import type { AnyParty, NamedParty, NameOf, OwnedBy, valueMark } from './handle-types.ts';
import type { NotSendable, Unsendable } from './sendable.ts';

declare const deviceMark: unique symbol;
declare const membersMark: unique symbol;
declare const protocolMark: unique symbol;
declare const anySecretMark: unique symbol;
declare const secretMark: unique symbol;
declare const dtypeMark: unique symbol;

export type { Dtype };

/**
 * A value of type `T` that exists at every one of `Owners` and nowhere else; at all other parties it is only a handle.
 * Immutable. `Owners` is invariant: a value of alice is neither one of "alice and bob" nor the other way round.
 *
 * Using the handle as if it were the value throws PRIVITY_HANDLE_COERCED. Comparing it (`===`) or testing it (`if (handle)`)
 * cannot be caught: a handle is always truthy.
 */
export interface At<in out Owners extends string, T> extends OwnedBy<Owners> {
  /** @internal Tells types apart; not there at run time. */
  readonly [valueMark]: T;

  /**
   * Shares the value on a secure device: its members get shares, from which none of them can tell anything. Numbers, typed arrays,
   * tensors and tables of numbers (rows × columns). The value's first owner that is a member shares it.
   *
   * Cost: one round; bytes by protocol, see docs/protocols.md. A line in the disclosure ledger of the owner.
   * @throws {UsageError} PRIVITY_SECURE_MEMBER, PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE; at the owner, ending the run:
   *   PRIVITY_SHARE_MISMATCH, PRIVITY_SECURE_DOMAIN (NaN, infinite, too large; with row and column)
   * @example const secret = features.to(spu, { shape: [rows, 15] });
   */
  to<D extends AnyDevice, const O extends ShareOptions = Record<never, never>>(
    this: Sharing<Owners, T, D>,
    device: D,
    ...options: SharingOptions<T, O>
  ): Secret<D, SharedDtype<O>>;
  /**
   * Sends the value to other parties and returns a handle to it there. Its owners keep it, too. Each party is sent the same
   * value once, however often this is called. Every send is a line in the disclosure ledger of the sender.
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

/** Shown by the compiler where a value is sent to what is neither a party nor a device. */
export interface NotAParty {
  /** Pass parties of the job, or one device. */
  readonly 'Error: a value is sent to parties, or shared on one device': never;
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

/** Any secure device. */
export interface AnyDevice {
  /** @internal Tells types apart; not there at run time. */
  readonly [deviceMark]: true;
  /** Who holds shares, in federation order. */
  readonly members: readonly string[];
  /** The protocol that they follow (docs/protocols.md). */
  readonly protocol: string;
  /** Bits of fixed-point numbers right of the point. */
  readonly fracBits: number;
}

/**
 * A secure device: several parties that compute together on values that none of them has. Devices that were made with the same
 * members, protocol and options are one device.
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
   * Public numbers as a tensor on the device, for a starting point that becomes secret later. Local: nothing is sent, and nothing
   * about it is hidden.
   * @throws {DataError} PRIVITY_SECURE_DOMAIN, PRIVITY_TENSOR_EMPTY
   * @throws {UsageError} PRIVITY_SHAPE_MISMATCH
   */
  constant<const T extends Dtype = 'fixed'>(
    values: PublicOperand,
    options?: { readonly dtype?: T; readonly shape?: readonly number[] },
  ): Secret<SecureDevice<Members, Protocol>, T>;
}

/** Any secret of any device. */
export interface AnySecret {
  /** @internal Tells types apart; not there at run time. */
  readonly [anySecretMark]: true;
}

/** The members of a device, by name. */
export type MembersOf<D extends AnyDevice> = D extends SecureDevice<infer M, infer _P> ? M : never;

/** What every party has: a number, a list of numbers (a vector), a typed array, or a tensor. */
export type PublicOperand = number | boolean | readonly number[] | TypedArray | Tensor;

/** Types of numbers, which products mix. */
export type NumberType = Exclude<Dtype, 'boolean'>;
/** What stands on the right of an operation: a secret of the same device and type, or public numbers. */
export type Operand<D extends AnyDevice, T extends Dtype> = Secret<D, T> | PublicOperand;
/** Shown by the compiler where arithmetic meets booleans. */
export interface NotANumber {
  /** Cast the secret, or use `and`, `or`, `xor`, `not`, `select`. */
  readonly 'Error: this operation is not defined for booleans; convert with .cast("integer") or .cast("fixed")': never;
}
/** The secret that arithmetic is called on; of booleans what the compiler says instead. */
export type NumericOf<D extends AnyDevice, T extends Dtype> = T extends 'boolean' ? NotANumber : Secret<D, T>;
/** A secret of fixed-point numbers. */
export type Fixed<D extends AnyDevice> = Secret<D, 'fixed'>;
/** A secret of truth values, as comparisons give it. */
export type Bool<D extends AnyDevice> = Secret<D, 'boolean'>;

/**
 * A tensor that exists only as shares on the device `D`: no member, and nobody else, has its numbers. Shape and type are public.
 * Immutable. All methods issue one numbered step of the program and return at once; shapes and types are checked in the call,
 * at every party alike. Operands broadcast as in NumPy; public numbers can stand on the right of every operation.
 *
 * Operations that do not need each other's results share their rounds. They run when somebody asks for a result (`reveal`, `to`),
 * when the branch waits for something else, or when `OPERATIONS_PENDING_MAX` of them have gathered.
 *
 * Using a secret as if it were the value throws PRIVITY_HANDLE_COERCED; testing it (`if (secret)`) cannot be caught.
 * Every operation can throw {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE, PRIVITY_DEVICE_MISMATCH,
 * PRIVITY_SECRET_BRANCH, PRIVITY_HANDLE_SCOPE_FAILED, what every step can, and PRIVITY_SECURE_BOUND if it could leave its domain. Domain, accuracy, rounds and bytes of each: docs/protocols.md,
 * "Operations".
 */
export interface Secret<in out D extends AnyDevice, in out T extends Dtype = 'fixed'> extends AnySecret {
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
  /** The same secret under a name, by which ledgers and reports list what is done with it. At most `STEP_NAME_CHARS_MAX` characters. */
  as(name: string): Secret<D, T>;
  // ── Arithmetic ──
  add(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  sub(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  neg(this: NumericOf<D, T>): Secret<D, T>;
  mul(this: NumericOf<D, T>, other: Operand<D, T>, options?: ProductOptions): Secret<D, T>;
  /** Of a fixed-point number with an integer: exact. */
  mul<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: ProductOptions,
  ): Secret<D, 'fixed'>;
  square(this: NumericOf<D, T>, options?: ProductOptions): Secret<D, T>;
  /** Sums of products along the last axis of two tensors of one shape: of two vectors a number. */
  dot(this: NumericOf<D, T>, other: Operand<D, T>, options?: ProductOptions): Secret<D, T>;
  dot<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: ProductOptions,
  ): Secret<D, 'fixed'>;
  /**
   * [m, k] × [k, n] → [m, n]; a vector on the right is a column, one on the left a row, and its dimension goes. Leading dimensions, which
   * agree, count one product each.
   */
  matmul(this: NumericOf<D, T>, other: Operand<D, T>, options?: ProductOptions): Secret<D, T>;
  matmul<U extends NumberType>(
    this: NumericOf<D, T>,
    other: Secret<D, U>,
    options?: ProductOptions,
  ): Secret<D, 'fixed'>;
  /** Along one axis, which goes unless it is kept as 1, or over all. Negative axes count from the last. */
  sum(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  mean(this: Fixed<D>, axis?: number, keep?: boolean): Fixed<D>;
  /** Sums of the first 1, 2, … elements along an axis; default: the first axis. */
  cumulativeSum(this: NumericOf<D, T>, axis?: number): Secret<D, T>;
  abs(this: NumericOf<D, T>): Secret<D, T>;
  relu(this: NumericOf<D, T>): Secret<D, T>;
  min(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  max(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, T>;
  /** Position along the axis, or among all elements; of equal ones the first. */
  argmax(this: NumericOf<D, T>, axis?: number, keep?: boolean): Secret<D, 'integer'>;
  /** Element by element. */
  minimum(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;
  maximum(this: NumericOf<D, T>, other: Operand<D, T>): Secret<D, T>;

  // ── Fixed-point functions ──
  /** A public number is rounded to `fracBits` first, as all are: to divide by a small one, multiply by its reciprocal. */
  div(this: Fixed<D>, other: Operand<D, 'fixed'>): Fixed<D>;
  reciprocal(this: Fixed<D>): Fixed<D>;
  sqrt(this: Fixed<D>): Fixed<D>;
  rsqrt(this: Fixed<D>): Fixed<D>;
  exp(this: Fixed<D>): Fixed<D>;
  log(this: Fixed<D>): Fixed<D>;
  sigmoid(this: Fixed<D>): Fixed<D>;
  tanh(this: Fixed<D>): Fixed<D>;
  softmax(this: Fixed<D>, axis?: number): Fixed<D>;

  // ── Comparison and choice ──
  lt(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  le(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  gt(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  ge(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  eq(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  ne(this: NumericOf<D, T>, other: Operand<D, T>): Bool<D>;
  /** Where this is true the first, elsewhere the second. */
  select<U extends Dtype>(this: Bool<D>, yes: Secret<D, U>, no: Operand<D, U>): Secret<D, U>;
  select<U extends Dtype>(this: Bool<D>, yes: PublicOperand, no: Secret<D, U>): Secret<D, U>;
  /** Of public numbers: fixed-point numbers. */
  select(this: Bool<D>, yes: PublicOperand, no: PublicOperand): Fixed<D>;
  and(this: Bool<D>, other: Operand<D, 'boolean'>): Bool<D>;
  or(this: Bool<D>, other: Operand<D, 'boolean'>): Bool<D>;
  xor(this: Bool<D>, other: Operand<D, 'boolean'>): Bool<D>;
  not(this: Bool<D>): Bool<D>;

  // ── Bounds ──
  /**
   * The nearest number from `lo` to `hi`, element by element: what was outside is moved to the end, and all of them are known to lie inside
   * from then on. Two comparisons an element.
   */
  clamp(this: NumericOf<D, T>, lo: number, hi: number): Secret<D, T>;
  /**
   * The same secret, of which all elements are taken to lie from `min` to `max` (`max` alone: of the magnitude). Free, and your word:
   * nobody checks it, a number outside makes results wrong, and the summary and reports list it. `privity local JOB --plain` tries it.
   * @throws {DataError} PRIVITY_SECURE_ASSUMPTION, later, where something would be opened that must not be if it does not hold
   */
  assume(this: NumericOf<D, T>, range: BoundOptions): Secret<D, T>;

  // ── Order ──
  /** A vector, ascending. Nobody learns where an element came from. */
  sort(this: NumericOf<D, T>): Secret<D, T>;
  /** The rows (the first axis) in ascending order of their keys, a vector; rows of equal keys keep their order. */
  sortBy<U extends NumberType>(this: NumericOf<D, T>, keys: Secret<D, U>): Secret<D, T>;
  /** The rows (the first axis) in an order that nobody knows. */
  shuffle(this: NumericOf<D, T>): Secret<D, T>;
  /** Sums of the rows of each of `count` groups: row i belongs to group groups[i], public or secret, and to none if that is out of range. */
  groupSum(
    this: NumericOf<D, T>,
    groups: Secret<D, 'integer'> | readonly number[] | Uint32Array,
    count: number,
  ): Secret<D, T>;

  // ── Form ──
  /** One size may be -1: what is left. */
  reshape(shape: readonly number[]): Secret<D, T>;
  /** Reverses the axes, or puts them in the given order. */
  transpose(axes?: readonly number[]): Secret<D, T>;
  /** Elements [from, to) along an axis; default: the first. */
  slice(from: number, to: number, axis?: number): Secret<D, T>;
  concat(others: readonly Secret<D, T>[], axis?: number): Secret<D, T>;
  /** Elements of one axis at public positions, in their order, also several times. */
  gather(indices: readonly number[] | Uint32Array, axis?: number): Secret<D, T>;
  cast<const U extends Dtype>(dtype: U): Secret<D, U>;
  /** Integers times 2^by; for negative `by` divided, rounded down. */
  shift(this: Secret<D, 'integer'>, by: number): Secret<D, 'integer'>;
}

/** How products of fixed-point numbers are rounded. */
export interface ProductOptions {
  /**
   * `probabilistic` (default): off by less than the last bit, up or down by chance. `exact`: rounded down, always, in some ten rounds more. A
   * probabilistic product that is opened as it is tells members a little of the bits that it has dropped, which the ledger then says ("with traces of
   * dropped bits"); an exact one does not (docs/protocols.md).
   */
  readonly truncation?: 'probabilistic' | 'exact';
}

/** An interval that all elements lie in, both ends included. `max` alone: of the magnitude. Everybody reads it. */
export interface BoundOptions {
  /** The lower end. Default: -max. */
  readonly min?: number;
  /** The upper end, or the magnitude if it stands alone. */
  readonly max?: number;
}

/**
 * How a value is shared. Every party has to know shape, type and bounds beforehand, so they are declared; the owner's value is checked.
 * Bounds are what lets every party tell that no operation leaves its domain: say what data of this kind can be, not what this data is.
 * Default: 4096 in magnitude for fixed-point numbers (2^12; with more than 18 fractional bits 2^(30 - fracBits)), 2^26 for integers.
 */
export interface ShareOptions extends BoundOptions {
  /** Of a vector [length], of a matrix or table [rows, columns]. Reveal a number of rows first if others do not know it. */
  readonly shape?: readonly number[];
  /** Default: fixed. */
  readonly dtype?: Dtype;
}

/** Shown by the compiler where an owner of the value is no member of the device. */
export interface NotAMember<Owners extends string> {
  /** Send the value to a member with `.to(party)` first. */
  readonly 'Error: nobody who has this value is a member of the device; send it to a member first': Owners;
}
/** Shown by the compiler where a value that is no numbers is shared. */
export interface NotShareable<T> {
  /** The type of the value. */
  readonly 'Error: this value cannot be shared; share numbers, typed arrays, tensors or tables of numbers': T;
}

/** Shown by the compiler where a value is shared without its shape, or with one that is no list of numbers. */
export interface NoShape {
  /** Reveal a number of rows first if others do not know it. */
  readonly 'Error: a shared value needs its shape, a list of public numbers: .to(device, { shape: [rows] })': never;
}

/** What can be shared on a device. */
export type Shareable =
  | number
  | boolean
  | readonly number[]
  | readonly boolean[]
  | TypedArray
  | Tensor
  | Table;

/** The handle that is shared: `unknown` if a member has the value and it is numbers, else what the compiler says. */
export type Sharing<Owners extends string, T, D extends AnyDevice> = [Owners & MembersOf<D>] extends [never]
  ? NotAMember<Owners>
  : [T] extends [Shareable]
    ? unknown
    : NotShareable<T>;

/** A plain number has the shape []; everything else has one that has to be said. */
export type SharingOptions<T, O extends ShareOptions> = [T] extends [number | boolean]
  ? [options?: O]
  : [options: O & { readonly shape: readonly number[] }];

/** The type of the shared value: as the options say, or fixed-point numbers. */
export type SharedDtype<O extends ShareOptions> = O extends { readonly dtype: infer T extends Dtype }
  ? T
  : 'fixed';
