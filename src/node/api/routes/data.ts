/** Partners, datasets, grants. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { UsageError } from '../../../base/errors.ts';
import { systemClock } from '../../../base/system.ts';
import { formatAddress } from '../../../config/address.ts';
import { readDatasetSource } from '../../../data/datasets/source.ts';
import { describeSource, tryRows } from '../../../data/staging/stage.ts';
import { datasetName, grantWords } from '../../model/dataset.ts';
import type { PrivityNode } from '../../node.ts';
import { type Route, route } from '../route.ts';
import { datasetBody, datasetView, done, grantView, partnerView, usedGrantView } from '../words.ts';

/** Runs that are shown with a grant. */
const RUNS_SHOWN = 100;

export const dataRoutes = (node: PrivityNode): readonly Route[] => [
  route({
    method: 'get',
    path: '/partners',
    right: 'read',
    summary:
      'The other parties of the federation: the link to each, and what it has published for this party.',
    answer: z.object({ rows: z.array(partnerView) }),
    handle: async () => ({
      rows: await Promise.all(
        [...node.partners()].map(async (partner) => {
          const member = node.config.party.federation.parties.find(({ name }) => name === partner.name);
          return {
            name: partner.name,
            address: member === undefined ? '' : formatAddress(member),
            fingerprint: member?.fingerprint ?? '',
            ...partner.state,
            datasets: (await node.publishing.of(partner.name)).map(({ schema, ...dataset }) => ({
              ...dataset,
              schema: schema,
            })),
          };
        }),
      ),
    }),
  }),
  route({
    method: 'get',
    path: '/datasets',
    right: 'read',
    summary: "This party's datasets.",
    answer: z.object({ rows: z.array(datasetView) }),
    handle: async () => ({
      rows: (await node.store.datasets.list()).map((one) => ({ ...one, schema: one.schema })),
    }),
  }),
  route({
    method: 'get',
    path: '/datasets/{name}',
    right: 'read',
    summary: 'One dataset, with its published columns.',
    answer: datasetView,
    handle: async ({ path }) => {
      const found = await node.store.datasets.get(path.name ?? '');
      if (found === undefined) throw unknownDataset(path.name);
      return { ...found, schema: found.schema };
    },
  }),
  route({
    method: 'post',
    path: '/datasets',
    right: 'own',
    summary: 'Publish a table under a name. Its source is looked at now, and read before each run.',
    body: datasetBody,
    answer: datasetView,
    handle: async ({ body, caller }) => {
      const name = datasetName.safeParse(body.name);
      if (!name.success)
        throw new UsageError('PRIVITY_API_INVALID', `name: ${name.error.issues[0]?.message}`);
      const source = readDatasetSource(body.source);
      const { extensions } = node.config;
      const options = extensions === undefined ? {} : { extensionsFolder: extensions };
      const schema = await describeSource(source, (body.publish ?? {}) as never, options);
      const at = systemClock.wallTime();
      const dataset = {
        name: name.data,
        source,
        schema,
        owner: body.owner === '' ? caller.by : body.owner,
        description: body.description,
        createdAt: at,
      };
      await node.store.change(async (tx) => {
        if (!(await tx.datasets.add(dataset)))
          throw new UsageError(
            'PRIVITY_DATASET_EXISTS',
            `there is a dataset ${dataset.name} already; remove it first, or take another name`,
          );
        const columns = schema.columns.map((column) => column.name);
        await tx.audit.add({
          at,
          by: caller.by,
          what: 'dataset.added',
          about: dataset.name,
          detail: { columns },
        });
      });
      await node.rules.lookAtAll();
      return { ...dataset };
    },
  }),
  route({
    method: 'delete',
    path: '/datasets/{name}',
    right: 'own',
    summary: 'Remove a dataset; its grants end with it. The table itself is not touched.',
    answer: done,
    handle: async ({ path: { name = '' }, caller }) => {
      const at = systemClock.wallTime();
      const partners = await node.store.change(async (tx) => {
        if (!(await tx.datasets.remove(name))) throw unknownDataset(name);
        const grants = await tx.grants.list({ dataset: name });
        for (const grant of grants) await tx.grants.revoke(grant.id, at);
        await tx.audit.add({ at, by: caller.by, what: 'dataset.removed', about: name, detail: {} });
        return grants.map(({ partner }) => partner);
      });
      await node.publishTo(partners);
      return { done: true as const };
    },
  }),
  route({
    method: 'get',
    path: '/grants',
    right: 'read',
    summary: 'What partners may ask of datasets, with uses and refusals so far.',
    query: z.strictObject({ dataset: z.string().optional(), partner: z.string().optional() }),
    answer: z.object({ rows: z.array(grantView) }),
    handle: async ({ query: { dataset, partner } }) => {
      const asked = {
        ...(dataset === undefined ? {} : { dataset }),
        ...(partner === undefined ? {} : { partner }),
      };
      return { rows: [...(await node.store.grants.list(asked))] };
    },
  }),
  route({
    method: 'post',
    path: '/grants',
    right: 'own',
    summary: 'Let a partner ask for a dataset: which columns and rows, for what, how often, until when.',
    body: grantWords,
    answer: grantView,
    handle: async ({ body, caller }) => {
      const at = systemClock.wallTime();
      const grant = {
        ...body,
        id: `g${randomBytes(6).toString('hex')}`,
        createdAt: at,
        createdBy: caller.by,
        revokedAt: null,
        uses: 0,
        refusals: 0,
      };
      if (![...node.partners()].some(({ name }) => name === body.partner))
        throw new UsageError('PRIVITY_PARTY_UNKNOWN', `the federation lists no partner ${body.partner}`);
      if (body.until <= at) throw new UsageError('PRIVITY_API_INVALID', 'until: the moment is over');
      await tryGrantedRows(node, body);
      await node.store.change(async (tx) => {
        const dataset = await tx.datasets.get(body.dataset);
        if (dataset === undefined) throw unknownDataset(body.dataset);
        const missing = (body.columns ?? []).filter(
          (name) => !dataset.schema.columns.some((column) => column.name === name),
        );
        if (missing.length > 0)
          throw new UsageError(
            'PRIVITY_COLUMN_MISSING',
            `the dataset ${body.dataset} publishes no column ${missing.join(', ')}`,
          );
        await tx.grants.add(grant);
        await tx.audit.add({ at, by: caller.by, what: 'grant.added', about: grant.id, detail: { ...body } });
      });
      await node.publishTo([body.partner]);
      await node.rules.lookAtAll();
      return grant;
    },
  }),
  route({
    method: 'get',
    path: '/grants/{id}',
    right: 'read',
    summary: 'One grant, with the runs that have used it, the newest first.',
    answer: usedGrantView,
    handle: async ({ path: { id = '' } }) => {
      const grant = await node.store.grants.get(id);
      if (grant === undefined) throw unknownGrant(id);
      return { ...grant, runs: [...(await node.store.grants.usedBy(id, RUNS_SHOWN))] };
    },
  }),
  route({
    method: 'delete',
    path: '/grants/{id}',
    right: 'own',
    summary: 'Revoke a grant. Runs that have begun go on.',
    answer: done,
    handle: async ({ path: { id = '' }, caller }) => {
      const at = systemClock.wallTime();
      const partner = await node.store.change(async (tx) => {
        const grant = await tx.grants.get(id);
        if (grant === undefined) throw unknownGrant(id);
        if (await tx.grants.revoke(id, at))
          await tx.audit.add({ at, by: caller.by, what: 'grant.revoked', about: id, detail: {} });
        return grant.partner;
      });
      await node.publishTo([partner]);
      return { done: true as const };
    },
  }),
];

const unknownDataset = (name = ''): UsageError =>
  new UsageError('PRIVITY_DATASET_UNKNOWN', `there is no dataset ${name}`);
const unknownGrant = (id: string): UsageError =>
  new UsageError('PRIVITY_GRANT_UNKNOWN', `there is no grant ${id}`);

/** A condition that cannot be computed is refused now, and not when a partner's run begins. */
async function tryGrantedRows(node: PrivityNode, { dataset: name, rows }: z.output<typeof grantWords>) {
  const dataset = rows === undefined ? undefined : await node.store.datasets.get(name);
  if (rows === undefined || dataset === undefined) return;
  const { extensions } = node.config;
  const options = extensions === undefined ? {} : { extensionsFolder: extensions };
  await tryRows(readDatasetSource(dataset.source), rows, options);
}
