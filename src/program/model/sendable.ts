/** What may leave a party, as far as types can tell; the codec checks the rest when it is sent. */
import type { Table } from '../../data/table.ts';
import type { TypedArray } from '../../wire/value-kinds.ts';
import type { Handle } from './handle-types.ts';

type Leaf = string | number | bigint | boolean | null | undefined | Date | Blob | Table | TypedArray;

/** Shown by the compiler where a value is sent that has no encoding. */
export interface NotSendable<Part> {
  readonly 'Error: this value cannot be sent; send scalars, strings, typed arrays, tables, Blobs, plain records and arrays': Part;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The parts of a type that cannot be sent, in words; never if all can. Looks as deep as people write types. */
export type Unsendable<T, Depth extends unknown[] = []> =
  IsAny<T> extends true ? never : Depth['length'] extends 8 ? never : Part<T, Depth>;

type Part<T, Depth extends unknown[]> = T extends Leaf
  ? never
  : T extends symbol
    ? 'a symbol'
    : T extends (...args: never) => unknown
      ? 'a function'
      : T extends Handle
        ? 'a handle'
        : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
          ? 'a Map or Set'
          : T extends PromiseLike<unknown>
            ? 'a promise'
            : T extends Error | RegExp | ArrayBuffer
              ? 'a class instance'
              : T extends readonly unknown[]
                ? Unsendable<T[number], [...Depth, 1]>
                : T extends object
                  ? { [K in keyof T]-?: Unsendable<T[K], [...Depth, 1]> }[keyof T]
                  : never;
