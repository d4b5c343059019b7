/**
 * The version of party and federation files. A file that names none is of version 1, as those of Privity 0.1 are; none
 * is written into new files as long as that is the only one, so that 0.1 can read them.
 */
import { z } from 'zod';
import { UsageError } from '../base/errors.ts';
import type { YamlFile } from './yaml-file.ts';

/**
 * Raised whenever a reader of this version could misread a file of the next; the change brings a command that converts.
 */
export const FILE_VERSION = 1;

export const fileVersion = z.literal(FILE_VERSION).optional();

/**
 * Before all else: what a file of another version has in it, this one cannot judge.
 * @throws {UsageError} PRIVITY_CONFIG_VERSION
 */
export function checkFileVersion(file: YamlFile): void {
  const { version = FILE_VERSION } = (file.value ?? {}) as { readonly version?: unknown };
  if (version === FILE_VERSION) return;
  throw new UsageError(
    'PRIVITY_CONFIG_VERSION',
    `${file.at(['version'])}: a file of version ${JSON.stringify(version).slice(0, 20)}; this Privity reads version ${FILE_VERSION}`,
  );
}
