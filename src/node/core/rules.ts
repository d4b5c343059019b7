/**
 * Rules of this party: people make them, and the node asks them about each proposal that nobody here has decided. What
 * they decide is signed and stored as a person's decision is, with the rule that made it, in one change.
 */
import { PrivityError, UsageError } from '../../base/errors.ts';
import type { Clock, Random } from '../../contracts/index.ts';
import type { ProposalDocument } from '../model/proposal.ts';
import type { ProposalRecord } from '../model/records.ts';
import { byRule, type Rule, type RuleWords } from '../model/rule.ts';
import type { NodeStore, StoreChange } from '../store/store.ts';
import { wordsOf } from '../words-of.ts';
import type { Desk } from './desk.ts';
import type { OpenProposal } from './open-proposal.ts';
import { proposedBy } from './proposed-by.ts';
import { type AskedOfRules, type Ruling, rulesNothing, rulingOf, runsOf } from './ruling.ts';

/** After a store that could not be read or written. */
const AGAIN_MS = 1_000;

export interface RulesParts {
  readonly self: string;
  /** All of the federation. */
  readonly parties: readonly string[];
  readonly store: NodeStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly desk: () => Desk;
  readonly open: () => Iterable<OpenProposal>;
  readonly problems: (document: ProposalDocument) => Promise<readonly string[]>;
  readonly selfApproval: boolean;
  readonly warn: (message: string) => void;
}

export class Rules {
  readonly #parts: RulesParts;
  #closed = false;

  constructor(parts: RulesParts) {
    this.#parts = parts;
  }

  close(): void {
    this.#closed = true;
  }

  /**
   * Also looks at what is open.
   * @throws {UsageError} PRIVITY_RULE_INVALID, PRIVITY_PARTY_UNKNOWN, PRIVITY_DATASET_UNKNOWN, PRIVITY_PROPOSAL_UNKNOWN
   */
  async add(asked: RuleWords, by: string): Promise<Rule> {
    const { store, clock, random } = this.#parts;
    const at = clock.wallTime();
    const words = await this.#completed(asked, at);
    const id = `r${Buffer.from(random.bytes(6)).toString('hex')}`;
    const rule: Rule = { ...words, id, createdAt: at, createdBy: by, removedAt: null, uses: 0 };
    await store.change(async (tx) => {
      await tx.rules.add(rule);
      await tx.audit.add({ at, by, what: 'rule.added', about: id, detail: { ...words } });
    });
    await this.lookAtAll();
    return (await store.rules.get(id)) ?? rule;
  }

  /** What it has decided stands. @throws {UsageError} PRIVITY_RULE_UNKNOWN */
  async remove(id: string, by: string): Promise<void> {
    const { store, clock } = this.#parts;
    const at = clock.wallTime();
    await store.change(async (tx) => {
      if (!(await tx.rules.remove(id, at)))
        throw new UsageError('PRIVITY_RULE_UNKNOWN', `there is no rule ${id}, or it is removed`);
      await tx.audit.add({ at, by, what: 'rule.removed', about: id, detail: {} });
    });
  }

  /** A rule, a grant or a dataset is new, or the node has begun. Never rejects. */
  async lookAtAll(): Promise<void> {
    await Promise.all([...this.#parts.open()].map((open) => this.look(open)));
  }

  /** Never rejects: a store that cannot be read or written is tried again later. */
  async look(open: OpenProposal): Promise<void> {
    try {
      await this.#decide(open);
    } catch (error) {
      // It is over meanwhile, or the node ends.
      const isOver = error instanceof PrivityError && error.code === 'PRIVITY_PROPOSAL_STATE';
      if (this.#closed || isOver) return;
      this.#parts.warn(`rules about ${open.id}: ${wordsOf(error)}; tried again`);
      this.#parts.clock.after(AGAIN_MS, () => this.look(open));
    }
  }

  /** What rules say to a proposal that waits for this party. */
  async ruling({ id, proposal }: Pick<ProposalRecord, 'id' | 'proposal'>): Promise<Ruling> {
    const rules = await this.#parts.store.rules.active(this.#parts.clock.wallTime());
    return rules.length === 0
      ? { rule: undefined, whys: [] }
      : rulingOf(rules, await this.#asked(id, proposal.document, rules));
  }

  async #decide(open: OpenProposal): Promise<void> {
    const { self, store, clock } = this.#parts;
    const isUndecided = (): boolean => open.state === 'proposed' && open.life.answers[self] === undefined;
    if (this.#closed || !isUndecided()) return;
    const rules = await store.rules.active(clock.wallTime());
    if (rules.length === 0) return;
    const asked = await this.#asked(open.id, open.proposal.document, rules);
    const { rule } = rulingOf(rules, asked);
    if (rule === undefined) return;
    // A person, or a change of the rules, may have come between: the one who changed them has them asked again.
    const stillSo = async (tx: StoreChange): Promise<boolean> =>
      isUndecided() &&
      rulingOf(await tx.rules.active(asked.now), asked).rule?.id === rule.id &&
      (await tx.rules.use(rule.id, open.id, clock.wallTime()));
    await this.#parts.desk().answer(open, rule.answer, byRule(rule), rule.reason, stillSo);
  }

  async #asked(id: string, document: ProposalDocument, rules: readonly Rule[]): Promise<AskedOfRules> {
    const { self, store, clock, problems, selfApproval } = this.#parts;
    const examples = new Map<string, ProposalDocument>();
    for (const { like, within } of rules) {
      const name = like ?? within;
      const record = name === undefined || examples.has(name) ? undefined : await store.proposals.get(name);
      if (record !== undefined) examples.set(record.id, record.proposal.document);
    }
    return {
      ...{ self, document, examples, selfApproval },
      proposedBy: await proposedBy(store, id),
      problems: await problems(document),
      now: clock.wallTime(),
    };
  }

  /** With partner, purpose and runs of the proposal that it names. */
  async #completed(words: RuleWords, now: number): Promise<RuleWords> {
    const { self, parties, store } = this.#parts;
    const problem = rulesNothing(words) ?? (words.until <= now ? 'until: the moment is over' : undefined);
    if (problem !== undefined) throw invalid(problem);
    if (words.partner !== undefined && !parties.includes(words.partner))
      throw new UsageError('PRIVITY_PARTY_UNKNOWN', `the federation lists no party ${words.partner}`);
    for (const name of words.datasets ?? [])
      if ((await store.datasets.get(name)) === undefined)
        throw new UsageError('PRIVITY_DATASET_UNKNOWN', `there is no dataset ${name}`);
    const name = words.like ?? words.within;
    if (name === undefined) return words;
    const record = await store.proposals.get(name);
    if (record === undefined)
      throw new UsageError('PRIVITY_PROPOSAL_UNKNOWN', `there is no proposal ${name} here`);
    const own = (await store.proposals.answers(name)).decisions.filter(
      ({ document: { party } }) => party === self,
    );
    const isApproved =
      own.some(({ document: { answer, by } }) => answer === 'approved' && by.startsWith('person:')) &&
      !own.some(({ document: { answer } }) => answer === 'refused');
    if (!isApproved) throw invalid(`no person of ${self} has approved ${name.slice(0, 12)}`);
    const { document } = record.proposal;
    if (words.partner !== undefined && words.partner !== document.proposer)
      throw invalid(`${name.slice(0, 12)} is of ${document.proposer}, not of ${words.partner}`);
    const { proposer: partner, purpose } = document;
    return {
      ...words,
      partner,
      purpose: words.purpose ?? purpose,
      runsMax: words.runsMax ?? runsOf(document),
    };
  }
}

const invalid = (why: string): UsageError => new UsageError('PRIVITY_RULE_INVALID', why);
