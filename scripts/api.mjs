// `npm run api`: rewrites api/*.api.md, the reports of the public surface of what is built in dist/.
// test/tidy/api-report.test.ts compares them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

ensureInstalled();
let status = 0;
for (const config of ['api/privity.json', 'api/testing.json', 'api/control.json', 'api/stats.json']) {
  const args = [
    join(root, 'node_modules/@microsoft/api-extractor/bin/api-extractor'),
    'run',
    '--local',
    '--config',
    config,
  ];
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) status = 1;
}
process.exit(status);
