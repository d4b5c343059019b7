/** Staging, in the process that has the database: granted columns and rows of a dataset, as one Parquet file. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, EnvironmentError } from '../../base/errors.ts';
import { reasonOf } from '../../base/system-error.ts';
import type { ColumnType } from '../column-type.ts';
import { checkedCondition } from '../datasets/condition.ts';
import type { OpenDataset } from '../datasets/dataset.ts';
import { countsOf } from '../datasets/describe.ts';
import { refuseDifferences, schemaDifferences } from '../datasets/differences.ts';
import { type NamedType, TAKEN, takeRows, typesOf } from '../datasets/typed-rows.ts';
import { columnsMissing } from '../relation.ts';
import { identifier, literal } from '../sql.ts';
import type { Request, StageProgress } from './request.ts';
import {
  type ChangedRows,
  changedBetween,
  type KeptUse,
  memoryFile,
  memoryKey,
  type RememberedUse,
  remember,
  rememberedUse,
  useOf,
} from './row-memory.ts';

export type StageRequest = Extract<Request, { operation: 'stage' }>['stage'];

export interface StagedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Rows without a value. */
  readonly gaps: number;
}

export interface Staged {
  readonly rows: number;
  /** Of the file. */
  readonly bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  readonly digest: string;
  readonly columns: readonly StagedColumn[];
  /**
   * Against each remembered use, in their order, by the columns that were used then. Undefined: those are not all there
   * any more, or are of other types.
   */
  readonly changed: readonly (ChangedRows | undefined)[];
}

/**
 * @param folder of this process; the target appears complete or not at all
 * @throws {DataError} PRIVITY_SCHEMA_CHANGED, PRIVITY_COLUMN_MISSING, PRIVITY_ROWS_TOO_FEW
 * @throws {UsageError} PRIVITY_ROW_CONDITION
 * @throws {EnvironmentError} PRIVITY_FILE_UNWRITABLE, PRIVITY_MEMORY_FILE
 */
export async function stageDataset(
  dataset: OpenDataset,
  request: StageRequest,
  { folder, progress }: { readonly folder: string; readonly progress: (at: StageProgress['phase']) => void },
): Promise<Staged> {
  const { connection, origin } = dataset;
  const { schema, columns: granted, memory } = request;
  const present = typesOf(dataset);
  const unpublished = granted.filter((name) => !schema.columns.some((column) => column.name === name));
  if (unpublished.length > 0)
    throw columnsMissing(unpublished, schema.columns, undefined, `what is published of ${origin}`);
  refuseDifferences(origin, schemaDifferences(schema, { columns: present }));
  const condition = request.rows === undefined ? undefined : await checkedCondition(dataset, request.rows);
  const uses: KeptUse[] = [];
  for (const path of memory?.previous ?? []) uses.push({ path, use: await rememberedUse(connection, path) });
  const comparable = uses.map(({ use }) => use.columns.every((column) => isThere(column, present)));
  const compared = uses.flatMap(({ use }, index) =>
    comparable[index] ? use.columns.map(({ name }) => name) : [],
  );

  progress('reading');
  const file = join(folder, 'rows.parquet');
  // What was not granted is nowhere in plain, not even for a moment.
  const isAllGranted = compared.every((name) => granted.includes(name));
  const names = [...new Set([...granted, ...compared])];
  await takeRows(dataset, { names, condition, as: isAllGranted ? { file } : 'table' });
  const { rows, gaps } = await countsOf(dataset, granted);
  if (rows < request.minimumRows)
    throw new DataError(
      'PRIVITY_ROWS_TOO_FEW',
      `${origin} has fewer than ${request.minimumRows} rows for this grant`,
    );
  const columns = granted.map((name): StagedColumn => {
    const type = present.find((column) => column.name === name)?.type ?? 'VARCHAR';
    return { name, type, gaps: gaps.get(name) ?? 0 };
  });
  const now = columns.map((column) => ({ ...column, gaps: column.gaps > 0 }));
  const differences = schemaDifferences(schema, { columns: now });
  refuseDifferences(
    origin,
    differences.filter(({ column }) => granted.includes(column)),
  );

  if (!isAllGranted) {
    progress('writing');
    const list = granted.map(identifier).join(', ');
    await connection.run(`COPY (SELECT ${list} FROM ${TAKEN}) TO ${literal(file)} (FORMAT parquet)`);
  }
  const changed: (ChangedRows | undefined)[] = [];
  if (memory !== undefined) {
    progress('remembering');
    const key = await memoryKey(memory.keyFile);
    const used = columns.map(({ name, type }) => ({ name, type }));
    const remembered = { path: join(folder, 'memory.parquet'), use: await useOf(connection, key, used) };
    await remember(connection, key, remembered);
    for (const [index, { path, use }] of uses.entries()) {
      if (use.keyed !== remembered.use.keyed) throw memoryFile(path, 'it was made with another key');
      // By the columns of that use, which are no others in most cases.
      const now = { path: join(folder, `use-${index}.parquet`), use };
      const isAlike = JSON.stringify(use) === JSON.stringify(remembered.use);
      if (comparable[index] && !isAlike) await remember(connection, key, now);
      changed.push(
        comparable[index]
          ? await changedBetween(connection, path, isAlike ? remembered.path : now.path)
          : undefined,
      );
      await rm(now.path, { force: true });
    }
    await putInPlace(remembered.path, memory.file);
  }
  const { bytes, digest } = await digestOf(file);
  await putInPlace(file, request.target);
  return { rows, bytes, digest, columns, changed };
}

function isThere({ name, type }: RememberedUse['columns'][number], present: readonly NamedType[]): boolean {
  return present.some((column) => column.name === name && column.type === type);
}

async function digestOf(file: string): Promise<{ readonly bytes: number; readonly digest: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file)) {
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    hash.update(part);
  }
  return { bytes, digest: hash.digest('hex') };
}

/** For its owner's eyes only, on disk, and complete from the first moment on. */
async function putInPlace(from: string, target: string): Promise<void> {
  const beside = `${target}.partial`;
  try {
    await rename(from, beside).catch(async (error: unknown) => {
      if (reasonOf(error) !== 'EXDEV') throw error;
      await copyFile(from, beside);
    });
    await chmod(beside, 0o600);
    const file = await open(beside, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, target);
  } catch (cause) {
    await rm(beside, { force: true });
    const text = `${target} cannot be written (${reasonOf(cause)})`;
    throw new EnvironmentError('PRIVITY_FILE_UNWRITABLE', text, { cause });
  }
}
