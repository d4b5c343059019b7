/** How the developer's commands choose what to run: which share of cases, and which tests a change asks for. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectFiles, projectRoot } from './project-files.ts';

type Effort = typeof import('../effort.ts');

/** The module as a test process with this variable sees it. */
async function withEffort(asked: string | undefined): Promise<Effort> {
  const before = process.env.PRIVITY_TEST_EFFORT;
  if (asked === undefined) delete process.env.PRIVITY_TEST_EFFORT;
  else process.env.PRIVITY_TEST_EFFORT = asked;
  try {
    return (await import(`${new URL('../effort.js', import.meta.url).href}?asked=${asked}`)) as Effort;
  } finally {
    if (before === undefined) delete process.env.PRIVITY_TEST_EFFORT;
    else process.env.PRIVITY_TEST_EFFORT = before;
  }
}

const numbers = Array.from({ length: 10 }, (_, i) => i);

describe('the share of similar cases that is tried', () => {
  it('is a tenth unless told otherwise, and one case at least', async () => {
    const { share, shareOf, oneOfEach } = await withEffort(undefined);
    assert.deepEqual([share(1_000), share(3), share(1)], [100, 1, 1]);
    assert.deepEqual(shareOf(numbers), [0]);
    assert.deepEqual(shareOf(['a'], 3), ['a']);
    assert.deepEqual(
      oneOfEach(numbers, (n) => n % 3),
      [0, 1, 2],
    );
  });

  it('leaves nothing out over as many offsets', async () => {
    const { shareOf } = await withEffort('0.25');
    const all = [0, 1, 2, 3].flatMap((offset) => shareOf(numbers, offset));
    assert.deepEqual(
      all.sort((a, b) => a - b),
      numbers,
    );
  });

  it('is everything in the long run, and more where more is asked for', async () => {
    const { share, shareOf, oneOfEach } = await withEffort('1');
    assert.equal(share(1_000), 1_000);
    assert.deepEqual(shareOf(numbers, 2), numbers);
    assert.deepEqual(
      oneOfEach(numbers, () => 0),
      numbers,
    );
    assert.equal((await withEffort('5')).share(1_000), 5_000);
  });

  it('is a number', async () => {
    for (const asked of ['', 'all', '0', '-1'])
      await assert.rejects(withEffort(asked), /PRIVITY_TEST_EFFORT/);
  });

  it('is asked for in test files only: by their imports the long run knows them', () => {
    const users = projectFiles()
      .filter(({ path, text }) => path.endsWith('.ts') && /from '[./]+\/effort\.ts'/.test(text))
      .map(({ path }) => path);
    assert.ok(users.length > 5);
    assert.deepEqual(
      users.filter((file) => !file.endsWith('.test.ts')),
      [],
    );
  });
});

describe('the two forms', async () => {
  const { shortForm, longForm } = (await import(
    pathToFileURL(join(projectRoot, 'scripts/test/forms.mjs')).href
  )) as {
    shortForm(files: readonly string[]): string[];
    longForm(files: readonly string[], textOf: (file: string) => string): string[];
  };
  const texts: Readonly<Record<string, string>> = {
    'test/whole.test.js': "import { it } from 'node:test';",
    'test/shared.test.js': "import { share } from '../effort.js';",
    'test/slow.long.test.js': "import { it } from 'node:test';",
  };
  const files = Object.keys(texts);

  it('together run every file', () => {
    assert.deepEqual(shortForm(files), ['test/whole.test.js', 'test/shared.test.js']);
    assert.deepEqual(
      longForm(files, (file) => texts[file] ?? ''),
      ['test/shared.test.js', 'test/slow.long.test.js'],
    );
  });
});

describe('npm run check', async () => {
  const { affectedRooms, affectedTests } = (await import(
    pathToFileURL(join(projectRoot, 'scripts/test/affected.mjs')).href
  )) as {
    affectedRooms(changed: readonly string[]): string[];
    affectedTests(changed: readonly string[], tests: readonly string[]): string[];
  };
  const tests = ['base', 'wire', 'psi', 'program', 'cli'].map((room) => `src/${room}/x.test.ts`);

  it('takes the rooms that changed and those above them', () => {
    assert.deepEqual(affectedTests(['src/cli/main.ts', 'README.md'], tests), ['src/cli/x.test.ts']);
    assert.deepEqual(affectedTests(['src/psi/keys.ts'], tests), [
      'src/psi/x.test.ts',
      'src/program/x.test.ts',
      'src/cli/x.test.ts',
    ]);
    assert.deepEqual(affectedTests(['src/base/errors.ts'], tests), tests);
    assert.deepEqual(affectedRooms(['docs/cli.md', 'src/index.ts']), []);
  });

  it('takes a test that was changed itself, wherever it stands', () => {
    assert.deepEqual(affectedTests(['test/cli/runs.test.ts'], [...tests, 'test/cli/runs.test.ts']), [
      'test/cli/runs.test.ts',
    ]);
    const slow = 'src/psi/slow.long.test.ts';
    assert.ok(!affectedTests(['src/psi/keys.ts'], [...tests, slow]).includes(slow));
    assert.deepEqual(affectedTests([slow, 'README.md'], [slow]), [slow]);
  });
});
