/** How a question reaches a node, and what its answer is checked against. */
import type { z } from 'zod';

/** As the interfaces have it that programs see: nobody changes an answer. */
export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

type Same<A, B> = [A, B] extends [B, A] ? [] : [never];

/** A schema of the API together with the interface that says the same in words; it does not compile if it does not. */
export const answering =
  <T>() =>
  <S extends z.ZodType>(schema: S, ..._: Same<DeepReadonly<z.output<S>>, T>): Answering<T> =>
    schema as unknown as Answering<T>;

/** What an answer is checked by. */
export interface Answering<T> {
  /** `data`: the answer, without what this version does not know. */
  safeParse(value: unknown): { readonly success: boolean; readonly data?: T | undefined };
}

/** What is asked of a node: a route, and what it is given. */
export interface Question {
  /** Of HTTP. */
  readonly method: 'get' | 'post' | 'delete';
  /** As the API has it: below `/api/v1`, with `{id}` for what varies. */
  readonly path: string;
  /** What stands for the words in braces. */
  readonly in?: Readonly<Record<string, string>>;
  /** Behind the path; what is undefined is left out. */
  readonly query?: object | undefined;
  /** As JSON. */
  readonly body?: object | undefined;
}

/** What groups of calls ask: a node, or in tests somebody who writes down what is asked. */
export interface Asking {
  /** An answer that is checked. @throws {PrivityError} what the node answers; PRIVITY_NODE_UNREACHABLE */
  json<T>(question: Question, answer: Answering<T>): Promise<T>;
  /** An answer that is a text of lines, as it comes. */
  text(question: Question): AsyncGenerator<string, void, undefined>;
}

/** The path of a question, with what it asks for. */
export function pathOf({ path, in: given = {}, query = {} }: Question): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? ''));
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return asked.length === 0 ? filled : `${filled}?${new URLSearchParams(asked)}`;
}
