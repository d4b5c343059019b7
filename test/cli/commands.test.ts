import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { errorCatalogue } from '../../src/base/error-catalogue.ts';
import { failureCodes } from '../../src/base/failure-codes.ts';
import { freePorts } from '../../src/cli/local/ports.ts';
import { here } from './here.ts';
import { type Ended, eventsOf, run, start } from './processes.ts';

let cwd: string;
let tmp: string;
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'privity-cli-test-'));
  tmp = join(cwd, 'tmp');
  await mkdir(tmp);
  await writeFile(join(cwd, 'job.txt'), 'alice bob\n');
});
after(() => rm(cwd, { recursive: true, force: true }));

const privity = (...args: string[]): Promise<Ended> => here(args, { cwd });
const json = (ended: Ended): Record<string, unknown> => JSON.parse(ended.stdout) as Record<string, unknown>;

/** Keys of alice and bob and a federation of both in a folder of its own. */
async function setUp(folder: string): Promise<{ alice: string; federation: string }> {
  for (const party of ['alice', 'bob']) {
    const ended = await privity('keygen', '--party', party, '--out', folder, '--json');
    assert.equal(ended.code, 0, ended.stderr);
  }
  const federation = `${folder}/federation.yaml`;
  const [first, second] = await freePorts('127.0.0.1', 2, (below) => randomInt(below));
  const ended = await privity(
    ...['federation', 'create', '--name', 'demo', '--out', federation],
    ...['--party', `alice=127.0.0.1:${first}=${folder}/alice.cert.pem`],
    ...['--party', `bob=127.0.0.1:${second}=${folder}/bob.cert.pem`],
  );
  assert.equal(ended.code, 0, ended.stderr);
  return { alice: `${folder}/alice.party.yaml`, federation };
}

describe('every command', () => {
  const commands = [
    'init',
    'run',
    'local',
    'keygen',
    'federation',
    'federation create',
    'federation show',
    'federation verify',
    'doctor',
    'explain',
    'contract make',
    'contract check',
    'contract show',
  ];
  for (const command of commands) {
    it(`${command} has --help with examples and exit codes`, async () => {
      const ended = await privity(...command.split(' '), '--help');
      assert.equal(ended.code, 0);
      assert.equal(ended.stderr, '');
      assert.match(ended.stdout, new RegExp(`Usage: privity ${command}`));
      if (command !== 'federation') assert.match(ended.stdout, /Examples:\n {2}\$ privity/);
      if (command !== 'federation' && command !== 'explain') assert.match(ended.stdout, /Exit codes/);
    });
  }

  it('lists every exit code that a run can have', async () => {
    const { stdout } = await privity('run', '--help');
    for (const [code, { exit }] of Object.entries(failureCodes)) {
      assert.ok(stdout.includes(code), code);
      assert.ok(stdout.includes(` ${exit}  `), String(exit));
    }
  });

  it('prints the version', async () => {
    const { version } = JSON.parse(
      await readFile(new URL('../../../package.json', import.meta.url), 'utf8'),
    ) as { version: string };
    assert.equal((await run(['--version'], { cwd, tmp })).stdout, `${version}\n`);
  });

  const mistakes: [string, string[], RegExp][] = [
    ['no command', [], /no command is given/],
    ['an unknown command', ['lcoal', 'job.txt'], /unknown command 'lcoal'[\s\S]*Did you mean local/],
    ['an unknown option', ['local', 'job.txt', '--jsn'], /unknown option '--jsn'[\s\S]*Did you mean --json/],
    ['a missing operand', ['run', '--config', 'x'], /missing required argument 'job'/],
    ['too many operands', ['local', 'job.txt', 'more'], /too many arguments/],
    ['a missing option', ['run', 'job.txt'], /required option '--config <file>' not specified/],
    ['a missing value', ['keygen', '--party'], /argument missing/],
    ['a bad party name', ['keygen', '--party', 'Alice'], /--party: expected a small letter/],
    ['a bad argument', ['local', 'job.txt', '--arg', 'x'], /--arg: expected KEY=VALUE/],
    [
      'options that exclude each other',
      ['keygen', '--party', 'a', '--force', '--renew'],
      /cannot be used with/,
    ],
  ];
  for (const [what, args, message] of mistakes) {
    it(`refuses ${what}: what, what to do, code, exit code 64, no stack`, async () => {
      const ended = await privity(...args);
      assert.equal(ended.code, 64);
      assert.match(ended.stderr, message);
      if (args.length > 0)
        assert.match(
          ended.stderr,
          /^error [\s\S]*\n {2}to do {2}[\s\S]*\n {2}code {3}PRIVITY_COMMAND_LINE, exit code 64\n$/,
        );
      assert.doesNotMatch(ended.stderr, /\n\s+at /);
      assert.equal(ended.stdout, '');
    });
  }

  it('prints an error as one line of JSON on standard error with --json', async () => {
    const ended = await privity('local', 'job.txt', '--json', '--bogus');
    assert.equal(ended.stdout, '');
    assert.deepEqual(Object.keys(JSON.parse(ended.stderr) as object), [
      'error',
      'failure',
      'message',
      'remedy',
      'exitCode',
    ]);
  });
});

describe('privity keygen', () => {
  it('makes a key that only its owner can read, and prints what to send', async () => {
    const ended = await privity(
      'keygen',
      '--party',
      'alice',
      '--out',
      'k1',
      '--address',
      'alice.example.org:7420',
    );
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal((await stat(join(cwd, 'k1/alice.key.pem'))).mode & 0o777, 0o600);
    assert.match(await readFile(join(cwd, 'k1/alice.key.pem'), 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
    assert.match(
      ended.stdout,
      / {2}- name: alice\n {4}address: alice\.example\.org:7420\n {4}fingerprint: sha256:[A-Za-z0-9_-]{43}\n/,
    );
    assert.doesNotMatch(ended.stdout, /PRIVATE KEY-/);
  });

  it('never overwrites without --force; --renew keeps the fingerprint', async () => {
    const first = json(await privity('keygen', '--party', 'bob', '--out', 'k2', '--json'));
    const again = await privity('keygen', '--party', 'bob', '--out', 'k2');
    assert.equal(again.code, 74);
    assert.match(again.stderr, /bob\.key\.pem: exists already[\s\S]*PRIVITY_FILE_EXISTS/);
    const renewed = json(
      await privity('keygen', '--party', 'bob', '--out', 'k2', '--renew', '--days', '10', '--json'),
    );
    assert.equal(renewed.fingerprint, first.fingerprint);
    assert.notEqual(renewed.notAfter, first.notAfter);
    const forced = json(await privity('keygen', '--party', 'bob', '--out', 'k2', '--force', '--json'));
    assert.notEqual(forced.fingerprint, first.fingerprint);
    assert.equal((await stat(join(cwd, 'k2/bob.key.pem'))).mode & 0o777, 0o600);
  });

  it('says so when a folder cannot be written', async () => {
    await writeFile(join(cwd, 'a-file'), '');
    const ended = await privity('keygen', '--party', 'alice', '--out', 'a-file/x');
    assert.equal(ended.code, 74);
    assert.match(ended.stderr, /PRIVITY_FILE_WRITE/);
  });
});

describe('privity federation', () => {
  it('creates, shows and verifies', async () => {
    const { alice, federation } = await setUp('f1');
    const shown = json(await privity('federation', 'show', federation, '--json'));
    assert.match(String(shown.digest), /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
    const text = await privity('federation', 'show', federation);
    assert.ok(text.stdout.includes(String(shown.digest)));
    const good = await privity(
      ...['federation', 'verify', federation, '--config', alice, '--certificate', 'f1/bob.cert.pem'],
      ...['--digest', String(shown.digest).toLowerCase().replaceAll('-', ' ')],
    );
    assert.equal(good.code, 0, good.stdout + good.stderr);
    assert.equal(good.stdout.match(/✔/g)?.length, 3);
  });

  it('finds a key that is not the one listed, and another digest', async () => {
    const { federation } = await setUp('f2');
    await privity('keygen', '--party', 'bob', '--out', 'f2', '--force');
    const bad = await privity(
      'federation',
      'verify',
      federation,
      '--certificate',
      'f2/bob.cert.pem',
      '--digest',
      '0000-0000-0000-0000',
    );
    assert.equal(bad.code, 77);
    assert.equal(bad.stdout.match(/✖/g)?.length, 2);
  });

  it('refuses mistakes as in a file that was written by hand', async () => {
    const pin = `sha256:${'a'.repeat(43)}`;
    const create = (...parties: string[]) =>
      privity('federation', 'create', '--name', 'd', ...parties.flatMap((text) => ['--party', text]));
    assert.match((await create(`a=h:1=${pin}`, `b=h:2=${pin}`)).stderr, /PRIVITY_CONFIG_DUPLICATE/);
    assert.match((await create(`a=h:1=${pin}`)).stderr, /at least two parties/);
    assert.match((await create('a=h:1', 'b=h:2')).stderr, /expected NAME=HOST:PORT=FINGERPRINT/);
    assert.match((await create(`a=h=${pin}`, `b=h:2=${pin}`)).stderr, /PRIVITY_CONFIG_ADDRESS/);
    const dialled = /PRIVITY_CONFIG_ADDRESS/;
    const unspecified = await create(`a=0.0.0.0:1=${pin}`, `b=[::]:2=${pin}`);
    assert.match(unspecified.stderr, dialled);
    assert.match(
      unspecified.stderr,
      /parties\[0\][\s\S]*parties\[1\]\.address: expected an address that other/,
    );
    assert.match((await privity('keygen', '--party', 'a', '--address', '[::]:1')).stderr, dialled);
    assert.match((await create('a=h:1=none.pem', `b=h:2=${pin}`)).stderr, /there is no such certificate/);
    assert.equal((await privity('federation', 'verify', 'none.yaml', '--digest', 'x')).code, 66);
  });
});

describe('privity doctor', () => {
  it('finds a party in order, and a peer that is not there to be no fault', async () => {
    const { alice } = await setUp('d1');
    const ended = await privity('doctor', '--config', alice, '--json');
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    const checks = json(ended).checks as { name: string; status: string }[];
    assert.deepEqual(
      // Whether a sandbox can be had is a matter of the machine.
      checks
        .filter(({ name, status }) => status !== 'ok' && name !== 'sandbox')
        .map((check) => [check.name, check.status]),
      [['bob: peer', 'unknown']],
    );
  });

  it('two doctors at the same time find each other', async () => {
    const { alice } = await setUp('d2');
    const both = await Promise.all(
      [alice, alice.replace('alice', 'bob')].map((config) =>
        privity('doctor', '--config', config, '--wait', '30s'),
      ),
    );
    for (const ended of both) {
      assert.equal(ended.code, 0, ended.stdout);
      assert.match(ended.stdout, /✔ (alice|bob): peer .* answers, and is (alice|bob)/);
      assert.match(ended.stdout, /✔ (alice|bob): inbound/);
    }
  });

  it('finds a peer with another key, from both sides', async () => {
    const { alice, federation } = await setUp('d3');
    await privity('keygen', '--party', 'bob', '--out', 'd3', '--force');
    // Bob's own federation file has his new key; alice's has the old one.
    const text = await readFile(join(cwd, federation), 'utf8');
    const fresh = json(await privity('keygen', '--party', 'bob', '--out', 'd3', '--renew', '--json'));
    await writeFile(
      join(cwd, 'd3/new.yaml'),
      text.replace(/(name: bob[\s\S]*fingerprint: ).*/, `$1${String(fresh.fingerprint)}`),
    );
    const bobFile = await readFile(join(cwd, 'd3/bob.party.yaml'), 'utf8');
    await writeFile(join(cwd, 'd3/bob.party.yaml'), bobFile.replace('federation.yaml', 'new.yaml'));
    const [a] = await Promise.all([
      privity('doctor', '--config', alice, '--wait', '30s'),
      privity('doctor', '--config', 'd3/bob.party.yaml', '--wait', '10s'),
    ]);
    assert.equal(a.code, 78, a.stdout);
    assert.match(a.stdout, /✖ bob: peer .*the key presented for/);
  });

  it('warns of a key that others can read, and finds a wrong pair', async () => {
    const { alice } = await setUp('d4');
    await chmod(join(cwd, 'd4/alice.key.pem'), 0o644);
    const warned = await privity('doctor', '--config', alice);
    assert.equal(warned.code, 0);
    assert.match(warned.stdout, /! key file .*mode 644[\s\S]*→ chmod 600/);
    await writeFile(join(cwd, 'd4/alice.key.pem'), await readFile(join(cwd, 'd4/bob.key.pem')));
    const bad = await privity('doctor', '--config', alice);
    assert.equal(bad.code, 78);
    assert.match(bad.stdout, /✖ identity/);
  });

  it('reports a party file that cannot be read as a failed check', async () => {
    const ended = await privity('doctor', '--config', 'none.yaml');
    assert.equal(ended.code, 78);
    assert.match(ended.stdout, /✖ party file .*there is no such party file/);
  });
});

describe('privity run', () => {
  it('runs one party with the settings of its file and of the command line', async () => {
    const { alice } = await setUp('r1');
    await writeFile(
      join(cwd, alice),
      `${await readFile(join(cwd, alice), 'utf8')}settings:\n  table: ./a.csv\n  other: x\n`,
    );
    const ended = await privity(
      ...[
        'run',
        'job.txt',
        '--party',
        'alice',
        '--config',
        alice,
        '--json',
        '--setting',
        'other=y',
        '--log',
        'alice.log',
      ],
    );
    assert.equal(ended.code, 0, ended.stderr);
    const result = eventsOf(ended.stdout).find((event) => event.event === 'result')?.value as {
      settings: object;
    };
    assert.deepEqual(result.settings, { table: join(cwd, 'r1/a.csv'), other: 'y' });
    const log = eventsOf(await readFile(join(cwd, 'alice.log'), 'utf8'));
    assert.ok(
      log.some((line) => line.event === 'verdict' && line.level === 'info' && line.runId === 'agreed-1'),
    );
    assert.ok(log.every((line) => line.event !== 'result' || line.value === undefined));
    assert.equal((await stat(join(cwd, 'alice.log'))).mode & 0o777, 0o600);
  });

  it("refuses another party's file and settings, and a log that cannot be written", async () => {
    const { alice } = await setUp('r2');
    const wrong = await privity('run', 'job.txt', '--party', 'bob', '--config', alice);
    assert.equal(wrong.code, 64);
    assert.match(wrong.stderr, /PRIVITY_CONFIG_PARTY_MISMATCH/);
    const foreign = await privity('run', 'job.txt', '--config', alice, '--inputs', 'bob.table=x');
    assert.match(foreign.stderr, /private settings of bob are given where bob runs/);
    const log = await privity('run', 'job.txt', '--config', alice, '--log', 'none/x.log');
    assert.equal(log.code, 74);
  });

  it('cancels at a signal, with its exit code', async () => {
    const { alice } = await setUp('r3');
    const started = start(['run', 'job.txt', '--config', alice, '--arg', 'scenario=hang'], { cwd, tmp });
    await started.said('run agreed-1');
    started.child.kill('SIGTERM');
    const ended = await started.ended;
    assert.equal(ended.code, 143, ended.stdout);
    assert.match(ended.stdout, /SIGTERM: cancelling for all parties/);
  });

  it('asks for a report of a defect, with the stack', async () => {
    const { alice } = await setUp('r4');
    const ended = await privity('run', 'job.txt', '--config', alice, '--arg', 'scenario=bug');
    assert.equal(ended.code, 70);
    assert.match(ended.stderr, /PRIVITY_INTERNAL[\s\S]*TypeError: a defect\n +at /);
  });
});

describe('privity explain', () => {
  it('knows every code', async () => {
    const codes = [
      ...Object.keys(failureCodes),
      'PRIVITY_CONFIG_UNKNOWN_KEY',
      Object.keys(errorCatalogue).at(-1) ?? '',
    ];
    const [first, ...others] = [codes[0] ?? '', ...codes.slice(-2)];
    for (const code of [first, ...others]) {
      const ended = await privity('explain', code.toLowerCase());
      assert.equal(ended.code, 0);
      assert.match(ended.stdout, /means[\s\S]*to do[\s\S]*exit code/);
    }
    const unknown = await privity('explain', 'TASK_FAILD');
    assert.equal(unknown.code, 64);
    assert.match(unknown.stderr, /did you mean "TASK_FAILED"\?/);
  });
});
