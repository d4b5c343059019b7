/**
 * Tokens of people and programs. A token is 256 random bits, shown once; the store has its SHA-256. Nothing slower is
 * needed: a slow hash is against guessing what people have chosen, and nobody guesses 256 random bits.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Kysely, Selectable } from 'kysely';
import type { Random } from '../../contracts/index.ts';
import type { Role, TokenRow } from '../model/records.ts';
import { didChange } from './row.ts';
import type { Schema } from './schema.ts';

const ID_BYTES = 8;
const SECRET_BYTES = 32;
/** `privity_ID_SECRET`: scanners of repositories find what begins like this. */
const FORM = /^privity_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

/** Why a token is not taken. An answer to strangers should not tell which. */
export type TokenFault = 'unknown' | 'expired' | 'revoked';
export type TokenCheck =
  | { readonly isValid: true; readonly token: TokenRow }
  | { readonly isValid: false; readonly fault: TokenFault };

export interface NewToken {
  readonly token: TokenRow;
  /** The only time that it is in sight. */
  readonly text: string;
}

export class TokensRead {
  protected readonly db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.db = db;
  }

  /** Takes as long for a secret that is nearly right as for one that is all wrong, and for an id that nobody has. */
  async check(text: string, now: number): Promise<TokenCheck> {
    const [, id = '', secret = ''] = FORM.exec(text) ?? [];
    const row = await this.db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst();
    const isRight = timingSafeEqual(hashOf(secret), Buffer.from(row?.hash ?? NOBODY, 'hex'));
    if (row === undefined || !isRight) return { isValid: false, fault: 'unknown' };
    if (row.revokedAt !== null) return { isValid: false, fault: 'revoked' };
    if (now >= row.expiresAt) return { isValid: false, fault: 'expired' };
    return { isValid: true, token: tokenOf(row) };
  }

  /** In the order in which they were made; expired and revoked ones, too. */
  async list(): Promise<readonly TokenRow[]> {
    return (await this.db.selectFrom('tokens').selectAll().orderBy('seq').execute()).map(tokenOf);
  }
}

export class Tokens extends TokensRead {
  async create(
    random: Random,
    { name, role, at, expiresAt }: { name: string; role: Role; at: number; expiresAt: number },
  ): Promise<NewToken> {
    const id = Buffer.from(random.bytes(ID_BYTES)).toString('hex');
    const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url');
    const token = { id, name, role, createdAt: at, expiresAt, revokedAt: null };
    await this.db
      .insertInto('tokens')
      .values({ ...token, hash: hashOf(secret).toString('hex') })
      .execute();
    return { token, text: `privity_${id}_${secret}` };
  }

  /** @returns false: unknown, or revoked before */
  async revoke(id: string, at: number): Promise<boolean> {
    return didChange(
      await this.db
        .updateTable('tokens')
        .set({ revokedAt: at })
        .where('id', '=', id)
        .where('revokedAt', 'is', null)
        .executeTakeFirst(),
    );
  }
}

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** No secret has this hash. */
const NOBODY = '00'.repeat(32);

const tokenOf = ({ seq: _seq, hash: _hash, ...row }: Selectable<Schema['tokens']>): TokenRow => row;
