// `npm run test:postgres [-- --verbose]`: the tests of what a node keeps, against a real PostgreSQL that this starts in
// a temporary folder on a free port of loopback, and ends afterwards. Where there is none, it says how to have one.
import { ensureInstalled } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { build } from './test/checks.mjs';
import { findPostgres, HOW_TO_HAVE_IT, startPostgres } from './test/postgres-server.mjs';
import { findTestFiles, runTestFiles } from './test/run-files.mjs';
import { Summary } from './test/summary.mjs';

const values = optionsOf(import.meta.url, { verbose: { type: 'boolean', default: false } });

ensureInstalled();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const bin = await findPostgres();
if (bin === undefined) {
  console.error(HOW_TO_HAVE_IT);
  process.exit(69);
}
const summary = new Summary({ verbose: values.verbose });
summary.check(await build());
const server = await startPostgres(bin);
try {
  await runTestFiles(findTestFiles('test/compliance/node-store-postgres'), summary, {
    env: { PRIVITY_TEST_POSTGRES: server.url },
  });
} finally {
  await server.stop();
}
summary.print();
process.exit(summary.exitCode);
