/** Questions to a node over HTTP, and what goes wrong with them. */
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { EnvironmentError, PrivityError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { ErrorReport } from '../../record/error-report.ts';
import { type Answering, type Asking, pathOf, type Question } from './asking.ts';

/** A node on this machine answers in milliseconds; looking at a large source takes minutes. */
const ANSWER_MS = 10 * 60 * 1000;

/** What a client is made of; {@link node} finds it. */
export interface NodeAddress {
  /** Such as `http://127.0.0.1:7430`. */
  readonly url: string;
  /** `privity_…` */
  readonly token: string;
  /** Ends all that is being asked. */
  readonly signal?: AbortSignal | undefined;
}

export class HttpAsking implements Asking {
  readonly #at: NodeAddress;

  constructor(at: NodeAddress) {
    this.#at = at;
  }

  /** @throws {PrivityError} what the node answers @throws {EnvironmentError} PRIVITY_NODE_UNREACHABLE */
  async json<T>(question: Question, answer: Answering<T>): Promise<T> {
    const response = await this.#fetch(question, [AbortSignal.timeout(ANSWER_MS)]);
    let words: unknown;
    try {
      words = await response.json();
    } catch (cause) {
      throw this.#broken(cause);
    }
    const read = answer.safeParse(words);
    if (read.success) return read.data as T;
    throw new EnvironmentError(
      'PRIVITY_NODE_UNREACHABLE',
      `what answers at ${this.#at.url} is no node of this version: its answer to ${question.path} does not fit`,
    );
  }

  async *text(question: Question, signal?: AbortSignal): AsyncGenerator<string, void, undefined> {
    const { body } = await this.#fetch(question, signal === undefined ? [] : [signal]);
    const decoder = new TextDecoder();
    try {
      for await (const part of body ?? []) yield decoder.decode(part, { stream: true });
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  async #fetch(question: Question, ends: readonly AbortSignal[]): Promise<Response> {
    const { url, token, signal } = this.#at;
    const { method, body } = question;
    const signals = [...ends, ...(signal === undefined ? [] : [signal])];
    let response: Response;
    try {
      response = await fetch(`${url}/api/v1${pathOf(question)}`, {
        method: method.toUpperCase(),
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      });
    } catch (cause) {
      throw this.#broken(cause);
    }
    if (response.ok) return response;
    throw await errorOf(response, url);
  }

  /** The reason of the client's own signal; anything else is a node that has gone. */
  #broken(cause: unknown): unknown {
    const { signal, url } = this.#at;
    if (signal?.aborted) return signal.reason;
    return new EnvironmentError(
      'PRIVITY_NODE_UNREACHABLE',
      `the node does not answer at ${url}; is it running? (privity node status)`,
      { cause },
    );
  }
}

async function errorOf(response: Response, url: string): Promise<PrivityError> {
  const said = (await ignored(response.json(), 'what answers is told below')) as ErrorReport | undefined;
  if (said !== undefined && Object.hasOwn(errorCatalogue, said.error))
    return new PrivityError(said.error, said.message, { failure: said.failure });
  return new EnvironmentError(
    'PRIVITY_NODE_UNREACHABLE',
    `what answers at ${url} is no node of this version (status ${response.status})`,
  );
}
