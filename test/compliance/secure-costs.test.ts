import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { projectRoot } from '../tidy/project-files.ts';

interface Generator {
  renderCosts(costs: unknown): string;
  withTable(page: string, name: string, table: string): string;
}

describe('docs/protocols.md', async () => {
  const script = pathToFileURL(join(projectRoot, 'scripts/gen-protocols.mjs')).href;
  const { renderCosts, withTable } = (await import(script)) as Generator;
  const page = readFileSync(join(projectRoot, 'docs/protocols.md'), 'utf8');

  it('has the costs that the code declares (npm run gen writes them)', () => {
    assert.equal(page, withTable(page, 'rep3', renderCosts(rep3Costs)));
  });

  it('would be found out of date', () => {
    const changed = { ...rep3Costs, mulSS: rep3Costs.eqzS };
    assert.notEqual(page, withTable(page, 'rep3', renderCosts(changed)));
    assert.throws(() => withTable('no markers', 'rep3', ''), /no place/);
  });

  it('are within what the design allows', () => {
    const mean = ({ bytes }: { bytes: readonly number[] }): number =>
      bytes.reduce((sum, own) => sum + own, 0) / bytes.length / 64;
    const within = (
      found: { rounds: number; bytes: readonly number[] },
      rounds: number,
      bytes: number,
    ): void => {
      assert.ok(found.rounds <= rounds, `${found.rounds} rounds`);
      assert.ok(mean(found) <= bytes + 0.05, `${mean(found)} bytes`);
    };
    within(rep3Costs.mulSS(64), 1, 8);
    within(rep3Costs.mulTruncSS(64, 18), 2, 10.25);
    within(rep3Costs.andSS(64, 1), 1, 0.125);
    within(rep3Costs.msbS(64), 8, 25.4);
    within(rep3Costs.a2b(64, 64), 8, 51);
    within(rep3Costs.eqzS(64), 7, 10.5);
    within(rep3Costs.bit2a(64), 2, 8);
  });
});
