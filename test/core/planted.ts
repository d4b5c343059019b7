/** Failures that a search or a schedule plants. The incident says where, so that checkers recognise them. */
import { digestOf, signedText } from '../../src/coordination/board.ts';
import type { Failure } from '../../src/coordination/failure.ts';
import type { FailureText } from '../../src/coordination/failure-text.ts';
import { FACTS_CHARS_MAX, ID_CHARS_MAX, PATH_CHARS_MAX } from '../../src/coordination/limits.ts';
import {
  CHAIN_LINKS_MAX,
  CHAIN_MESSAGE_CHARS_MAX,
  CHAIN_WORD_CHARS_MAX,
  DETAIL_CHARS_MAX,
  DETAILS_MAX,
} from '../../src/coordination/public-details.ts';
import type { CoreState, Message } from '../../src/coordination/types.ts';
import { testSigner } from './core-world.ts';

/** A failure of the program of one party. */
export function plantedFailure(name: string, code: Failure['code'], stepId?: string, loud = false): Failure {
  const incident = `planted ${name} ${code} ${stepId ?? ''}`;
  const failure = {
    code,
    origin: name,
    reporter: name,
    ...(stepId === undefined ? {} : { stepId }),
    incident,
  };
  return loud ? { ...failure, ...everyText } : failure;
}

const three = '\u8a9e';
/** As much as may cross of one failure, in characters of three bytes. */
export const everyText: FailureText = {
  stepName: three.repeat(200),
  facts: three.repeat(FACTS_CHARS_MAX),
  message: three.repeat(8_000),
  details: Object.fromEntries(
    Array.from({ length: DETAILS_MAX }, (_, i) => [`n${i}`.padEnd(64, 'x'), three.repeat(DETAIL_CHARS_MAX)]),
  ),
  chain: Array.from({ length: CHAIN_LINKS_MAX }, () => ({
    name: three.repeat(CHAIN_WORD_CHARS_MAX),
    message: three.repeat(CHAIN_MESSAGE_CHARS_MAX),
    code: three.repeat(CHAIN_WORD_CHARS_MAX),
  })),
};

/** With the longest of everything, in the deepest step. */
export function loudestFailure(name: string): Failure {
  const path = `1${'/0'.repeat(PATH_CHARS_MAX)}`.slice(0, PATH_CHARS_MAX - 1);
  const failure = plantedFailure(name, 'RESOURCE_EXHAUSTED', path, true);
  return { ...failure, incident: failure.incident.slice(0, ID_CHARS_MAX) };
}

/** Nothing passes on the data connection of a party. */
export function plantedSilence(name: string): Failure {
  return { ...plantedFailure(name, 'LINK_DOWN', undefined), facts: 'data connection' };
}

export const FORGED = 'forged';
/** A text that its supposed author has not signed. */
export const forgedText = (author: number): Message => ({
  type: 'text',
  party: author,
  text: { message: FORGED },
});

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
