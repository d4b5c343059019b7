/** Failures and their texts on the wire. */
import { isFailureCode } from '../base/failure-codes.ts';
import type * as pb from '../wire/gen/privity/v1/control_pb.ts';
import type { Failure } from './failure.ts';
import type { FailureText } from './failure-text.ts';
import {
  CHAIN_LINKS_MAX,
  CHAIN_MESSAGE_CHARS_MAX,
  detailsProblem,
  type ErrorLink,
  type PublicDetails,
  sortedDetails,
} from './public-details.ts';
import { ids, index, paths, refuse, words } from './wire-words.ts';

/** Characters of a text that its origin allowed to cross. */
export const TEXT_LENGTH_MAX = 16_384;

export function failureToWire(failure: Failure, parties: readonly string[]) {
  const { code, origin, reporter, incident, stepId, said } = failure;
  return {
    code,
    origin: index(parties.indexOf(origin), parties.length),
    reporter: index(parties.indexOf(reporter), parties.length),
    incident,
    ...(stepId === undefined ? {} : { stepId }),
    ...(said === undefined ? {} : { said }),
    ...textToWire(failure),
  };
}

/** Protobuf has no undefined: absent fields stay absent. */
export function textToWire({ stepName, facts, message, details, chain }: FailureText) {
  return {
    ...(stepName === undefined ? {} : { stepName }),
    ...(facts === undefined ? {} : { facts }),
    ...(message === undefined ? {} : { message }),
    ...(details ? { details: JSON.stringify(details) } : {}),
    ...(chain ? { chain: [...chain] } : {}),
  };
}

export function failureFromWire(failure: pb.Failure, parties: readonly string[]): Failure {
  const { code, origin, reporter, incident, stepId, said } = failure;
  if (!isFailureCode(code)) return refuse('it names an unknown failure code');
  return {
    code,
    origin: parties[index(origin, parties.length)] ?? '',
    reporter: parties[index(reporter, parties.length)] ?? '',
    ...ids({ incident }),
    ...(stepId === undefined ? {} : paths({ stepId })),
    ...textFromWire(failure),
    ...(said === undefined ? {} : ids({ said })),
  };
}

export function textFromWire(
  text: Pick<pb.Failure, 'stepName' | 'facts' | 'message' | 'details' | 'chain'>,
): FailureText {
  const { stepName, facts, message, details, chain } = text;
  for (const one of [message, facts])
    if ((one?.length ?? 0) > TEXT_LENGTH_MAX) refuse('a text in it is too long');
  return {
    ...(stepName === undefined ? {} : words({ stepName })),
    ...(facts === undefined ? {} : { facts }),
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details: detailsFromWire(details) }),
    ...(chain.length === 0 ? {} : { chain: chainFromWire(chain) }),
  };
}

function detailsFromWire(text: string): PublicDetails {
  if (text.length > TEXT_LENGTH_MAX) refuse('a text in it is too long');
  let details: unknown;
  try {
    details = JSON.parse(text);
  } catch {
    refuse('its details are not JSON');
  }
  const problem = detailsProblem(details);
  return problem === undefined
    ? sortedDetails(details as PublicDetails)
    : refuse(`of its details, ${problem}`);
}

function chainFromWire(chain: readonly pb.ErrorLink[]): readonly ErrorLink[] {
  if (chain.length > CHAIN_LINKS_MAX) refuse('its chain of causes is too long');
  return chain.map(({ name, message, code }) => {
    // One more: the mark of what was cut.
    if (message.length > CHAIN_MESSAGE_CHARS_MAX + 1) refuse('a text in it is too long');
    return { ...words({ name }), message, ...(code === undefined ? {} : words({ code })) };
  });
}
