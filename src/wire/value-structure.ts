/**
 * The structure of a value as CBOR (RFC 8949) by cborg, with a closed set of tags and caps that hold while decoding:
 * a declared length allocates nothing, depth is counted before recursion, and everything else is refused.
 */
import { decode, encode, Tagged, Token, Tokenizer, Type } from 'cborg';
import { DataError } from '../base/errors.ts';
import type { ValueLimits } from './value-limits.ts';

/** RFC 8949 section 3.4.3. */
const TAG_BIGNUM_POSITIVE = 2;
const TAG_BIGNUM_NEGATIVE = 3;
/**
 * Privity's own tag for leaves: an array of a kind and its parameters. 'PRV1' in ASCII; unassigned in IANA's registry.
 */
const TAG_LEAF = 0x50525631;
/** 2^1048576: more than any computation here needs, and quadratic conversions stay in milliseconds. */
export const BIGINT_BYTES_MAX = 128 * 1024;
/** What the envelope around the structure and the list of segments adds to its depth. */
const ENVELOPE_DEPTH = 4;
/** Format of the body; another one is refused. */
const FORMAT = 1;

/** A leaf in the structure: a kind of segment or scalar, and its parameters. */
export class Leaf {
  readonly kind: string;
  readonly params: readonly unknown[];
  constructor(kind: string, params: readonly unknown[]) {
    this.kind = kind;
    this.params = params;
  }
}

export interface Structure {
  /** Lengths in bytes of the raw segments that follow, in order. */
  readonly segments: readonly number[];
  readonly root: unknown;
}

export interface DecodedStructure extends Structure {
  /** How many {@link Leaf}s there are to be replaced. */
  readonly leaves: number;
}

export const corrupt = (what: string): DataError =>
  new DataError('PRIVITY_VALUE_CORRUPT', `A received value does not decode: ${what}.`);

export function leaf(kind: string, ...params: unknown[]): Tagged {
  return new Tagged(TAG_LEAF, [kind, ...params]);
}

export function bignum(value: bigint): Tagged {
  const negative = value < 0n;
  const hex = (negative ? -1n - value : value).toString(16);
  const bytes = Uint8Array.from(Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex'));
  return new Tagged(negative ? TAG_BIGNUM_NEGATIVE : TAG_BIGNUM_POSITIVE, bytes);
}

export function encodeStructure(structure: Structure): Uint8Array {
  return encode([FORMAT, structure.segments, structure.root], {
    float64: true,
    // Records keep the order in which their author wrote the keys.
    mapSorter: () => 0,
    typeEncoders: {
      // An integer type has no negative zero.
      number: (value: number) => (Object.is(value, -0) ? new Token(Type.float, value) : null),
    },
  });
}

/** @throws {DataError} PRIVITY_VALUE_CORRUPT for everything that {@link encodeStructure} cannot have made. */
export function decodeStructure(bytes: Uint8Array, limits: ValueLimits): DecodedStructure {
  let decoded: unknown;
  let leaves = 0;
  try {
    decoded = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowBigInt: false,
      rejectDuplicateMapKeys: true,
      tokenizer: new CappedTokenizer(bytes, limits),
      tags: {
        [TAG_BIGNUM_POSITIVE]: (content) => fromBignum(content(), false),
        [TAG_BIGNUM_NEGATIVE]: (content) => fromBignum(content(), true),
        [TAG_LEAF]: (content) => {
          leaves += 1;
          return toLeaf(content());
        },
      },
    });
  } catch (error) {
    // The decoder's own messages quote what they read.
    throw error instanceof DataError ? error : corrupt('its structure is malformed');
  }
  if (!Array.isArray(decoded) || decoded.length !== 3 || decoded[0] !== FORMAT)
    throw corrupt('unknown format');
  const [, segments, root] = decoded;
  if (!Array.isArray(segments) || !segments.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw corrupt('the list of segments is malformed');
  }
  return { segments, root, leaves };
}

function fromBignum(content: unknown, negative: boolean): bigint {
  if (!(content instanceof Uint8Array) || content.length > BIGINT_BYTES_MAX)
    throw corrupt('a malformed bigint');
  const value = content.length === 0 ? 0n : BigInt(`0x${Buffer.from(content).toString('hex')}`);
  return negative ? -1n - value : value;
}

function toLeaf(content: unknown): Leaf {
  if (!Array.isArray(content) || typeof content[0] !== 'string') throw corrupt('a malformed leaf');
  return new Leaf(content[0], content.slice(1));
}

interface Open {
  readonly type: Type;
  /** Children that are not complete yet; keys of a map count. */
  left: number;
}

/** Counts depth and items of what cborg reads, one token at a time, before cborg recurses into it. */
class CappedTokenizer extends Tokenizer {
  readonly #limits: ValueLimits;
  readonly #open: Open[] = [];
  #items = 0;

  constructor(bytes: Uint8Array, limits: ValueLimits) {
    super(bytes, { strict: true, allowIndefinite: false, allowBigInt: false });
    this.#limits = limits;
  }

  override next(): Token {
    const token = super.next();
    if (++this.#items > this.#limits.itemsMax) throw corrupt('it has too many items');
    const parent = this.#open.at(-1);
    const isKey = parent?.type === Type.map && parent.left % 2 === 0;
    if (isKey && token.value === '__proto__') throw corrupt('a forbidden key');
    if (token.type === Type.bytes && parent?.type !== Type.tag) throw corrupt('bytes outside a segment');
    const left = childrenOf(token);
    if (left === 0) this.#complete();
    else if (this.#open.length >= this.#limits.depthMax + ENVELOPE_DEPTH)
      throw corrupt('it is nested too deeply');
    else this.#open.push({ type: token.type, left });
    return token;
  }

  #complete(): void {
    for (let open = this.#open.at(-1); open !== undefined; open = this.#open.at(-1)) {
      open.left -= 1;
      if (open.left > 0) return;
      this.#open.pop();
    }
  }
}

function childrenOf(token: Token): number {
  if (token.type === Type.array) return Number(token.value);
  if (token.type === Type.map) return 2 * Number(token.value);
  return token.type === Type.tag ? 1 : 0;
}
