import { PeerError, UsageError } from '../base/errors.ts';

export function violation(what: string): PeerError {
  return new PeerError('PRIVITY_SECURE_PROTOCOL', `a member of the secure device sent ${what}`);
}

export function closed(): UsageError {
  return new UsageError(
    'PRIVITY_SECURE_CLOSED',
    'The secure device has ended, by a failure or at the end of its scope; its secrets and randomness are gone.',
  );
}
