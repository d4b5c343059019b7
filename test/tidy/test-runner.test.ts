import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './project-files.ts';

/** The runner under test gives its planted files this long: enough to load node:test, short enough to wait for. */
const PLANTED_TIMEOUT_MS = 5_000;

const importTest = "import { it, describe } from 'node:test'; import assert from 'node:assert/strict';\n";

/** Runs planted test files with the project's own runner, in a process of its own. */
function runPlanted(
  folder: string,
  files: Readonly<Record<string, string>>,
): { code: number | null; output: string } {
  const place = mkdtempSync(join(folder, 'case-'));
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(place, name);
    writeFileSync(path, text);
    return path;
  });
  const from = (file: string): string =>
    JSON.stringify(pathToFileURL(join(projectRoot, 'scripts/test', file)).href);
  const code = `
    import { runTestFiles } from ${from('run-files.mjs')};
    import { Summary } from ${from('summary.mjs')};
    const summary = new Summary();
    await runTestFiles(${JSON.stringify(paths)}, summary, { timeoutMs: ${PLANTED_TIMEOUT_MS} });
    summary.print();
    process.exit(summary.exitCode);`;
  // Without this variable, or Node takes the inner runner for a part of the outer one and runs nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  // A file and not `-e`: the runner hands its own Node options down to the test processes.
  const driver = join(place, 'driver.mjs');
  writeFileSync(driver, code);
  const result = spawnSync(process.execPath, [driver], { encoding: 'utf8', env });
  return { code: result.status, output: `${result.stdout}${result.stderr}` };
}

const lastLine = (output: string): string => output.trimEnd().split('\n').at(-1) ?? '';

describe('npm test', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'privity-runner-'));
    mkdirSync(folder, { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('counts tests, not suites, and passes when all pass', () => {
    const { code, output } = runPlanted(folder, {
      'a.test.mjs': `${importTest}describe('s', () => { it('one', () => {}); it('two', () => {}); });`,
      'b.test.mjs': `${importTest}it('outer', async (t) => { await t.test('inner', () => {}); });`,
    });
    assert.equal(lastLine(output), '4 passed, 0 failed', output);
    assert.equal(code, 0);
  });

  it('shows a failed test with its message and what the file printed', () => {
    const { code, output } = runPlanted(folder, {
      'a.test.mjs': `${importTest}console.log('a trace'); it('fails', () => assert.equal(1, 2)); it('passes', () => {});`,
    });
    assert.equal(lastLine(output), '1 passed, 1 failed', output);
    assert.equal(code, 1);
    assert.match(output, /1 !== 2/);
    assert.match(output, /│ a trace/);
  });

  it('tells of what could not be tried on this machine', () => {
    const { output } = runPlanted(folder, {
      'a.test.mjs': `${importTest}it('x', (t) => t.diagnostic('left out: a black hole, because it needs root'));`,
    });
    assert.match(output, /left out: a black hole, because it needs root\n.*left out on this machine: 1\n/);
    assert.equal(lastLine(output), '1 passed, 0 failed', output);
  });

  it('notices a file that crashes, hangs, has a syntax error, has no test, skips, or is killed', () => {
    const test = (code: string) => `${importTest}it('x', () => {}); ${code}`;
    const bad: Record<string, readonly [text: string, reason: RegExp]> = {
      'crash.test.mjs': [test("setTimeout(() => { throw new Error('late'); }, 50);"), /"Error: late"/],
      'exit.test.mjs': [test('process.exit(3);'), /exited with code 3/],
      'hang.test.mjs': [test('setInterval(() => {}, 1000);'), /did not end within/],
      'never.test.mjs': [
        `${importTest}it('x', () => new Promise((r) => setTimeout(r, 600000)));`,
        /did not end within/,
      ],
      'syntax.test.mjs': ['this is not JavaScript', /SyntaxError/],
      'empty.test.mjs': ['export {};', /contains no test/],
      'skip.test.mjs': [`${importTest}it.${'sk'}ip('x', () => {});`, /count as failed/],
      'killed.test.mjs': [test("process.kill(process.pid, 'SIGKILL');"), /SIGKILL/],
      'hook.test.mjs': [
        `import { before } from 'node:test';${importTest}describe('s', () => { before(() => { throw new Error('hook'); }); it('x', () => {}); });`,
        /hook/,
      ],
    };
    const { code, output } = runPlanted(
      folder,
      Object.fromEntries(Object.entries(bad).map(([name, [text]]) => [name, text])),
    );
    assert.equal(code, 1);
    for (const [name, [, reason]] of Object.entries(bad)) {
      const said = output
        .split('\n── ')
        .filter((part) => part.includes(`/${name}: `) && !part.startsWith('ok'));
      assert.ok(said.length > 1, `${name} was not noticed:\n${output}`);
      assert.match(said.slice(1).join('\n'), reason, `${name}:\n${output}`);
    }
  });
});
