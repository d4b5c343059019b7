/**
 * What goes with values on a device: how they are shared, multiplied and bounded, and what the compiler says where they
 * cannot be.
 */
import type { Table } from '../../data/table.ts';
import type { Dtype } from '../../secure/ring/fixed-point.ts';
import type { Tensor, TypedArray } from '../../wire/value-kinds.ts';

declare const deviceMark: unique symbol;
declare const anySecretMark: unique symbol;

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

/** Any secret of any device. */
export interface AnySecret {
  /** @internal Tells types apart; not there at run time. */
  readonly [anySecretMark]: true;
}

/** What every party has: a number, a list of numbers (a vector), a typed array, or a tensor. */
export type PublicOperand = number | boolean | readonly number[] | TypedArray | Tensor;

/** How products of fixed-point numbers are rounded. */
export interface ProductOptions {
  /**
   * `probabilistic` (default): off by less than the last bit, up or down by chance. `exact`: rounded down, always, in
   * some ten rounds more. A probabilistic product that is opened as it is tells members a little of the bits that it
   * has dropped, which the ledger then says ("with traces of dropped bits"); an exact one does not (docs/protocols.md).
   */
  readonly truncation?: 'probabilistic' | 'exact';
}

/** How the factors of a matrix product are read, beside how it is rounded. */
export interface MatmulOptions extends ProductOptions {
  /** The last two axes of the secret are exchanged: [.., k, m] is read as [.., m, k]. A vector stays as it is. */
  readonly transposeLeft?: boolean;
  /** Those of the other factor are: [.., n, k] is read as [.., k, n]. */
  readonly transposeRight?: boolean;
}

/** An interval that all elements lie in, both ends included. `max` alone: of the magnitude. Everybody reads it. */
export interface BoundOptions {
  /** The lower end. Default: -max. */
  readonly min?: number;
  /** The upper end, or the magnitude if it stands alone. */
  readonly max?: number;
}

/**
 * How a value is shared. Every party has to know shape, type and bounds beforehand, so they are declared; the owner's
 * value is checked. Bounds are what lets every party tell that no operation leaves its domain: say what data of this
 * kind can be, not what this data is. Default: 4096 in magnitude for fixed-point numbers (2^12; with more than 18
 * fractional bits 2^(30 - fracBits)), 2^26 for integers.
 */
export interface ShareOptions extends BoundOptions {
  /**
   * Of a vector [length], of a matrix or table [rows, columns]. Reveal a number of rows first if others do not know it.
   */
  readonly shape?: readonly number[];
  /** Default: fixed. */
  readonly dtype?: Dtype;
}

/** Shown by the compiler where a value is sent to what is neither a party nor a device. */
export interface NotAParty {
  /** Pass parties of the job, or one device. */
  readonly 'Error: a value is sent to parties, or shared on one device': never;
}

/** Shown by the compiler where arithmetic meets booleans. */
export interface NotANumber {
  /** Cast the secret, or use `and`, `or`, `xor`, `not`, `select`. */
  readonly 'Error: this operation is not defined for booleans; convert with .cast("integer") or .cast("fixed")': never;
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

/** A plain number has the shape []; everything else has one that has to be said. */
export type SharingOptions<T, O extends ShareOptions> = [T] extends [number | boolean]
  ? [options?: O]
  : [options: O & { readonly shape: readonly number[] }];

/** The type of the shared value: as the options say, or fixed-point numbers. */
export type SharedDtype<O extends ShareOptions> = O extends { readonly dtype: infer T extends Dtype }
  ? T
  : 'fixed';
