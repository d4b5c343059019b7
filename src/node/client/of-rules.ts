import { z } from 'zod';
import { done, ruleView } from '../api/words.ts';
import type { Done, Rows, RuleOptions, RuleView } from './answers.ts';
import { type Asking, answering } from './asking.ts';

const doneAnswer = answering<Done>()(done);
const ruleAnswer = answering<RuleView>()(ruleView);
const rulesAnswer = answering<Rows<RuleView>>()(z.object({ rows: z.array(ruleView) }));

/** What people of the party have decided about proposals to come. */
export class RuleCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** All rules, with how many proposals each has decided. Right: `read`. */
  list(): Promise<Rows<RuleView>> {
    return this.#ask.json({ method: 'get', path: '/rules' }, rulesAnswer);
  }

  /** One rule. Right: `read`. @throws {PrivityError} PRIVITY_RULE_UNKNOWN */
  show(id: string): Promise<RuleView> {
    return this.#ask.json({ method: 'get', path: '/rules/{id}', in: { id } }, ruleAnswer);
  }

  /**
   * Decides about proposals to come; those that wait are looked at, too. Right: `decide`.
   *
   * @throws {PrivityError} PRIVITY_RULE_INVALID: it would approve anything, or names what no person has approved;
   *   PRIVITY_PARTY_UNKNOWN, PRIVITY_DATASET_UNKNOWN, PRIVITY_PROPOSAL_UNKNOWN
   */
  add(options: RuleOptions): Promise<RuleView> {
    return this.#ask.json({ method: 'post', path: '/rules', body: options }, ruleAnswer);
  }

  /** Removes a rule. What it has decided stands. Right: `decide`. @throws {PrivityError} PRIVITY_RULE_UNKNOWN */
  remove(id: string): Promise<Done> {
    return this.#ask.json({ method: 'delete', path: '/rules/{id}', in: { id } }, doneAnswer);
  }
}
