/** Proposals, and what the parties have said to them: documents that never change, and how each proposal stands. */
import { type Kysely, sql } from 'kysely';
import {
  type Answer,
  type Decision,
  type DecisionDocument,
  PROPOSAL_MESSAGE,
  type Proposal,
  type ProposalDocument,
  type Withdrawal,
  type WithdrawalDocument,
} from '../model/proposal.ts';
import {
  type Answers,
  OPEN_STATES,
  type ProposalRecord,
  type ProposalRow,
  type ProposalState,
} from '../model/records.ts';
import { didChange, json, oneMore, type Page, type PageAsked, pageOf, parsed, rowsOf } from './row.ts';
import type { Schema } from './schema.ts';

/** Of a row in a list: documents may be large, and are read one at a time. */
const LISTED = [
  'seq',
  'id',
  'proposer',
  'title',
  'state',
  'life',
  'bundle',
  'createdAt',
  'expiresAt',
  'receivedAt',
  'changedAt',
] as const;

type Listed = Pick<Omit<ProposalRow, 'life'>, Exclude<(typeof LISTED)[number], 'seq' | 'life'>> & {
  readonly seq: number;
  readonly life: string;
};

export class ProposalsRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  async get(id: string): Promise<ProposalRecord | undefined> {
    const row = await this.db
      .selectFrom('proposals')
      .select([...LISTED, 'document', 'signature'])
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { document, signature, ...listed } = row;
    return {
      ...rowOf(listed),
      proposal: { id, document: parsed(document) as ProposalDocument, signature },
    };
  }

  /** The newest first, by the order in which they came. */
  async list(
    asked: PageAsked & { readonly state?: ProposalState; readonly proposer?: string },
  ): Promise<Page<ProposalRow>> {
    let query = this.db.selectFrom('proposals').select(LISTED).orderBy('seq', 'desc').limit(oneMore(asked));
    if (asked.state !== undefined) query = query.where('state', '=', asked.state);
    if (asked.proposer !== undefined) query = query.where('proposer', '=', asked.proposer);
    if (asked.before !== undefined) query = query.where('seq', '<', asked.before);
    return pageOf(await query.execute(), asked, rowOf);
  }

  /** Ids that begin so (letters, digits and - only), in their order. */
  async beginning(words: string, limit: number): Promise<readonly string[]> {
    const rows = await this.db
      .selectFrom('proposals')
      .select('id')
      .where('id', 'like', `${words}%`)
      .orderBy('id')
      .limit(rowsOf(limit))
      .execute();
    return rows.map(({ id }) => id);
  }

  /** Those in `states` whose time is up, the oldest first. */
  async expired(
    states: readonly ProposalState[],
    now: number,
    limit: number,
  ): Promise<readonly ProposalRow[]> {
    const rows = await this.db
      .selectFrom('proposals')
      .select(LISTED)
      .where('state', 'in', states)
      .where('expiresAt', '<=', now)
      .orderBy('seq')
      .limit(rowsOf(limit))
      .execute();
    return rows.map(rowOf);
  }

  /** How many stand in a state, of all or of one proposer. */
  async count(state: ProposalState, proposer?: string): Promise<number> {
    let query = this.db
      .selectFrom('proposals')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('state', '=', state);
    if (proposer !== undefined) query = query.where('proposer', '=', proposer);
    return (await query.executeTakeFirstOrThrow()).count;
  }

  /** Whether something may still be asked of a packed job: it may run, or was not sent, or a run of it is kept. */
  async needsBundle(bundle: string): Promise<boolean> {
    const row = await this.db
      .selectFrom('proposals')
      .select('id')
      .where('bundle', '=', bundle)
      .where(({ or, eb, exists, selectFrom }) =>
        or([
          eb('state', 'in', OPEN_STATES),
          exists(selectFrom('runs').select('runs.runId').whereRef('runs.proposal', '=', 'proposals.id')),
          exists(
            selectFrom('outbox')
              .select('outbox.seq')
              .where(sql<boolean>`"outbox"."messageId" = ${PROPOSAL_MESSAGE} || "proposals"."id"`),
          ),
        ]),
      )
      .limit(1)
      .executeTakeFirst();
    return row !== undefined;
  }

  /** Whether one proposer has made at least `count` since a moment, whatever became of them. */
  async hasMade(proposer: string, count: number, since: number): Promise<boolean> {
    const nth = await this.db
      .selectFrom('proposals')
      .select('receivedAt')
      .where('proposer', '=', proposer)
      .orderBy('seq', 'desc')
      .limit(1)
      .offset(count - 1)
      .executeTakeFirst();
    return nth !== undefined && nth.receivedAt > since;
  }

  /** Decisions in the order in which they came. */
  async answers(proposal: string): Promise<Answers> {
    const decisions = await this.db
      .selectFrom('decisions')
      .select(['document', 'signature'])
      .where('proposal', '=', proposal)
      .orderBy('seq')
      .execute();
    const withdrawal = await this.db
      .selectFrom('withdrawals')
      .select(['document', 'signature'])
      .where('proposal', '=', proposal)
      .executeTakeFirst();
    return {
      decisions: decisions.map((row) => signed<DecisionDocument>(row)),
      withdrawal: withdrawal === undefined ? null : signed<WithdrawalDocument>(withdrawal),
    };
  }
}

export class Proposals extends ProposalsRead {
  /** @returns false: it is known already, and nothing was changed */
  async add(
    { id, document, signature }: Proposal,
    { state, life, at }: { readonly state: ProposalState; readonly life: unknown; readonly at: number },
  ): Promise<boolean> {
    const { proposer, title, createdAt, expiresAt, job } = document;
    const result = await this.db
      .insertInto('proposals')
      .values({
        ...{ id, proposer, title, state, signature, createdAt, expiresAt },
        life: json(life),
        document: json(document),
        bundle: job.bundle,
        receivedAt: at,
        changedAt: at,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return didChange(result);
  }

  /** How it stands from now on. @returns whether it is known */
  async set(
    id: string,
    { state, life, at }: { readonly state: ProposalState; readonly life: unknown; readonly at: number },
  ): Promise<boolean> {
    return didChange(
      await this.db
        .updateTable('proposals')
        .set({ state, life: json(life), changedAt: at })
        .where('id', '=', id)
        .executeTakeFirst(),
    );
  }

  /** A yes of each party, and a no, which may follow and stands. @returns false: nothing new, nothing changed */
  async decide({ document, signature }: Decision): Promise<boolean> {
    const { proposal, party, answer } = document;
    const refused = await this.db
      .selectFrom('decisions')
      .select('seq')
      .where('proposal', '=', proposal)
      .where('party', '=', party)
      .where('answer', '=', 'refused' satisfies Answer)
      .executeTakeFirst();
    if (refused !== undefined) return false;
    return didChange(
      await this.db
        .insertInto('decisions')
        .values({ proposal, party, answer, document: json(document), signature })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }

  /** @returns false: it was withdrawn before */
  async withdraw({ document, signature }: Withdrawal): Promise<boolean> {
    return didChange(
      await this.db
        .insertInto('withdrawals')
        .values({ proposal: document.proposal, document: json(document), signature })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst(),
    );
  }
}

const rowOf = ({ seq: _, life, ...row }: Listed): ProposalRow => ({ ...row, life: parsed(life) });

const signed = <T>(row: { readonly document: string; readonly signature: string }) => ({
  document: parsed(row.document) as T,
  signature: row.signature,
});
