/**
 * Planted ways out of the sandbox, each of which leads nowhere; and leads out where there is no sandbox, so that the
 * test means something.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bwrapArguments } from '../../src/supervisor/sandbox/bubblewrap.ts';
import { spawnConfined } from '../../src/supervisor/sandbox/launch.ts';
import { seccompFilter } from '../../src/supervisor/sandbox/seccomp.ts';
import { sandboxView } from '../../src/supervisor/sandbox/view.ts';
import { guarded, type Outcome, type Outside, ways } from './jobs/ways-out.ts';
import { bubblewrapOr } from './possible.ts';

const main = fileURLToPath(new URL('./jobs/ways-out.js', import.meta.url));
const secret = 'canary-outside';

let folder = '';
let server: Server;
let local: ReturnType<typeof createNetServer>;
let outside: Outside;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privity-sandbox-test-'));
  const tempDir = join(folder, 'temporary');
  const given = join(folder, 'given');
  for (const path of [tempDir, given, join(folder, 'outside')]) await mkdir(path);
  server = createServer((_, response) => response.end()).listen(0);
  local = createNetServer().listen(join(folder, 'outside', 'socket'));
  await Promise.all([once(server, 'listening'), once(local, 'listening')]);
  const at = (name: string): string => join(folder, 'outside', name);
  await writeFile(at('secret.txt'), secret);
  await writeFile(at('module.mjs'), 'export default 1;');
  // An addon that the program may read, since it came with the job: sodium's, under another name.
  const sodium = dirname(createRequire(import.meta.url).resolve('sodium-native/package.json'));
  const addon = join(given, 'addon.node');
  const built = join(sodium, 'prebuilds', `${process.platform}-${process.arch}`, 'sodium-native.node');
  await copyFile(built, addon);
  outside = {
    secretFile: at('secret.txt'),
    secretModule: at('module.mjs'),
    unixSocket: at('socket'),
    tcpPort: (server.address() as AddressInfo).port,
    pid: process.pid,
    addon,
    folder: join(folder, 'outside'),
    tempDir,
  };
});
after(async () => {
  server.close();
  local.close();
  await rm(folder, { recursive: true, force: true });
});

const view = () => sandboxView([dirname(outside.addon)], {});

async function outcomes(child: ChildProcess): Promise<Record<string, Outcome>> {
  assert.ok(child.stdout && child.stderr);
  child.stdin?.end();
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const line = out.split('\n').find((each) => each.startsWith('{'));
  assert.ok(line, `${out}${errors}`);
  return JSON.parse(line) as Record<string, Outcome>;
}

/** bubblewrap and the filter alone: what holds if the code gets past everything that is JavaScript. */
function behindTheKernel(bwrap: string): ChildProcess {
  const path = join(folder, 'filter');
  const filter = seccompFilter();
  if (filter) writeFileSync(path, filter);
  const descriptor = filter ? openSync(path, 'r') : undefined;
  const given = bwrapArguments({
    view: view(),
    tempDir: outside.tempDir,
    cwd: '/',
    environment: {},
    node: [main, JSON.stringify(outside)],
    execPath: process.execPath,
    filterAt: filter ? 3 : undefined,
  });
  const stdio = ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])] as const;
  try {
    return spawn(bwrap, [...given], { stdio: [...stdio], env: {} });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function asAProgram(bwrap: string): ChildProcess {
  const confinement = { path: bwrap, view: view(), tempDir: outside.tempDir, cwd: '/', environment: {} };
  return spawnConfined(confinement, { flags: [], main, args: [JSON.stringify(outside)] });
}

/** Only prlimit(1), which starts the program, bounds files; and these need no root where there is no sandbox. */
const [NOT_BY_THE_KERNEL, NOT_OPEN_TO_ALL] = [
  new Set(['a file without end']),
  new Set([
    'the core pattern',
    'the magic keys of the kernel',
    'a file by the root of another process',
    'a TCP connection by IPv6',
    'a thread of a class that inherits',
  ]),
];

/** What the kernel refuses too, and the guard tells. */
const IN_WORDS = ['a signal to the supervisor', 'a signal by the inside of Node'];

function holds(names: readonly string[], found: Readonly<Record<string, Outcome>>): void {
  const escaped = names.filter((name) => !found[name] || 'escaped' in found[name]);
  assert.deepEqual(Object.fromEntries(escaped.map((name) => [name, found[name]])), {});
}

const withBubblewrap = (use: (bwrap: string) => Promise<void>) => async (t: TestContext) => {
  const bwrap = bubblewrapOr(t);
  if (bwrap !== undefined) await use(bwrap);
};

describe('planted ways out', () => {
  it('lead out where there is no sandbox', async () => {
    const child = spawn(process.execPath, [main, JSON.stringify(outside)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const found = await outcomes(child);
    const names = Object.keys({ ...ways, ...guarded }).filter((name) => !NOT_OPEN_TO_ALL.has(name));
    const shut = names.filter((name) => !found[name] || 'refused' in found[name]);
    assert.deepEqual(Object.fromEntries(shut.map((name) => [name, found[name]])), {});
    await rm(outside.tempDir, { recursive: true });
    await mkdir(outside.tempDir);
  });

  it(
    'lead nowhere past the kernel, whatever becomes of the guard',
    withBubblewrap(async (bwrap) => {
      const found = await outcomes(behindTheKernel(bwrap));
      holds(
        Object.keys(ways).filter((name) => !NOT_BY_THE_KERNEL.has(name)),
        found,
      );
    }),
  );

  it(
    'lead nowhere in a program',
    withBubblewrap(async (bwrap) => {
      const child = asAProgram(bwrap);
      const tried = new Set<unknown>();
      child.on('message', (message: { type?: unknown; what?: unknown }) => tried.add(message.what));
      const found = await outcomes(child);
      holds([...Object.keys(ways), ...Object.keys(guarded)], found);
      assert.deepEqual(
        [...tried].sort(),
        ['internals', 'native', 'network', 'process', 'signal', 'thread'],
        'what was tried is told',
      );
      for (const name of [...Object.keys(guarded), ...IN_WORDS])
        assert.deepEqual(found[name], { refused: 'PRIVITY_SANDBOX_REFUSED' }, name);
    }),
  );
});
