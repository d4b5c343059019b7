// Compiles a file of kernels/ to WebAssembly with AssemblyScript, when the source or the compiler has changed. Nothing
// that depends on the machine goes into the file: the same source gives the same bytes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { root } from './ensure-installed.mjs';

const compiler = join(root, 'node_modules/assemblyscript');
const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'bulk-memory'];

/** A file of kernels/ and the files that it imports, of which a change is one of it: a set, in the order of imports. */
export function sourcesOf(source, met = new Set()) {
  if (met.has(source)) return met;
  met.add(source);
  const text = readFileSync(join(root, source), 'utf8');
  for (const [, name] of text.matchAll(/ from '(\.[^']*)'/g)) {
    sourcesOf(posix.join(posix.dirname(source), `${name}.ts`), met);
  }
  return met;
}

/** What the result depends on. */
function fingerprint(source) {
  const hash = createHash('sha256').update(flags.join(' '));
  for (const one of sourcesOf(source)) hash.update(`${one}\n`).update(readFileSync(join(root, one)));
  return hash.update(readFileSync(join(compiler, 'package.json'))).digest('hex');
}

/**
 * @param {string} target path of the .wasm file
 * @param {string} source path below the root
 * @returns {{ok: boolean, output: string}}
 */
export function buildKernels(target, source = 'kernels/ring.ts') {
  const stamp = `${target}.stamp`;
  const wanted = fingerprint(source);
  if (existsSync(target) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted)
    return { ok: true, output: '' };
  mkdirSync(dirname(target), { recursive: true });
  const asc = spawnSync(process.execPath, [join(compiler, 'bin/asc.js'), source, '-o', target, ...flags], {
    cwd: root,
    encoding: 'utf8',
  });
  if (asc.status !== 0) return { ok: false, output: `${asc.stdout}${asc.stderr}` };
  writeFileSync(stamp, wanted);
  return { ok: true, output: '' };
}
