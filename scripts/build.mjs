// Compiles src, test, bench, examples, templates and kernels into dist/, and drops compiled files whose source is gone.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { buildKernels } from './kernels.mjs';

ensureInstalled();
const dist = join(root, 'dist');

for (const area of ['src', 'test', 'bench', 'examples', 'templates']) {
  if (!existsSync(join(dist, area))) continue;
  for (const file of readdirSync(join(dist, area), { recursive: true })) {
    const match = /^(.*)\.(?:js|d\.ts|js\.map)$/.exec(String(file));
    if (match && !existsSync(join(root, area, `${match[1]}.ts`))) rmSync(join(dist, area, String(file)));
  }
}

const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', root], {
  stdio: ['ignore', 2, 2],
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);
for (const [target, source] of [
  ['src/secure/kernels/ring.wasm', 'kernels/ring.ts'],
  ['src/secure/correlation/ot.wasm', 'kernels/ot.ts'],
  ['src/psi/rows/psi.wasm', 'kernels/psi.ts'],
  ['src/psi/vole/vole.wasm', 'kernels/vole.ts'],
  ['src/psi/ids/ids.wasm', 'kernels/psi-ids.ts'],
]) {
  const kernels = buildKernels(join(dist, target), source);
  if (kernels.ok) continue;
  console.error(kernels.output);
  process.exit(1);
}
const main = join(dist, 'src/cli/main.js');
if (existsSync(main)) chmodSync(main, 0o755);
