import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Cost } from '../../src/secure/cost.ts';
import { operationNamed } from '../../src/secure/ops/catalogue.ts';
import type { Operation } from '../../src/secure/ops/operation.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { projectRoot } from '../tidy/project-files.ts';

interface Declared {
  readonly catalogue: readonly Operation[];
}
interface Generator {
  renderCosts(costs: unknown): string;
  withTable(page: string, name: string, table: string, kind?: string): string;
  declaredProtocols(): Promise<Readonly<Record<string, object>>>;
  renderProtocols(protocols: unknown): string;
  declaredCosts(): Promise<Record<string, ProtocolCosts>>;
  declaredOperations(): Promise<Declared>;
  operationRows(declared: Declared): readonly unknown[];
  renderOperations(rows: readonly unknown[], costs: unknown): string;
  renderBounds(declared: Declared): string;
  renderPages(): Promise<readonly { readonly path: string; readonly text: string }[]>;
}

describe('docs/protocols.md', async () => {
  const script = pathToFileURL(join(projectRoot, 'scripts/gen-protocols.mjs')).href;
  const generator = (await import(script)) as Generator;
  const { renderCosts, withTable, declaredCosts, operationRows, renderOperations } = generator;
  const page = readFileSync(join(projectRoot, 'docs/protocols.md'), 'utf8');

  it('has the table of protocols, and finds a changed one', async () => {
    const listed = await generator.declaredProtocols();
    assert.equal(page, withTable(page, 'protocols', generator.renderProtocols(listed), 'list'));
    const changed = { ...listed, rep3: { ...listed.rep3, members: [3, 4] } };
    assert.notEqual(page, withTable(page, 'protocols', generator.renderProtocols(changed), 'list'));
  });

  it('has what the code declares, and so have other pages (npm run gen writes them)', async () => {
    const pages = await generator.renderPages();
    assert.ok(pages.length >= 2);
    for (const { path, text } of pages)
      assert.equal(readFileSync(join(projectRoot, path), 'utf8'), text, path);
  });

  /** The same operations, one of which is another. */
  const changed = async (name: string, change: Partial<Operation>): Promise<Declared> => {
    const declared = await generator.declaredOperations();
    const catalogue = declared.catalogue.map((one) => (one.name === name ? { ...one, ...change } : one));
    return { ...declared, catalogue };
  };

  it('would be found out of date where an operation has another rule, or costs more', async () => {
    const { bounds } = operationNamed('exp');
    const table = generator.renderBounds(await changed('exp', { bounds: { ...bounds, domain: 'any' } }));
    assert.notEqual(page, withTable(page, 'operations', table, 'bounds'));
    const more = await changed('exp', { cost: () => ({ rounds: 22, bytes: [1] }) });
    const costs = renderOperations(operationRows(more), await declaredCosts());
    assert.notEqual(page, withTable(page, 'operations', costs));
  });

  it('would be found out of date', () => {
    const changed = { ...rep3Costs, mulSS: rep3Costs.eqzS };
    assert.notEqual(page, withTable(page, 'rep3', renderCosts(changed)));
    assert.throws(() => withTable('no markers', 'rep3', ''), /no place/);
  });

  it('of semi2k are within what the design allows', async () => {
    const costs = (await declaredCosts())['semi2k, two members and a dealer'];
    assert.ok(costs);
    const within = ({ rounds, bytes }: Cost, roundsMax: number, bytesMax: number): void => {
      assert.ok(rounds <= roundsMax, `${rounds} rounds`);
      for (const own of bytes) assert.ok(own / 64 <= bytesMax, `${own / 64} bytes`);
    };
    within(costs.mulSS(64), 1, 16);
    within(costs.msbS(64), 7, 38);
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
