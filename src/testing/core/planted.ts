/** Failures that a search or a schedule plants. The incident says where, so that checkers recognise them. */
import { digestOf, signedText } from '../../coordination/board.ts';
import type { Failure } from '../../coordination/failure.ts';
import type { CoreState, Message } from '../../coordination/types.ts';
import { testSigner } from '../core-world.ts';

/** A failure of the program of one party. */
export function plantedFailure(name: string, code: Failure['code'], stepId: string | undefined): Failure {
  const incident = `planted ${name} ${code} ${stepId ?? ''}`;
  return { code, origin: name, reporter: name, ...(stepId === undefined ? {} : { stepId }), incident };
}

/** Nothing passes on the data connection of a party. */
export function plantedSilence(name: string): Failure {
  return { ...plantedFailure(name, 'LINK_DOWN', undefined), facts: 'data connection' };
}

/** What a party says that claims of another that it had sealed something: with its own signature instead of theirs. */
export function forgedMessage(core: CoreState, from: number, author: number): Message {
  const { parties } = core.config;
  const name = parties[author] ?? '';
  const failure = { ...plantedFailure(name, 'TASK_FAILED', '0'), incident: 'forged' };
  const said = { failure, ready: false, nonce: `nonce-${author}` };
  const forged = { ...said, signature: testSigner(from).sign(signedText(name, said)) };
  // Also in the place of a contribution that is known already.
  const board = { ...core.board, contributions: core.board.contributions.with(author, forged) };
  const report = { version: 1, digest: digestOf('forged'), decided: false };
  const reports = parties.map((_, party) => (party === author ? report : null));
  return { type: 'board', board, reports };
}
