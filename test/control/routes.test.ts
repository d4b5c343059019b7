/** The client of a node has a call for every route, and asks for nothing that is no route. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Question } from '../../src/node/client/asking.ts';
import { NodeClient } from '../../src/node/client/client.ts';
import { loneNode } from '../node/lone-node.ts';

type Call = (...given: unknown[]) => unknown;

/** They ask nothing of their own, or a stream that is no route. */
const NO_ROUTES = ['changes', 'follow', 'waitFor', 'get', 'post', 'delete'];

async function* nothing(): AsyncGenerator<string> {
  yield* [];
}

const namesOf = (group: object): readonly string[] =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(group)).filter((name) => name !== 'constructor');

/** What all calls of a client ask, as `METHOD /path`. */
async function asked(without?: string): Promise<readonly string[]> {
  const questions: Question[] = [];
  const client = new NodeClient(
    { url: 'http://never.example', token: '' },
    {
      json(question) {
        questions.push(question);
        return Promise.resolve({} as never);
      },
      text(question) {
        questions.push(question);
        return nothing();
      },
    },
  );
  const groups = [client, ...Object.values(client).filter((value) => typeof value === 'object')] as object[];
  for (const group of groups)
    for (const name of namesOf(group)) {
      if ((group === client && NO_ROUTES.includes(name)) || name === without) continue;
      const answer = (group as Readonly<Record<string, Call>>)[name]?.call(group, 'x', {});
      if (isIterable(answer)) for await (const _ of answer) assert.fail('nothing is answered');
      else await answer;
    }
  return questions.map(({ method, path }) => `${method} ${path}`).sort();
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

async function routes(): Promise<readonly string[]> {
  const node = await loneNode();
  try {
    const page = await fetch(`${node.service.url}/api/v1/openapi.json`);
    const { paths } = (await page.json()) as { readonly paths: Readonly<Record<string, object>> };
    return Object.entries(paths)
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path.replace('/api/v1', '')}`),
      )
      .sort();
  } finally {
    await node.close();
  }
}

describe('the client of a node', () => {
  it('has one call for each route', async () => {
    const found = await routes();
    assert.ok(found.length > 20, found.join('\n'));
    assert.deepEqual(await asked(), found);
  });

  it('would be seen to lack one', async () => {
    assert.ok(!(await asked('withdraw')).includes('post /proposals/{id}/withdraw'));
  });
});
