import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listing, type ProjectFile, projectFiles } from './project-files.ts';
import { COMMENT_COLUMNS_MAX, SOURCE_LINES_MAX, textRules, violations } from './text-rules.ts';

const files = projectFiles();

/** For each rule a file that it must find, and one beside it that it must not. */
const planted: Readonly<Record<keyof typeof textRules, { bad: ProjectFile; good: ProjectFile }>> = {
  fileLength: {
    bad: { path: 'src/program/long.ts', text: '\n'.repeat(SOURCE_LINES_MAX + 1) },
    good: { path: 'src/program/long.ts', text: '\n'.repeat(SOURCE_LINES_MAX) },
  },
  fileName: {
    bad: { path: 'src/program/utils.ts', text: '' },
    good: { path: 'src/program/loading/load-job.test.ts', text: '' },
  },
  machinePaths: {
    bad: { path: 'docs/x.md', text: `see ${['', 'work', 'main', 'x'].join('/')}` },
    good: { path: 'docs/x.md', text: 'see docs/work/main and the home/page' },
  },
  registryHosts: {
    bad: { path: '.npmrc', text: `registry=https://${['registry', 'npmjs', 'org'].join('.')}/` },
    good: { path: 'README.md', text: 'https://nodejs.org/' },
  },
  lockfile: {
    bad: { path: 'package-lock.json', text: `"${'res'}olved": "https://example.org/x.tgz"` },
    good: { path: 'package-lock.json', text: '"version": "1.0.0"' },
  },
  unfinished: {
    bad: { path: 'src/base/x.ts', text: `// ${'TO'}DO later` },
    good: { path: 'src/base/x.ts', text: '// done' },
  },
  skippedTests: {
    bad: { path: 'src/base/x.test.ts', text: `it.${'on'}ly('x', () => {})` },
    good: { path: 'src/base/x.test.ts', text: "it('skips only what is done', () => {})" },
  },
  assertionFree: {
    bad: { path: 'src/base/x.test.ts', text: "it('runs', () => { f(); })" },
    good: { path: 'src/base/x.test.ts', text: "it('runs', () => { assert.ok(f()); })" },
  },
  commentWidth: {
    bad: { path: 'src/base/x.ts', text: `  /** ${'why '.repeat(COMMENT_COLUMNS_MAX / 4)}*/` },
    good: {
      path: 'src/base/x.ts',
      text: `// ${'x'.repeat(COMMENT_COLUMNS_MAX - 3)}\nconst long = '${'x'.repeat(COMMENT_COLUMNS_MAX)}';`,
    },
  },
  plainWords: {
    bad: { path: 'src/base/x.ts', text: `/** Told to ${'who'}ever asks. */` },
    good: { path: 'src/base/x.ts', text: '/** Told to everybody who asks. */' },
  },
  silence: {
    bad: { path: 'src/supervisor/x.ts', text: 'link.send(bytes).catch(() => undefined);' },
    good: { path: 'src/supervisor/x.ts', text: "void ignored(link.close(), 'the peer is given up');" },
  },
  screenColumns: {
    bad: { path: 'src/cli/output/x.ts', text: 'const cell = name.padEnd(8);' },
    good: { path: 'src/cli/output/x.ts', text: 'const cell = padEnd(name, 8);' },
  },
};

/** Other ways to count characters, and what only looks like one. */
const counts: Readonly<Record<string, boolean>> = {
  'name.padEnd(label)': true,
  'String(exit).padStart(3)': true,
  'Math.max(...rows.map(([name]) => name.length))': true,
  "String(n).padStart(2, '0')": false,
  'padEnd(name, label)': false,
  'Math.max(...times)': false,
};

/** Other ways to say nothing, and what only looks like one. */
const silences: Readonly<Record<string, boolean>> = {
  'p.catch(() => {})': true,
  'p\n  .catch(() => undefined)': true,
  'p.catch((_e) => null)': true,
  'p.catch(() => [])': true,
  'p.then(done, () => undefined)': true,
  'try { f(); } catch {}': true,
  'try { f(); } catch (error) {\n}': true,
  "void ignored(p, '')": true,
  "void ignored(f(g(), 1), '')": true,
  'p.catch((error) => this.failed(error))': false,
  'try { f(); } catch { // It has ended by itself.\n }': false,
  "await ignored(f(g()), 'it is reported by f')": false,
};

for (const [name, cases] of Object.entries({ silence: silences, screenColumns: counts })) {
  describe(`the rule of ${name}`, () => {
    for (const [text, isBad] of Object.entries(cases)) {
      it(`${isBad ? 'finds' : 'lets through'} ${text.replaceAll('\n', ' ')}`, () => {
        assert.equal(
          violations([{ path: 'src/cli/x.ts', text }], textRules[name] ?? (() => [])).length,
          isBad ? 1 : 0,
        );
      });
    }
  });
}

describe('tidy', () => {
  it('reads the whole project', () => {
    const paths = files.map((file) => file.path);
    for (const path of ['README.md', 'package-lock.json', 'src/index.ts', 'test/tidy/text-rules.ts']) {
      assert.ok(paths.includes(path), `${path} was not read`);
    }
    assert.ok(paths.length > 100, `only ${paths.length} files were read`);
    assert.ok(!paths.some((path) => path.includes('node_modules/')));
  });

  for (const [name, rule] of Object.entries(textRules)) {
    it(`holds: ${name}`, () => {
      assert.equal(listing(violations(files, rule)), '');
    });

    it(`finds a planted violation: ${name}`, () => {
      const pair = planted[name];
      assert.ok(pair, `no violation is planted for ${name}`);
      assert.notEqual(listing(violations([pair.bad], rule)), '');
      assert.equal(listing(violations([pair.good], rule)), '');
    });
  }
});
