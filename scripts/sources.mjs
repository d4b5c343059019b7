// `npm run test:sources [-- --verbose]`: the tests of sources of datasets against a real PostgreSQL and a real storage
// of objects (S3), which this starts in temporary folders on free ports of loopback and ends afterwards. On a machine
// that lacks something it says how to have it.
import { rm } from 'node:fs/promises';
import { ensureInstalled } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { build } from './test/checks.mjs';
import { findPostgres, HOW_TO_HAVE_IT, startPostgres } from './test/postgres-server.mjs';
import { findTestFiles, runTestFiles } from './test/run-files.mjs';
import { extensionsFolder, makeCertificate, startStorage } from './test/source-servers.mjs';
import { Summary } from './test/summary.mjs';

const values = optionsOf(import.meta.url, { verbose: { type: 'boolean', default: false } });

ensureInstalled();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const bin = await findPostgres();
if (bin === undefined) lacking(HOW_TO_HAVE_IT);
const summary = new Summary({ verbose: values.verbose });
const ends = [];
try {
  const extensions = await extensionsFolder().catch(({ message }) => lacking(message));
  const tls = await makeCertificate().catch(({ message }) => lacking(message));
  ends.push(() => rm(tls.folder, { recursive: true, force: true }));
  summary.check(await build());
  const postgres = await startPostgres(bin);
  ends.push(() => postgres.stop());
  const storage = await startStorage().catch(({ message }) => lacking(message));
  ends.push(() => storage.stop());
  const secure = await startStorage(tls);
  ends.push(() => secure.stop());
  const servers = {
    extensions,
    postgres: postgres.url,
    storage: storage.port,
    secureStorage: secure.port,
    ...tls,
  };
  await runTestFiles(findTestFiles('test/sources/'), summary, {
    env: { PRIVITY_TEST_SOURCES: JSON.stringify(servers) },
  });
} finally {
  for (const end of ends.reverse()) await end();
}
summary.print();
process.exit(summary.exitCode);

function lacking(words) {
  console.error(words);
  process.exit(69);
}
