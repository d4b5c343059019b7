/** Credentials of sources: a description says where one is, never what it is. */
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';

/** Bytes of the file of a credential: tokens of clouds have some thousands. */
const CREDENTIAL_BYTES_MAX = 64 * 1024;

export const absolutePath = z
  .string()
  .max(4096)
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'an absolute path');

export const credentialReference = z.union(
  [
    z.strictObject({
      env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of an environment variable'),
    }),
    z.strictObject({ file: absolutePath }),
  ],
  '{ env: NAME } or { file: PATH }',
);

export type CredentialReference = z.output<typeof credentialReference>;

/**
 * The credential itself, without a line end behind it.
 * @throws {EnvironmentError} PRIVITY_SOURCE_CREDENTIAL
 */
export async function readCredential(reference: CredentialReference): Promise<string> {
  const [place, text] =
    'env' in reference
      ? [`the environment variable ${reference.env}`, process.env[reference.env]]
      : [`the file ${reference.file}`, await contentOf(reference.file)];
  const credential = text?.replace(/\r?\n$/, '');
  if (credential === undefined || credential === '') throw missing(`${place} is not set, or empty`);
  if (/[\0\r\n]/.test(credential)) throw missing(`${place} has more than one line, or a zero byte`);
  return credential;
}

/** Names of the environment variables in a description of a source. */
export function environmentOf(source: object): readonly string[] {
  return Object.values(source).flatMap((value: unknown) => {
    const reference = credentialReference.safeParse(value);
    return reference.success && 'env' in reference.data ? [reference.data.env] : [];
  });
}

async function contentOf(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > CREDENTIAL_BYTES_MAX)
      throw missing(`the file ${path} has more than ${CREDENTIAL_BYTES_MAX} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof EnvironmentError) throw error;
    throw missing(`the file ${path} cannot be read (${reasonOf(error)})`);
  }
}

function missing(what: string): EnvironmentError {
  return new EnvironmentError(
    'PRIVITY_SOURCE_CREDENTIAL',
    `a credential of the source cannot be had: ${what}`,
  );
}
