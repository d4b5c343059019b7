/** What may leave a party, as far as types can tell; the codec checks the rest when it is sent. */
import type { Table } from '../../data/table.ts';
import type { TypedArray } from '../../wire/value-kinds.ts';
import type { Handle } from './handle-types.ts';

/** What is sent as it is. Beside it plain records and arrays of it, however deep. */
export type SendableLeaf =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | Blob
  | Table
  | TypedArray;

/** Shown by the compiler where a value is sent that has no encoding. */
export interface NotSendable<Part> {
  /** What cannot be sent: `a function`, `a Map or Set`, … */
  readonly 'Error: this value cannot be sent; send scalars, strings, typed arrays, tables, Blobs, plain records and arrays': Part;
}

/** The parts of a type that cannot be sent, in words; never if all can. Looks as deep as people write types. */
export type Unsendable<T, Depth extends unknown[] = []> = 0 extends 1 & T
  ? never
  : Depth['length'] extends 8
    ? never
    : T extends SendableLeaf
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
