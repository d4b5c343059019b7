/**
 * Diffie-Hellman private set intersection between two parties, both of which learn the result.
 *
 * The idea: hash every id to a point of a curve, and multiply the point by a secret key. Both parties do this to their own ids and then to
 * the other's. An id that both have has been multiplied by both keys, in another order, and ends as the same point. All other
 * points look random to a party that lacks one of the keys.
 *
 * Reference: C. Meadows, "A more efficient cryptographic matchmaking protocol for use in the absence of a continuously available
 *   third party", IEEE S&P 1986; B. Huberman, M. Franklin, T. Hogg, "Enhancing privacy and trust in electronic communities", ACM EC 1999.
 *   Curve: X25519 (RFC 7748). Hash to the curve: RFC 9380, curve25519_XMD:SHA-512_ELL2_NU_ (see hash-to-curve.ts for why it suffices).
 * Differences: both parties compute and send at the same time; lists go in chunks with a window; what returns is not the doubly blinded
 *   point but a tag, a piece of SHA-512 of it that is another one for each of the two parties; at the end both compare a digest of the result.
 * Security: semi-honest adversary that corrupts one of the two parties; decisional Diffie-Hellman on Curve25519, random oracles
 *   (SHA-512 through Elligator 2, SHA-256 and SHA-512). Leaks to each side: the intersection, the number of the other's rows, the types of its key columns. A party
 *   that deviates can lie about its input and can make the other's result wrong unnoticed: it can leave ids out after it knows the result, and with
 *   one id that both have it can make any rows of the other match. About ids that it does not name it gets hashes of products only; X25519
 *   multiplies by the cofactor and is secure on the twist, and points of low order are refused. Not constant-time: none
 *   of the values that BigInt touches is secret to this party; the key is only ever given to X25519.
 * Needs: an ordered, authenticated, encrypted channel of two; fresh randomness for every run; lists without duplicates, in secret random order.
 * Flow (x, y ids; a, b keys):
 *   both: keys(digest of the key columns' names, their types), then hello(rows): types that do not compare are refused before sizes are told
 *   alice → bob: a·H(x) in shuffled order         bob → alice: b·H(y) in shuffled order
 *   alice → bob: tag0(a·b·H(y)) in bob's order     bob → alice: tag1(b·a·H(x)) in alice's order
 *   alice: tag1 of a·b·H(y), which she has herself, in bob's list is a match; bob alike; neither list has one tag twice
 *   both: done(count, digest of the matches' tags and of its sender) must be what the own result says the other's is
 * Cost: see psiCost: 32 bytes an own row and tagBytes a row of the peer (86 bytes in all for a pair of rows at 100,000), 5 rounds (plus
 *   one a window of 32,768 rows), n + m multiplications and n hashes at each side. Memory: 36 bytes an own row (68 while they are shuffled), three times the tags.
 */
import { DataError, PeerError } from '../base/errors.ts';
import type { Channel } from '../contracts/channel.ts';
import type { CurveEngine } from './curve-engine.ts';
import { ID_BYTES } from './curve-tasks.ts';
import { Gate } from './gate.ts';
import { POINT_BYTES } from './hash-to-curve.ts';
import {
  CHUNK_IDS,
  chunkCount,
  chunkIds,
  decodeMessage,
  encodeMessage,
  type Message,
  requireCanonical,
  requireLength,
  tagBytes,
  violation,
  WINDOW_CHUNKS,
} from './messages.ts';

/** Rows of one party. At 11,000 rows a second and core, the limit takes minutes on a large machine, and 800 MB. */
export const PSI_ROWS_MAX = 2 ** 24;

export interface PsiTags {
  /** One tag for each own id, in the order in which the ids were given: as the peer sent it, so it is one of the peer's rank. */
  readonly own: Uint8Array;
  /** Two tags for each of the peer's ids, of rank 0 and of rank 1, one after the other, in the peer's secret order; made here. */
  readonly peer: Uint8Array;
  readonly tagBytes: number;
  /** Of the peer. */
  readonly rank: number;
}

export interface PsiResult {
  readonly matches: number;
  /** By rank: what the party of this rank says of the result. */
  readonly digests: readonly [Uint8Array, Uint8Array];
}

export interface PsiExchange<R extends PsiResult> {
  /** ID_BYTES each, without duplicates, in secret random order. */
  readonly ids: Uint8Array;
  /** Digest of what both sides must want alike. */
  readonly agreement: Uint8Array;
  /** {@link KEY_TYPES_BYTES}: the types of this party's key columns. */
  readonly keyTypes: Uint8Array;
  /** Throws if keys of the peer's types cannot be compared with those of this party. */
  acceptKeyTypes(theirs: Uint8Array): void;
  readonly signal: AbortSignal;
  /** Finds the intersection among the tags; the digest of it is compared with the peer's. */
  match(tags: PsiTags): Promise<R>;
  onProgress?(done: number, total: number): void;
}

/**
 * Runs the protocol over a channel of two and gives what `match` found, once the peer has found the same.
 * @throws {PeerError} PRIVITY_PSI_PROTOCOL, PRIVITY_PSI_MISMATCH, PRIVITY_PSI_CHECK
 * @throws {DataError} PRIVITY_PSI_LIMIT
 */
export async function runPsi<R extends PsiResult>(
  channel: Channel,
  engine: CurveEngine,
  exchange: PsiExchange<R>,
): Promise<R> {
  const session = new Session(channel, engine, exchange);
  const abort = () => session.gate.fail(exchange.signal.reason);
  exchange.signal.addEventListener('abort', abort, { once: true });
  try {
    if (exchange.signal.aborted) abort();
    return await session.run();
  } catch (error) {
    session.gate.fail(error);
    throw exchange.signal.aborted ? exchange.signal.reason : error;
  } finally {
    exchange.signal.removeEventListener('abort', abort);
  }
}

class Session<R extends PsiResult> {
  readonly gate = new Gate();
  readonly #channel: Channel;
  readonly #engine: CurveEngine;
  readonly #exchange: PsiExchange<R>;
  readonly #peer: number;
  readonly #ownRows: number;
  #peerRows = 0;
  #tagBytes = 0;
  #ownTags = new Uint8Array();
  #peerTags = new Uint8Array();
  /** Points of the peer that wait to be tagged, by chunk. At most WINDOW_CHUNKS. */
  readonly #waiting = new Map<number, Uint8Array>();
  #pointsSent = 0;
  #pointsReceived = 0;
  #tagsSent = 0;
  #tagsReceived = 0;
  #worked = 0;

  constructor(channel: Channel, engine: CurveEngine, exchange: PsiExchange<R>) {
    this.#channel = channel;
    this.#engine = engine;
    this.#exchange = exchange;
    this.#peer = 1 - channel.rank;
    this.#ownRows = exchange.ids.byteLength / ID_BYTES;
  }

  async run(): Promise<R> {
    const { agreement, keyTypes, match } = this.#exchange;
    await this.#send({ kind: 'keys', agreement, types: keyTypes });
    this.#acceptKeys(await this.#receive());
    await this.#send({ kind: 'hello', rows: this.#ownRows });
    this.#greet(await this.#receive());
    // A failure of one must wake the others: they wait for each other at the gate.
    const parts = [this.#listen(), this.#sendPoints(), this.#sendTags()];
    for (const part of parts) part.catch((error: unknown) => this.gate.fail(error));
    await Promise.all(parts);
    const result = await match({
      own: this.#ownTags,
      peer: this.#peerTags,
      tagBytes: this.#tagBytes,
      rank: this.#peer,
    });
    await this.#send({ kind: 'done', matches: result.matches, digest: this.#digest(result, 1 - this.#peer) });
    this.#compare(await this.#receive(), result);
    return result;
  }

  #acceptKeys(message: Message): void {
    if (message.kind !== 'keys') throw violation(`${message.kind} before keys`);
    if (Buffer.compare(message.agreement, this.#exchange.agreement) !== 0) {
      throw new PeerError(
        'PRIVITY_PSI_MISMATCH',
        'the peer wants another intersection: other key columns, another protocol or another run',
      );
    }
    this.#exchange.acceptKeyTypes(message.types);
  }

  #greet(message: Message): void {
    if (message.kind !== 'hello') throw violation(`${message.kind} before hello`);
    if (message.rows === 0) throw violation('an empty list');
    if (message.rows > PSI_ROWS_MAX) {
      throw new DataError(
        'PRIVITY_PSI_LIMIT',
        `the peer's table has ${message.rows} rows; the limit is ${PSI_ROWS_MAX}`,
      );
    }
    this.#peerRows = message.rows;
    this.#tagBytes = tagBytes(this.#ownRows, this.#peerRows);
    this.#ownTags = new Uint8Array(this.#ownRows * this.#tagBytes);
  }

  /** Takes everything that the peer sends, at once: what is under way is bounded by the window, so nobody ever waits to be heard. */
  async #listen(): Promise<void> {
    const pointChunks = chunkCount(this.#peerRows);
    const tagChunks = chunkCount(this.#ownRows);
    while (this.#pointsReceived < pointChunks || this.#tagsReceived < tagChunks) {
      const message = await this.#receive();
      if (message.kind === 'points') this.#takePoints(message.index, message.body, pointChunks);
      else if (message.kind === 'tags') this.#takeTags(message.index, message.body);
      else throw violation(`${message.kind} among points and tags`);
      this.gate.notify();
    }
  }

  #takePoints(index: number, body: Uint8Array, chunks: number): void {
    if (index !== this.#pointsReceived || index >= chunks) throw violation('points out of order');
    if (index >= this.#tagsSent + WINDOW_CHUNKS) throw violation('more points than the window allows');
    requireLength(body, chunkIds(this.#peerRows, index) * POINT_BYTES, 'points');
    requireCanonical(body);
    // A copy, lest a small view keep the transport's large buffer.
    this.#waiting.set(index, new Uint8Array(body));
    this.#pointsReceived++;
  }

  #takeTags(index: number, body: Uint8Array): void {
    if (index !== this.#tagsReceived || index >= this.#pointsSent) throw violation('tags out of order');
    requireLength(body, chunkIds(this.#ownRows, index) * this.#tagBytes, 'tags');
    this.#ownTags.set(body, index * CHUNK_IDS * this.#tagBytes);
    this.#tagsReceived++;
  }

  /** Room for them grows with what has come: a hello of twelve bytes could say any number of rows. */
  #keepPeerTags(at: number, tags: Uint8Array): void {
    const needed = at + tags.byteLength;
    if (needed > this.#peerTags.byteLength) {
      const all = 2 * this.#peerRows * this.#tagBytes;
      const larger = new Uint8Array(Math.min(all, Math.max(needed, 2 * this.#peerTags.byteLength)));
      larger.set(this.#peerTags);
      this.#peerTags = larger;
    }
    this.#peerTags.set(tags, at);
  }

  #sendPoints(): Promise<void> {
    const { ids } = this.#exchange;
    return this.#pump({
      chunks: chunkCount(this.#ownRows),
      ready: (index) => index < this.#tagsReceived + WINDOW_CHUNKS,
      work: (index) =>
        this.#engine.blind(ids.subarray(index * CHUNK_IDS * ID_BYTES, (index + 1) * CHUNK_IDS * ID_BYTES)),
      finish: async (index, body) => {
        this.#advance(chunkIds(this.#ownRows, index));
        this.#pointsSent++;
        await this.#send({ kind: 'points', index, body });
      },
    });
  }

  #sendTags(): Promise<void> {
    return this.#pump({
      chunks: chunkCount(this.#peerRows),
      ready: (index) => index < this.#pointsReceived,
      work: (index) => {
        const points = this.#waiting.get(index) ?? new Uint8Array();
        this.#waiting.delete(index);
        return this.#engine.tag(points, this.#tagBytes);
      },
      finish: async (index, pairs) => {
        this.#advance(chunkIds(this.#peerRows, index));
        this.#keepPeerTags(2 * index * CHUNK_IDS * this.#tagBytes, pairs);
        this.#tagsSent++;
        await this.#send({ kind: 'tags', index, body: this.#ownHalf(pairs) });
      },
    });
  }

  /** Works on a few chunks at a time and finishes them in order. */
  async #pump(pump: {
    readonly chunks: number;
    ready(index: number): boolean;
    work(index: number): Promise<Uint8Array>;
    finish(index: number, body: Uint8Array): Promise<void>;
  }): Promise<void> {
    const running: Promise<Uint8Array>[] = [];
    let finished = 0;
    for (let index = 0; finished < pump.chunks; ) {
      const room = running.length < this.#engine.depth && index < pump.chunks;
      if (room && (running.length === 0 || pump.ready(index))) {
        await this.gate.until(() => pump.ready(index));
        const work = pump.work(index++);
        // Its failure is met when its turn comes; until then it must not count as unhandled.
        work.catch(() => undefined);
        running.push(work);
        continue;
      }
      const body = await running.shift();
      await this.gate.until(() => true);
      if (body !== undefined) await pump.finish(finished++, body);
    }
  }

  /** Of the two tags of each point the one that this party sends. */
  #ownHalf(pairs: Uint8Array): Uint8Array {
    const bytes = this.#tagBytes;
    const half = new Uint8Array(pairs.byteLength / 2);
    for (let at = 0; at < half.byteLength; at += bytes) {
      const from = 2 * at + (1 - this.#peer) * bytes;
      half.set(pairs.subarray(from, from + bytes), at);
    }
    return half;
  }

  #digest({ digests }: PsiResult, rank: number): Uint8Array {
    return rank === 0 ? digests[0] : digests[1];
  }

  #advance(ids: number): void {
    this.#worked += ids;
    this.#exchange.onProgress?.(this.#worked, this.#ownRows + this.#peerRows);
  }

  #compare(message: Message, result: PsiResult): void {
    if (message.kind !== 'done') throw violation(`${message.kind} after the last tags`);
    const expected = this.#digest(result, this.#peer);
    const same = message.matches === result.matches && Buffer.compare(message.digest, expected) === 0;
    if (same) return;
    throw new PeerError(
      'PRIVITY_PSI_CHECK',
      'the two parties found different intersections: the peer, or a machine, is at fault',
    );
  }

  #send(message: Message): Promise<void> {
    return this.#untilFailure(this.#channel.send(this.#peer, encodeMessage(message)));
  }

  async #receive(): Promise<Message> {
    return decodeMessage(await this.#untilFailure(this.#channel.receive(this.#peer)));
  }

  /** An abort, or the failure of another part, ends every wait at once, whatever the channel does. */
  async #untilFailure<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const failed = this.gate.until(() => settled).then(() => promise);
    try {
      return await Promise.race([promise, failed]);
    } finally {
      settled = true;
      promise.catch(() => undefined);
      failed.catch(() => undefined);
    }
  }
}
