import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { errorCatalogue } from '../../src/base/error-catalogue.ts';
import type { ErrorEntry } from '../../src/base/error-entry.ts';
import { failureCodes } from '../../src/base/failure-codes.ts';
import { type ProjectFile, projectFiles, projectRoot } from './project-files.ts';

type Catalogue = Readonly<Record<string, ErrorEntry>>;
interface GenDocs {
  renderErrors(catalogue: Catalogue, codes: typeof failureCodes): string;
}

const { renderErrors } = (await import(
  pathToFileURL(join(projectRoot, 'scripts/gen-docs.mjs')).href
)) as GenDocs;

const isProduct = ({ path }: ProjectFile): boolean =>
  /^src\/.*\.ts$/.test(path) && !path.startsWith('src/base/catalogue/') && !path.endsWith('.test.ts');

/**
 * Codes that stand in string literals of the product. Names of environment variables are read from `env`, not thrown.
 */
function codesIn(files: readonly ProjectFile[]): Set<string> {
  return new Set(
    files.flatMap(({ text }) =>
      [...text.matchAll(/['"`](PRIVITY_[A-Z0-9_]+)\b/g)].map(([, code]) => code ?? ''),
    ),
  );
}

function compare(
  catalogue: Catalogue,
  files: readonly ProjectFile[],
): { unlisted: string[]; unused: string[] } {
  const used = codesIn(files);
  return {
    unlisted: [...used].filter((code) => !Object.hasOwn(catalogue, code)),
    unused: Object.keys(catalogue).filter((code) => !used.has(code)),
  };
}

function thin(catalogue: Catalogue): string[] {
  return Object.entries(catalogue)
    .filter(([, entry]) => [entry.means, entry.causes, entry.remedy].some((text) => text.trim().length < 5))
    .map(([code]) => code);
}

describe('error catalogue', () => {
  const files = projectFiles('src').filter(isProduct);

  it('lists every code that the product uses, and no other', () => {
    assert.deepEqual(compare(errorCatalogue, files), { unlisted: [], unused: [] });
  });

  it('advises --setting wherever it advises --inputs, which is for files alone', () => {
    const advising = Object.entries(errorCatalogue).filter(([, { remedy }]) => remedy.includes('--inputs'));
    assert.ok(advising.length > 0);
    for (const [code, { remedy }] of advising) assert.match(remedy, /--setting /, code);
  });

  it('finds a planted code on either side', () => {
    const code = `PRIVITY_${'PLANTED'}`;
    const planted = { path: 'src/x.ts', text: `throw new UsageError('${code}', 'x')` };
    const { PRIVITY_INTERNAL: entry, ...without } = errorCatalogue;
    assert.ok(compare(errorCatalogue, [...files, planted]).unlisted.includes(code));
    assert.ok(compare(without, files).unlisted.includes('PRIVITY_INTERNAL'));
    assert.ok(compare({ ...errorCatalogue, [code]: entry }, files).unused.includes(code));
  });

  it('says for every code what it means, why it happens and what to do', () => {
    assert.deepEqual(thin(errorCatalogue), []);
    const empty = { failure: 'INTERNAL', means: 'x', causes: '', remedy: '' } as const;
    assert.deepEqual(thin({ PRIVITY_PLANTED: empty }), ['PRIVITY_PLANTED']);
  });

  it('has every failure code in use, in the product or in the catalogue', () => {
    const text = files
      .filter(({ path }) => path !== 'src/base/failure-codes.ts')
      .map((file) => file.text)
      .join('\n');
    const named = new Set(Object.values(errorCatalogue).map((entry): string => entry.failure));
    const unused = Object.keys(failureCodes).filter(
      (code) => !named.has(code) && !text.includes(`'${code}'`),
    );
    assert.deepEqual(unused, []);
  });

  it('docs/errors.md is what the catalogue says (npm run gen writes it)', () => {
    const page = readFileSync(join(projectRoot, 'docs/errors.md'), 'utf8');
    assert.equal(page, renderErrors(errorCatalogue, failureCodes));
  });

  it('the page notices a changed entry', () => {
    const changed = {
      ...errorCatalogue,
      PRIVITY_INTERNAL: { ...errorCatalogue.PRIVITY_INTERNAL, remedy: 'Nothing can be done.' },
    };
    assert.notEqual(renderErrors(changed, failureCodes), renderErrors(errorCatalogue, failureCodes));
  });
});
