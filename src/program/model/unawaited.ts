/** Promises that nobody awaits, as far as types can tell: what a job returns may hold none. */
import type { Table } from '../../data/table.ts';
import type { Tensor, TypedArray } from '../../wire/value-kinds.ts';
import type { Handle } from './handle-types.ts';

/**
 * Of any function that gives a value to the program: `unknown` if all in it is awaited, else the compiler's message.
 */
export type AllAwaited<T> = 0 extends 1 & T
  ? unknown
  : [Unawaited<Awaited<T>>] extends [never]
    ? unknown
    : NotAwaited<Unawaited<Awaited<T>>>;

/**
 * Shown by the compiler, in full by every version of it: it does not spell out the properties that a function lacks.
 */
export type NotAwaited<Where extends string> =
  `Error: the result holds a promise at ${Where}; write await before it`;

/** What holds no promises, and is not looked into. */
export type AwaitedLeaf =
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
  | TypedArray
  | Handle
  | ((...args: never) => unknown);

/** The places of promises in a type, as paths; never if there are none. Looks as deep as people write types. */
export type Unawaited<T, Where extends string = '', Depth extends unknown[] = []> = 0 extends 1 & T
  ? never
  : Depth['length'] extends 8
    ? never
    : T extends AwaitedLeaf
      ? never
      : T extends PromiseLike<unknown>
        ? Where
        : T extends readonly unknown[]
          ? Unawaited<T[number], `${Where}[]`, [...Depth, 1]>
          : T extends object
            ? {
                [K in keyof T]-?: Unawaited<
                  T[K],
                  K extends string | number
                    ? `${Where}${Where extends '' ? '' : '.'}${K}`
                    : `${Where}[symbol]`,
                  [...Depth, 1]
                >;
              }[keyof T]
            : never;
