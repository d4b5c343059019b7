/** The sources of tables, a line each. */
export { csv } from './csv.ts';
export { parquet } from './parquet.ts';
