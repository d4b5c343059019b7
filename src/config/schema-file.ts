/** Published schemas of tables by party and setting, as a file from which a rehearsal makes rows. */
import { z } from 'zod';
import { type PublishedSchema, publishedSchema } from '../data/published-schema.ts';
import { checkFile } from './check.ts';
import { partyName } from './federation-file.ts';
import { parseYaml, readTextFile } from './yaml-file.ts';

/** Of some tables of hundreds of columns. */
export const SCHEMA_BYTES_MAX = 112 * 1024;

const schemaFile = z.record(partyName, z.record(z.string().min(1).max(200), publishedSchema));

/**
 * @throws {UsageError} PRIVITY_CONFIG_FILE_MISSING, PRIVITY_CONFIG_FILE_UNREADABLE, PRIVITY_CONFIG_SYNTAX,
 *   PRIVITY_CONFIG_VALUE, PRIVITY_CONFIG_UNKNOWN_KEY, PRIVITY_CONFIG_MISSING_KEY
 */
export async function readSchemaFile(
  path: string,
): Promise<Readonly<Record<string, Readonly<Record<string, PublishedSchema>>>>> {
  return checkFile(parseYaml(path, await readTextFile(path, 'schema file', SCHEMA_BYTES_MAX)), schemaFile);
}
