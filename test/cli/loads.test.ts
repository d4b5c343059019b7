/** What a process loads, everybody waits for who starts it: which rooms and packages each kind of process has. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../tidy/project-files.ts';
import { run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const source = new URL('../../src/', import.meta.url).href;
/** Rooms of which a process may need a few words and not the rest, so that their chambers are told apart. */
const APART: readonly string[] = ['program', 'node'];

let cwd: string;
let tmp: string;
let runs = 0;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-loads-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(
    join(cwd, 'sum.ts'),
    `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ alice, bob, reveal }) => {
  const a = alice.run('load', () => 20);
  return { sum: await reveal(bob.run('add', { a: a.to(bob) }, ({ a }) => a + 22)) };
});
`,
  );
});
after(() => rm(cwd, { recursive: true, force: true }));

/** The files that each process has loaded, of those that `args` starts and that end by themselves. */
async function loadedBy(args: readonly string[], entry = main): Promise<string[][]> {
  runs += 1;
  const folder = join(cwd, `loaded-${runs}`);
  const ended = await run(args, { cwd, tmp, main: entry, env: { NODE_V8_COVERAGE: folder } });
  assert.equal(ended.code, 0, ended.stderr);
  const files = await readdir(folder);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.map((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result
      .map(({ url }) => url)
      .filter((url) => url.startsWith('file:')),
  );
}

/** The only one of the processes that has loaded this file, or the first of those that have. */
function having(processes: readonly string[][], file: string): string[] {
  const found = processes.find((loaded) => loaded.includes(`${source}${file}`));
  assert.ok(found, `no process has loaded ${file}`);
  return found;
}

function roomsOf(loaded: readonly string[]): string[] {
  const names = loaded
    .filter((url) => url.startsWith(source))
    .map((url) => url.slice(source.length).split('/'))
    .map(([room = '', ...more]) => (APART.includes(room) && more.length > 1 ? `${room}/${more[0]}` : room));
  return [...new Set(names)].sort();
}

/** Packages that package.json names; what those need themselves is theirs. */
async function packagesOf(loaded: readonly string[]): Promise<string[]> {
  const text = await readFile(join(projectRoot, 'package.json'), 'utf8');
  const { dependencies, peerDependencies } = JSON.parse(text) as Record<string, Record<string, string>>;
  const names = Object.keys({ ...dependencies, ...peerDependencies });
  return names.filter((name) => loaded.some((url) => url.includes(`/node_modules/${name}/`))).sort();
}

async function holds(loaded: readonly string[], rooms: readonly string[], packages: readonly string[]) {
  assert.deepEqual(
    { rooms: roomsOf(loaded), packages: await packagesOf(loaded) },
    { rooms: rooms.toSorted(), packages: packages.toSorted() },
  );
}

const OF_COMMAND_LINE = ['commander', 'string-width', 'wrap-ansi'];
const ROOMS_OF_COMMAND_LINE = [
  ...['base', 'cli', 'control', 'coordination', 'node/client', 'node/model', 'record', 'supervisor'],
];
/** Those that the command and its supervisors have. `program/model`: the schemas of arguments. */
const ROOMS_OF_RUN = [
  ...ROOMS_OF_COMMAND_LINE,
  ...['config', 'observe', 'program/model', 'transport', 'wire'],
];

describe('what a process loads', () => {
  for (const option of ['--version', '--help'])
    it(`privity ${option}: the command line, and no command`, async () => {
      const [loaded = []] = await loadedBy([option]);
      await holds(loaded, ROOMS_OF_COMMAND_LINE, OF_COMMAND_LINE);
    });

  it('the check of a job: what a job may import, and no reader of files', async () => {
    const [loaded = []] = await loadedBy(['inspect-job', 'sum.ts']);
    assert.deepEqual(await packagesOf(loaded), ['commander', 'jiti', 'string-width', 'wrap-ansi', 'zod']);
  });

  it('privity local, its supervisors, its programs: no room of another process', async () => {
    const processes = await loadedBy(['local', 'sum.ts', '--no-record']);
    const packages = ['commander', 'string-width', 'wrap-ansi', 'yaml', 'zod'];
    await holds(
      having(processes, 'cli/commands/local.js'),
      ROOMS_OF_RUN,
      // For the throw-away keys.
      ['@peculiar/x509', 'reflect-metadata', ...packages],
    );
    await holds(
      having(processes, 'supervisor/party/party.js'),
      [...ROOMS_OF_RUN, 'node/runs'],
      ['@bufbuild/protobuf', ...packages],
    );
    assert.deepEqual(await packagesOf(having(processes, 'supervisor/program/program-run.js')), [
      ...['@bufbuild/protobuf', 'cborg', 'jiti', 'zod'],
    ]);
  });

  it('sees a room that a process should not have', async () => {
    const entry = join(cwd, 'entry.mjs');
    await writeFile(entry, `import '${source}simulation/index.js';\n`);
    const [loaded = []] = await loadedBy([], entry);
    await assert.rejects(holds(loaded, ROOMS_OF_COMMAND_LINE, OF_COMMAND_LINE), /simulation/);
  });
});
