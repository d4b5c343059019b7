/**
 * Diffie-Hellman intersection that one party receives, in which a row of the other, the sender, has a key: PsiKeyed.
 *
 * The flow of protocol.ts cannot give such keys: there the receiver multiplies points of all rows of the sender itself,
 * so it has the common point of every row, also of those that do not match. Here it never multiplies the sender's
 * points: it gets the sender's product of its own points, and takes its blind off.
 *
 * Reference: S. Jarecki, X. Liu, "Fast secure computation of set intersection", SCN 2010; the function:
 *   S. Jarecki, A. Kiayias, H. Krawczyk, "Round-optimal password-protected secret sharing and T-PAKE in the
 *   password-only model", ASIACRYPT 2014 (2HashDH). Curve and hash to it: protocol.ts.
 * Differences: X25519 multiplies u-coordinates, and its scalars are of one form: the blind is drawn so that its inverse
 *   is of that form, too (blinding.ts), which costs one bit of it. A row's tag and its key are the two halves of one
 *   hash; lists go in chunks with a window.
 * Security: semi-honest adversary that corrupts one of the two parties; computational Diffie-Hellman on Curve25519 for
 *   the keys, decisional for what the sender sees; random oracles (SHA-512). The sender sees points times a scalar that
 *   it does not have, as many as the receiver has rows. The receiver gets b·H(x) for its ids x and hashes of
 *   (b·H(y), y) for all ids y of the sender: for y that it lacks, to tell a half of that hash from random bytes it has
 *   to ask the random oracle at b·H(y), which it would have to compute. Leaks to the receiver: the intersection; to
 *   each side the number of the other's rows and the types of its key columns.
 *   A receiver that deviates gets b times as many points of its choice as it has told rows, and not hashes of them as
 *   in protocol.ts: that it learns no more tags and keys than that by it is the one-more Diffie-Hellman assumption.
 *   A sender that deviates can make the result wrong; it gets no answer to what it sends, and so learns nothing by it.
 * Needs: as protocol.ts. Flow (x ids of the receiver, y of the sender; a, b scalars, new in every run):
 *   receiver → sender: a·H(x) in shuffled order      sender → receiver: b·a·H(x), in the same order
 *   sender → receiver: tag(y), the first half of SHA-512(b·H(y), y), in shuffled order: these are the slots
 *   receiver: a⁻¹·b·a·H(x) = b·H(x), and so tag(x), and the key of x: the other half
 * Cost: dhKeyedCost: 32 bytes a row of the receiver each way, a tag a row of the sender; a hash and a multiplication
 *   for each id of the own list at both, and one more for each row of the receiver at both.
 */
import type { Random } from '../../../contracts/random.ts';
import type { PsiLine } from '../../line.ts';
import { matchSlots } from '../../match.ts';
import { requireLength, violation } from '../../messages.ts';
import { randomPermutation } from '../../shuffle.ts';
import { ID_BYTES, type PsiSetting, ROW_KEY_BYTES, type RowKeys } from '../protocol.ts';
import { drawBlinding } from './blinding.ts';
import { type CurveEngine, createCurveEngine, KEY_BYTES } from './curve-engine.ts';
import { HASH_BYTES } from './curve-tasks.ts';
import { POINT_BYTES } from './hash-to-curve.ts';
import { kept, pumped, reorder, threadsFor } from './lists.ts';
import {
  CHUNK_IDS,
  chunkCount,
  chunkIds,
  POINTS,
  PRODUCTS,
  partOf,
  requireCanonical,
  SLOTS,
  WINDOW_CHUNKS,
} from './messages.ts';

export async function runDhKeyed(line: PsiLine, setting: PsiSetting): Promise<RowKeys> {
  const { random, signal, ids, ownRows, receives } = setting;
  const threads = threadsFor(setting);
  const order = randomPermutation(ownRows, random);
  const hidden = { ...setting, ids: reorder(ids, order) };
  const keys = new Uint8Array(ownRows * ROW_KEY_BYTES);
  const { scalar, inverse } = receives ? drawBlinding(random) : keyOf(random);
  const engine = await createCurveEngine(scalar, threads, signal, inverse);
  try {
    if (!receives) {
      await new KeyedSender(line, hidden, engine, keys).run();
      return { places: order, slots: Uint32Array.from({ length: ownRows }, (_, slot) => slot), keys };
    }
    const { own, peer } = await new KeyedReceiver(line, hidden, engine, keys).run();
    const { rows, slots } = await matchSlots({ own, peer, tagBytes: setting.tagBytes }, random, signal);
    const found = new Uint8Array(rows.length * ROW_KEY_BYTES);
    for (const [at, row] of rows.entries())
      found.set(keys.subarray(row * ROW_KEY_BYTES, (row + 1) * ROW_KEY_BYTES), at * ROW_KEY_BYTES);
    keys.fill(0);
    const places = rows.map((row) => order[row] ?? 0);
    order.fill(0);
    return { places, slots, keys: found };
  } catch (error) {
    keys.fill(0);
    order.fill(0);
    throw error;
  } finally {
    await engine.close();
    hidden.ids.fill(0);
  }
}

/** A scalar of the sender, which takes no blind off. */
const keyOf = (random: Random) => ({ scalar: random.bytes(KEY_BYTES), inverse: undefined });

const idsOf = ({ ids }: PsiSetting, index: number): Uint8Array =>
  ids.subarray(index * CHUNK_IDS * ID_BYTES, (index + 1) * CHUNK_IDS * ID_BYTES);

/** Takes the hashes of a chunk apart: keys go to their place, tags come back. */
function takeHashes(hashes: Uint8Array, index: number, tagBytes: number, keys: Uint8Array): Uint8Array {
  const tags = new Uint8Array((hashes.byteLength / HASH_BYTES) * tagBytes);
  for (let at = 0; at * HASH_BYTES < hashes.byteLength; at++) {
    const hash = hashes.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
    tags.set(hash.subarray(0, tagBytes), at * tagBytes);
    keys.set(hash.subarray(HASH_BYTES - ROW_KEY_BYTES), (index * CHUNK_IDS + at) * ROW_KEY_BYTES);
  }
  hashes.fill(0);
  return tags;
}

class KeyedSender {
  readonly #line: PsiLine;
  readonly #setting: PsiSetting;
  readonly #engine: CurveEngine;
  readonly #keys: Uint8Array;
  readonly #waiting = new Map<number, Uint8Array>();
  #received = 0;
  #sent = 0;

  constructor(line: PsiLine, setting: PsiSetting, engine: CurveEngine, keys: Uint8Array) {
    this.#line = line;
    this.#setting = setting;
    this.#engine = engine;
    this.#keys = keys;
  }

  run(): Promise<void> {
    return this.#line.together(this.#listen(), this.#sendProducts(), this.#sendTags());
  }

  async #listen(): Promise<void> {
    const chunks = chunkCount(this.#setting.peerRows);
    while (this.#received < chunks) {
      const { part, index, body } = await this.#line.receivePart();
      if (part !== POINTS) throw violation(`a message of the unknown kind ${part}`);
      if (index !== this.#received) throw violation('points out of order');
      if (index >= this.#sent + WINDOW_CHUNKS) throw violation('more points than the window allows');
      requireLength(body, chunkIds(this.#setting.peerRows, index) * POINT_BYTES, 'points');
      requireCanonical(body);
      this.#waiting.set(index, new Uint8Array(body));
      this.#received++;
      this.#line.notify();
    }
  }

  #sendProducts(): Promise<void> {
    const { peerRows, advance } = this.#setting;
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(peerRows),
      ready: (index) => index < this.#received,
      work: (index) => {
        const points = this.#waiting.get(index) ?? new Uint8Array();
        this.#waiting.delete(index);
        return this.#engine.multiply(points);
      },
      finish: async (index, products) => {
        advance(chunkIds(peerRows, index));
        this.#sent++;
        await this.#line.send(partOf(PRODUCTS, index, products));
      },
    });
  }

  #sendTags(): Promise<void> {
    const { ownRows, tagBytes, advance } = this.#setting;
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(ownRows),
      ready: () => true,
      work: (index) => this.#engine.hash(idsOf(this.#setting, index)),
      finish: async (index, hashes) => {
        advance(chunkIds(ownRows, index));
        await this.#line.send(partOf(SLOTS, index, takeHashes(hashes, index, tagBytes, this.#keys)));
      },
    });
  }
}

class KeyedReceiver {
  readonly #line: PsiLine;
  readonly #setting: PsiSetting;
  readonly #engine: CurveEngine;
  readonly #keys: Uint8Array;
  readonly #own: Uint8Array;
  #peer: Uint8Array<ArrayBuffer> = new Uint8Array();
  readonly #waiting = new Map<number, Uint8Array>();
  #pointsSent = 0;
  #products = 0;
  #slots = 0;

  constructor(line: PsiLine, setting: PsiSetting, engine: CurveEngine, keys: Uint8Array) {
    this.#line = line;
    this.#setting = setting;
    this.#engine = engine;
    this.#keys = keys;
    this.#own = new Uint8Array(setting.ownRows * setting.tagBytes);
  }

  /** Tags of the own ids and of the sender's, each in its order. */
  async run(): Promise<{ readonly own: Uint8Array; readonly peer: Uint8Array }> {
    await this.#line.together(this.#listen(), this.#sendPoints(), this.#unblind());
    return { own: this.#own, peer: this.#peer };
  }

  async #listen(): Promise<void> {
    const { ownRows, peerRows, tagBytes, advance } = this.#setting;
    while (this.#products < chunkCount(ownRows) || this.#slots < chunkCount(peerRows)) {
      const { part, index, body } = await this.#line.receivePart();
      if (part === PRODUCTS) {
        if (index !== this.#products || index >= this.#pointsSent) throw violation('products out of order');
        requireLength(body, chunkIds(ownRows, index) * POINT_BYTES, 'products');
        requireCanonical(body);
        this.#waiting.set(index, new Uint8Array(body));
        this.#products++;
      } else if (part === SLOTS) {
        if (index !== this.#slots || index >= chunkCount(peerRows)) throw violation('tags out of order');
        requireLength(body, chunkIds(peerRows, index) * tagBytes, 'tags');
        this.#peer = kept(this.#peer, index * CHUNK_IDS * tagBytes, body, peerRows * tagBytes);
        this.#slots++;
        advance(chunkIds(peerRows, index));
      } else throw violation(`a message of the unknown kind ${part}`);
      this.#line.notify();
    }
  }

  #sendPoints(): Promise<void> {
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(this.#setting.ownRows),
      ready: (index) => index < this.#products + WINDOW_CHUNKS,
      work: (index) => this.#engine.blind(idsOf(this.#setting, index)),
      finish: async (index, points) => {
        this.#pointsSent++;
        await this.#line.send(partOf(POINTS, index, points));
      },
    });
  }

  #unblind(): Promise<void> {
    const { ownRows, tagBytes, advance } = this.#setting;
    return pumped(this.#line, this.#engine.depth, {
      chunks: chunkCount(ownRows),
      ready: (index) => index < this.#products,
      work: (index) => {
        const products = this.#waiting.get(index) ?? new Uint8Array();
        this.#waiting.delete(index);
        return this.#engine.unblind(idsOf(this.#setting, index), products);
      },
      finish: (index, hashes) => {
        const tags = takeHashes(hashes, index, tagBytes, this.#keys);
        this.#own.set(tags, index * CHUNK_IDS * tagBytes);
        advance(chunkIds(ownRows, index));
        return Promise.resolve();
      },
    });
  }
}
