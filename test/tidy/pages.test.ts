import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { compile } from './compile-blocks.ts';
import { type Block, blocks, brokenLinks, isPage, missingFiles, staleCopies } from './pages.ts';
import { listing, type ProjectFile, projectFiles, projectRoot } from './project-files.ts';

const pages = projectFiles().filter(isPage);
const exists = (path: string): boolean => existsSync(join(projectRoot, path));
const read = (path: string): string | undefined =>
  exists(path) ? readFileSync(join(projectRoot, path), 'utf8') : undefined;
const page = (text: string): ProjectFile[] => [{ path: 'docs/planted.md', text }];

describe('pages', () => {
  it('links lead somewhere', () => {
    assert.ok(pages.length > 5, `only ${pages.length} pages were read`);
    assert.equal(listing(brokenLinks(pages, exists)), '');
  });

  it('finds planted broken links', () => {
    const found = brokenLinks(
      page('[a](nowhere.md) [b](#none) [c](https://example.org)\n\n# Some heading\n'),
      exists,
    );
    assert.equal(found.length, 2, listing(found));
    assert.deepEqual(brokenLinks(page('[a](#some-heading)\n\n# Some heading\n'), exists), []);
  });

  it('name files that are there', () => {
    assert.equal(listing(missingFiles(pages, exists)), '');
    const planted = page('`src/base/errors.ts`, `src/base/gone.ts`, `bench/results/NAME.json`\n');
    assert.equal(missingFiles(planted, exists).length, 1);
  });

  it('blocks that show a file show the file as it is', () => {
    assert.ok(
      blocks(pages).some(({ info }) => info.includes('file=')),
      'no page shows a file',
    );
    assert.equal(listing(staleCopies(pages, read)), '');
    assert.equal(staleCopies(page('```ts file=src/index.ts\nnot that\n```\n'), read).length, 1);
  });

  describe('TypeScript blocks', () => {
    const snippets = blocks(pages).filter(({ language }) => language === 'ts');
    const bad: Block = {
      path: 'docs/planted.md',
      line: 1,
      language: 'ts',
      info: '',
      text: "import { job } from 'privity';\nexport const x: number = 'text';\nvoid job;\n",
    };
    let messages: string[] = [];

    before(() => {
      messages = compile([...snippets, bad]);
    });

    it('compile', () => {
      assert.ok(snippets.length > 0, 'no page has a TypeScript block');
      assert.deepEqual(
        messages.filter((message) => !message.startsWith(bad.path)),
        [],
      );
    });

    it('a planted type error is noticed, and nothing else in its block', () => {
      const found = messages.filter((message) => message.startsWith(bad.path));
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', /not assignable/);
    });
  });
});
