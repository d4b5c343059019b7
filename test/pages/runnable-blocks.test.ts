import assert from 'node:assert/strict';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { processesIn } from '../cli/processes.ts';
import { shareOf } from '../effort.ts';
import { blocks, isPage } from '../tidy/pages.ts';
import { projectFiles, projectRoot } from '../tidy/project-files.ts';
import { freePorts, missingLine, type Scene, scenes, shell } from './shell.ts';

/** Ports that pages use as examples; each run puts free ones in their place. */
const PORTS_OF_PAGES = ['7101', '7102', '7103', '7111', '7112'];

const runnable = projectFiles()
  .filter(isPage)
  .map((page) => ({ path: page.path, scenes: scenes(blocks([page])) }))
  .filter((page) => page.scenes.length > 0);

const exitCode = (info: string): number => Number(/\bexit=(\d+)/.exec(info)?.[1] ?? 0);

describe('runnable blocks', () => {
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  let ports = new Map<string, string>();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pages-'));
    const bin = join(folder, '.bin');
    mkdirSync(bin);
    writeFileSync(
      join(bin, 'privity'),
      `#!/usr/bin/env bash\nexec "${process.execPath}" "${join(projectRoot, 'dist/src/cli/main.js')}" "$@"\n`,
    );
    chmodSync(join(bin, 'privity'), 0o755);
    // In the clone, the name of the package leads to it.
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(projectRoot, join(folder, 'node_modules/privity'));
    env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
    // What the test runner tells its own children does not concern these.
    delete env.NODE_TEST_CONTEXT;
    const free = await freePorts(PORTS_OF_PAGES.length);
    ports = new Map(PORTS_OF_PAGES.map((port, index) => [port, String(free[index])]));
  });
  after(() => {
    // A page that failed half-way leaves the nodes that it has started.
    for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  const withPorts = (text: string, chosen = ports): string =>
    // In one pass: a free port may itself contain the digits of a port of the page.
    text.replace(/\b\d{4}\b/g, (digits) => chosen.get(digits) ?? digits);

  /** @returns the folder in which the page goes on */
  async function play(scene: Scene, cwd: string): Promise<string> {
    const outcomes = await Promise.all(scene.blocks.map((block) => shell(withPorts(block.text), cwd, env)));
    for (const [index, { code, output }] of outcomes.entries()) {
      const block = scene.blocks[index];
      assert.equal(
        code,
        exitCode(block?.info ?? ''),
        `${block?.path}:${block?.line} ended with ${code}:\n${output}`,
      );
    }
    const next = outcomes[0]?.cwd ?? cwd;
    if (scene.expected === undefined) return next;
    const output = outcomes.map((outcome) => outcome.output).join('\n');
    const missing = missingLine(withPorts(scene.expected), output);
    assert.equal(missing, undefined, `${scene.blocks[0]?.path}:${scene.blocks[0]?.line} printed:\n${output}`);
    return next;
  }

  it('exist', () => {
    assert.ok(runnable.some((page) => page.path === 'README.md'));
  });

  for (const [nth, page] of shareOf([...runnable.entries()])) {
    it(`do what ${page.path} says`, async () => {
      // Short: the system allows some 100 characters for the path of a local socket.
      const cwd = join(folder, `p${nth}`);
      mkdirSync(cwd);
      // A page starts where the reader is: in the clone.
      cpSync(join(projectRoot, 'examples'), join(cwd, 'examples'), { recursive: true });
      let place = cwd;
      for (const scene of page.scenes) place = await play(scene, place);
    });
  }

  it('a free port that looks like another port of the page stays whole', () => {
    const chosen = new Map([
      ['7101', '47102'],
      ['7102', '50000'],
    ]);
    assert.equal(withPorts('127.0.0.1:7101, 127.0.0.1:7102', chosen), '127.0.0.1:47102, 127.0.0.1:50000');
  });

  it('a wrong exit code, a missing line and lines out of order are noticed', async () => {
    const block = (info: string, text: string) => ({ path: 'x.md', line: 1, language: 'sh', info, text });
    await assert.rejects(
      play({ blocks: [block('run', 'exit 3')], expected: undefined }, folder),
      /ended with 3/,
    );
    await play({ blocks: [block('run exit=3', 'exit 3')], expected: undefined }, folder);
    await assert.rejects(play({ blocks: [block('run', 'echo one')], expected: 'two\n' }, folder));
    assert.equal(missingLine('a\nb … d\n', 'x\na\n  b  c  d\n'), undefined);
    assert.equal(missingLine('b\na\n', 'a\nb\n'), 'a');
  });
});
