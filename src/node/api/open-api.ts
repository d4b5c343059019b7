/** The API as an OpenAPI 3.1 document, made of its routes. */
import { z } from 'zod';
import { PRIVITY_VERSION } from '../../base/version.ts';
import { RIGHTS, type Route } from './route.ts';

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): object => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
};

const failure = {
  type: 'object',
  properties: {
    error: { type: 'string', description: 'A code of docs/errors.md.' },
    failure: { type: 'string' },
    message: { type: 'string' },
    remedy: { type: 'string' },
    exitCode: { type: 'integer' },
  },
};

export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes)
    paths[`/api/v1${route.path}`] = { ...paths[`/api/v1${route.path}`], [route.method]: operation(route) };
  return {
    openapi: '3.1.0',
    info: { title: 'A node of Privity', version: PRIVITY_VERSION },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{ token: [] }],
  };
}

function operation({ path, summary, right, query, body, answer }: Route): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
  const content =
    answer === undefined
      ? { 'application/x-ndjson': {} }
      : { 'application/json': { schema: schemaOf(answer, 'output') } };
  return {
    summary,
    description: `Roles: ${RIGHTS[right].join(', ')}.`,
    parameters: [...inPath, ...inQuery],
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      200: { description: 'Done.', content },
      default: { description: 'An error.', content: { 'application/json': { schema: failure } } },
    },
  };
}
