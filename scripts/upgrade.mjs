// `npm run upgrade [-- --built CLONE]`: runs the last recorded release (test/upgrade/recorded) and this version against
// each other, each once as the party that dials and once as the one that answers. Both have to be refused with the
// reason, or to complete where the protocol is the same. The release is taken from git and built, or, with --built, is
// a built clone.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { freePort } from './free-port.mjs';
import { optionsOf } from './options.mjs';

const { built } = optionsOf(import.meta.url, { built: { type: 'string', default: '' } });
ensureInstalled();
execFileSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });

const recorded = join(root, 'test/upgrade/recorded');
const [release] = readdirSync(recorded).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
const { provenance } = JSON.parse(readFileSync(join(recorded, release, 'hello.json'), 'utf8'));
const JOB = `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ bob, reveal }) => reveal(bob.run('one', () => 1)));
`;
/** A busy machine. */
const RUN_MS = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'privity-upgrade-'));
let held = true;
try {
  const before = built === '' ? buildRelease() : resolve(built);
  for (const [alice, bob] of [
    [before, root],
    [root, before],
  ]) {
    const ends = await runBoth(alice, bob);
    for (const { who, code, why } of ends) console.log(`${who}: exit code ${code}${why && `, ${why}`}`);
    const [a, b] = ends;
    const isRefused = ends.every(
      ({ code, why }) => code === 78 && /protocol version: .*alice has .*, bob has/.test(why),
    );
    held &&= isRefused || (a.code === 0 && b.code === 0);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(held ? 'Together, or refused with the reason.' : 'Neither together nor refused with the reason.');
process.exit(held ? 0 : 1);

function buildRelease() {
  const into = join(folder, 'release');
  const made = spawnSync('git', ['clone', '--quiet', '--no-checkout', root, into], {
    stdio: ['ignore', 2, 2],
  });
  const found = spawnSync('git', ['-C', into, 'checkout', '--quiet', provenance.commit], {
    stdio: ['ignore', 2, 2],
  });
  if (made.status !== 0 || found.status !== 0) {
    console.error(
      `The commit of ${release}, ${provenance.commit}, is not in this clone. Fetch it, or give --built CLONE.`,
    );
    process.exit(69);
  }
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  execFileSync(process.execPath, [join(into, 'scripts/build.mjs')], { cwd: into, stdio: ['ignore', 2, 2] });
  return into;
}

async function runBoth(alice, bob) {
  const at = mkdtempSync(join(folder, 'run-'));
  const roots = { alice, bob };
  const cli = (name, ...words) => [join(roots[name], 'dist/src/cli/main.js'), ...words];
  const addresses = {};
  for (const name of ['alice', 'bob']) {
    addresses[name] = `127.0.0.1:${await freePort()}`;
    execFileSync(process.execPath, cli(name, 'keygen', '--party', name, '--address', addresses[name]), {
      cwd: at,
    });
  }
  const parties = Object.entries(addresses).flatMap(([name, address]) => [
    '--party',
    `${name}=${address}=${name}.cert.pem`,
  ]);
  execFileSync(
    process.execPath,
    cli('alice', 'federation', 'create', '--name', 'demo', '--out', 'federation.yaml', ...parties),
    { cwd: at },
  );
  writeFileSync(join(at, 'job.ts'), JOB);
  return Promise.all(
    ['alice', 'bob'].map(async (name) => {
      const words = ['run', 'job.ts', '--config', `${name}.party.yaml`, '--json'];
      const child = spawn(process.execPath, cli(name, ...words), {
        cwd: at,
        stdio: ['ignore', 'pipe', 2],
        timeout: RUN_MS,
      });
      let out = '';
      child.stdout.on('data', (text) => {
        out += text;
      });
      const code = await new Promise((done) => child.once('close', done));
      const verdict = out.split('\n').find((line) => line.includes('"event":"verdict"'));
      const { code: failure, message } = verdict ? JSON.parse(verdict) : {};
      const { version } = JSON.parse(readFileSync(join(roots[name], 'package.json'), 'utf8'));
      const which = roots[name] === root ? 'this version' : `release ${version}`;
      return { who: `${name}, ${which}`, code, why: failure ? `${failure}: ${message}` : '' };
    }),
  );
}
