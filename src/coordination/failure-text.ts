/**
 * The two halves of a failure. What decides stands in the board, short and the same everywhere; the text that its
 * origin lets cross travels beside it, at most once from each party to each other one, and no verdict waits for it. The
 * half in the board names the digest of the text, so the signature of the one covers the other.
 */
import { digestOf } from './board.ts';
import type { Failure } from './failure.ts';
import {
  FACTS_CHARS_MAX,
  PATH_CHARS_MAX,
  SHORT_FACTS_BYTES_MAX,
  SHORT_NAME_BYTES_MAX,
  textBytesMax,
} from './limits.ts';
import {
  CHAIN_LINKS_MAX,
  CHAIN_MESSAGE_CHARS_MAX,
  CHAIN_WORD_CHARS_MAX,
  type ErrorLink,
  sortedDetails,
} from './public-details.ts';

/** What of a failure no decision depends on. */
export type FailureText = Pick<Failure, 'stepName' | 'facts' | 'message' | 'details' | 'chain'>;

/** Characters of the name of a step: those that the program room lets through. */
const NAME_CHARS_MAX = 200;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** At most so many bytes of UTF-8, in whole characters, well-formed: what arrives is what was signed. */
export function cutBytes(text: string, bytesMax: number): string {
  // No character has more than three bytes for each unit of a string.
  const bytes = encoder.encode(text.length > bytesMax ? text.slice(0, bytesMax) : text);
  if (bytes.length <= bytesMax) return decoder.decode(bytes);
  let end = bytesMax;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return decoder.decode(bytes.subarray(0, end));
}

const cutChars = (text: string, charsMax: number): string => cutBytes(text.slice(0, charsMax), 3 * charsMax);
const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

/**
 * The failure with everything in it cut to what may cross between so many parties. What the author of a `PublicError`
 * wrote down goes first, then the message, then the chain of causes.
 */
export function bounded(failure: Failure, parties: number): Failure {
  const { stepId, stepName, facts, message, details, chain, ...head } = failure;
  const short = {
    ...head,
    ...(stepId === undefined ? {} : { stepId: nearest(stepId) }),
    ...(stepName === undefined ? {} : { stepName: cutChars(stepName, NAME_CHARS_MAX) }),
    ...(facts === undefined ? {} : { facts: cutChars(facts, FACTS_CHARS_MAX) }),
  };
  let left = textBytesMax(parties) - bytesOf([short.stepName, short.facts]);
  const room = (bytes: number): boolean => bytes <= left;
  const kept: { -readonly [K in keyof FailureText]: FailureText[K] } = {};
  if (details && room(bytesOf(details))) {
    kept.details = sortedDetails(details);
    left -= bytesOf(details);
  }
  if (message !== undefined) {
    kept.message = cutBytes(message, Math.max(0, chain ? Math.floor(left * MESSAGE_SHARE) : left));
    left -= bytesOf(kept.message);
  }
  if (chain) {
    kept.chain = boundedChain(chain, left);
  }
  return { ...short, ...kept };
}

/** Of what is left for a message and a chain, which says the same in parts: as long as they are allowed to be. */
const MESSAGE_SHARE = 0.55;

function boundedChain(chain: readonly ErrorLink[], bytesMax: number): readonly ErrorLink[] {
  const links: ErrorLink[] = [];
  let left = bytesMax;
  for (const { name, message, code } of chain.slice(0, CHAIN_LINKS_MAX)) {
    const link: ErrorLink = {
      name: cutChars(name, CHAIN_WORD_CHARS_MAX + 1),
      // One more: the mark of what was cut.
      message: cutChars(message, CHAIN_MESSAGE_CHARS_MAX + 1),
      ...(code === undefined ? {} : { code: cutChars(code, CHAIN_WORD_CHARS_MAX + 1) }),
    };
    left -= bytesOf(link);
    if (left < 0) break;
    links.push(link);
  }
  return links;
}

/** The path of a step, or of the step around it whose path is not too long. */
function nearest(stepId: string): string {
  let path = stepId;
  while (path.length > PATH_CHARS_MAX && path.includes('/')) path = path.slice(0, path.lastIndexOf('/'));
  return path.slice(0, PATH_CHARS_MAX);
}

/** The half that stands in the board, and the text; null for no more text than the board has. */
export function split(failure: Failure): { readonly head: Failure; readonly text: FailureText | null } {
  const { stepName, facts, message, details, chain, ...rest } = failure;
  const [name, fact] = [
    stepName === undefined ? undefined : cutBytes(stepName, SHORT_NAME_BYTES_MAX),
    facts === undefined ? undefined : cutBytes(facts, SHORT_FACTS_BYTES_MAX),
  ];
  const head: Failure = {
    ...rest,
    ...(name === undefined ? {} : { stepName: name }),
    ...(fact === undefined ? {} : { facts: fact }),
  };
  const text: FailureText = {
    ...(stepName === name ? {} : { stepName }),
    ...(facts === fact ? {} : { facts }),
    ...(message === undefined ? {} : { message }),
    ...(details === undefined ? {} : { details }),
    ...(chain === undefined || chain.length === 0 ? {} : { chain }),
  };
  return Object.keys(text).length === 0
    ? { head, text: null }
    : { head: { ...head, said: textDigest(text) }, text };
}

export function textDigest({ stepName, facts, message, details, chain = [] }: FailureText): string {
  return digestOf([
    'text',
    stepName ?? null,
    facts ?? null,
    message ?? null,
    details ? sortedDetails(details) : null,
    chain.map(({ name, message, code }) => [name, message, code ?? null]),
  ]);
}

/** Both halves together, where the text is known and is the one that was signed. */
export function whole(head: Failure, text: FailureText | null | undefined): Failure {
  const { said, ...rest } = head;
  return said !== undefined && text ? { ...rest, ...text } : head;
}
