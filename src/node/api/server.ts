/**
 * The API of a node: loopback by default, a token for everything but whether it lives. What a browser on this machine
 * can be talked into by a page of somebody else's is refused: a foreign Host or Origin.
 */
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { stream, streamSSE } from 'hono/streaming';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import type { ErrorCode } from '../../base/error-catalogue.ts';
import { EnvironmentError, UsageError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import { expectation } from '../../base/schema-words.ts';
import { systemClock } from '../../base/system.ts';
import { type Address, formatAddress, isLoopback } from '../../config/address.ts';
import { type ErrorReport, reportOf } from '../../record/error-report.ts';
import { NODE_LIMITS } from '../model/limits.ts';
import type { TokenCheck } from '../store/tokens.ts';
import type { Changes } from './changes.ts';
import { openApi } from './open-api.ts';
import { type Asked, type Caller, mayDo, type Right, type Route, type TextAnswer } from './route.ts';

/** A bundle as base64 in JSON, with what is said of it. */
const BODY_BYTES_MAX = Math.ceil(NODE_LIMITS.bundleBytesMax * 1.4) + NODE_LIMITS.proposalBytesMax;
/** For answers that are on their way when the node ends. */
const LAST_ANSWERS_MS = 500;
/** A line for those who follow and hear nothing, so that connections between do not close. */
const HEARTBEAT_MS = 15_000;

export interface ApiOptions {
  readonly listen: Address;
  readonly routes: readonly Route[];
  readonly checkToken: (text: string) => Promise<TokenCheck>;
  readonly changes: Changes;
  readonly isReady: () => boolean;
}

export interface Api {
  readonly listen: Address;
  close(): Promise<void>;
}

/** @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_PORT_UNAVAILABLE @throws {UsageError} PRIVITY_API_TLS */
export async function openApiServer(options: ApiOptions): Promise<Api> {
  const { listen } = options;
  if (!isLoopback(listen.host))
    throw new UsageError(
      'PRIVITY_API_TLS',
      `the API would listen at ${formatAddress(listen)} without TLS, which is for this machine only`,
    );
  const app = appOf(options);
  const server = await new Promise<Server>((resolve, reject) => {
    const started = serve(
      {
        fetch: app.fetch,
        hostname: listen.host,
        port: listen.port,
      },
      () => resolve(started as Server),
    ) as Server;
    started.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, listen)));
  });
  const at = server.address();
  return {
    listen: { host: listen.host, port: typeof at === 'object' && at !== null ? at.port : listen.port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Answers that are on their way get there; those who follow changes are not waited for.
        systemClock.after(LAST_ANSWERS_MS, () => server.closeAllConnections());
      }),
  };
}

function appOf({ routes, checkToken, changes, isReady }: ApiOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => failed(context, error));
  app.notFound((context) =>
    failed(
      context,
      new UsageError('PRIVITY_API_UNKNOWN', `there is no ${context.req.method} ${context.req.path}`),
    ),
  );
  app.use(bodyLimit({ maxSize: BODY_BYTES_MAX, onError: (context) => failed(context, tooLarge()) }));
  app.use(async (context, next) => {
    refuseForeign(context);
    await next();
    context.header('Cache-Control', 'no-store');
    context.header('X-Content-Type-Options', 'nosniff');
  });
  app.get('/health', (context) => context.json({ lives: true }));
  app.get('/ready', (context) => context.json({ ready: isReady() }, isReady() ? 200 : 503));
  app.get('/api/v1/openapi.json', (context) => context.json(openApi(routes)));
  app.get('/api/v1/events', async (context) => {
    await callerOf(context, checkToken, 'read');
    const from = Number(context.req.header('Last-Event-ID') ?? context.req.query('after') ?? 'NaN');
    return streamSSE(context, async (out) => {
      const stop = new AbortController();
      out.onAbort(() => stop.abort());
      for await (const change of changes.follow(
        Number.isFinite(from) ? from : undefined,
        HEARTBEAT_MS,
        stop.signal,
      )) {
        if (change === undefined) await out.writeSSE({ event: 'still-here', data: '' });
        else
          await out.writeSSE({ id: String(change.seq), event: change.topic, data: JSON.stringify(change) });
      }
    });
  });
  for (const route of routes) {
    const path = `/api/v1${route.path.replace(/\{(\w+)\}/g, ':$1')}`;
    app.on(route.method.toUpperCase(), path, async (context) => {
      const caller = await callerOf(context, checkToken, route.right);
      const asked = {
        path: context.req.param() as unknown as Record<string, string>,
        query: route.query === undefined ? {} : checked(route.query, context.req.query(), 'the query'),
        body: route.body === undefined ? undefined : checked(route.body, await bodyOf(context), 'the body'),
        caller,
        signal: context.req.raw.signal,
      };
      const answer = await route.handle(asked as Asked<never, never>);
      return isText(answer) ? text(context, answer) : context.json(answer as object);
    });
  }
  return app;
}

async function callerOf(context: Context, check: ApiOptions['checkToken'], right: Right): Promise<Caller> {
  const [scheme = '', token = ''] = (context.req.header('Authorization') ?? '').split(' ');
  const found = scheme.toLowerCase() === 'bearer' ? await check(token) : undefined;
  // Which of the reasons it is, is nobody's business.
  if (found === undefined || !found.isValid)
    throw new UsageError(
      'PRIVITY_TOKEN_INVALID',
      'this needs a token of the node (Authorization: Bearer privity_…), and none that is valid came with it',
    );
  const { name, role } = found.token;
  if (!mayDo(role, right))
    throw new UsageError(
      'PRIVITY_TOKEN_RIGHT',
      `the token of ${name} has the role ${role}, which may not do this (${right})`,
    );
  return { by: `person:${name}`, role };
}

/** A name of somebody else's that leads to this machine, or a page of somebody else's that asks. */
function refuseForeign(context: Context): void {
  const host = context.req.header('Host') ?? '';
  const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const origin = context.req.header('Origin');
  const isFrom = origin === undefined || [`http://${host}`, `https://${host}`].includes(origin);
  if (!isLoopback(name) || !isFrom)
    throw new UsageError(
      'PRIVITY_API_FOREIGN',
      'the request came by another name, or from a page of another site',
    );
}

async function bodyOf(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch {
    throw new UsageError('PRIVITY_API_INVALID', 'the body is not JSON');
  }
}

function checked(schema: z.ZodType, value: unknown, what: string): unknown {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const lines = read.error.issues.slice(0, 5).map((issue) => {
    const where = issue.path.map(String).join('.') || what;
    if (issue.code === 'unrecognized_keys') return `${where}: unknown key ${issue.keys.join(', ')}`;
    const expected = expectation(issue);
    return expected === undefined ? `${where}: ${issue.message}` : `${where}: expected ${expected}`;
  });
  throw new UsageError('PRIVITY_API_INVALID', lines.join('; '));
}

const isText = (answer: unknown): answer is TextAnswer =>
  typeof answer === 'object' && answer !== null && 'lines' in answer && 'type' in answer;

function text(context: Context, { type, lines }: TextAnswer): Response {
  context.header('Content-Type', type);
  return stream(context, async (out) => {
    for await (const line of lines) await out.write(line);
  });
}

const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  PRIVITY_TOKEN_INVALID: 401,
  PRIVITY_TOKEN_RIGHT: 403,
  PRIVITY_API_FOREIGN: 403,
  PRIVITY_API_UNKNOWN: 404,
  PRIVITY_PROPOSAL_UNKNOWN: 404,
  PRIVITY_DATASET_UNKNOWN: 404,
  PRIVITY_GRANT_UNKNOWN: 404,
  PRIVITY_RULE_UNKNOWN: 404,
  PRIVITY_RUN_UNKNOWN: 404,
  PRIVITY_TOKEN_UNKNOWN: 404,
  PRIVITY_PROPOSAL_STATE: 409,
  PRIVITY_REHEARSAL_BUSY: 409,
  PRIVITY_DATASET_EXISTS: 409,
  PRIVITY_PROPOSAL_OWN: 403,
};
const BY_FAILURE: Partial<Record<FailureCode, ContentfulStatusCode>> = {
  INTERNAL: 500,
  RESOURCE_EXHAUSTED: 503,
  POLICY_DENIED: 403,
  SETUP_FAILED: 503,
};

function failed(context: Context, error: Error): Response {
  const report: ErrorReport = reportOf(error);
  // What is nobody's fault but ours is told with its stack in the log, not here.
  const { stack: _, ...said } = report;
  return context.json(said, STATUS[report.error] ?? BY_FAILURE[report.failure] ?? 400);
}

const tooLarge = (): UsageError =>
  new UsageError('PRIVITY_API_INVALID', `a request has at most ${BODY_BYTES_MAX} bytes`);

function listenError(error: NodeJS.ErrnoException, listen: Address): EnvironmentError {
  const where = formatAddress(listen);
  if (error.code === 'EADDRINUSE')
    return new EnvironmentError(
      'PRIVITY_PORT_IN_USE',
      `the API cannot listen at ${where}: another process does; end it, or set "api" in the node file`,
      { cause: error },
    );
  return new EnvironmentError(
    'PRIVITY_PORT_UNAVAILABLE',
    `the API cannot listen at ${where} (${error.code ?? 'unknown reason'})`,
    { cause: error },
  );
}
