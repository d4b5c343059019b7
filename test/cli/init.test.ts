/**
 * `privity init` of the packed file, as it is installed: what it makes compiles and runs, and nothing is ever half
 * made.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../src/base/system.ts';
import { initCommand } from '../../src/cli/commands/init.ts';
import { JOB_KINDS } from '../../src/cli/init/job-kinds.ts';
import { packageSource } from '../../src/cli/init/package-source.ts';
import type { Shell, StopSignal } from '../../src/cli/shell.ts';
import { effort, itLong } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { type Ended, eventsOf, run, start } from './processes.ts';

let cwd: string;
let tmp: string;
let main: string;
let packed: string;

/** A package of this repository's own, as if it were installed beside the packed file. */
function link(name: string): void {
  const place = join(cwd, 'node_modules', name);
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules', name), place);
}

before(() => {
  cwd = mkdtempSync(join(tmpdir(), 'privity-init-test-'));
  tmp = join(cwd, 'tmp');
  mkdirSync(tmp);
  const pack = spawnSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', cwd], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  assert.equal(pack.status, 0, pack.stderr);
  packed = pack.stdout.trim();
  const modules = join(cwd, 'node_modules');
  mkdirSync(join(modules, 'privity'), { recursive: true });
  const tar = ['-xzf', join(cwd, packed), '-C', join(modules, 'privity'), '--strip-components=1'];
  assert.equal(spawnSync('tar', tar).status, 0);
  // As npm writes it beside what it has installed from a file.
  const installed = { packages: { 'node_modules/privity': { resolved: `file:${packed}` } } };
  writeFileSync(join(modules, '.package-lock.json'), JSON.stringify(installed));
  const { dependencies } = JSON.parse(readFileSync(join(modules, 'privity/package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of [...Object.keys(dependencies), '@types/node']) link(name);
  main = join(modules, 'privity/dist/src/cli/main.js');
});
after(() => rmSync(cwd, { recursive: true, force: true }));

const privity = (args: readonly string[], folder = cwd): Promise<Ended> =>
  run(args, { cwd: folder, tmp, main });

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** What `npm run NAME` starts in the folder, with more options. */
function script(folder: string, name: string, ...more: readonly string[]): Promise<Ended> {
  const [command, ...args] = (manifestOf(folder).scripts[name] ?? '').split(' ');
  assert.equal(command, 'privity');
  return privity([...args, ...more], folder);
}

function resultOf({ code, stdout, stderr }: Ended): unknown {
  assert.equal(code, 0, `${stdout}${stderr}`);
  return eventsOf(stdout).find(({ event }) => event === 'result')?.value;
}

/** The folder compiles, and gives the result locally and between two parties. */
async function tryOut(folder: string, result: unknown): Promise<void> {
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
  assert.equal(manifestOf(folder).scripts.check, 'tsc');
  const compiled = spawnSync(process.execPath, [tsc], { cwd: folder, encoding: 'utf8' });
  assert.equal(compiled.stdout, '');
  assert.equal(compiled.status, 0);
  if (effort >= 1) assert.deepEqual(resultOf(await script(folder, 'local', '--json')), result);
  const parties = await Promise.all(['alice', 'bob'].map((party) => script(folder, party, '--json')));
  for (const ended of parties) assert.deepEqual(resultOf(ended), result);
  assert.deepEqual(readdirSync(join(folder, 'reports')).sort(), ['alice.json', 'bob.json']);
}

describe('privity init', () => {
  it('makes a job on secrets, which needs no DuckDB', async () => {
    const ended = await privity(['init', 'secrets', '--job', 'secrets', '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const said = JSON.parse(ended.stdout) as { readonly files: readonly string[]; readonly local: string };
    const folder = join(cwd, 'secrets');
    assert.deepEqual(readdirSync(folder).sort(), [...said.files].sort());
    const { dependencies, scripts } = manifestOf(folder);
    assert.deepEqual(dependencies, { privity: `file:../${packed}` });
    assert.equal(scripts.local, said.local);
    assert.ok(!existsSync(join(cwd, 'node_modules/@duckdb')));
    await tryOut(folder, { aliceOffersMore: true });
  });

  itLong('makes a job on tables in the current folder, with data and private keys', async () => {
    link('@duckdb/node-api');
    const folder = join(cwd, 'tables');
    mkdirSync(folder);
    const ended = await privity(['init'], folder);
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /npm install[\s\S]*npm run local[\s\S]*npm run alice[\s\S]*npm run bob/);
    assert.ok(manifestOf(folder).dependencies['@duckdb/node-api']);
    for (const name of ['alice.key.pem', 'bob.key.pem', 'alice.party.yaml', 'bob.party.yaml'])
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);

    const ids = (name: string): string[] =>
      (JOB_KINDS.tables?.data[name] ?? '')
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((row) => row.split(',')[0] ?? '');
    const [members, orders] = [ids('alice.csv'), ids('bob.csv')];
    const shared = members.filter((id) => orders.includes(id));
    assert.ok(
      readFileSync(join(folder, 'README.md'), 'utf8').includes(
        `${members.length} customers at alice, ${orders.length} orders at bob, ${shared.length} customers in common`,
      ),
    );
    await tryOut(folder, { sharedCustomers: shared.length, meanAtBob: { euros: 70.18 } });
  });

  it('refuses a folder that is not empty, and touches nothing in it', async () => {
    const folder = join(cwd, 'mine');
    mkdirSync(folder);
    writeFileSync(join(folder, 'job.ts'), 'mine');
    for (const args of [
      ['init', 'mine'],
      ['init', 'mine', '--json'],
    ]) {
      const ended = await privity(args);
      assert.equal(ended.code, 64);
      assert.match(ended.stderr, /PRIVITY_FOLDER_NOT_EMPTY/);
      assert.equal(ended.stdout, '');
    }
    assert.deepEqual(readdirSync(folder), ['job.ts']);
    assert.equal(readFileSync(join(folder, 'job.ts'), 'utf8'), 'mine');
    const file = await privity(['init', 'mine/job.ts']);
    assert.equal(file.code, 74);
    assert.match(file.stderr, /PRIVITY_FILE_WRITE/);
  });

  it('leaves all or nothing when Ctrl-C meets it at work', async () => {
    const folder = join(cwd, 'stopped');
    const { child, ended } = start(['init', 'stopped/deep'], { cwd, tmp, main });
    // One signal: a second one would meet the process when it listens no more.
    const watcher = watch(cwd, (_event, name) => {
      if (name !== 'stopped') return;
      watcher.close();
      child.kill('SIGINT');
    });
    const { code, stderr } = await ended;
    watcher.close();
    if (code === 0) return assert.equal(readdirSync(join(folder, 'deep')).length, 14);
    assert.equal(code, 130, stderr);
    assert.ok(!existsSync(folder));
  });
});

/** What a command sees of the world, without a process of its own. */
function shellIn(folder: string): { readonly shell: Shell; stop(signal: StopSignal): void } {
  let stop: (signal: StopSignal) => void = () => undefined;
  const sink = { write: () => true, flush: async () => undefined, lost: undefined };
  const shell = {
    out: sink,
    err: sink,
    colour: { out: false, err: false },
    cwd: folder,
    clock: systemClock,
    onStopSignal(callback: (signal: StopSignal) => void) {
      stop = callback;
      return () => undefined;
    },
  } as unknown as Shell;
  return { shell, stop: (signal) => stop(signal) };
}

/** Calls back once when the file is there, between two steps of what writes it. */
function whenThere(path: string, then: () => void): void {
  if (existsSync(path)) then();
  else setImmediate(whenThere, path, then);
}

describe('a folder that is being made', () => {
  const names = ['README.md', 'federation.yaml', 'bob.party.yaml'];
  for (const name of names) {
    it(`is gone if it is stopped when ${name} has been written`, async () => {
      const { shell, stop } = shellIn(cwd);
      whenThere(join(cwd, 'above/it', name), () => stop('SIGTERM'));
      assert.equal(await initCommand(shell, 'above/it', { job: 'tables' }), 143);
      assert.ok(!existsSync(join(cwd, 'above')));
    });
  }

  it('is empty again after an error, but for what others have put there', async () => {
    const folder = join(cwd, 'shared');
    mkdirSync(folder);
    whenThere(join(folder, 'README.md'), () => writeFileSync(join(folder, 'bob.key.pem'), 'of another'));
    const { shell } = shellIn(cwd);
    await assert.rejects(initCommand(shell, 'shared', { job: 'tables' }), { code: 'PRIVITY_FILE_EXISTS' });
    assert.deepEqual(readdirSync(folder), ['bob.key.pem']);
  });
});

describe('where a new folder gets Privity from', () => {
  it('is a clone, what was installed from a file, or the version', async () => {
    const modules = join(cwd, 'other/node_modules');
    mkdirSync(modules, { recursive: true });
    const source = (place: string) => packageSource(join(cwd, 'new'), '1.2.3', place);
    assert.equal(await source(join(cwd, 'clone')), 'file:../clone');
    assert.equal(await source(join(modules, 'privity')), '^1.2.3');
    const lockfile = (resolved?: string) =>
      writeFileSync(
        join(modules, '.package-lock.json'),
        JSON.stringify({ packages: { 'node_modules/privity': { resolved } } }),
      );
    lockfile();
    assert.equal(await source(join(modules, 'privity')), '^1.2.3');
    lockfile('file:../privity.tgz');
    assert.equal(await source(join(modules, 'privity')), 'file:../privity.tgz');
  });
});
