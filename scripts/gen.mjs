// Regenerates src/wire/gen from proto/. `node scripts/gen.mjs DIR` writes to DIR instead (the drift test uses that).
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ensureInstalled, root } from './ensure-installed.mjs';

ensureInstalled();
const out = process.argv[2];
const template = readFileSync(`${root}buf.gen.yaml`, 'utf8');
const args = ['generate'];
if (out) {
  const redirected = template.replace('src/wire/gen', out);
  args.push('--template', JSON.stringify((await import('yaml')).parse(redirected)));
}
const result = spawnSync(`${root}node_modules/.bin/buf`, args, { cwd: root, stdio: ['ignore', 2, 2] });
process.exit(result.status ?? 1);
