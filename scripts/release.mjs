// `npm run release -- --to 0.2.0 [--date 2026-01-31]`: names what stands under "Unreleased" in CHANGELOG.md a version,
// and sets the same version in package.json and its lockfile. Then commit, tag the commit vVERSION, and record the
// release: CONTRIBUTING.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';

const today = new Date().toISOString().slice(0, 10);
const { to, date } = optionsOf(import.meta.url, {
  to: { type: 'string', default: '' },
  date: { type: 'string', default: today },
});
if (!/^\d+\.\d+\.\d+$/.test(to) || !/^\d{4}-\d{2}-\d{2}$/.test(date)) {
  console.error('--to takes a version, --date a date such as 2026-01-31. See --help.');
  process.exit(64);
}

const HEADING = '## Unreleased\n';
const edit = (file, change) =>
  writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8')));
const named = (text) => {
  if (!text.includes(HEADING) || text.includes(`\n## ${to}`)) {
    console.error(`CHANGELOG.md has no "Unreleased", or has ${to} already.`);
    process.exit(64);
  }
  return text.replace(HEADING, `${HEADING}\n## ${to} - ${date}\n`);
};
const withVersion = (text) => {
  const value = JSON.parse(text);
  value.version = to;
  if (value.packages) value.packages[''].version = to;
  return `${JSON.stringify(value, null, 2)}\n`;
};
edit('CHANGELOG.md', named);
for (const file of ['package.json', 'package-lock.json']) edit(file, withVersion);
console.log(
  `${to}: CHANGELOG.md, package.json and package-lock.json name it. Next: commit, tag v${to}, record (CONTRIBUTING.md).`,
);
