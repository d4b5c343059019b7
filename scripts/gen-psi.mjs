// Writes the tables of parameters in docs/psi-rr22.md and docs/psi-shares.md from the code that derives them. What
// renders is pure: its test calls it, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './ensure-installed.mjs';
import { withTable } from './gen-protocols.mjs';

/** Rows of either table. */
const SIZES = [50_000, 262_144, 1_000_000, 10_000_000, 33_554_432];

/** @returns {Promise<object>} what the protocol's parts derive */
export async function derived() {
  const load = (name) => import(pathToFileURL(join(root, 'dist/src/psi', name)).href);
  const [plan, sizes, store, vole, tags, protocol, exchange] = await Promise.all(
    [
      'protocols/rr22/plan.js',
      'protocols/rr22/sizes.js',
      'okvs/shape.js',
      'vole/parameters.js',
      'tags.js',
      'protocols/rr22/protocol.js',
      'exchange.js',
    ].map(load),
  );
  const [binsPlan, binsRun] = await Promise.all(['shares/plan.js', 'shares/run-bins.js'].map(load));
  const bins = { planBins: binsPlan.planBins, binsCost: binsRun.binsCost };
  return { ...plan, ...sizes, ...store, ...vole, ...tags, ...protocol, ...exchange, ...bins };
}

/**
 * @param {object} from what {@link derived} gives
 * @returns {string} a Markdown table
 */
export function renderParameters(from) {
  const lines = SIZES.map((rows) => {
    const plan = from.planBuckets([rows, rows], undefined, from.BUCKET_ROWS);
    const { encoding, vole } = from.sizesOf(plan, 0, from.tagBytes(rows, rows));
    const percent = Math.round(100 * (encoding.starts / encoding.rows - 1));
    const encodings = Math.log2(plan.buckets * from.ENCODINGS_MAX);
    const failure = from.okvsFailureBits(encoding.rows, percent) - encodings;
    const linear = -vole.noise * Math.log2(1 - from.VOLE_TABLE.pseudoDistance);
    const bytes = [0, 1].map((rank) => from.psiCost(from.rr22, rows, rows, rank).bytes);
    const cells = [
      rows.toLocaleString('en'),
      plan.buckets.toLocaleString('en'),
      plan.room[0].toLocaleString('en'),
      `${percent} %, ${encoding.band} bits`,
      `2^-${Math.floor(failure * 10) / 10}`,
      `${vole.noise} of ${vole.columns.toLocaleString('en')}`,
      Math.floor(linear).toString(),
      (8 * from.tagBytes(rows, rows)).toString(),
      ((bytes[0] + bytes[1]) / rows).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| rows of either table | buckets | room of one | encoding: more columns, band | all encodings of a run fail with at most | noise of the code’s columns | bits, linear test | bits of a tag | bytes an id |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/** Rows of either table. */
const BINS_SIZES = [1_000, 100_000, 1_000_000, 12_000_000];

/**
 * @param {object} from what {@link derived} gives
 * @returns {string} a Markdown table
 */
export function renderBins(from) {
  const lines = BINS_SIZES.map((rows) => {
    const plan = from.planBins(rows, rows, 1);
    const { hints, allBins } = plan.sizes;
    const percent = Math.round(100 * (hints.starts / hints.rows - 1));
    const encodings = Math.log2(plan.buckets * from.ENCODINGS_MAX);
    const failure = from.okvsFailureBits(hints.rows, percent) - encodings;
    const bytes = (columns) =>
      [true, false].reduce((sum, holds) => sum + from.binsCost(rows, rows, holds, columns).bytes, 0) / rows;
    const cells = [
      rows.toLocaleString('en'),
      plan.buckets.toLocaleString('en'),
      allBins.toLocaleString('en'),
      plan.bits.toString(),
      `${percent} %`,
      `2^-${Math.floor(failure * 10) / 10}`,
      bytes(1).toFixed(1),
      (bytes(3) - bytes(1)).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| rows of either table | buckets | bins | bits of a word | store of hints: more columns | all stores of a run fail with at most | bytes a row of each, one column | each two columns more |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/**
 * @param {string} page docs/psi-shares.md
 * @param {object} from
 * @returns {string} the page with its table
 */
export function withBins(page, from) {
  return withTable(page, 'bins', renderBins(from), 'parameters');
}

/**
 * @param {string} page docs/psi-rr22.md
 * @param {object} from
 * @returns {string} the page with its table
 */
export function withParameters(page, from) {
  return withTable(page, 'rr22', renderParameters(from), 'parameters');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const from = await derived();
  for (const [name, withTables] of [
    ['psi-rr22', withParameters],
    ['psi-shares', withBins],
  ]) {
    const path = join(root, `docs/${name}.md`);
    const before = readFileSync(path, 'utf8');
    const page = withTables(before, from);
    if (page !== before) writeFileSync(path, page);
  }
}
