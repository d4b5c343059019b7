/** What a supervisor itself says of its own party and of its peers, to the core and to its operator. */
import { PrivityError } from '../../base/errors.ts';
import type { FailureCode } from '../../base/failure-codes.ts';
import type { Random } from '../../contracts/index.ts';
import type { Failure } from '../../coordination/failure.ts';
import type { CoreEvent } from '../../coordination/types.ts';
import type { Announcer } from '../record/announcer.ts';
import type { Contacts } from './contacts.ts';

/** 128 bits. */
const INCIDENT_BYTES = 16;

export interface OwnFailuresOptions {
  readonly party: string;
  readonly parties: readonly string[];
  readonly random: Random;
  readonly say: Announcer;
  readonly contacts: Contacts;
  readonly nameOf: (stepId: string) => string | undefined;
  readonly dispatch: (event: CoreEvent) => void;
}

export class OwnFailures {
  readonly #options: OwnFailuresOptions;

  constructor(options: OwnFailuresOptions) {
    this.#options = options;
  }

  /**
   * Something has failed at this party. `facts` cross; `detail` stays in this party's log. `leaving`: its program is
   * gone.
   */
  failed(code: FailureCode, facts: string, detail = '', stepId?: string, leaving = false): void {
    const { say, nameOf, dispatch } = this.#options;
    const stepName = stepId === undefined ? undefined : nameOf(stepId);
    const step = stepId === undefined ? {} : { stepId, ...(stepName === undefined ? {} : { stepName }) };
    const failure: Failure = { ...this.#own(code), ...step, facts };
    say.failure(failure, { detail: [facts, detail].filter(Boolean).join(', ') });
    dispatch({ type: 'failed', failure, leaving });
  }

  /** Whether silence is a failure depends on whether the peer's program is only busy: its heartbeats say. */
  silent(peer: string): void {
    const { party, parties, dispatch } = this.#options;
    const facts = `nothing passes on the data connection between ${[party, peer].sort().join(' and ')}`;
    const failure: Failure = { ...this.#own('LINK_DOWN'), facts };
    dispatch({ type: 'silent', peer: parties.indexOf(peer), failure });
  }

  /**
   * A link that stands has not taken a message: a bug of Privity at this party. What follows would be misunderstood, so
   * the peer is given up, too.
   */
  unsent(peer: number, error: Error): void {
    const { parties, dispatch } = this.#options;
    this.failed('INTERNAL', `a control message to ${parties[peer]} could not be sent`, error.message);
    dispatch({ type: 'lost', peer, code: 'LINK_DOWN' });
  }

  /** A peer cannot be talked to, ever. */
  refused(peer: number, error: Error): void {
    const { parties, say } = this.#options;
    const code = error instanceof PrivityError ? error.failure : 'PROTOCOL_VIOLATION';
    say.emit({ event: 'log', level: 'error', message: error.message });
    this.lost(parties[peer] ?? '?', code, error.message);
  }

  /** Evidence that a peer is gone, or cannot be talked to; `words` stay here. */
  lost(peer: string, code: FailureCode, words: string): void {
    const { parties, contacts, dispatch } = this.#options;
    contacts.refused(peer, words);
    dispatch({ type: 'lost', peer: parties.indexOf(peer), code });
  }

  #own(code: FailureCode): Pick<Failure, 'code' | 'origin' | 'reporter' | 'incident'> {
    const { party, random } = this.#options;
    const incident = Buffer.from(random.bytes(INCIDENT_BYTES)).toString('hex');
    return { code, origin: party, reporter: party, incident };
  }
}
