/**
 * Reads the server name out of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3) before any TLS library
 * sees it. Pure; the bytes are a stranger's, so every length is checked against what is there.
 */
import type { DecodeBound } from '../../base/decode-bound.ts';

/** Longest ClientHello; OpenSSL's have 300 to 2,000 bytes. */
export const CLIENT_HELLO_BYTES_MAX = 16 * 1024;

/** Records are joined once or twice, whatever their size. */
export const CLIENT_HELLO_BOUND: DecodeBound = {
  bytesMax: CLIENT_HELLO_BYTES_MAX,
  memory: { perByte: 128, once: 256 * 1024 },
  steps: { perByte: 20, once: 5_000 },
};

export type ClientHello =
  /** `bytes`: with fewer than these it stays so. */
  | { readonly kind: 'incomplete'; readonly bytes: number }
  /** Not a TLS handshake record, or one that contradicts itself. */
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'hello'; readonly serverName: string | undefined };

const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME_EXTENSION = 0;
const HOST_NAME = 0;
/** A record's content, RFC 8446 section 5.1. */
const RECORD_BYTES_MAX = 2 ** 14;

export function readClientHello(bytes: Uint8Array): ClientHello {
  const handshake = joinRecords(bytes);
  if (handshake === 'not-tls') return { kind: 'not-tls' };
  if (handshake.length >= 1 && handshake[0] !== CLIENT_HELLO) return { kind: 'not-tls' };
  if (handshake.length < 4) return { kind: 'incomplete', bytes: bytes.length + 1 };
  const length = uint(handshake, 1, 3);
  const missing = 4 + length - handshake.length;
  if (missing > 0) return { kind: 'incomplete', bytes: bytes.length + missing };
  const body = new Reader(handshake.subarray(4, 4 + length));
  // legacy_version, random, legacy_session_id, cipher_suites, legacy_compression_methods
  body.skip(2 + 32);
  body.vector(1);
  body.vector(2);
  body.vector(1);
  if (body.failed) return { kind: 'not-tls' };
  if (body.left === 0) return { kind: 'hello', serverName: undefined };
  const extensions = new Reader(body.vector(2));
  if (body.failed || body.left !== 0) return { kind: 'not-tls' };
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const content = extensions.vector(2);
    if (extensions.failed) return { kind: 'not-tls' };
    if (type === SERVER_NAME_EXTENSION) return hostName(content);
  }
  return { kind: 'hello', serverName: undefined };
}

function hostName(extension: Uint8Array): ClientHello {
  const outer = new Reader(extension);
  const names = new Reader(outer.vector(2));
  const type = names.uint(1);
  const name = names.vector(2);
  if (outer.failed || names.failed || outer.left > 0 || type !== HOST_NAME) return { kind: 'not-tls' };
  return { kind: 'hello', serverName: Buffer.from(name).toString('latin1') };
}

/** The handshake bytes of the records so far; a ClientHello may be spread over several. */
function joinRecords(bytes: Uint8Array): Uint8Array | 'not-tls' {
  const parts: Uint8Array[] = [];
  let at = 0;
  let have = 0;
  /** As long as it is not known, the bytes that say it. */
  let wanted = 4;
  while (at < bytes.length) {
    if (bytes[at] !== HANDSHAKE) return 'not-tls';
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return 'not-tls';
    if (at + RECORD_HEADER > bytes.length) break;
    const length = uint(bytes, at + 3, 2);
    if (length === 0 || length > RECORD_BYTES_MAX) return 'not-tls';
    const end = Math.min(at + RECORD_HEADER + length, bytes.length);
    parts.push(bytes.subarray(at + RECORD_HEADER, end));
    at += RECORD_HEADER + length;
    have += parts.at(-1)?.length ?? 0;
    // Not at every record: a stranger can send thousands of one byte each.
    if (wanted === 4 && have >= 4) wanted = 4 + uint(joined(parts), 1, 3);
    // Anything after the ClientHello is none of our business: stop as soon as it is complete.
    if (have >= 4 && have >= wanted) break;
  }
  return joined(parts);
}

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 ? (parts[0] ?? new Uint8Array(0)) : Buffer.concat(parts);

function uint(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** Reads forward; once something is missing, `failed` stays set and everything reads as empty. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.failed ? 0 : this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    this.#take(count);
  }

  uint(size: number): number {
    return uint(this.#take(size), 0, size);
  }

  /** A length of `size` bytes, then as many bytes. */
  vector(size: number): Uint8Array {
    return this.#take(this.uint(size));
  }

  #take(count: number): Uint8Array {
    if (this.failed || this.#at + count > this.#bytes.length) {
      this.failed = true;
      return new Uint8Array(0);
    }
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }
}
