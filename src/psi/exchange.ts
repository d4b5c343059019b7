/**
 * An intersection between two parties over a channel, by any of the protocols:
 *   both: keys(digest of what is wanted, types of the key columns), then hello(rows): types that do not compare are
 *     refused before sizes are told
 *   both: the protocol, which finds the intersection
 *   both: done(count, digest of what was found and of its sender) must be what the own result says the other's is
 */
import { DataError, PeerError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import { PsiLine } from './line.ts';
import { DONE_BYTES, HELLO_BYTES, KEYS_BYTES, type Message, violation } from './messages.ts';
import { ID_BYTES, type PsiCost, type PsiMatches, type PsiProtocol } from './protocols/protocol.ts';
import { tagBytes } from './tags.ts';

export interface PsiExchange {
  /** ID_BYTES each, without duplicates. */
  readonly ids: Uint8Array;
  /** Digest of what both sides must want alike. */
  readonly agreement: Uint8Array;
  /** {@link KEY_TYPES_BYTES}: the types of this party's key columns. */
  readonly keyTypes: Uint8Array;
  /** Throws if keys of the peer's types cannot be compared with those of this party. */
  acceptKeyTypes(theirs: Uint8Array): void;
  readonly signal: AbortSignal;
  readonly random: Random;
  readonly threads: number;
  onProgress?(done: number, total: number): void;
}

/** What one intersection costs the party with `ownRows`, all messages together. */
export function psiCost(protocol: PsiProtocol, ownRows: number, peerRows: number): PsiCost {
  const { messages, bytes, rounds } = protocol.cost(ownRows, peerRows);
  return { messages: 3 + messages, bytes: KEYS_BYTES + HELLO_BYTES + DONE_BYTES + bytes, rounds: 3 + rounds };
}

/**
 * Gives what the protocol has found, once the peer has found the same.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runPsi(
  channel: Channel,
  protocol: PsiProtocol,
  exchange: PsiExchange,
): Promise<PsiMatches> {
  const { signal } = exchange;
  const line = new PsiLine(channel);
  const abort = () => line.fail(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const peerRows = await greet(line, protocol, exchange);
    const result = await runProtocol(line, protocol, exchange, peerRows);
    await line.send({ kind: 'done', matches: result.places.length, digest: digestOf(result, line.rank) });
    compare(await line.receive(), result, digestOf(result, line.peer));
    return result;
  } catch (error) {
    line.fail(error);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Gives the number of the peer's rows. */
async function greet(line: PsiLine, protocol: PsiProtocol, exchange: PsiExchange): Promise<number> {
  await line.send({ kind: 'keys', agreement: exchange.agreement, types: exchange.keyTypes });
  const keys = await line.receive();
  if (keys.kind !== 'keys') throw violation(`${keys.kind} before keys`);
  if (Buffer.compare(keys.agreement, exchange.agreement) !== 0) {
    throw new PeerError(
      'PRIVITY_PSI_MISMATCH',
      `the peer wants another intersection than this one by ${protocol.name}, version ${protocol.version}: other key columns, another protocol or another run`,
    );
  }
  exchange.acceptKeyTypes(keys.types);
  await line.send({ kind: 'hello', rows: rowsOf(exchange.ids) });
  const hello = await line.receive();
  if (hello.kind !== 'hello') throw violation(`${hello.kind} before hello`);
  if (hello.rows === 0) throw violation('an empty list');
  if (hello.rows > protocol.rowsMax) {
    throw new DataError(
      'PRIVITY_PSI_LIMIT',
      `the peer's table has ${hello.rows} rows; the limit of ${protocol.name} is ${protocol.rowsMax}`,
    );
  }
  return hello.rows;
}

function runProtocol(
  line: PsiLine,
  protocol: PsiProtocol,
  { ids, agreement, signal, random, threads, onProgress }: PsiExchange,
  peerRows: number,
): Promise<PsiMatches> {
  const ownRows = rowsOf(ids);
  let done = 0;
  return protocol.run(line, {
    ids,
    ownRows,
    peerRows,
    tagBytes: tagBytes(ownRows, peerRows),
    agreement,
    random,
    threads,
    signal,
    advance: (more) => {
      done += more;
      onProgress?.(done, ownRows + peerRows);
    },
  });
}

function compare(message: Message, { places }: PsiMatches, digest: Uint8Array): void {
  if (message.kind !== 'done') throw violation(`${message.kind} before done`);
  if (message.matches === places.length && Buffer.compare(message.digest, digest) === 0) return;
  throw new PeerError(
    'PRIVITY_PSI_CHECK',
    'the two parties found different intersections: the peer, or a machine, is at fault',
  );
}

const rowsOf = (ids: Uint8Array): number => ids.byteLength / ID_BYTES;

function digestOf({ digests }: PsiMatches, rank: number): Uint8Array {
  return rank === 0 ? digests[0] : digests[1];
}
