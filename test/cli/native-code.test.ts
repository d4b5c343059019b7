/**
 * Where sodium-native cannot be loaded, an intersection goes on without it, and says so: to doctor and in the ledger.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { itLong } from '../effort.ts';
import { run } from './processes.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const example = fileURLToPath(new URL('../../../examples/two-parties/', import.meta.url));

/** Every import of sodium-native fails, in all processes and threads that inherit it. */
const hooks = `export const resolve = (name, context, next) => {
  if (name === 'sodium-native') throw new Error('planted: no build for this platform');
  return next(name, context);
};`;
const dataUrl = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;

let cwd: string;
let env: Record<string, string>;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-native-'));
  await mkdir(join(cwd, 'tmp'));
  const register = join(cwd, 'without-sodium.mjs');
  const source = `import { register } from 'node:module';\nregister(${JSON.stringify(dataUrl(hooks))});\n`;
  await writeFile(register, source);
  env = { NODE_OPTIONS: `--import=${register}` };
});
after(() => rm(cwd, { recursive: true, force: true }));

const privity = (args: readonly string[], withEnv: Record<string, string> = env) =>
  run(args, { cwd, tmp: join(cwd, 'tmp'), main, env: withEnv });

describe('a native library that cannot be loaded', () => {
  it('is named by doctor, with what to do', async () => {
    const nativeCode = async (withEnv: Record<string, string>) => {
      const { stdout, stderr } = await privity(['doctor', '--clean', '--json'], withEnv);
      assert.equal(stderr, '');
      const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string; text: string }[] };
      return checks.find(({ name }) => name === 'native code');
    };
    const missing = await nativeCode(env);
    assert.equal(missing?.status, 'warning');
    assert.match(missing.text, /sodium-native cannot be loaded: psi computes with node:crypto/);
    assert.equal((await nativeCode({}))?.status, 'ok');
  });

  itLong('is named in the ledger of the party that does without', async () => {
    const tables = ['alice', 'bob'].flatMap((party) => [
      '--inputs',
      `${party}.table=${join(example, `${party}.csv`)}`,
    ]);
    const args = ['local', join(example, 'job.ts'), ...tables, '--report', 'reports'];
    const { code, stdout, stderr } = await privity(args);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /sharedCustomers +4/);
    for (const party of ['alice', 'bob']) {
      const report = JSON.parse(await readFile(join(cwd, 'reports', `${party}.json`), 'utf8')) as {
        disclosures: { kind: string; type: string }[];
      };
      const psi = report.disclosures.find(({ kind }) => kind === 'psi');
      assert.match(psi?.type ?? '', /; by node:crypto, without sodium-native$/);
    }
  });
});
