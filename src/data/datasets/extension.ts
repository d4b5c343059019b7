/**
 * Extensions of DuckDB: files that the operator has put in place. They are loaded by their path, and never installed:
 * nothing comes from the network.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import { literal } from '../sql.ts';

export type ExtensionName = 'httpfs' | 'postgres_scanner';

/** What an extension says of itself at the end of its file: eight fields before a signature, the last one first. */
const FOOTER_BYTES = 512;
const FIELD_BYTES = 32;
const VERSION_AT = 5 * FIELD_BYTES;
const PLATFORM_AT = 6 * FIELD_BYTES;

export interface ExtensionFooter {
  /** Of DuckDB: `v1.5.5`. */
  readonly version: string;
  /** `linux_amd64`. */
  readonly platform: string;
}

/** Pure. */
export function footerOf(bytes: Uint8Array): ExtensionFooter {
  const field = (at: number) =>
    Buffer.from(bytes.subarray(at, at + FIELD_BYTES))
      .toString('latin1')
      .replace(/[^\x21-\x7e]/g, '');
  return { version: field(VERSION_AT), platform: field(PLATFORM_AT) };
}

/**
 * Loads it from `FOLDER/NAME.duckdb_extension`, or from `FOLDER/VERSION/` of this DuckDB, as packages lay it out.
 * @throws {EnvironmentError} PRIVITY_SOURCE_EXTENSION
 */
export async function loadExtension(
  connection: DuckDBConnection,
  name: ExtensionName,
  folder: string | undefined,
): Promise<void> {
  const answer = await connection.runAndReadAll(
    'SELECT library_version, (SELECT platform FROM pragma_platform()) FROM pragma_version()',
  );
  const [version, platform] = (answer.getRows()[0] ?? []).map(String);
  const needs = `the extension ${name} of DuckDB ${version} for ${platform}`;
  if (folder === undefined)
    throw unfit(`sources of this kind need ${needs}, and no extensionsFolder is configured`);
  const file = `${name}.duckdb_extension`;
  const places = [join(folder, file), join(folder, version ?? '', file)];
  for (const path of places) {
    const footer = await footerAt(path);
    if (footer === undefined) continue;
    if (footer.version !== version || footer.platform !== platform) {
      throw unfit(
        `${path} is made for DuckDB ${shown(footer.version)} on ${shown(footer.platform)}, and @duckdb/node-api here is DuckDB ${version} on ${platform}: an extension loads into its own version only`,
      );
    }
    try {
      await connection.run(`LOAD ${literal(path)}`);
    } catch {
      throw unfit(
        `${path} cannot be loaded by DuckDB ${version}: it is damaged, or not signed by its makers`,
      );
    }
    return;
  }
  throw unfit(`${needs} is not in place; looked for ${places.join(' and ')}`);
}

async function footerAt(path: string): Promise<ExtensionFooter | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const bytes = Buffer.alloc(FOOTER_BYTES);
      await file.read(bytes, 0, FOOTER_BYTES, Math.max(0, size - FOOTER_BYTES));
      return footerOf(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return undefined;
    throw unfit(`${path} cannot be read (${reason})`);
  }
}

const shown = (words: string): string => (words === '' ? 'an unknown version' : words);

function unfit(what: string): EnvironmentError {
  return new EnvironmentError('PRIVITY_SOURCE_EXTENSION', what);
}
