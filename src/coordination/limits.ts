/**
 * What the core says at most, so that whatever carries it lets it through. `limits.test.ts` builds the worst message of
 * every kind and compares; `src/supervisor/control-limits.test.ts` compares with the bounds of a link.
 */

/** Parties of one run. Every board has a place for each of them, and every party keeps a link to every other. */
export const PARTIES_MAX = 64;
/** Bytes of one control message: it crosses a link as one header, or, for heartbeats, as one note. */
export const CONTROL_MESSAGE_BYTES_MAX = 64 * 1024;
/** Of a board, all that is not one party's: the epoch, and the frame around everything. */
const BOARD_FRAME_BYTES = 64;
/**
 * Of one party's part of a board, what is not its contribution: its account (50) and the links that it has given up
 * (14).
 */
const ACCOUNT_BYTES = 64;
/**
 * Bytes that the texts of one party's failure cost that party at most, to all peers together: some tens of
 * milliseconds.
 */
const TEXTS_BYTES_MAX = 256 * 1024;
/** Bytes of one such text: more than all that the table in docs/failure-model.md allows, in Latin letters. */
const TEXT_BYTES_MAX = 24 * 1024;

/** Characters of the path of a step: some thirty scopes within each other. */
export const PATH_CHARS_MAX = 128;
/** Characters of a digest, a nonce, or the id of an incident: 128 bits in hex, and longer names in tests. */
export const ID_CHARS_MAX = 48;
/** Characters of a signature with the public key that it belongs to: ECDSA over P-256 has 219. */
export const SIGNATURE_CHARS_MAX = 224;
/**
 * Bytes of the name of a step where it stands in a board or a trail; the whole name travels with the text of a failure.
 */
export const SHORT_NAME_BYTES_MAX = 48;
/**
 * Bytes of the facts of a failure where they stand in a board: a signal, or two versions. Longer ones travel with the
 * text.
 */
export const SHORT_FACTS_BYTES_MAX = 128;
/** Characters of the facts of a failure: two steps in words, with the names of all their parties. */
export const FACTS_CHARS_MAX = 2_000;

/**
 * Scopes that one contribution lists. A party in more scopes, or with more to say of them than fits its place in the
 * board (`contributionBytesMax`), never goes on without another.
 */
export const SEALED_SCOPES_MAX = 64;

/** Bytes of what one party seals, by the number of parties: all of them together fit one message. */
export function contributionBytesMax(parties: number): number {
  return Math.floor((CONTROL_MESSAGE_BYTES_MAX - BOARD_FRAME_BYTES) / parties) - ACCOUNT_BYTES;
}

/** Bytes of the text of one failure, by the number of parties: it is cut rather than delay a verdict. */
export function textBytesMax(parties: number): number {
  return Math.min(TEXT_BYTES_MAX, Math.floor(TEXTS_BYTES_MAX / Math.max(1, parties - 1)));
}
