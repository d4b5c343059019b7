import { createPrivateKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { invariant } from '../../base/errors.ts';
import { fingerprint, type Identity, readCertificate } from './certificate.ts';

/** A key of one run, and what its peers pin of it. */
export interface RunIdentity extends Identity {
  readonly fingerprint: string;
}

/**
 * A new P-256 key for one run, in a certificate with the name and the dates of the party's own, signed by the party's
 * key (with SHA-256, as the party's own is when Privity has made it). A process that has it can speak for the party
 * where its peers pin this fingerprint, and nowhere else: they pin the party's own key elsewhere.
 *
 * The certificate is the party's own with another key in it. It is made in place, because loading the X.509 library
 * takes longer than everything else that a supervisor does before a run. Cost: below a millisecond. Form: RFC 5280,
 * section 4.1.
 *
 * @throws {UsageError} PRIVITY_IDENTITY_INVALID
 */
export function createRunIdentity(identity: Identity): RunIdentity {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own = readCertificate(identity.certPem);
  const [body, algorithm] = elementsOf(contentOf(own.raw));
  invariant(body && algorithm, 'a certificate that OpenSSL has read has its parts');
  const fields = elementsOf(contentOf(body));
  const keyAt = fields[0]?.[0] === VERSION ? 6 : 5;
  const key = publicKey.export({ type: 'spki', format: 'der' });
  const signed = element(SEQUENCE, Buffer.concat(fields.with(keyAt, key)));
  const signature = sign('sha256', signed, createPrivateKey(identity.keyPem));
  const noUnusedBits = Buffer.of(0);
  const bits = element(BIT_STRING, Buffer.concat([noUnusedBits, signature]));
  const der = element(SEQUENCE, Buffer.concat([signed, algorithm, bits]));
  const certPem = new X509Certificate(der).toString();
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certPem, keyPem, fingerprint: fingerprint(certPem) };
}

const SEQUENCE = 0x30;
/** Tag of the version of a certificate, the one of its first fields that may be missing. */
const VERSION = 0xa0;
const BIT_STRING = 0x03;
/** From here on a length is written as the number of its bytes, and those (X.690, section 8.1.3). */
const LONG_LENGTH = 0x80;

/** The elements of which DER consists that has been read before, each with its head. */
function elementsOf(der: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let rest = der; rest.length > 0; ) {
    const { head, length } = sizeOf(rest);
    found.push(rest.subarray(0, head + length));
    rest = rest.subarray(head + length);
  }
  return found;
}

function contentOf(der: Buffer): Buffer {
  const { head, length } = sizeOf(der);
  return der.subarray(head, head + length);
}

function sizeOf(der: Buffer): { readonly head: number; readonly length: number } {
  const first = der[1] ?? 0;
  if (first < LONG_LENGTH) return { head: 2, length: first };
  const bytes = first - LONG_LENGTH;
  return { head: 2 + bytes, length: der.readUIntBE(2, bytes) };
}

function element(tag: number, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const written = length.subarray(length.findIndex((byte) => byte !== 0));
  const head =
    content.length < LONG_LENGTH ? [tag, content.length] : [tag, LONG_LENGTH + written.length, ...written];
  return Buffer.concat([Buffer.from(head), content]);
}
