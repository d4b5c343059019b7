// What the tests of sources run against, beside PostgreSQL: extensions of DuckDB, and S3-compatible storage (moto, from
// PyPI). Both are fetched once, into node_modules/.cache/, by Python's own client.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../ensure-installed.mjs';
import { freePort } from '../free-port.mjs';

const cache = join(root, 'node_modules/.cache/privity-sources');

const MOTO = 'moto[server,s3]==5.2.5';
const EXTENSIONS = ['httpfs', 'postgres_scanner'];

/** Where there are none, and they cannot be fetched. */
const HOW_TO_HAVE_THEM =
  "extensions of DuckDB and a server of objects are fetched with Python: install python3 and its venv (Debian's package python3-venv), " +
  'or name them: PRIVITY_TEST_EXTENSIONS=FOLDER with httpfs.duckdb_extension and postgres_scanner.duckdb_extension in it, PRIVITY_TEST_MOTO=PATH of moto_server';

function run(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.status !== 0)
    throw new Error(
      `${HOW_TO_HAVE_THEM}\n\n${command} ${args.join(' ')}: ${done.stderr || done.error?.message}`,
    );
}

/** Python of an environment of its own. */
async function python() {
  const venv = join(cache, 'venv');
  const path = join(venv, 'bin/python');
  if (!existsSync(path)) {
    console.error('Fetching what the tests of sources need (only this once) ...');
    await mkdir(cache, { recursive: true });
    run('python3', ['-m', 'venv', venv]);
  }
  return path;
}

const pip = async (...args) =>
  run(await python(), ['-m', 'pip', '--quiet', '--disable-pip-version-check', ...args]);

/** @returns {Promise<string>} a folder of the extensions that fit the installed DuckDB */
export async function extensionsFolder() {
  const given = process.env.PRIVITY_TEST_EXTENSIONS;
  if (given !== undefined) return given;
  const { version } = JSON.parse(
    await readFile(join(root, 'node_modules/@duckdb/node-api/package.json'), 'utf8'),
  );
  const duckdb = version.replace(/-.*/, '');
  const folder = join(cache, `extensions-${duckdb}`);
  const fileOf = (name) => join(folder, `${name}.duckdb_extension`);
  if (EXTENSIONS.every((name) => existsSync(fileOf(name)))) return folder;
  const packages = join(cache, 'packages');
  const names = EXTENSIONS.map((name) => `duckdb-extension-${name.replaceAll('_', '-')}==${duckdb}`);
  await pip('install', '--no-deps', '--target', packages, ...names);
  await mkdir(folder, { recursive: true });
  for (const name of EXTENSIONS) {
    const from = `duckdb_extension_${name}/extensions/v${duckdb}/${name}.duckdb_extension`;
    await cp(join(packages, from), fileOf(name));
  }
  await rm(packages, { recursive: true });
  return folder;
}

async function motoServer() {
  const given = process.env.PRIVITY_TEST_MOTO;
  if (given !== undefined) return given;
  const path = join(cache, 'venv/bin/moto_server');
  if (!existsSync(path)) await pip('install', MOTO);
  return path;
}

/**
 * A certificate for 127.0.0.1 and localhost that nobody but the tests trusts.
 * @returns {Promise<{ folder: string, certificate: string, key: string }>}
 */
export async function makeCertificate() {
  const folder = await mkdtemp(join(tmpdir(), 'privity-certificate-'));
  const [certificate, key] = ['certificate.pem', 'key.pem'].map((name) => join(folder, name));
  const made = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const done = spawnSync(
    'openssl',
    ['req', ...made.split(' '), ...names, '-keyout', key, '-out', certificate],
    {
      encoding: 'utf8',
    },
  );
  if (done.status !== 0)
    throw new Error(`openssl is needed for a certificate: ${done.stderr || done.error?.message}`);
  return { folder, certificate, key };
}

/** How long a server may take to listen: Python loads a hundred modules. */
const START_MS = 60_000;

/**
 * @param {{ certificate: string, key: string }} [tls]
 * @returns {Promise<{ port: number, stop(): Promise<void> }>}
 */
export async function startStorage(tls) {
  const port = await freePort();
  const secure = tls === undefined ? [] : ['--ssl-cert', tls.certificate, '--ssl-key', tls.key];
  const server = spawn(await motoServer(), ['-H', '127.0.0.1', '-p', String(port), ...secure], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const endWithUs = () => server.kill('SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise((resolve) => server.once('exit', resolve));
  await new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error(`moto_server does not listen: ${said}`)), START_MS);
    server.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-10_000);
      if (!said.includes('Running on')) return;
      clearTimeout(late);
      resolve(undefined);
    });
    server.once('error', reject);
    void ended.then((code) => reject(new Error(`moto_server ended with ${code}: ${said}`)));
  });
  return {
    port,
    async stop() {
      process.off('exit', endWithUs);
      server.kill('SIGKILL');
      await ended;
    },
  };
}
