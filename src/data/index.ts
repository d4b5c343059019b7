/**
 * Tables of a party: read from CSV and Parquet files, changed by SQL, sent as Arrow. Rows live in DuckDB and not in
 * JavaScript objects. Begin with `readTable` (read-table.ts) and `Table` (table.ts).
 */
export { tableFromArrow } from './arrow-decode.ts';
export { ARROW_BYTES_MAX } from './arrow-format.ts';
export type { Column, ColumnType } from './column-type.ts';
export type { ColumnArrays, ColumnData, NumberArray } from './columns.ts';
export {
  closeDatabase,
  configureDatabase,
  DATABASE_MEMORY_MB,
  DATABASE_THREADS_MAX,
  type DatabaseOptions,
  openDatabase,
} from './database.ts';
export { CATEGORY_ROWS_MIN, type PublishOptions } from './datasets/describe.ts';
export { type SchemaDifference, schemaDifferences } from './datasets/differences.ts';
export { type DatasetSource, datasetKinds, datasetSource, readDatasetSource } from './datasets/source.ts';
export { readTable } from './read-table.ts';
export { COLUMN_NAME_BYTES_MAX, TABLE_COLUMNS_MAX, TABLE_ROWS_MAX } from './relation.ts';
export { isTableFile } from './sources/index.ts';
export type { ReadTableOptions, WriteTableOptions } from './sources/source.ts';
export {
  changedRows,
  describeSource,
  type StageInput,
  type StageMemory,
  type StagingOptions,
  stage,
} from './staging/stage.ts';
export { type ColumnOptions, Table } from './table.ts';
export { type ColumnInput, tableOf } from './table-of.ts';
export { writeTable } from './write-table.ts';
