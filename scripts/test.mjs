// `npm test`: installs what is missing, builds, runs every check and every test, and ends with `N passed, N failed`.
// For developers: `node scripts/test.mjs --only PATTERN` runs only the test files whose path contains PATTERN,
// `--verbose` prints each test. `--long` (`npm run test:long`) runs what `npm test` left out: files named
// `.long.test.ts`, and those that try a share of many cases, with all of them (PRIVITY_TEST_EFFORT=1; `npm test` takes
// a tenth). Then, under other versions of Node.js, those that meet what differs between them: sockets, processes,
// workers, loading of jobs, addons.
import { readFileSync } from 'node:fs';
import { ensureInstalled } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { build, checks } from './test/checks.mjs';
import { longForm, shortForm } from './test/forms.mjs';
import { otherNodes } from './test/other-nodes.mjs';
import { findTestFiles, nameOf, runTestFiles } from './test/run-files.mjs';
import { Summary } from './test/summary.mjs';

/** Where versions of Node.js differ, as far as Privity meets it. */
const OF_NODE =
  /^(src\/(base|wire|data|psi|engine|transport|supervisor|program)|test\/(transport|interop|vectors|cli\/real-run|sandbox\/runs|faults\/seven-failures))/;

const values = optionsOf(import.meta.url, {
  only: { type: 'string' },
  verbose: { type: 'boolean', default: false },
  long: { type: 'boolean', default: false },
});

ensureInstalled();
// Ctrl-C ends the test processes, too: they are in groups of their own, which the terminal does not reach.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const summary = new Summary({ verbose: values.verbose });

summary.check(await build());
if (values.only === undefined && !values.long) {
  for (const check of checks) summary.check(await check());
}
// Also when a type is wrong somewhere: tsc emits all the same, and one run should tell everything.
const files = findTestFiles(values.only);
if (files.length === 0)
  summary.problem('tests', 'No test file was found; something is wrong with the build.');
if (values.long) await runLong(files);
else await runTestFiles(values.only === undefined ? shortForm(files) : files, summary);

summary.print();
process.exit(summary.exitCode);

async function runLong(all) {
  const left = longForm(all, (file) => readFileSync(file, 'utf8'));
  if (left.length === 0)
    summary.problem('long form', 'npm test leaves nothing out: something is wrong with the build.');
  await runTestFiles(left, summary, { env: { PRIVITY_TEST_EFFORT: '1' } });
  for (const { major, path, why } of otherNodes()) {
    if (path === undefined) summary.leaveOut(`the tests under Node.js ${major}: ${why}`);
    else
      await runTestFiles(
        shortForm(all).filter((file) => OF_NODE.test(nameOf(file))),
        summary,
        { node: path, label: `node ${major}` },
      );
  }
}
