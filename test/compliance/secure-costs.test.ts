import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Cost } from '../../src/secure/cost.ts';
import type { ProtocolCosts } from '../../src/secure/protocols/protocol.ts';
import { rep3Costs } from '../../src/secure/protocols/rep3/costs.ts';
import { projectRoot } from '../tidy/project-files.ts';

interface Generator {
  renderCosts(costs: unknown): string;
  withTable(page: string, name: string, table: string, kind?: string): string;
  declaredBounds(): Promise<Readonly<Record<string, object>>>;
  renderBounds(rules: unknown): string;
  declaredProtocols(): Promise<Readonly<Record<string, object>>>;
  renderProtocols(protocols: unknown): string;
  declaredCosts(): Promise<Record<string, ProtocolCosts>>;
  operationRows(declared: unknown): readonly unknown[];
  declaredOperations(): Promise<Readonly<Record<string, unknown>>>;
  renderOperations(rows: readonly unknown[], costs: unknown): string;
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

  it('has the costs that the code declares (npm run gen writes them)', async () => {
    const declared = Object.entries(await declaredCosts());
    assert.ok(declared.length >= 4);
    for (const [name, costs] of declared) assert.equal(page, withTable(page, name, renderCosts(costs)), name);
  });

  it('has the costs that operations declare', async () => {
    const table = renderOperations(
      operationRows(await generator.declaredOperations()),
      await declaredCosts(),
    );
    assert.equal(page, withTable(page, 'operations', table));
  });

  it('has the rule of every operation, and finds a changed one', async () => {
    const rules = await generator.declaredBounds();
    assert.equal(page, withTable(page, 'operations', generator.renderBounds(rules), 'bounds'));
    const changed = { ...rules, exp: { ...rules.exp, domain: 'any' } };
    assert.notEqual(page, withTable(page, 'operations', generator.renderBounds(changed), 'bounds'));
  });

  it('would be found out of date where an operation costs more', async () => {
    const declared = await generator.declaredOperations();
    const opCosts = { ...(declared.opCosts as object), exp: () => ({ rounds: 22, bytes: [1] }) };
    const table = renderOperations(operationRows({ ...declared, opCosts }), await declaredCosts());
    assert.notEqual(page, withTable(page, 'operations', table));
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
