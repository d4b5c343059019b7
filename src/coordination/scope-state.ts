/** What a party's state says of its scopes. */
import type { CoreState } from './types.ts';

type Scopes = Pick<CoreState, 'scopes' | 'config'>;

export function hasVoted({ scopes, config }: Scopes, scope: string): boolean {
  return (scopes.get(scope)?.votes[config.self] ?? null) !== null;
}

/**
 * Whether a step lies in a scope that is over for this party: it has voted on the scope, so what is in it has ended, or
 * failed with it. Nothing is said about it any more: a late word could reach a peer that has forgotten the scope
 * already.
 */
export function isOver(state: Scopes, stepId: string): boolean {
  for (let end = stepId.lastIndexOf('/'); end > 0; end = stepId.lastIndexOf('/', end - 1)) {
    if (hasVoted(state, stepId.slice(0, end))) return true;
  }
  return false;
}
