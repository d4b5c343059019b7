/** The kinds of sources of datasets, a line each, by the word that a description has as its kind. */
export { duckdb } from './duckdb.ts';
export { file } from './file.ts';
export { folder } from './folder.ts';
export { postgres } from './postgres.ts';
export { s3 } from './s3.ts';
