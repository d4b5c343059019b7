// `npm run api`: rewrites api/*.api.md, the reports of the public surface. With `--check` it only compares (the tidy test).
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled, root } from './ensure-installed.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
ensureInstalled();
let status = 0;
for (const config of ['api/privity.json', 'api/testing.json']) {
  const args = [
    join(root, 'node_modules/@microsoft/api-extractor/bin/api-extractor'),
    'run',
    '--config',
    config,
  ];
  if (!values.check) args.push('--local');
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) status = 1;
}
process.exit(status);
