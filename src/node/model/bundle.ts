/**
 * The files of a job as they go from one node to another: names relative to one folder, contents, compressed. What is
 * unpacked was made by a stranger: sizes, names and forms are checked before a byte is written.
 */
import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { parseJson } from '../../base/bounded-json.ts';
import type { DecodeBound } from '../../base/decode-bound.ts';
import { UsageError } from '../../base/errors.ts';
import { NODE_LIMITS } from './limits.ts';

/** Bytes of all files, unpacked: compressed code is a fifth of itself. */
const UNPACKED_BYTES_MAX = 32 * 1024 * 1024;
const FILES_MAX = 1_000;

export const BUNDLE_BOUND: DecodeBound = {
  bytesMax: NODE_LIMITS.bundleBytesMax,
  memory: { perByte: 64, once: 4 * UNPACKED_BYTES_MAX },
  // What is compressed may be a thousand times as long, and is looked at a few times.
  steps: { perByte: 5_000, once: 100_000 },
};

const packed = z.strictObject({
  version: z.literal(1),
  files: z.array(z.strictObject({ path: z.string().min(1).max(500), base64: z.string() })).max(FILES_MAX),
});

/** By path, with `/` between its parts. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>;

/** @throws {UsageError} PRIVITY_PROPOSAL_BUNDLE: too many files or bytes, or a path that climbs */
export function packBundle(files: BundleFiles): Buffer {
  const list = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path] of list) checkPath(path);
  if (list.length > FILES_MAX)
    throw refused(`the job has ${list.length} files; at most ${FILES_MAX} go into a bundle`);
  const words = {
    version: 1,
    files: list.map(([path, bytes]) => ({ path, base64: Buffer.from(bytes).toString('base64') })),
  };
  const bytes = gzipSync(JSON.stringify(words), { level: 9 });
  // The same at every machine: the header of gzip says which system made it.
  bytes[9] = 255;
  if (bytes.length <= NODE_LIMITS.bundleBytesMax) return bytes;
  throw refused(
    `the files of the job have ${bytes.length} bytes packed; at most ${NODE_LIMITS.bundleBytesMax} go into a bundle`,
  );
}

/** @throws {UsageError} PRIVITY_PROPOSAL_BUNDLE */
export function unpackBundle(bytes: Uint8Array): BundleFiles {
  if (bytes.length > NODE_LIMITS.bundleBytesMax)
    throw refused(`the bundle has ${bytes.length} bytes; at most ${NODE_LIMITS.bundleBytesMax} are taken`);
  const files = new Map<string, Uint8Array>();
  for (const { path, base64 } of parsed(bytes).files) {
    checkPath(path);
    const isTaken = [...files.keys()].some(
      (name) => name === path || name.startsWith(`${path}/`) || path.startsWith(`${name}/`),
    );
    if (isTaken) throw refused(`the bundle has ${path} twice`);
    files.set(path, Buffer.from(base64, 'base64'));
  }
  return files;
}

export const bundleDigest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function parsed(bytes: Uint8Array): z.output<typeof packed> {
  try {
    const text = gunzipSync(bytes, { maxOutputLength: UNPACKED_BYTES_MAX * 1.4 }).toString('utf8');
    return packed.parse(parseJson(text, 4 * FILES_MAX));
  } catch {
    // No cause: it quotes what a stranger sent.
    throw refused('the bundle is not one that Privity has packed, or it is too large');
  }
}

function checkPath(path: string): void {
  const parts = path.split('/');
  const isPlain = parts.every(
    (part) => part !== '' && part !== '.' && part !== '..' && part !== 'node_modules',
  );
  if (isPlain && /^[^\\:\p{Cc}]+$/u.test(path)) return;
  throw refused(
    `the bundle has a file whose path leads out of its folder or is not plain: ${JSON.stringify(path).slice(0, 200)}`,
  );
}

const refused = (why: string): UsageError => new UsageError('PRIVITY_PROPOSAL_BUNDLE', why);
