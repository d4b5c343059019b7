import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { coverageIn, coverageTable, writeCoverage } from './coverage.ts';
import { scenarios } from './scenarios.ts';

const page = readFileSync(fileURLToPath(new URL('../../../docs/faults.md', import.meta.url)), 'utf8');

describe('what the fault matrix covers', () => {
  it('is what docs/faults.md says (npm run faults -- --coverage writes it)', () => {
    assert.equal(coverageIn(page), coverageTable());
  });

  it('is written between the marks of the page, and nowhere else', () => {
    const root = mkdtempSync(join(tmpdir(), 'privity-coverage-'));
    const file = join(root, 'docs', 'faults.md');
    try {
      mkdirSync(join(root, 'docs'));
      writeFileSync(file, page.replace('| abort |', '| something else |'));
      assert.equal(writeCoverage(root), true);
      assert.equal(readFileSync(file, 'utf8'), page);
      writeFileSync(file, 'no marks');
      assert.equal(writeCoverage(root), false);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('is seen to change with a scenario', () => {
    const [first] = scenarios;
    assert.ok(first);
    const fewer = scenarios.filter(({ name }) => name !== 'abort, mid-task, bob of 5');
    assert.match(coverageTable(fewer), /^\| abort \|.*\| 2 3 \|/m);
    assert.match(coverageTable(), /^\| abort \|.*\| 2 3 5 \|/m);
    assert.match(coverageTable([first]), /^\| throw \| b \| a \| a \| a \| 2 \|/m);
  });
});
