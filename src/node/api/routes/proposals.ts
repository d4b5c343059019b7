/** Proposals: made, seen in sentences, decided, withdrawn. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { UsageError } from '../../../base/errors.ts';
import { ignored } from '../../../base/ignored.ts';
import { systemClock } from '../../../base/system.ts';
import type { PublishedSchema } from '../../../data/published-schema.ts';
import { type Contract, readContract } from '../../../observe/contract/contract.ts';
import { contractSentences } from '../../../observe/contract/sentences.ts';
import { machineMemoryMax } from '../../../supervisor/machine/machine-memory.ts';
import { WITHOUT_SANDBOX } from '../../../supervisor/sandbox/policy.ts';
import { askedDatasets } from '../../core/asked-datasets.ts';
import { expectedPrice } from '../../core/price.ts';
import { REHEARSED } from '../../core/rehearsals.ts';
import { ruleText } from '../../core/ruling.ts';
import { bundleDigest } from '../../model/bundle.ts';
import { type Decision, PROPOSAL_VERSION, type ProposalDocument } from '../../model/proposal.ts';
import { type AuditEntry, PROPOSAL_STATES, type ProposalRecord } from '../../model/records.ts';
import { ruleNamed } from '../../model/rule.ts';
import type { PrivityNode } from '../../node.ts';
import { forApprover, notTaken } from '../for-approver.ts';
import { isBeginning, type Route, route, tooShort } from '../route.ts';
import {
  checkedProposal,
  done,
  jobFiles,
  page,
  proposalPage,
  proposalView,
  proposeBody,
  reasonBody,
  rehearseBody,
  rehearsedView,
  scheduleView,
} from '../words.ts';

/** Lines of the audit log about one proposal in which its rehearsals are looked for. */
const AUDIT_LOOKED_AT = 200;

export const proposalRoutes = (node: PrivityNode): readonly Route[] => [
  route({
    method: 'get',
    path: '/proposals',
    right: 'read',
    summary: 'Proposals, the newest first.',
    query: page.extend({ state: z.enum(PROPOSAL_STATES).optional() }),
    answer: proposalPage,
    handle: async ({ query }) => {
      const { rows, next } = await node.store.proposals.list(definedOnly(query));
      return { rows: rows.map(rowView), next };
    },
  }),
  route({
    method: 'post',
    path: '/proposals',
    right: 'propose',
    summary: 'Propose a run to the parties that it concerns.',
    body: proposeBody,
    answer: z.object({ id: z.string() }),
    handle: async ({ body, caller }) => {
      const { document, bundle } = documentOf(node, body);
      await datasetWarnings(node, document);
      const { id } = await node.desk.propose(document, bundle, caller.by);
      return { id };
    },
  }),
  route({
    method: 'post',
    path: '/proposals/check',
    right: 'propose',
    summary: 'All that is looked at when a run is proposed. Nothing is stored, nothing is sent.',
    body: proposeBody,
    answer: checkedProposal,
    handle: async ({ body }) => {
      const { document, bundle } = documentOf(node, body);
      const warnings = await datasetWarnings(node, document);
      await node.desk.check(document, bundle);
      return { warnings: [...warnings] };
    },
  }),
  route({
    method: 'get',
    path: '/proposals/{id}',
    right: 'read',
    summary:
      'One proposal: what it would disclose, in sentences for this party, and what its proposer has learnt before.',
    answer: proposalView,
    handle: async ({ path }) => view(node, await recordOf(node, path.id)),
  }),
  route({
    method: 'get',
    path: '/proposals/{id}/files',
    right: 'read',
    summary:
      'The files of the proposed job, with `contents` also what is in them: to be read before it is approved.',
    query: z.strictObject({ contents: z.enum(['true', 'false']).default('false') }),
    answer: jobFiles,
    handle: async ({ path, query: { contents } }) => {
      const { proposal } = await recordOf(node, path.id);
      const { file, hash } = proposal.document.job;
      const files = [...(await node.bundles.files(proposal))].map(([name, bytes]) => ({
        path: name,
        bytes: bytes.length,
        sha256: bundleDigest(bytes),
        ...(contents === 'true' ? { base64: Buffer.from(bytes).toString('base64') } : {}),
      }));
      return { file, hash, files };
    },
  }),
  ...(['approve', 'refuse'] as const).map((verb) =>
    route({
      method: 'post',
      path: `/proposals/{id}/${verb}`,
      right: 'decide',
      summary: verb === 'approve' ? "This party's yes." : "This party's no, which stands.",
      body: reasonBody,
      answer: done,
      handle: async ({ path, body, caller }) => {
        const id = await proposalIdOf(node, path.id);
        await node.decide(id, verb === 'approve' ? 'approved' : 'refused', caller.by, body.reason);
        return { done: true as const };
      },
    }),
  ),
  route({
    method: 'post',
    path: '/proposals/{id}/rehearse',
    right: 'decide',
    summary:
      'Rehearse its job on made-up rows, in a sandbox, and compare what it discloses with its contract.',
    body: rehearseBody,
    answer: rehearsedView,
    handle: async ({ path, body, caller, signal }) => {
      const { more, less, warnings, tried, rows, ...said } = await node.rehearse(
        await proposalIdOf(node, path.id),
        body,
        caller.by,
        signal,
      );
      return {
        ...said,
        more: [...more],
        less: [...less],
        warnings: [...warnings],
        tried: [...tried],
        rows: [...rows],
      };
    },
  }),
  route({
    method: 'post',
    path: '/proposals/{id}/withdraw',
    right: 'propose',
    summary: "Withdraw this party's own proposal.",
    body: reasonBody,
    answer: done,
    handle: async ({ path, body, caller }) => {
      await node.desk.withdraw(await proposalIdOf(node, path.id), caller.by, body.reason);
      return { done: true as const };
    },
  }),
  route({
    method: 'get',
    path: '/schedules',
    right: 'read',
    summary: 'Approved proposals that run again and again, and when they are due.',
    answer: z.object({ rows: z.array(scheduleView) }),
    handle: async () => ({
      rows: [...node.proposals()].flatMap(({ id, proposal, life, state }) => {
        const { schedule, title } = proposal.document;
        if (schedule === undefined) return [];
        const { occurrence, dueAt, isOver } = life;
        return [{ proposal: id, title, state, ...schedule, occurrence, dueAt: isOver ? null : dueAt }];
      }),
    }),
  }),
];

function documentOf(
  node: PrivityNode,
  body: z.output<typeof proposeBody>,
): { readonly document: ProposalDocument; readonly bundle: Buffer } {
  const bundle = Buffer.from(body.bundle, 'base64');
  const { party, federation } = node.config.party;
  const createdAt = systemClock.wallTime();
  const { bundle: _, validMs, job, schedule, schemas, ...said } = body;
  const document: ProposalDocument = {
    ...said,
    version: PROPOSAL_VERSION,
    federation: federation.name,
    proposer: party,
    job: { ...definedOnly(job), bundle: bundleDigest(bundle), bundleBytes: bundle.length },
    ...definedOnly({ schedule, schemas }),
    createdAt,
    expiresAt: createdAt + validMs,
    nonce: randomBytes(16).toString('hex'),
  };
  return { document, bundle };
}

/** @throws {UsageError} PRIVITY_DATASET_UNKNOWN */
async function datasetWarnings(node: PrivityNode, document: ProposalDocument): Promise<readonly string[]> {
  const { party: self } = node.config.party;
  const published = new Map<string, readonly string[]>();
  for (const party of Object.keys(document.datasets))
    if (party !== self)
      published.set(
        party,
        (await node.publishing.of(party)).map(({ name }) => name),
      );
  return askedDatasets(document, {
    self,
    own: (await node.store.datasets.list()).map(({ name }) => name),
    publishedOf: (party) => published.get(party) ?? [],
  });
}

type ProposalView = z.input<typeof proposalView>;

async function view(node: PrivityNode, record: ProposalRecord): Promise<ProposalView> {
  const { document } = record.proposal;
  const { party } = node.config.party;
  const { decisions, withdrawal } = await node.store.proposals.answers(record.id);
  const { learnt, grants, warnings } = await forApprover(node, document);
  // Of one that is over, the files may be gone.
  const needed = (await ignored(node.packages.needed(document), 'it cannot be approved any more')) ?? [];
  const open = node.open(record.id);
  const contract = readContract(document.contract);
  return {
    ...rowView(record),
    document,
    reader: party,
    sentences: [...contractSentences(contract, party)],
    price: await priceOf(node, document, contract),
    decisions: decisions.map(({ document: { party, answer, by, reason, at } }) => ({
      party,
      answer,
      by,
      reason,
      at,
    })),
    ...(await ruled(node, record, decisions)),
    withdrawal: withdrawal === null ? null : withdrawal.document,
    packages: needed.map(({ name, proposed, here }) => ({ name, proposed, here: here?.version ?? null })),
    rehearsed: lastRehearsed(await node.store.audit.page({ about: record.id, limit: AUDIT_LOOKED_AT })),
    problems: [...(await node.problems(document))],
    learnt: learnt.map((line) => ({ ...line, shape: line.shape === null ? null : [...line.shape] })),
    grants: grants.map((cover) => ({ ...cover, columns: [...cover.columns], keptBack: [...cover.keptBack] })),
    warnings: [...warnings],
    notTaken: [...(await notTaken(node, record.id))],
    withoutSandbox: node.config.sandbox === 'off' ? WITHOUT_SANDBOX : null,
    next:
      open === undefined
        ? null
        : {
            occurrence: open.life.occurrence,
            attempt: open.life.attempt,
            dueAt: open.life.dueAt,
            isRunning: open.life.isRunning,
            way: open.intent.kind,
          },
  };
}

async function priceOf(
  node: PrivityNode,
  document: ProposalDocument,
  contract: Contract,
): Promise<ProposalView['price']> {
  const { party: self, memoryMaxBytes = machineMemoryMax(1) } = node.config.party;
  const partners = new Map([...node.partners()].map((partner) => [partner.name, partner.state]));
  const schemas = new Map<string, PublishedSchema>();
  for (const party of document.parties) {
    const datasets = party === self ? await node.store.datasets.list() : await node.publishing.of(party);
    for (const { name, schema } of datasets) schemas.set(`${party}.${name}`, schema);
  }
  const price = expectedPrice(document, contract, {
    ...{ self, memoryMaxBytes },
    schemaOf: (party, name) => schemas.get(`${party}.${name}`),
    measureOf: (name) => partners.get(name),
  });
  return { ...price, links: [...price.links], memory: [...price.memory] };
}

/** Which rule of this party has decided; or, while nobody has, why those that might do not. */
async function ruled(
  node: PrivityNode,
  record: ProposalRecord,
  decisions: readonly Decision[],
): Promise<Pick<ProposalView, 'ruledBy' | 'rules'>> {
  const own = decisions.filter(({ document: { party } }) => party === node.config.party.party);
  const name = own.map(({ document: { by } }) => ruleNamed(by)).find((rule) => rule !== undefined);
  const rule = name === undefined ? undefined : await node.store.rules.get(name);
  const isOpen = own.length === 0 && record.state === 'proposed';
  const { whys } = isOpen ? await node.rules.ruling(record) : { whys: [] };
  return {
    ruledBy: rule === undefined ? null : { ...rule, says: ruleText(rule) },
    rules: whys.map(({ rule: { id }, why }) => ({ id, why })),
  };
}

function lastRehearsed(lines: readonly AuditEntry[]): ProposalView['rehearsed'] {
  const last = lines.findLast(({ what }) => what === REHEARSED);
  return last === undefined ? null : { outcome: String(last.detail.outcome), by: last.by, at: last.at };
}

const rowView = ({
  id,
  title,
  proposer,
  state,
  createdAt,
  expiresAt,
  changedAt,
}: Omit<ProposalRecord, 'proposal'>) => ({
  ...{ id, title, proposer, state, createdAt, expiresAt, changedAt },
});

async function recordOf(node: PrivityNode, name = ''): Promise<ProposalRecord> {
  const record = await node.store.proposals.get(await proposalIdOf(node, name));
  if (record !== undefined) return record;
  throw unknown(name);
}

/** The id of which a person has typed the beginning: eight characters or more, of one proposal. */
export async function proposalIdOf(node: PrivityNode, name = ''): Promise<string> {
  if (tooShort(name) !== '') throw unknown(name);
  if (!isBeginning(name)) return name;
  const [first, second] = await node.store.proposals.beginning(name, 2);
  if (second !== undefined)
    throw new UsageError('PRIVITY_PROPOSAL_UNKNOWN', `more than one proposal begins with ${name}`);
  return first ?? name;
}

const unknown = (name: string): UsageError =>
  new UsageError('PRIVITY_PROPOSAL_UNKNOWN', `there is no proposal ${name} here${tooShort(name)}`);

const definedOnly = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as never;
