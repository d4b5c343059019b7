/**
 * What an engineer expects of a command of this repository: it says what it does, and what was wrong with an argument.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { itLong, shareOf } from '../effort.ts';
import { projectRoot } from './project-files.ts';

/** Scripts that take no arguments, or hand them to the command that they start, which has a help of its own. */
const WITHOUT = new Set(['start', 'build', 'format', 'gen', 'api']);

const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** A command may look through the whole build first, which takes a busy machine half a minute; none of them runs on. */
const RUN_MS = 180_000;

const run = (file: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(projectRoot, file), ...args], { encoding: 'utf8', timeout: RUN_MS });

describe('a command of this repository', () => {
  for (const [name, command] of shareOf(Object.entries(scripts), 1)) {
    if (WITHOUT.has(name)) continue;
    const [file = '', ...flags] = command.replace(/^node /, '').split(' ');
    it(`${name} says with --help what it does, and does nothing`, () => {
      const { status, stdout, stderr } = run(file, ...flags, '--help');
      assert.equal(status, 0, stderr);
      const usage = file === 'scripts/test.mjs' ? '`npm test`' : `\`npm run ${name}`;
      assert.ok(stdout.startsWith(usage), stdout);
    });
    if (!readFileSync(join(projectRoot, file), 'utf8').includes('optionsOf(')) continue;
    it(`${name} refuses an option that it does not know`, () => {
      const { status, stderr } = run(file, ...flags, '--nonsense');
      assert.equal(status, 64);
      assert.match(stderr, /--nonsense.*--help/);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });
  }

  itLong('start says what the example is about before it starts', () => {
    // An option that the command line refuses ends it before any party starts.
    const { status, stdout } = run('scripts/start.mjs', '--plain', '--quiet', '--nonsense');
    assert.notEqual(status, 0);
    assert.equal(stdout, '', '--quiet is the result alone');
    assert.match(
      run('scripts/start.mjs', '--nonsense').stdout,
      /^Two hospitals, alice and bob[\s\S]*\. carol/,
    );
    assert.match(run('scripts/start.mjs', 'two-parties', '--nonsense').stdout, /without anybody else/);
  });

  it('says which number is none', () => {
    const { status, stderr } = run('scripts/bench-peers-secure.mjs', '--runs', 'many');
    assert.equal(status, 64);
    assert.match(stderr, /--runs .*'many'.*--help/);
  });
});
