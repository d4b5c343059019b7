/** Promises that nobody awaits, as far as types can tell: what a job returns may hold none. */
import type { Table } from '../../data/table.ts';
import type { Tensor, TypedArray } from '../../wire/value-kinds.ts';
import type { Handle } from './handle-types.ts';

/** Shown by the compiler, in full by every version of it: it does not spell out the properties that a function lacks. */
type NotAwaited<Where extends string> =
  `Error: the result holds a promise at ${Where}; write await before it`;

/** Of any function that gives a value to the program: `unknown` if all in it is awaited. */
export type AllAwaited<T> =
  IsAny<T> extends true
    ? unknown
    : [Promises<Awaited<T>>] extends [never]
      ? unknown
      : NotAwaited<Promises<Awaited<T>>>;

type IsAny<T> = 0 extends 1 & T ? true : false;
type Leaf =
  | string
  | number
  | bigint
  | boolean
  | symbol
  | null
  | undefined
  | Date
  | Blob
  | Table
  | Tensor
  | TypedArray;

/** The places of promises in a type; never if there are none. Looks as deep as people write types. */
type Promises<T, Where extends string = '', Depth extends unknown[] = []> =
  IsAny<T> extends true ? never : Depth['length'] extends 8 ? never : Part<T, Where, Depth>;

type Part<T, Where extends string, Depth extends unknown[]> = T extends
  | Leaf
  | Handle
  | ((...args: never) => unknown)
  ? never
  : T extends PromiseLike<unknown>
    ? Where
    : T extends readonly unknown[]
      ? Promises<T[number], `${Where}[]`, [...Depth, 1]>
      : T extends object
        ? {
            [K in keyof T]-?: Promises<
              T[K],
              Where extends '' ? Name<K> : `${Where}.${Name<K>}`,
              [...Depth, 1]
            >;
          }[keyof T]
        : never;

type Name<K> = K extends string | number ? `${K}` : '[symbol]';
