/** The node itself: how it is, its audit log, its tokens. */
import { z } from 'zod';
import { UsageError } from '../../../base/errors.ts';
import { systemClock, systemRandom } from '../../../base/system.ts';
import { PRIVITY_VERSION } from '../../../base/version.ts';
import type { AuditEntry } from '../../model/records.ts';
import type { PrivityNode } from '../../node.ts';
import { AuditCheck } from '../../store/audit.ts';
import { type Route, route } from '../route.ts';
import { auditView, done, statusView, tokenBody, tokenView } from '../words.ts';

/** Lines of the audit log that are read at a time. */
const AUDIT_PAGE = 1_000;

export const nodeRoutes = (node: PrivityNode, stop: (end: boolean) => void): readonly Route[] => [
  route({
    method: 'get',
    path: '/status',
    right: 'read',
    summary: 'How the node is, what runs, what waits.',
    answer: statusView,
    handle: async () => {
      const gate = await node.gate();
      const { places, config, store } = node;
      const running = [...node.proposals()].filter(({ life }) => life.isRunning).map(({ id }) => id);
      return {
        party: config.party.party,
        federation: config.party.federation.name,
        privity: PRIVITY_VERSION,
        since: node.since,
        store: store.place,
        sandbox: config.sandbox,
        gate: gate === undefined ? null : { pid: gate.pid, ...gate.listen, connections: gate.connections },
        runsAtOnceMax: places.max,
        running,
        queue: [...places.queue],
        waitingForDecision: [...node.proposals()].filter(
          ({ life, state }) => state === 'proposed' && life.answers[config.party.party] === undefined,
        ).length,
      };
    },
  }),
  route({
    method: 'post',
    path: '/stop',
    right: 'administer',
    summary:
      'End the node. Runs go on, and are found when it starts again; with `port` the port is given up, too.',
    body: z.strictObject({ port: z.boolean().default(false) }),
    answer: done,
    handle: async ({ body }) => {
      stop(body.port);
      return { done: true as const };
    },
  }),
  route({
    method: 'get',
    path: '/audit',
    right: 'read',
    summary: 'The audit log, the newest lines first, or those behind number `after`, in order.',
    query: z.strictObject({
      before: z.coerce.number().int().optional(),
      after: z.coerce.number().int().optional(),
      about: z.string().optional(),
      limit: z.coerce.number().int().min(1).max(AUDIT_PAGE).default(100),
    }),
    answer: z.object({ rows: z.array(auditView), head: z.object({ seq: z.int(), digest: z.string() }) }),
    handle: async ({ query: { before, after, about, limit } }) => {
      const { audit } = node.store;
      const asked = { limit, ...(about === undefined ? {} : { about }) };
      const rows =
        after !== undefined || about !== undefined
          ? await audit.page({ ...asked, ...(after === undefined ? {} : { after }) })
          : await audit.newest({ limit, ...(before === undefined ? {} : { before }) });
      return { rows: rows.map((row) => ({ ...row })), head: await audit.head() };
    },
  }),
  route({
    method: 'get',
    path: '/audit/verify',
    right: 'read',
    summary: 'Whether every line of the audit log follows the one before.',
    answer: z.object({ isIntact: z.boolean(), lines: z.int(), says: z.string() }),
    handle: async () => {
      const check = new AuditCheck({ heads: [await node.store.audit.head()] });
      let after = 0;
      for (;;) {
        const rows: readonly AuditEntry[] = await node.store.audit.page({ after, limit: AUDIT_PAGE });
        for (const row of rows) {
          const fault = check.add(row);
          if (fault !== undefined && !fault.isIntact)
            return { isIntact: false, lines: after, says: fault.says };
        }
        after = rows.at(-1)?.seq ?? after;
        if (rows.length < AUDIT_PAGE) break;
      }
      const end = check.end();
      return end.isIntact
        ? {
            isIntact: true,
            lines: end.head.seq,
            says: `${end.head.seq} lines, each follows the one before; the last has the digest ${end.head.digest}`,
          }
        : { isIntact: false, lines: after, says: end.says };
    },
  }),
  route({
    method: 'get',
    path: '/tokens',
    right: 'administer',
    summary: 'Tokens, without their secrets.',
    answer: z.object({ rows: z.array(tokenView) }),
    handle: async () => ({ rows: [...(await node.store.tokens.list())] }),
  }),
  route({
    method: 'post',
    path: '/tokens',
    right: 'administer',
    summary: 'Make a token. Its text is in this answer, and nowhere else.',
    body: tokenBody,
    answer: z.object({ token: tokenView, text: z.string() }),
    handle: async ({ body: { name, role, validMs }, caller }) => {
      const at = systemClock.wallTime();
      return node.store.change(async (tx) => {
        const made = await tx.tokens.create(systemRandom, { name, role, at, expiresAt: at + validMs });
        await tx.audit.add({
          at,
          by: caller.by,
          what: 'token.made',
          about: made.token.id,
          detail: { name, role },
        });
        return made;
      });
    },
  }),
  route({
    method: 'delete',
    path: '/tokens/{id}',
    right: 'administer',
    summary: 'Revoke a token.',
    answer: done,
    handle: async ({ path: { id = '' }, caller }) => {
      const at = systemClock.wallTime();
      await node.store.change(async (tx) => {
        if (!(await tx.tokens.revoke(id, at)))
          throw new UsageError('PRIVITY_TOKEN_UNKNOWN', `there is no token ${id}, or it is revoked`);
        await tx.audit.add({ at, by: caller.by, what: 'token.revoked', about: id, detail: {} });
      });
      return { done: true as const };
    },
  }),
];
