/**
 * What a release is called stands in several places: they agree, and what is needed to try the next version against it
 * is there.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { projectRoot } from './project-files.ts';

const read = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');
const { version } = JSON.parse(read('package.json')) as { version: string };

/** Why headings and a version do not agree; undefined if they do. */
function disagreement(changelog: string, packaged: string): string | undefined {
  const [unreleased, ...releases] = [...changelog.matchAll(/^## (.*)$/gm)].map(
    ([, heading]) => heading ?? '',
  );
  if (unreleased !== 'Unreleased') return 'the first heading is not "Unreleased"';
  const wrong = releases.find(
    (heading) => !/^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/.test(heading) && heading !== '0.1.0',
  );
  if (wrong !== undefined) return `"${wrong}" is not VERSION - DATE`;
  const last = releases[0]?.split(' ')[0];
  return last === packaged ? undefined : `the last release is ${last}, the package is ${packaged}`;
}

describe('the version of a release', () => {
  it('is the same in CHANGELOG.md, package.json and its lockfile', () => {
    assert.equal(disagreement(read('CHANGELOG.md'), version), undefined);
    const lock = JSON.parse(read('package-lock.json')) as {
      version: string;
      packages: Record<string, { version: string }>;
    };
    assert.deepEqual([lock.version, lock.packages['']?.version], [version, version]);
  });

  it('finds planted differences', () => {
    const of = (...headings: string[]): string => headings.map((heading) => `## ${heading}\n`).join('\n');
    assert.equal(disagreement(of('Unreleased', '0.2.0 - 2026-01-31', '0.1.0'), '0.2.0'), undefined);
    assert.match(
      disagreement(of('Unreleased', '0.2.0 - 2026-01-31', '0.1.0'), '0.1.0') ?? '',
      /0\.2\.0.*0\.1\.0/,
    );
    assert.match(disagreement(of('Unreleased', '0.2.0', '0.1.0'), '0.2.0') ?? '', /VERSION - DATE/);
    assert.match(disagreement(of('0.1.0'), '0.1.0') ?? '', /Unreleased/);
  });

  it('has a recording against which this version is tried', () => {
    for (const file of ['hello.json', 'alice.party.yaml', 'federation.yaml', 'alice.report.json'])
      assert.ok(existsSync(join(projectRoot, 'test/upgrade/recorded', version, file)), `${version}/${file}`);
  });
});
