/**
 * An intersection between two parties over a channel, by any of the protocols:
 *   both: keys(digest of what is wanted, protocols that would do, types of the key columns), then hello(rows): types
 *     that do not compare are refused before sizes are told
 *   both: the protocol that is for these sizes, which finds the intersection
 *   both, if both receive the result: done(count, digest of what was found and of its sender) must be what the own
 *     result says the other's is. Where one party receives it, the other must not learn even the count: nothing is
 *     sent, and that party is through when it has done its part.
 */
import { createHash } from 'node:crypto';
import { invariant, PeerError, UsageError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { Random } from '../contracts/random.ts';
import { chooseProtocol, protocolBits } from './choice.ts';
import { onLine, type PsiLine } from './line.ts';
import { DONE_BYTES, HELLO_BYTES, KEYS_BYTES, type Message, violation } from './messages.ts';
import {
  BOTH,
  ID_BYTES,
  NEITHER,
  type PsiCost,
  type PsiMatches,
  type PsiProtocol,
  type PsiSetting,
  type PsiTold,
  type RowKeys,
} from './protocols/protocol.ts';
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
  /** Both, where nothing is said. */
  readonly told?: PsiTold;
  /** Throws if an intersection with so many rows of the peer cannot be run here. Default: any can. */
  acceptRows?(protocol: PsiProtocol, peerRows: number): void;
  readonly signal: AbortSignal;
  readonly random: Random;
  readonly threads: number;
  onProgress?(done: number, total: number): void;
}

export interface PsiFound extends PsiMatches {
  readonly peerRows: number;
}

/**
 * What one intersection costs the party of this rank, with `ownRows`: all messages together but those of payload.
 */
export function psiCost(
  protocol: { cost: PsiProtocol['cost'] },
  ownRows: number,
  peerRows: number,
  rank: number,
  told: PsiTold = BOTH,
): PsiCost {
  const { messages, bytes, rounds } = protocol.cost(ownRows, peerRows, rank, told);
  const [ends, endBytes] = comparesResults(told) ? [1, DONE_BYTES] : [0, 0];
  return {
    messages: 2 + messages + ends,
    bytes: KEYS_BYTES + HELLO_BYTES + bytes + endBytes,
    rounds: 2 + rounds + ends,
  };
}

const comparesResults = ({ receives, peerReceives }: PsiTold): boolean => receives && peerReceives;

/**
 * Gives what the protocol has found, and how many rows the peer has, once the peer has found the same, if it receives
 * it, too; nothing at a party that does not.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runPsi(
  channel: Channel,
  protocols: readonly PsiProtocol[],
  exchange: PsiExchange,
): Promise<PsiFound | undefined> {
  const found = await exchanged(channel, protocols, exchange, {
    run: (protocol, line, setting) => protocol.run(line, setting),
    says: ({ places, digests }, rank) => ({
      matches: places.length,
      digest: rank === 0 ? digests[0] : digests[1],
    }),
  });
  return found.result && { ...found.result, peerRows: found.peerRows };
}

export interface PsiKeysFound extends RowKeys {
  readonly peerRows: number;
  /** Slots of the sender. */
  readonly slotCount: number;
}

/**
 * Gives keys of rows at both parties of an intersection that one receives; otherwise as {@link runPsi}. The caller
 * zeroes them.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runKeyed(
  channel: Channel,
  protocols: readonly PsiProtocol[],
  exchange: PsiExchange & { readonly told: PsiTold },
): Promise<PsiKeysFound> {
  const { told } = exchange;
  invariant(!comparesResults(told), 'keys of rows where both parties receive');
  const { result, peerRows } = await exchanged(channel, protocols, exchange, {
    async run({ keyed, name }, line, setting) {
      if (keyed === undefined)
        throw new UsageError('PRIVITY_PSI_USAGE', `${name} has no keys for rows of one party`);
      const { ownRows, peerRows } = setting;
      const slotCount = keyed.slots(ownRows, peerRows, line.rank, told);
      return { ...(await keyed.run(line, setting)), slotCount };
    },
  });
  // Both parties of it have one, also the one that receives nothing.
  invariant(result !== undefined, 'a protocol has no keys of rows');
  return { ...result, peerRows };
}

/**
 * Gives how many ids both have, by a protocol that counts; otherwise as {@link runPsi}.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runCount(
  channel: Channel,
  protocols: readonly PsiProtocol[],
  exchange: PsiExchange,
): Promise<number | undefined> {
  const found = await exchanged(channel, protocols, exchange, {
    run({ counting, name }, line, setting) {
      if (counting !== undefined) return counting.run(line, setting);
      throw new UsageError('PRIVITY_PSI_USAGE', `${name} cannot count without telling which ids both have`);
    },
    says: (matches, rank) => ({
      matches,
      digest: createHash('sha256')
        .update(`privity-psi count of rank ${rank}: ${matches} `)
        .update(exchange.agreement)
        .digest(),
    }),
  });
  return found.result;
}

/**
 * Gives what `run` leaves at this party, of which neither learns anything: so nothing is compared. Otherwise as
 * {@link runPsi}.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runHidden<T>(
  channel: Channel,
  protocol: PsiProtocol,
  exchange: PsiExchange,
  run: (line: PsiLine, setting: PsiSetting) => Promise<T>,
): Promise<T> {
  const work: Work<T> = { run: (_, line, setting) => run(line, setting) };
  const { result } = await exchanged(channel, [protocol], { ...exchange, told: NEITHER }, work);
  invariant(result !== undefined, 'what nobody compares is there at both');
  return result;
}

/** What runs between greeting and comparing, and what a party of this rank says of its result, if it may. */
interface Work<T> {
  run(protocol: PsiProtocol, line: PsiLine, setting: PsiSetting): Promise<T | undefined>;
  /** Absent: no two parties of it have a result to compare. */
  says?(result: T, rank: number): { readonly matches: number; readonly digest: Uint8Array };
}

async function exchanged<T>(
  channel: Channel,
  protocols: readonly PsiProtocol[],
  exchange: PsiExchange,
  work: Work<T>,
): Promise<{ readonly result: T | undefined; readonly peerRows: number }> {
  const { signal, told = BOTH } = exchange;
  return onLine(channel, signal, async (line) => {
    const { protocol, peerRows } = await greet(line, await available(protocols), exchange);
    const result = await work.run(protocol, line, settingOf(exchange, peerRows));
    invariant(
      result !== undefined || !told.receives,
      'a protocol has no result for a party that receives it',
    );
    if (result !== undefined && work.says !== undefined && comparesResults(told)) {
      await line.send({ kind: 'done', ...work.says(result, line.rank) });
      compare(await line.receive(), work.says(result, line.peer));
    }
    return { result, peerRows };
  });
}

/** Those that run on this machine. If none does, the reason why the first one does not. */
async function available(protocols: readonly PsiProtocol[]): Promise<readonly PsiProtocol[]> {
  const found = await Promise.allSettled(protocols.map((protocol) => protocol.available?.()));
  const running = protocols.filter((_, index) => found[index]?.status === 'fulfilled');
  const [first] = found;
  if (running.length === 0 && first?.status === 'rejected') throw first.reason;
  return running;
}

interface Greeted {
  readonly protocol: PsiProtocol;
  readonly peerRows: number;
}

async function greet(
  line: PsiLine,
  protocols: readonly PsiProtocol[],
  exchange: PsiExchange,
): Promise<Greeted> {
  const { agreement, keyTypes } = exchange;
  await line.send({ kind: 'keys', protocols: protocolBits(protocols), agreement, types: keyTypes });
  const keys = await line.receive();
  if (keys.kind !== 'keys') throw violation(`${keys.kind} before keys`);
  if (Buffer.compare(keys.agreement, agreement) !== 0) {
    const names = protocols.map(({ name, version }) => `${name}, version ${version}`).join(' or ');
    throw new PeerError(
      'PRIVITY_PSI_MISMATCH',
      `the peer wants another intersection than this one by ${names}: other key columns, options, another protocol or another run`,
    );
  }
  exchange.acceptKeyTypes(keys.types);
  const ownRows = rowsOf(exchange.ids);
  await line.send({ kind: 'hello', rows: ownRows });
  const hello = await line.receive();
  if (hello.kind !== 'hello') throw violation(`${hello.kind} before hello`);
  if (hello.rows === 0) throw violation('an empty list');
  const protocol = chooseProtocol(protocols, keys.protocols, ownRows, hello.rows);
  exchange.acceptRows?.(protocol, hello.rows);
  return { protocol, peerRows: hello.rows };
}

function settingOf(
  { ids, agreement, signal, random, threads, onProgress, told = BOTH }: PsiExchange,
  peerRows: number,
): PsiSetting {
  const ownRows = rowsOf(ids);
  let done = 0;
  return {
    ...told,
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
  };
}

function compare(
  message: Message,
  expected: { readonly matches: number; readonly digest: Uint8Array },
): void {
  if (message.kind !== 'done') throw violation(`${message.kind} before done`);
  if (message.matches === expected.matches && Buffer.compare(message.digest, expected.digest) === 0) return;
  throw new PeerError(
    'PRIVITY_PSI_CHECK',
    'the two parties found different intersections: the peer, or a machine, is at fault',
  );
}

const rowsOf = (ids: Uint8Array): number => ids.byteLength / ID_BYTES;
