/** Where a step may stand: which parties and which values a part of the program can use. */
import { UsageError } from '../../base/errors.ts';
import type { Branch } from '../state/branch.ts';
import type { HandleRecord } from './handle.ts';

/** What a step uses, as far as scopes are concerned. */
export type StepInput = Pick<HandleRecord, 'branch' | 'owners'> & {
  readonly value: { readonly name: string };
};

/** @throws {UsageError} PRIVITY_PARTY_NOT_IN_CONCLAVE */
export function checkMembers(branch: Branch, parties: readonly string[]): void {
  const stranger = parties.find((party) => !branch.members.includes(party));
  if (stranger === undefined) return;
  throw new UsageError(
    'PRIVITY_PARTY_NOT_IN_CONCLAVE',
    `A step in a conclave of ${branch.members.join(' and ')} names ${stranger}, who is not in it.`,
  );
}

/** @throws {UsageError} PRIVITY_HANDLE_CONCLAVE a step of the branch must not use the value */
export function checkBorder(branch: Branch, { branch: home, value, owners }: StepInput): void {
  if (branch.isOutsideOf(home)) {
    throw new UsageError(
      'PRIVITY_HANDLE_CONCLAVE',
      `"${value.name}" was made in a conclave and is used outside of it, where other parties do not know it. Return its value from the conclave.`,
    );
  }
  if (owners.every((party) => branch.members.includes(party))) return;
  throw new UsageError(
    'PRIVITY_HANDLE_CONCLAVE',
    `"${value.name}" is at ${owners.join(' and ')}; a conclave of ${branch.members.join(' and ')} cannot use it. Send it to a member before.`,
  );
}
