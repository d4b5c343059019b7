/**
 * What people and partners ask of a node about proposals. Everything is checked, signed or seen to be signed, stored
 * with an entry of the audit log, and only then answered.
 *
 * All parties hear of each other's decisions from the proposer, which has every message behind the proposal itself, in
 * order.
 */
import { PeerError, UsageError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/index.ts';
import type { LifeEvent } from '../life/life-types.ts';
import {
  type Answer,
  type Decision,
  PROPOSAL_MESSAGE,
  type Proposal,
  type ProposalDocument,
  proposalDocument,
  proposalId,
} from '../model/proposal.ts';
import type { NodeMessage } from '../partners/words.ts';
import type { NodeStore, StoreChange } from '../store/store.ts';
import type { Bundles } from './bundles.ts';
import { checkFlood } from './flood.ts';
import type { Lives, Unable, Write } from './lives.ts';
import { newLife, type OpenProposal } from './open-proposal.ts';
import type { Packages } from './packages.ts';
import { proposalProblem } from './proposal-problem.ts';
import { proposedBy } from './proposed-by.ts';
import type { Signing } from './signing.ts';

export interface DeskParts {
  readonly self: string;
  readonly federation: string;
  readonly parties: readonly string[];
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly bundles: Bundles;
  readonly packages: Pick<Packages, 'check'>;
  readonly lives: Lives;
  readonly wake: (partner: string) => void;
  /** What keeps this party from approving; empty: nothing. */
  readonly problems: (document: ProposalDocument) => Promise<readonly string[]>;
  readonly selfApproval: boolean;
  /** A proposal is new here. */
  readonly added: (open: OpenProposal) => void;
}

/** Who asks: `person:ann`. */
export type By = string;

export class Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** This party would like a run. Stored, and on its way to the others, when it resolves. */
  async propose(document: ProposalDocument, bundle: Uint8Array, by: By): Promise<Proposal> {
    const { self, signing, bundles, parties } = this.#parts;
    await this.check(document, bundle);
    const id = proposalId(document);
    const proposal = { id, ...signing.sign('proposal', document) };
    const others = parties.filter((party) => party !== self && document.parties.includes(party));
    await bundles.keep(bundle, () =>
      this.#add(proposal, by, async (tx, at) => {
        const said: NodeMessage = { kind: 'proposal', document, signature: proposal.signature };
        await this.#post(tx, others, `${PROPOSAL_MESSAGE}${id}`, said, at);
        return true;
      }),
    );
    this.#wake(others);
    return proposal;
  }

  /**
   * What it is refused for, here and at every other party.
   * @throws {UsageError} PRIVITY_PROPOSAL_INVALID, _BUNDLE, PRIVITY_JOB_PACKAGE
   */
  async check(document: ProposalDocument, bundle: Uint8Array): Promise<void> {
    const read = proposalDocument.safeParse(document);
    if (!read.success)
      throw new UsageError(
        'PRIVITY_PROPOSAL_INVALID',
        `the proposal is not complete: ${read.error.issues[0]?.message}`,
      );
    const isOwn = document.proposer === this.#parts.self;
    const problem = this.#problem(document, bundle) ?? (isOwn ? undefined : 'it is of another party');
    if (problem !== undefined) throw new UsageError('PRIVITY_PROPOSAL_INVALID', `the proposal: ${problem}`);
    // It runs here, too.
    await this.#parts.packages.check(document, 'the proposal', bundle);
  }

  /** @throws {UsageError} PRIVITY_PROPOSAL_UNKNOWN, _STATE, _OWN, PRIVITY_JOB_PACKAGE, PRIVITY_GRANT_MISSING */
  async decide(id: string, answer: Answer, by: By, reason: string): Promise<void> {
    const { self } = this.#parts;
    const open = await this.openOf(id);
    const { document } = open.proposal;
    const before = open.life.answers[self];
    if (before === answer) return;
    if (before === 'refused')
      throw new UsageError(
        'PRIVITY_PROPOSAL_STATE',
        `${id}: this party has refused it, which stands; ask for a new proposal`,
      );
    if (answer === 'approved') {
      if ((await proposedBy(this.#parts.store, id)) === by && !this.#parts.selfApproval)
        throw new UsageError(
          'PRIVITY_PROPOSAL_OWN',
          `${id}: ${by} has proposed it, and somebody else has to approve it`,
        );
      await this.#parts.packages.check(document, id);
      const problems = await this.#parts.problems(document);
      if (problems.length > 0) throw new UsageError('PRIVITY_GRANT_MISSING', `${id}: ${problems.join('; ')}`);
    }
    await this.answer(open, answer, by, reason);
  }

  /** Signed and stored, without asking whether `by` may. @param first within the same change; false: no more of it */
  async answer(open: OpenProposal, answer: Answer, by: By, reason: string, first?: Write): Promise<void> {
    const { self, clock, signing, lives } = this.#parts;
    const { id, proposal } = open;
    const { document } = proposal;
    const at = clock.wallTime();
    const decision = signing.sign('decision', { proposal: id, party: self, answer, by, reason, at });
    const to = document.proposer === self ? this.#othersOf(document) : [document.proposer];
    const write: Write = async (tx) =>
      (await first?.(tx)) !== false && this.#writeDecision(tx, decision, to, by, at);
    const isTaken = await lives.happen(id, { type: 'answer', party: self, answer }, write);
    if (!isTaken) await this.openOf(id);
    this.#wake(to);
  }

  /** Of this party's own proposal. */
  async withdraw(id: string, by: By, reason: string): Promise<void> {
    const { self, clock, signing, lives } = this.#parts;
    const open = await this.openOf(id);
    const { document } = open.proposal;
    if (document.proposer !== self)
      throw new UsageError(
        'PRIVITY_PROPOSAL_STATE',
        `${id}: ${document.proposer} has proposed it, and only there it can be withdrawn; refuse it instead`,
      );
    const at = clock.wallTime();
    const withdrawal = signing.sign('withdrawal', { proposal: id, party: self, by, reason, at });
    const to = this.#othersOf(document);
    const isTaken = await lives.happen(id, { type: 'withdrawn' }, async (tx) => {
      if (!(await tx.proposals.withdraw(withdrawal))) return false;
      await tx.audit.add({ at, by, what: 'proposal.withdrawal', about: id, detail: { reason } });
      await this.#post(tx, to, `withdrawal-${id}`, { kind: 'withdrawal', ...withdrawal }, at);
      return true;
    });
    if (!isTaken) await this.openOf(id);
    this.#wake(to);
  }

  /** What a partner has said. Resolves when it is stored. @throws {PeerError} what the partner is told instead */
  async receive(
    from: string,
    said: NodeMessage,
    messageId: string | undefined,
    body: Uint8Array,
  ): Promise<void> {
    const { lives } = this.#parts;
    switch (said.kind) {
      case 'proposal':
        return this.#receiveProposal(from, said, messageId, body);
      case 'decision':
        return this.#receiveDecision(from, said, messageId);
      case 'withdrawal': {
        const { document } = said;
        this.#parts.signing.check('withdrawal', document.party, said);
        const proposer = await this.#proposerOf(document.proposal, from);
        this.#expect(document.party === from && proposer === from, from, 'a withdrawal of another party');
        return this.#happen(from, messageId, document.proposal, { type: 'withdrawn' }, (tx, at) =>
          tx.proposals.withdraw(said).then(async (isNew) => {
            if (isNew)
              await this.#heard(
                tx,
                from,
                'proposal.withdrawal',
                document.proposal,
                { reason: document.reason },
                at,
              );
            return true;
          }),
        );
      }
      case 'start': {
        const { word: kind, occurrence, attempt } = said;
        const event = { type: 'said', kind, from, free: false, occurrence, attempt } as const;
        return void (await lives.happen(said.proposal, event));
      }
      case 'go': {
        const { occurrence, attempt } = said;
        return this.#happen(from, messageId, said.proposal, { type: 'go', from, occurrence, attempt });
      }
      case 'unable': {
        const { occurrence, attempt, origin, code, message } = said;
        const event = { type: 'unable', from, occurrence, attempt } as const;
        return this.#happen(from, messageId, said.proposal, event, undefined, { origin, code, message });
      }
      default:
        return;
    }
  }

  async #receiveProposal(
    from: string,
    said: Extract<NodeMessage, { kind: 'proposal' }>,
    messageId: string | undefined,
    body: Uint8Array,
  ): Promise<void> {
    const { self, signing, store, bundles, clock } = this.#parts;
    const { document, signature } = said;
    this.#expect(document.proposer === from && messageId !== undefined, from, 'a proposal of another party');
    signing.check('proposal', from, { document, signature });
    const problem = this.#problem(document, body);
    if (problem !== undefined)
      throw new PeerError('PRIVITY_PROPOSAL_INVALID', `the proposal: ${problem}`, { party: from });
    if (!document.parties.includes(self))
      throw new PeerError('PRIVITY_PROPOSAL_INVALID', `the proposal does not concern ${self}`, {
        party: from,
      });
    if (document.expiresAt <= clock.wallTime())
      throw new PeerError('PRIVITY_PROPOSAL_INVALID', 'the proposal has expired, by the clock of this node', {
        party: from,
      });
    await checkFlood(store, { from, self, now: clock.wallTime() });
    const proposal = { id: proposalId(document), document, signature };
    await bundles.keep(body, () =>
      this.#add(
        proposal,
        `partner:${from}`,
        async (tx, at) => messageId === undefined || (await tx.inbox.take(from, messageId, at)),
      ),
    );
  }

  async #receiveDecision(
    from: string,
    said: Extract<NodeMessage, { kind: 'decision' }>,
    messageId: string | undefined,
  ): Promise<void> {
    const { self, lives, signing } = this.#parts;
    const { document } = said;
    const { proposal: id, party, answer, reason } = document;
    signing.check('decision', party, said);
    const open = lives.get(id);
    const proposer = await this.#proposerOf(id, from);
    // The proposer passes on what all have said.
    this.#expect(
      party !== self && (party === from || proposer === from),
      from,
      'a decision of another party',
    );
    const to =
      open && proposer === self
        ? this.#othersOf(open.proposal.document).filter((name) => name !== party)
        : [];
    await this.#happen(from, messageId, id, { type: 'answer', party, answer }, async (tx, at) => {
      if (await tx.proposals.decide(said)) {
        await this.#heard(tx, party, `proposal.answer`, id, { answer, reason, of: document.by }, at);
        await this.#post(tx, to, `decision-${id}-${party}-${answer}`, said, at);
      }
      return true;
    });
    this.#wake(to);
  }

  async #writeDecision(
    tx: StoreChange,
    decision: Decision,
    to: readonly string[],
    by: By,
    at: number,
  ): Promise<boolean> {
    const { proposal: id, party, answer, reason } = decision.document;
    if (!(await tx.proposals.decide(decision))) return false;
    await tx.audit.add({ at, by, what: 'proposal.answer', about: id, detail: { answer, reason } });
    await this.#post(tx, to, `decision-${id}-${party}-${answer}`, { kind: 'decision', ...decision }, at);
    return true;
  }

  /** A proposal that was not known becomes one that is open here. */
  async #add(
    proposal: Proposal,
    by: By,
    write: (tx: StoreChange, at: number) => Promise<boolean>,
  ): Promise<void> {
    const { self, store, clock, lives } = this.#parts;
    const at = clock.wallTime();
    const life = newLife(proposal, self);
    const added = await store.change(async (tx) => {
      if (!(await write(tx, at)) || !(await tx.proposals.add(proposal, { state: 'proposed', life, at })))
        return false;
      const { proposer, title, job } = proposal.document;
      await tx.audit.add({
        at,
        by,
        what: 'proposal.made',
        about: proposal.id,
        detail: { proposer, title, job: job.hash },
      });
      return true;
    });
    if (!added) return;
    const open = lives.add({ proposal, life, state: 'proposed' });
    lives.happens(proposal.id, { type: 'tick' });
    this.#parts.added(open);
  }

  /** With the name of the message, so that it is taken once. A proposal that is over takes nothing more. */
  async #happen(
    from: string,
    messageId: string | undefined,
    id: string,
    event: LifeEvent,
    write: (tx: StoreChange, at: number) => Promise<boolean> = async () => true,
    unable?: Unable,
  ): Promise<void> {
    const { lives, clock } = this.#parts;
    const at = clock.wallTime();
    await lives.happen(
      id,
      event,
      async (tx) =>
        (messageId === undefined || (await tx.inbox.take(from, messageId, at))) && (await write(tx, at)),
      unable,
    );
  }

  #problem(document: ProposalDocument, bundle: Uint8Array): string | undefined {
    const { federation, parties, clock } = this.#parts;
    return proposalProblem(document, bundle, { federation, parties, now: clock.wallTime() });
  }

  /** Of a proposal that is open here, or over: a message of it may come again. */
  async #proposerOf(id: string, from: string): Promise<string> {
    const known = this.#parts.lives.get(id) ?? (await this.#parts.store.proposals.get(id));
    if (known !== undefined) return known.proposal.document.proposer;
    throw new PeerError(
      'PRIVITY_PROPOSAL_UNKNOWN',
      `${this.#parts.self} has no proposal ${id.slice(0, 64)}`,
      {
        party: from,
      },
    );
  }

  /** @throws {UsageError} PRIVITY_PROPOSAL_UNKNOWN, PRIVITY_PROPOSAL_STATE: nothing comes of it any more */
  async openOf(id: string): Promise<OpenProposal> {
    const open = this.#parts.lives.get(id);
    if (open !== undefined) return open;
    const record = await this.#parts.store.proposals.get(id);
    if (record === undefined)
      throw new UsageError('PRIVITY_PROPOSAL_UNKNOWN', `there is no proposal ${id} here`);
    throw new UsageError(
      'PRIVITY_PROPOSAL_STATE',
      `${id}: it is ${record.state}, and nothing comes of it any more`,
    );
  }

  #heard(
    tx: StoreChange,
    party: string,
    what: string,
    about: string,
    detail: Record<string, unknown>,
    at: number,
  ) {
    return tx.audit.add({ at, by: `partner:${party}`, what, about, detail });
  }

  async #post(
    tx: StoreChange,
    to: readonly string[],
    messageId: string,
    said: NodeMessage,
    at: number,
  ): Promise<void> {
    for (const partner of to)
      await tx.outbox.put({ partner, messageId, body: JSON.stringify(said), createdAt: at });
  }

  #wake(partners: readonly string[]): void {
    for (const partner of partners) this.#parts.wake(partner);
  }

  #othersOf({ parties }: ProposalDocument): readonly string[] {
    return parties.filter((party) => party !== this.#parts.self);
  }

  #expect(isRight: boolean, from: string, what: string): void {
    if (!isRight) throw new PeerError('PRIVITY_NODE_MESSAGE', `${from} sends ${what}`, { party: from });
  }
}
