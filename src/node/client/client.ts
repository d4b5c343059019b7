/** A node's API for programs: what the command line uses, too. */
import { z } from 'zod';
import { errorCatalogue } from '../../base/error-catalogue.ts';
import { EnvironmentError, PrivityError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import type { ErrorReport } from '../../record/error-report.ts';

/** A node on this machine answers in milliseconds; looking at a large source takes minutes. */
const ANSWER_MS = 10 * 60 * 1000;

export interface NodeClientOptions {
  /** `http://127.0.0.1:7430` */
  readonly url: string;
  readonly token: string;
  readonly signal?: AbortSignal | undefined;
}

/** What has changed at a node: read it again. */
export interface NodeChange {
  readonly seq: number;
  readonly topic: 'proposal' | 'run' | 'partner' | 'lost';
  readonly id: string;
  readonly at: number;
}

const change = z.object({
  seq: z.number(),
  topic: z.enum(['proposal', 'run', 'partner', 'lost']),
  id: z.string(),
  at: z.number(),
});

export class NodeClient {
  readonly #options: NodeClientOptions;

  constructor(options: NodeClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** @throws {PrivityError} what the node answers @throws {EnvironmentError} PRIVITY_NODE_UNREACHABLE */
  async get<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    const asked = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const search = asked.length > 0 ? `?${new URLSearchParams(asked)}` : '';
    return (await (await this.#ask('GET', `${path}${search}`)).json()) as T;
  }

  async post<T>(path: string, body: object = {}): Promise<T> {
    return (await (await this.#ask('POST', path, body)).json()) as T;
  }

  async delete<T>(path: string): Promise<T> {
    return (await (await this.#ask('DELETE', path)).json()) as T;
  }

  /** A text that may be long, as it comes. */
  async *text(path: string): AsyncGenerator<string> {
    const { body } = await this.#ask('GET', path);
    const decoder = new TextDecoder();
    for await (const part of body ?? []) yield decoder.decode(part, { stream: true });
  }

  /** Changes as they come, until the signal is aborted; `after`: the last one that was seen. */
  async *changes(after?: number): AsyncGenerator<NodeChange> {
    let text = '';
    for await (const part of this.text(`/events${after === undefined ? '' : `?after=${after}`}`)) {
      text += part;
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: ?(.+)$/m.exec(event)?.[1];
        const read = data === undefined ? undefined : change.safeParse(JSON.parse(data));
        if (read?.success) yield read.data;
      }
    }
  }

  async #ask(method: string, path: string, body?: object): Promise<Response> {
    const { url, token, signal } = this.#options;
    const isFollowing = path.startsWith('/events');
    const signals = [signal, isFollowing ? undefined : AbortSignal.timeout(ANSWER_MS)].filter(
      (one) => one !== undefined,
    );
    let response: Response;
    try {
      response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      });
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      throw new EnvironmentError(
        'PRIVITY_NODE_UNREACHABLE',
        `the node does not answer at ${url}; is it running? (privity node status)`,
        { cause },
      );
    }
    if (response.ok) return response;
    throw await errorOf(response, url);
  }
}

async function errorOf(response: Response, url: string): Promise<PrivityError> {
  const said = (await ignored(response.json(), 'what answers is told below')) as ErrorReport | undefined;
  if (said !== undefined && Object.hasOwn(errorCatalogue, said.error))
    return new PrivityError(said.error, said.message);
  return new UsageError(
    'PRIVITY_NODE_UNREACHABLE',
    `what answers at ${url} is no node of this version (status ${response.status})`,
  );
}
