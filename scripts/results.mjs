// Results files in bench/results/: what was measured, by which command, when, from which commit, on what kind of
// machine, and how busy that was.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { root } from './ensure-installed.mjs';

const folder = join(root, 'bench/results');

/** @returns {{ kind: string, node: string }} the machine by its kind, never by its name */
export function machine() {
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const model = cpus()[0]?.model.trim();
  return {
    kind: `${platform()} ${arch()}, ${cpus().length} cores${model ? ` (${model})` : ''}, ${memory} GiB`,
    node: process.versions.node,
  };
}

/** @returns {object} what has to be known of a measurement that begins now */
export function circumstances() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const { kind, node } = machine();
  const code = ['src', 'kernels', 'proto', 'package-lock.json'];
  const changed = git('status', '--porcelain', '--', ...code) !== '';
  return {
    source: 'measured',
    date: new Date().toISOString().slice(0, 10),
    // The last one that changed what is measured.
    commit: `${git('log', '-1', '--format=%h', '--', ...code) || 'unknown'}${changed ? ' and changes' : ''}`,
    node,
    machine: kind,
    // Processes that wanted to run, in the minute before: those of others, and of the benchmark before this one.
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** @param {string} name of the benchmark @param {object} result */
export function save(name, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.json`), textOf(result));
}

/** A figure or a row of a table is one line, so that a change of one is a change of one line. */
function textOf(result) {
  const lines = (list) => `[\n${list.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`;
  const entries = Object.entries(result).map(
    ([key, value]) =>
      `  "${key}": ${/^(figures|rows|lines)$/.test(key) ? lines(value) : JSON.stringify(value)}`,
  );
  return `{\n${entries.join(',\n')}\n}\n`;
}

/**
 * @param {string} text with Markdown tables, as the scripts of peers and faults print them
 * @param {number} keys columns that name a row
 * @returns {{ columns: string[], keys: number, rows: string[][] }[]} the tables, as results files hold them
 */
export function tablesIn(text, keys) {
  const cells = (line) =>
    line
      .trim()
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
  return [...text.matchAll(/^\|.*\|\n\| *:?-.*\|\n(?:\|.*\|(?:\n|$))*/gm)].map(([table]) => {
    const [columns, , ...rows] = table.trim().split('\n').map(cells);
    return { columns, keys, rows };
  });
}

/** @returns {Record<string, object>} all results files, by name */
export function savedResults() {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .sort()
      .map((file) => [basename(file, '.json'), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
}
