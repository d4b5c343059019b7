// `npm run check`: the minute of a developer. Types, lint, then the unit tests of the rooms that changed and of all
// rooms above them (the table in docs/architecture.md), and the tests in test/ that were changed themselves. What
// changed: what is not committed; if that is nothing, the last commit. `--since REF` compares with another commit,
// `--list` only says what would run, `--verbose` names each test. It is no `npm test`: tests that start parties run
// there.
import { execFileSync } from 'node:child_process';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { affectedRooms, affectedTests } from './test/affected.mjs';
import { build, lint } from './test/checks.mjs';
import { findTestFiles, nameOf, runTestFiles } from './test/run-files.mjs';
import { Summary } from './test/summary.mjs';

const values = optionsOf(import.meta.url, {
  since: { type: 'string' },
  list: { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
});

const git = (...args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');

function changedFiles() {
  const against = (ref) => git('diff', '--name-only', ref, '--');
  const open = [...against(values.since ?? 'HEAD'), ...git('ls-files', '--others', '--exclude-standard')];
  return open.length > 0 || values.since !== undefined ? open : against('HEAD~1');
}

let changed;
try {
  changed = changedFiles();
} catch (error) {
  console.error(
    `git cannot say what changed: ${String(error.stderr ?? error.message).trim()}. \`npm test\` runs everything.`,
  );
  process.exit(64);
}
const rooms = affectedRooms(changed);
console.log(
  `${changed.length} ${changed.length === 1 ? 'file' : 'files'} changed; rooms to test: ${rooms.join(', ') || 'none'}`,
);
ensureInstalled();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const summary = new Summary({ verbose: values.verbose });
if (!values.list) {
  summary.check(await build());
  summary.check(await lint());
}
const byName = new Map(findTestFiles().map((file) => [nameOf(file), file]));
const names = affectedTests(changed, [...byName.keys()]);
if (values.list) {
  console.log(names.join('\n'));
  process.exit(0);
}
await runTestFiles(
  names.map((name) => byName.get(name)),
  summary,
);
summary.print();
process.exit(summary.exitCode);
