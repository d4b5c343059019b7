// `npm test`: installs what is missing, builds, runs every check and every test, and ends with `N passed, N failed`.
// For developers: `node scripts/test.mjs --only PATTERN` runs only the test files whose path contains PATTERN,
// `--verbose` prints each test.
import { ensureInstalled } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { build, checks } from './test/checks.mjs';
import { findTestFiles, runTestFiles } from './test/run-files.mjs';
import { Summary } from './test/summary.mjs';

const values = optionsOf(import.meta.url, {
  only: { type: 'string' },
  verbose: { type: 'boolean', default: false },
});

ensureInstalled();
// Ctrl-C ends the test processes, too: they are in groups of their own, which the terminal does not reach.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const summary = new Summary({ verbose: values.verbose });

summary.check(await build());
if (values.only === undefined) {
  for (const check of checks) summary.check(await check());
}
// Also when a type is wrong somewhere: tsc emits all the same, and one run should tell everything.
const files = findTestFiles(values.only);
if (files.length === 0)
  summary.problem('tests', 'No test file was found; something is wrong with the build.');
await runTestFiles(files, summary);

summary.print();
process.exit(summary.exitCode);
