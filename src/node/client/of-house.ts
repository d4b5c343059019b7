import { z } from 'zod';
import { auditView, done, tokenView } from '../api/words.ts';
import type { AuditEntry, AuditHead, Role, TokenRow } from '../model/records.ts';
import type { AuditVerdict, Done, MadeToken, Rows } from './answers.ts';
import { type Asking, answering } from './asking.ts';

const doneAnswer = answering<Done>()(done);
const auditAnswer = answering<AuditPage>()(
  z.object({ rows: z.array(auditView), head: z.object({ seq: z.int(), digest: z.string() }) }),
);
const verdictAnswer = answering<AuditVerdict>()(
  z.object({ isIntact: z.boolean(), lines: z.int(), says: z.string() }),
);
const tokensAnswer = answering<Rows<TokenRow>>()(z.object({ rows: z.array(tokenView) }));
const madeAnswer = answering<MadeToken>()(z.object({ token: tokenView, text: z.string() }));

/** Lines of the audit log, and where it ends. */
export interface AuditPage {
  /** Of the log. */
  readonly rows: readonly AuditEntry[];
  /** Its end. Kept elsewhere, it shows later that nothing before it was changed or cut off. */
  readonly head: AuditHead;
}

/** Which lines of the audit log. */
export interface AuditQuery {
  /** The newest ones before this line. */
  readonly before?: number | undefined;
  /** Those behind this line, in order. */
  readonly after?: number | undefined;
  /** Only those about a proposal, run, dataset, grant or token. */
  readonly about?: string | undefined;
  /** Lines of the page, 1 to 1,000. Default: 100. */
  readonly limit?: number | undefined;
}

/** Who has done what at a node. */
export class AuditCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** Lines of the log, the newest first; with `after` in order. Right: `read`. */
  list(query: AuditQuery = {}): Promise<AuditPage> {
    return this.#ask.json({ method: 'get', path: '/audit', query }, auditAnswer);
  }

  /** Whether every line follows the one before. Reads the whole log. Right: `read`. */
  verify(): Promise<AuditVerdict> {
    return this.#ask.json({ method: 'get', path: '/audit/verify' }, verdictAnswer);
  }
}

/** A token that is made. */
export interface TokenOptions {
  /** Of the person or program: small letters, digits, dots, `-` and `_`. */
  readonly name: string;
  /** What it may do. */
  readonly role: Role;
  /** How long, in milliseconds. */
  readonly validMs: number;
}

/** Tokens of a node. Right for all: `administer`. */
export class TokenCalls {
  readonly #ask: Asking;

  /** @internal */
  constructor(ask: Asking) {
    this.#ask = ask;
  }

  /** Tokens, without their secrets. */
  list(): Promise<Rows<TokenRow>> {
    return this.#ask.json({ method: 'get', path: '/tokens' }, tokensAnswer);
  }

  /** Makes a token. Its text is in this answer, and nowhere else. */
  add(options: TokenOptions): Promise<MadeToken> {
    return this.#ask.json({ method: 'post', path: '/tokens', body: options }, madeAnswer);
  }

  /** Ends a token at once. @throws {PrivityError} PRIVITY_TOKEN_UNKNOWN */
  revoke(id: string): Promise<Done> {
    return this.#ask.json({ method: 'delete', path: '/tokens/{id}', in: { id } }, doneAnswer);
  }
}
