import type { ErrorCode } from '../base/error-catalogue.ts';
import { PeerError, UsageError } from '../base/errors.ts';

export function violation(what: string): PeerError {
  return new PeerError('PRIVITY_SECURE_PROTOCOL', `a member of the secure device sent ${what}`);
}

/** What a member, or the dealer, did wrong, and which: by rank, because protocols know no names. */
export class MemberError extends PeerError {
  override readonly name: string = 'MemberError';
  readonly member: number;
  constructor(member: number, { code, message }: Pick<PeerError, 'code' | 'message'>) {
    super(code, message);
    this.member = member;
  }
}

/** Says of whatever `work` finds wrong with a message that this member has sent it. */
export async function blaming<T>(member: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const known = error instanceof PeerError && !(error instanceof MemberError);
    if (known && ofMessages.has(error.code)) throw new MemberError(member, error);
    throw error;
  }
}

const ofMessages: ReadonlySet<ErrorCode> = new Set(['PRIVITY_SECURE_PROTOCOL', 'PRIVITY_DEALER_PROTOCOL']);

export function closed(): UsageError {
  return new UsageError(
    'PRIVITY_SECURE_CLOSED',
    'The secure device has ended, by a failure or at the end of its scope; its secrets and randomness are gone.',
  );
}
