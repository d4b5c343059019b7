import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { errorCatalogue } from '../../src/base/error-catalogue.ts';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import { projectRoot } from './project-files.ts';

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

describe('docs/psi.md', () => {
  it('has a row for every code that an intersection can end with, as the code declares them', () => {
    const heads = read('src/psi/align.ts').match(/@throws [^@]*/g) ?? [];
    const codes = heads.join('').match(/PRIVITY_[A-Z_]+/g) ?? [];
    assert.ok(codes.length >= 8, 'the codes were not found');
    const rows = read('docs/psi.md').split('\n');
    for (const code of codes) {
      const entry = Object.entries(errorCatalogue).find(([name]) => name === code);
      assert.ok(entry);
      // What only a call can be wrong about depends on no data.
      if (entry[1].failure === 'USAGE') continue;
      const row = rows.find((line) => line.startsWith('|') && line.includes(`\`${code}\``));
      assert.ok(row?.split('|')[1]?.includes(`\`${entry[1].failure}\``), `${code}: ${entry[1].failure}`);
    }
  });

  it('has a row for every protocol that psi can be asked to run, with its limit', () => {
    const section = read('docs/psi.md')
      .split('\n## ')
      .find((part) => part.startsWith('Protocols\n'));
    const rows = section?.split('\n').filter((line) => line.startsWith('| `')) ?? [];
    assert.deepEqual(
      rows.map((line) => [line.match(/`(\w+)`/)?.[1], line.split('|')[2]?.trim().replaceAll(',', '')]),
      Object.values(psiProtocols).map(({ name, rowsMax }) => [name, String(rowsMax)]),
    );
  });
});
