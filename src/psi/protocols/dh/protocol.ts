/**
 * Diffie-Hellman private set intersection between two parties, both of which learn the result, or one of them.
 *
 * The idea: hash every id to a point of a curve, and multiply the point by a secret key. Both parties do this to their
 * own ids and then to the other's. An id that both have has been multiplied by both keys, in another order, and ends as
 * the same point. All other points look random to a party that lacks one of the keys.
 *
 * Reference: C. Meadows, "A more efficient cryptographic matchmaking protocol for use in the absence of a continuously
 *   available third party", IEEE S&P 1986; B. Huberman, M. Franklin, T. Hogg, "Enhancing privacy and trust in
 *   electronic communities", ACM EC 1999.
 *   Curve: X25519 (RFC 7748). Hash to the curve: RFC 9380, curve25519_XMD:SHA-512_ELL2_NU_ (see hash-to-curve.ts for
 *     why it suffices).
 * Differences: both parties compute and send at the same time; lists go in chunks with a window; what returns is not
 *   the doubly blinded point but a tag, a piece of SHA-512 of it that is another one for each of the two parties; at
 *   the end both compare a digest of the result.
 * Security: semi-honest adversary that corrupts one of the two parties; decisional Diffie-Hellman on Curve25519, random
 *   oracles (SHA-512 through Elligator 2, SHA-256 and SHA-512). Leaks to each side: the intersection, the number of the
 *   other's rows, the types of its key columns. A party that deviates can lie about its input and can make the other's
 *   result wrong unnoticed: it can leave ids out after it knows the result, and with one id that both have it can make
 *   any rows of the other match. About ids that it does not name it gets hashes of products only; X25519 multiplies by
 *   the cofactor and is secure on the twist, and points of low order are refused. Not constant-time: none of the values
 *   that BigInt touches is secret to this party; the key is only ever given to X25519.
 * Needs: an ordered, authenticated, encrypted channel of two; fresh randomness for every run; lists without duplicates,
 * in secret random order. Flow (x, y ids; a, b keys), after keys and hello and before done (exchange.ts):
 *   alice → bob: a·H(x) in shuffled order         bob → alice: b·H(y) in shuffled order
 *   alice → bob: tag0(a·b·H(y)) in bob's order     bob → alice: tag1(b·a·H(x)) in alice's order
 *   alice: tag1 of a·b·H(y), which she has herself, in bob's list is a match; bob alike; neither list has one tag twice
 *   A party that does not receive the result gets no tags: to it a chunk of tags is empty, the credit for more points.
 *   All that it sees are points of the peer times a key that it does not have, as many as there are rows.
 *   Counting (E. De Cristofaro, P. Gasti, G. Tsudik, CANS 2012): tags are credits, and when all points are there each
 *   party returns its tags of the peer's points in an order that it draws then. The receiver sees points of the peer in
 *   one secret order and tags of its own ids in another, both uniform and independent of all else: which of either are
 *   alike is, given how many, a uniformly random choice, so its view can be made from the number alone; to link a tag
 *   to an id takes the peer's key.
 *   Keys of rows: another flow, keyed.ts.
 * Cost: see dhCost: 32 bytes an own row and tagBytes a row of the peer (86 bytes in all for a pair of rows at 100,000),
 *   2 rounds a window of 32,768 rows, n + m multiplications and n hashes at each side. Memory: 36 bytes an own row (68
 *   while they are shuffled), three times the tags.
 */
import type { PsiLine } from '../../line.ts';
import { matchTags, type PsiTags, requireDifferent } from '../../match.ts';
import { requireLength, violation } from '../../messages.ts';
import { randomPermutation } from '../../shuffle.ts';
import { ID_BYTES, type PsiMatches, type PsiProtocol, type PsiSetting } from '../protocol.ts';
import { curveLibrary } from './curve.ts';
import { type CurveEngine, createCurveEngine, KEY_BYTES } from './curve-engine.ts';
import { POINT_BYTES } from './hash-to-curve.ts';
import { runDhKeyed } from './keyed.ts';
import { kept, pumped, reorder, threadsFor } from './lists.ts';
import {
  ANSWERS,
  answers,
  CHUNK_IDS,
  chunkCount,
  chunkIds,
  dhCost,
  dhCountCost,
  dhKeyedCost,
  dhKeyedMemory,
  dhMemory,
  POINTS,
  points,
  requireCanonical,
  TAGS,
  tags,
  WINDOW_CHUNKS,
} from './messages.ts';

/** Rows of one party. At 11,000 rows a second and core, the limit takes minutes on a large machine, and 800 MB. */
export const DH_ROWS_MAX = 2 ** 24;

export const dh = {
  name: 'dh',
  version: 3,
  bit: 1,
  fromRows: 0,
  rowsMax: DH_ROWS_MAX,
  discloses: 'intersection, key types, number of rows',
  async instead() {
    const library = await curveLibrary();
    return library === 'sodium-native' ? undefined : `by ${library}, without sodium-native`;
  },
  cost: dhCost,
  memory: dhMemory,
  async run(line, setting) {
    return shuffled(setting, (hidden, engine) => runDh(line, hidden, engine));
  },
  counting: {
    cost: dhCountCost,
    // Where the own ids stand among tags in an order that the peer drew says nothing: only how many there are is kept.
    async run(line, setting) {
      const matches = await shuffled(setting, (hidden, engine) =>
        new Session(line, hidden, engine, true).run(),
      );
      return matches?.places.length;
    },
  },
  keyed: {
    cost: dhKeyedCost,
    memory: dhKeyedMemory,
    slots: (ownRows, peerRows, _rank, { receives }) => (receives ? peerRows : ownRows),
    run: runDhKeyed,
  },
} as const satisfies PsiProtocol;

/** Runs the flow on ids in secret random order, and zeroes them; gives the matches at a party that receives them. */
async function shuffled(
  setting: PsiSetting,
  flow: (hidden: PsiSetting, engine: CurveEngine) => Promise<PsiTags>,
): Promise<PsiMatches | undefined> {
  const { random, signal, ids, ownRows, receives } = setting;
  const engine = await createCurveEngine(random.bytes(KEY_BYTES), threadsFor(setting), signal);
  const order = randomPermutation(ownRows, random);
  const hidden = reorder(ids, order);
  try {
    const tags = await flow({ ...setting, ids: hidden }, engine);
    if (!receives) return undefined;
    const matches = await matchTags(tags, random, signal);
    return { ...matches, places: matches.places.map((place) => order[place] ?? 0) };
  } finally {
    await engine.close();
    hidden.fill(0);
    order.fill(0);
  }
}

/** What the flow asks for of an engine. */
export type PointEngine = Pick<CurveEngine, 'depth' | 'blind' | 'tag' | 'close'>;

/** The flow by itself, over whatever does the arithmetic: with ids in secret random order. */
export function runDh(line: PsiLine, setting: PsiSetting, engine: PointEngine): Promise<PsiTags> {
  return new Session(line, setting, engine, false).run();
}

class Session {
  readonly #line: PsiLine;
  readonly #engine: PointEngine;
  readonly #setting: PsiSetting;
  readonly #ownTags: Uint8Array;
  #peerTags = new Uint8Array();
  /** Points of the peer that wait to be tagged, by chunk. At most WINDOW_CHUNKS. */
  readonly #waiting = new Map<number, Uint8Array>();
  #pointsSent = 0;
  #pointsReceived = 0;
  #tagsSent = 0;
  #tagsReceived = 0;
  /** Matches are only counted: tags are credits, and answers come when all points are there. */
  readonly #counts: boolean;
  /** Of the peer's points, in its order. */
  #answers = new Uint8Array();
  #answersReceived = 0;

  constructor(line: PsiLine, setting: PsiSetting, engine: PointEngine, counts: boolean) {
    this.#line = line;
    this.#counts = counts;
    this.#engine = engine;
    this.#setting = setting;
    this.#ownTags = new Uint8Array(setting.receives ? setting.ownRows * setting.tagBytes : 0);
  }

  async run(): Promise<PsiTags> {
    await this.#line.together(this.#listen(), this.#sendPoints(), this.#sendAllTags());
    return {
      tagBytes: this.#setting.tagBytes,
      own: this.#ownTags,
      peer: this.#peerTags,
      // One of each rank: an own tag is one that the peer has sent, and that of rank 0 decides the order.
      tagsEach: 2,
      compared: this.#line.peer,
      ordering: 0,
    };
  }

  /**
   * Takes everything that the peer sends, at once: what is under way is bounded by the window, so nobody ever waits to
   * be heard.
   */
  async #listen(): Promise<void> {
    const pointChunks = chunkCount(this.#setting.peerRows);
    const tagChunks = chunkCount(this.#setting.ownRows);
    const answerChunks = this.#counts && this.#setting.receives ? tagChunks : 0;
    while (
      this.#pointsReceived < pointChunks ||
      this.#tagsReceived < tagChunks ||
      this.#answersReceived < answerChunks
    ) {
      const { part, index, body } = await this.#line.receivePart();
      if (part === POINTS) this.#takePoints(index, body, pointChunks);
      else if (part === TAGS) this.#takeTags(index, body);
      else if (part === ANSWERS && answerChunks > 0) this.#takeAnswers(index, body, answerChunks);
      else throw violation(`a message of the unknown kind ${part}`);
      this.#line.notify();
    }
  }

  #takePoints(index: number, body: Uint8Array, chunks: number): void {
    if (index !== this.#pointsReceived || index >= chunks) throw violation('points out of order');
    if (index >= this.#tagsSent + WINDOW_CHUNKS) throw violation('more points than the window allows');
    requireLength(body, chunkIds(this.#setting.peerRows, index) * POINT_BYTES, 'points');
    requireCanonical(body);
    // A copy, lest a small view keep the transport's large buffer.
    this.#waiting.set(index, new Uint8Array(body));
    this.#pointsReceived++;
  }

  #takeTags(index: number, body: Uint8Array): void {
    if (index !== this.#tagsReceived || index >= this.#pointsSent) throw violation('tags out of order');
    const { ownRows, tagBytes, receives } = this.#setting;
    const hasTags = receives && !this.#counts;
    requireLength(body, hasTags ? chunkIds(ownRows, index) * tagBytes : 0, 'tags');
    if (hasTags) this.#ownTags.set(body, index * CHUNK_IDS * tagBytes);
    this.#tagsReceived++;
  }

  #takeAnswers(index: number, body: Uint8Array, chunks: number): void {
    const { ownRows, tagBytes } = this.#setting;
    const isDue =
      index === this.#answersReceived && index < chunks && this.#pointsSent === chunkCount(ownRows);
    if (!isDue) throw violation('answers out of order');
    requireLength(body, chunkIds(ownRows, index) * tagBytes, 'answers');
    this.#ownTags.set(body, index * CHUNK_IDS * tagBytes);
    this.#answersReceived++;
  }

  #sendPoints(): Promise<void> {
    const { ids } = this.#setting;
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(this.#setting.ownRows),
      ready: (index) => index < this.#tagsReceived + WINDOW_CHUNKS,
      work: (index) =>
        this.#engine.blind(ids.subarray(index * CHUNK_IDS * ID_BYTES, (index + 1) * CHUNK_IDS * ID_BYTES)),
      finish: async (index, body) => {
        this.#setting.advance(chunkIds(this.#setting.ownRows, index));
        this.#pointsSent++;
        await this.#line.send(points(index, body));
      },
    });
  }

  async #sendAllTags(): Promise<void> {
    await this.#sendTags();
    if (this.#counts && this.#setting.peerReceives) await this.#sendAnswers();
  }

  /**
   * In a new random order, which nobody else learns: so the peer can count those that it has itself, and not tell which
   * of its ids they are. A point twice would mark an id by how often its tag comes.
   */
  async #sendAnswers(): Promise<void> {
    const { peerRows, tagBytes, random } = this.#setting;
    await requireDifferent(this.#answers, tagBytes, 'a point twice', this.#setting);
    const order = randomPermutation(peerRows, random);
    for (let index = 0; index < chunkCount(peerRows); index++) {
      const body = new Uint8Array(chunkIds(peerRows, index) * tagBytes);
      for (let at = 0; at < body.byteLength; at += tagBytes) {
        const from = (order[index * CHUNK_IDS + at / tagBytes] ?? 0) * tagBytes;
        body.set(this.#answers.subarray(from, from + tagBytes), at);
      }
      await this.#line.send(answers(index, body));
    }
  }

  #sendTags(): Promise<void> {
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(this.#setting.peerRows),
      ready: (index) => index < this.#pointsReceived,
      work: (index) => {
        const points = this.#waiting.get(index) ?? new Uint8Array();
        this.#waiting.delete(index);
        return this.#engine.tag(points, this.#setting.tagBytes);
      },
      finish: async (index, pairs) => {
        this.#setting.advance(chunkIds(this.#setting.peerRows, index));
        const { peerRows, tagBytes, receives, peerReceives } = this.#setting;
        const at = index * CHUNK_IDS * tagBytes;
        const own = peerReceives ? this.#ownHalf(pairs) : new Uint8Array();
        if (receives) this.#peerTags = kept(this.#peerTags, 2 * at, pairs, 2 * peerRows * tagBytes);
        if (this.#counts) this.#answers = kept(this.#answers, at, own, peerRows * tagBytes);
        this.#tagsSent++;
        await this.#line.send(tags(index, this.#counts ? new Uint8Array() : own));
      },
    });
  }

  /** Of the two tags of each point the one that this party sends. */
  #ownHalf(pairs: Uint8Array): Uint8Array {
    const bytes = this.#setting.tagBytes;
    const half = new Uint8Array(pairs.byteLength / 2);
    for (let at = 0; at < half.byteLength; at += bytes) {
      const from = 2 * at + this.#line.rank * bytes;
      half.set(pairs.subarray(from, from + bytes), at);
    }
    return half;
  }
}
