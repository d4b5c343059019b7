/** Two nodes by the command line, as two people have them: from a proposal to evidence, and what they are refused. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/cli/local/ports.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { here } from './here.ts';
import { type Ended, processesIn, start } from './processes.ts';

const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const PURPOSE = 'shared customers';
const CONTRACT = ['--contract', 'job.contract.yaml'];
const DATASETS = ['--dataset', 'alice.table=members', '--dataset', 'bob.table=orders'];

type Party = 'alice' | 'bob';
let folder = '';

const privity = (party: Party, ...args: string[]): Promise<Ended> =>
  here(args, { cwd: join(folder, party), entry });

async function done(party: Party, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await privity(party, ...args);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const json = async (party: Party, ...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await done(party, ...args, '--json')) as Record<string, unknown>;

/** The code of the error that a command ends with. */
async function refused(party: Party, ...args: string[]): Promise<{ code: string; message: string }> {
  const ended = await privity(party, ...args, '--json');
  assert.notEqual(ended.code, 0, ended.stdout);
  const { error, message } = JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '') as Record<
    string,
    string
  >;
  return { code: error ?? '', message: message ?? '' };
}

async function propose(...options: string[]): Promise<string> {
  const words = ['propose', 'job.ts', '--purpose', PURPOSE, ...DATASETS, '--title', 'both shops'];
  const { id } = await json('alice', ...words, ...options);
  return String(id);
}

/** Bob has the proposal. */
async function arrived(id: string): Promise<void> {
  for (;;) {
    await done('bob', 'proposals', 'list', '--state', 'proposed', '--wait', '30s');
    if ((await privity('bob', 'proposals', 'show', id)).code === 0) return;
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  const ports = await freePorts('127.0.0.1', 4, (below) => randomInt(below));
  const examples = join(projectRoot, 'examples/two-parties');
  const members: string[] = [];
  for (const [nth, party] of (['alice', 'bob'] as const).entries()) {
    const own = join(folder, party);
    await mkdir(own);
    await done(party, 'keygen', '--party', party);
    members.push('--party', `${party}=127.0.0.1:${ports[nth]}=${join(own, `${party}.cert.pem`)}`);
    const node = [`party: ${party}.party.yaml`, 'state: state', `api: 127.0.0.1:${ports[2 + nth]}`];
    await writeFile(
      join(own, 'node.yaml'),
      [...node, 'sandbox: preferred', 'selfApproval: true', ''].join('\n'),
    );
    await copyFile(join(examples, `${party}.csv`), join(own, 'table.csv'));
  }
  await done('alice', 'federation', 'create', '--name', 'shops', '--out', 'federation.yaml', ...members);
  await copyFile(join(folder, 'alice/federation.yaml'), join(folder, 'bob/federation.yaml'));
  for (const name of ['job.ts', 'job.contract.yaml'])
    await copyFile(join(examples, name), join(folder, 'alice', name));
  await appendFile(join(folder, 'alice/alice.party.yaml'), '\nsettings:\n  table: ./of-the-party-file.csv\n');
  await Promise.all((['alice', 'bob'] as const).map((party) => done(party, 'node', 'start', '--detach')));
  await done('alice', 'datasets', 'add', 'members', 'table.csv');
  await done('bob', 'datasets', 'add', 'orders', 'table.csv');
});
after(async () => {
  for (const party of ['alice', 'bob'] as const) await privity(party, 'node', 'stop');
  for (const pid of processesIn(folder)) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

describe('two nodes by the command line', () => {
  let id = '';

  it('one that is up already is not started twice', async () => {
    assert.equal((await refused('alice', 'node', 'start', '--detach')).code, 'PRIVITY_STORE_IN_USE');
  });

  it('measure the link to each other', async () => {
    let text = '';
    while (!/bob +up .* ms +[\d.]+ [kM]B\/s +\d{4}-/.test(text)) text = await done('alice', 'partners');
    assert.match(text, /^PARTNER .*ROUND TRIP +SPEED +MEASURED/);
  });

  it('say what is missing to approve, and lead to a result once it is there', async () => {
    id = await propose();
    await arrived(id);
    const shown = await done('bob', 'proposals', 'files', id.slice(0, 12), '--out', 'proposed');
    assert.match(shown, /^FILE +BYTES +SHA-256[\s\S]*job\.ts +\d+ +[0-9a-f]{12} +the job/);
    assert.deepEqual(
      await readFile(join(folder, 'bob/proposed/job.ts')),
      await readFile(join(folder, 'alice/job.ts')),
    );
    const again = await refused('bob', 'proposals', 'files', id, '--out', 'proposed');
    assert.equal(again.code, 'PRIVITY_FILE_EXISTS');
    const listed = await json('bob', 'proposals', 'files', id);
    assert.deepEqual(Object.keys((listed.files as object[])[0] ?? {}), ['path', 'bytes', 'sha256']);
    const missing = await refused('bob', 'approve', id);
    assert.equal(missing.code, 'PRIVITY_GRANT_MISSING');
    assert.match(missing.message, /alice has no grant for the dataset orders/);
    await done(
      'bob',
      'grants',
      'add',
      '--dataset',
      'orders',
      '--partner',
      'alice',
      '--purpose',
      PURPOSE,
      '--runs',
      '1',
    );
    assert.match(
      await done('bob', 'proposals', 'show', id.slice(0, 12)),
      /alice will learn:[\s\S]*euros \(1 value\)/,
    );
    await done('alice', 'approve', id.slice(0, 12));
    await done('bob', 'approve', id.slice(0, 12), '--reason', 'as agreed');
    for (const party of ['alice', 'bob'] as const) {
      const said = await done(party, 'runs', 'follow', id.slice(0, 12));
      assert.match(said, /completed after[\s\S]*sharedCustomers +4[\s\S]*euros +85/);
    }
    assert.match(
      await done('bob', 'runs', 'show', id.slice(0, 12), '--config', 'node.yaml'),
      /sharedCustomers +4/,
    );
  });

  it('prove the run to a third, who sees that an altered proof is none', async () => {
    await done('alice', 'runs', 'evidence', id.slice(0, 12), '--out', '../proof.json');
    const verify = ['evidence', 'verify', '--federation', 'federation.yaml'];
    assert.doesNotMatch(await done('bob', ...verify, '../proof.json'), /✖/);
    await done('bob', 'runs', 'evidence', id.slice(0, 12), '--out', '../bobs.json');
    assert.match(await done('bob', ...verify, '../proof.json', '../bobs.json'), /\n2 of 2 files hold\.\n$/);
    const proof = await readFile(join(folder, 'proof.json'), 'utf8');
    for (const [from, to] of [
      ['as agreed', 'as you like'],
      ['"number"', '"table"'],
      ['"state":"completed"', '"state":"failed"'],
    ] as const) {
      assert.ok(proof.includes(from), from);
      await writeFile(join(folder, 'altered.json'), proof.replace(from, to));
      const ended = await privity('bob', ...verify, '../altered.json');
      assert.equal(ended.code, 1, from);
      assert.match(ended.stdout, /✖ the file is signed by alice/);
    }
    const both = await privity('bob', ...verify, '../proof.json', '../altered.json');
    assert.equal(both.code, 1);
    assert.match(both.stdout, /\n1 of 2 files hold\. Do not rely on the others\.\n$/);
    await writeFile(join(folder, 'altered.json'), '{}');
    const some = await privity('bob', ...verify, '../none.json', '../altered.json', '../proof.json');
    assert.equal(some.code, 1);
    assert.match(
      some.stdout,
      /^\.\.\/none\.json\n✖ .*none\.json: .*\n\.\.\/altered\.json\n✖ .*altered\.json: this is no evid/,
    );
    assert.match(
      some.stdout,
      /✔ the file is signed by alice[\s\S]*\n1 of 3 files hold\. Do not rely on the others\.\n$/,
    );
    const none = await refused('bob', ...verify, '../none.json');
    assert.equal(none.code, 'PRIVITY_CONFIG_FILE_MISSING');
    const other = proof.replace(/"verdict":\{"digest":"[0-9a-f]+"/, '"verdict":{"digest":"00"');
    assert.notEqual(other, proof);
    await writeFile(join(folder, 'other.json'), other);
    const against = await privity('bob', ...verify, '../other.json', '../bobs.json');
    assert.match(
      against.stdout,
      /✖ \.\.\/other\.json and \.\.\/bobs\.json tell of one run, .*, with two verdicts: /,
    );
    assert.match(against.stdout, /Do not rely on the others\. They contradict each other\.\n$/);
    await writeFile(join(folder, 'altered.json'), 'no proof');
    assert.equal((await refused('bob', ...verify, '../altered.json')).code, 'PRIVITY_EVIDENCE_INVALID');
  });

  it('leave no token behind whose text could not be written', async () => {
    const add = ['tokens', 'add', 'vera', '--role', 'viewer', '--out'];
    const file = join(folder, 'alice/vera.token');
    const tokens = () => json('alice', 'tokens', 'list') as Promise<{ rows: { revokedAt: number | null }[] }>;
    const { rows: before } = await tokens();
    assert.equal((await refused('alice', ...add, 'table.csv')).code, 'PRIVITY_FILE_EXISTS');
    assert.equal((await refused('alice', ...add, 'none/vera.token')).code, 'PRIVITY_FILE_WRITE');
    assert.deepEqual(await tokens(), { rows: before });
    // In the place of the part that is written first.
    await mkdir(`${file}.${process.pid}.part`);
    const { code, message } = await refused('alice', ...add, 'vera.token');
    assert.equal(code, 'PRIVITY_FILE_WRITE');
    assert.match(message, /vera\.token: cannot be written \(.*\); the token [0-9a-f]+ is revoked again$/);
    const { rows } = await tokens();
    assert.equal(rows.length, before.length + 1);
    assert.equal(typeof rows.at(-1)?.revokedAt, 'number');
  });

  it('print each listing as one JSON object', async () => {
    const lists: Record<string, string[]> = {
      alice: ['partners'],
      orders: ['datasets', 'list'],
      [PURPOSE]: ['grants', 'list'],
      both: ['proposals', 'list'],
      [id]: ['runs', 'list', '--config', 'node.yaml'],
      admin: ['tokens', 'list'],
      'grant.added': ['audit', 'list', '--limit', '100'],
      rows: ['schedules'],
    };
    for (const [word, args] of Object.entries(lists)) {
      const { rows } = await json('bob', ...args);
      assert.ok(Array.isArray(rows), args.join(' '));
      if (word !== 'rows') assert.ok(JSON.stringify(rows).includes(word), args.join(' '));
    }
    for (const [key, args] of Object.entries({
      document: ['proposals', 'show', id],
      schema: ['datasets', 'show', 'orders'],
      runsAtOnceMax: ['node', 'status'],
      isIntact: ['audit', 'verify'],
      bob: ['datasets', 'schemas', 'bob.table=orders'],
    }))
      assert.ok(key in (await json('bob', ...args)), key);
  });

  it('refuse what cannot be, with a code that says what to do', async () => {
    // The grant was for one run.
    const second = await propose();
    await arrived(second);
    const { code, message } = await refused('bob', 'approve', second);
    assert.equal(code, 'PRIVITY_GRANT_MISSING');
    assert.match(message, /is used up \(1 runs\)/);
    const following = start(['runs', 'follow', second], {
      cwd: join(folder, 'bob'),
      tmp: folder,
      main: entry,
    });
    await following.said('waits for the decision');
    following.child.kill('SIGINT');
    const { code: stopped, stderr } = await following.ended;
    assert.deepEqual([stopped, stderr], [130, '']);
    await done('bob', 'refuse', second, '--reason', 'not again');
    assert.equal((await refused('bob', 'approve', second)).code, 'PRIVITY_PROPOSAL_STATE');
    assert.equal((await privity('bob', 'runs', 'follow', second)).code, 77);

    await done('bob', 'tokens', 'add', 'vera', '--role', 'viewer', '--out', 'vera.token');
    await writeFile(join(folder, 'bob/made-up.token'), 'privity_made_up\n');
    await writeFile(join(folder, 'alice/lonely.ts'), await readFile(join(folder, 'alice/job.ts')));
    const ask = ['propose', 'job.ts', '--purpose', PURPOSE, ...DATASETS];
    const refusals: readonly [string, Party, readonly string[]][] = [
      ['PRIVITY_TOKEN_RIGHT', 'bob', ['refuse', second, '--token-file', 'vera.token']],
      ['PRIVITY_TOKEN_INVALID', 'bob', ['partners', '--token-file', 'made-up.token']],
      ['PRIVITY_PROPOSAL_UNKNOWN', 'bob', ['proposals', 'show', 'p0000000000']],
      ['PRIVITY_RUN_UNKNOWN', 'bob', ['runs', 'stop', 'p0000000000-1-1']],
      ['PRIVITY_RUN_STATE', 'bob', ['runs', 'stop', `${id}-1-1`]],
      ['PRIVITY_DATASET_UNKNOWN', 'bob', ['datasets', 'show', 'order']],
      ['PRIVITY_DATASET_EXISTS', 'bob', ['datasets', 'add', 'orders', 'table.csv']],
      ['PRIVITY_DATASET_UNKNOWN', 'alice', ['datasets', 'schemas', 'bob.table=order']],
      ['PRIVITY_PROPOSAL_INVALID', 'alice', [...ask, '--cron', 'every monday']],
      ['PRIVITY_COMMAND_LINE', 'alice', [...ask, '--times', '3']],
      ['PRIVITY_COMMAND_LINE', 'alice', [...ask, '--timezone', 'Europe/Berlin']],
      ['PRIVITY_COMMAND_LINE', 'alice', [...ask, '--cron', '0 6 * * 1', '--times', '0']],
      ['PRIVITY_COMMAND_LINE', 'alice', [...ask, '--attempts', '11']],
      ['PRIVITY_JOB_NOT_FOUND', 'alice', ['propose', 'nosuch.ts', '--purpose', PURPOSE]],
      ['PRIVITY_PROPOSAL_UNKNOWN', 'bob', ['approve', 'p0']],
      ['PRIVITY_CONFIG_FILE_MISSING', 'alice', ['propose', 'lonely.ts', '--purpose', PURPOSE]],
      ['PRIVITY_COMMAND_LINE', 'alice', [...ask, '--dataset', 'carol.table=x']],
      ['PRIVITY_PROPOSAL_INVALID', 'alice', [...ask, '--cron', '* * * * * *']],
      ['PRIVITY_ARGS_INVALID', 'alice', [...ask, '--arg', 'rounds=3']],
      // Its party file has one: that is for runs by hand.
      ['PRIVITY_SETTING_MISSING', 'alice', [...ask.slice(0, 4), '--dataset', 'bob.table=orders']],
      ['PRIVITY_DATASET_UNKNOWN', 'alice', [...ask, '--dataset', 'alice.table=member']],
      ['PRIVITY_DATASET_UNKNOWN', 'alice', [...ask, '--dataset', 'bob.table=order']],
      ['PRIVITY_JOB_NOT_LOADED', 'alice', ['propose', 'ends.ts', ...ask.slice(2), ...CONTRACT]],
      ['PRIVITY_CONTRACT_INVALID', 'alice', ['propose', 'three.ts', ...ask.slice(2), ...CONTRACT]],
    ];
    await writeFile(join(folder, 'alice/ends.ts'), 'process.exit(0);');
    await writeFile(
      join(folder, 'alice/three.ts'),
      "import { job } from 'privity';\nexport default job({ parties: ['alice', 'bob', 'carol'] }, async () => 1);\n",
    );
    const before = await json('alice', 'proposals', 'list');
    for (const [wanted, party, args] of refusals)
      for (const only of args[0] === 'propose' ? [['--check'], []] : [[]])
        assert.equal((await refused(party, ...args, ...only)).code, wanted, [...args, ...only].join(' '));
    const short = await refused('bob', 'proposals', 'show', 'p0');
    assert.match(short.message, /there is no proposal p0 here; .* from 8 characters on/);
    const only = (setting: string) => [...ask.slice(0, 4), '--dataset', setting, '--check'];
    for (const given of ['bob.table=orders', 'alice.tabel=members']) {
      const { message } = await refused('alice', ...only(given));
      assert.match(message, /it with|them with/, given);
      assert.match(message, /--dataset alice\.table=DATASET, or.* --output alice\.table=FILE/, given);
      assert.doesNotMatch(message, /--setting|--inputs|party file/);
    }
    assert.match(await done('alice', ...ask, '--check'), /nothing was sent/);
    assert.deepEqual(await json('alice', 'proposals', 'list'), before);
  });

  it('stop at an intersection that is smaller than its owner demands, and count that as a refusal', async () => {
    const words = ['--dataset', 'orders', '--partner', 'alice', '--purpose', PURPOSE];
    await done('bob', 'grants', 'add', ...words, '--minimum-rows', '5', '--runs', '3');
    const third = await propose();
    await arrived(third);
    await done('alice', 'approve', third);
    await done('bob', 'approve', third);
    const { code, stdout } = await privity('alice', 'runs', 'follow', third);
    assert.equal(code, 65, stdout);
    await privity('bob', 'runs', 'follow', third);
    const shown = await done('bob', 'runs', 'show', `${third}-1-1`, '--config', 'node.yaml');
    assert.match(shown, /DATA_INVALID at bob[\s\S]*at least 5 are asked for/);
    const { rows } = (await json('bob', 'grants', 'list')) as {
      rows: readonly { id: string; minimumRows: number; uses: number; refusals: number }[];
    };
    const grant = rows.find(({ minimumRows }) => minimumRows === 5);
    assert.deepEqual([grant?.uses, grant?.refusals], [1, 1]);
    assert.match(await done('bob', 'grants', 'show', grant?.id ?? ''), new RegExp(`used +by ${third}-1-1`));
  });

  it('say why a run did not begin, where no log can', async () => {
    const fourth = await propose();
    await arrived(fourth);
    await done('bob', 'approve', fourth);
    const { rows } = (await json('bob', 'grants', 'list')) as {
      rows: readonly { id: string; revokedAt: number | null }[];
    };
    for (const { id: grant } of rows.filter((one) => one.revokedAt === null))
      await done('bob', 'grants', 'revoke', grant);
    await done('alice', 'approve', fourth);
    // What bob's error says is for bob alone.
    for (const [party, why] of [
      ['alice', /asks for more of a dataset/],
      ['bob', /grant g[0-9a-f]+ is revoked/],
    ] as const) {
      assert.notEqual((await privity(party, 'runs', 'follow', fourth)).code, 0);
      const said = await done(party, 'runs', 'show', `${fourth}-1-1`, '--config', 'node.yaml');
      assert.match(said, /failed: PRIVITY_GRANT_MISSING at bob/);
      assert.match(/why +(.*)/.exec(said)?.[1] ?? '', why);
      const answer = await json(party, 'runs', 'show', `${fourth}-1-1`, '--config', 'node.yaml');
      assert.match(String(answer.why), why);
      const logs = await done(party, 'runs', 'logs', `${fourth}-1-1`, '--config', 'node.yaml');
      assert.equal(logs, said);
    }
    for (const what of ['show', 'logs']) {
      const unknown = await refused('bob', 'runs', what, 'p00000000-1-1', '--config', 'node.yaml');
      assert.equal(unknown.code, 'PRIVITY_RECORD_UNKNOWN');
    }
  });

  it('forget old runs when they are told to', async () => {
    assert.equal(
      (await refused('bob', 'runs', 'purge', '--config', 'node.yaml')).code,
      'PRIVITY_COMMAND_LINE',
    );
    const said = await done('bob', 'runs', 'purge', '--config', 'node.yaml', '--keep', '1');
    assert.match(said, /^2 runs and \d packed jobs? removed\n$/);
    assert.equal((await refused('bob', 'runs', 'evidence', `${id}-1-1`)).code, 'PRIVITY_RUN_UNKNOWN');
  });

  it('run again without a person what persons have approved, where both have a rule, and prove it', async () => {
    const { rows } = (await json('bob', 'grants', 'list')) as { rows: readonly { id: string }[] };
    for (const grant of rows) await done('bob', 'grants', 'revoke', grant.id);
    const revoked = await done('bob', 'grants', 'show', rows[0]?.id ?? '');
    assert.match(revoked, /\nrevoked +\d{4}-\d\d-\d\d /);
    assert.doesNotMatch(revoked, /until/);
    await done('bob', 'grants', 'add', '--dataset', 'orders', '--partner', 'alice', '--purpose', PURPOSE);
    await done('alice', 'rules', 'add', 'approve', '--like', id.slice(0, 12));
    const { id: rule } = await json(
      'bob',
      'rules',
      'add',
      'approve',
      '--like',
      id.slice(0, 12),
      '--times',
      '1',
    );
    const again = await propose();
    assert.match(await done('alice', 'runs', 'follow', again), /sharedCustomers +4[\s\S]*euros +85/);
    const shown = await done('bob', 'proposals', 'show', again);
    assert.match(
      shown,
      new RegExp(`bob: approved by rule:${rule}[\\s\\S]*a rule of person:admin: approves what`),
    );
    assert.match(await done('bob', 'rules', 'list'), new RegExp(`${rule} +person:admin +1 of 1 `));
    assert.match(await done('bob', 'rules', 'show', String(rule)), /has decided 1 proposal\n/);
    await done('alice', 'runs', 'evidence', `${again}-1-1`, '--out', '../ruled.json');
    const proof = ['evidence', 'verify', '../ruled.json', '--federation', 'federation.yaml'];
    assert.match(await done('bob', ...proof), new RegExp(`✔ bob has approved it \\(rule:${rule}\\), signed`));
    await done('bob', 'rules', 'remove', String(rule));
    const refusals: readonly [string, readonly string[]][] = [
      ['PRIVITY_RULE_UNKNOWN', ['rules', 'remove', String(rule)]],
      ['PRIVITY_RULE_INVALID', ['rules', 'add', 'approve', '--partner', 'alice', '--purpose', PURPOSE]],
      ['PRIVITY_COMMAND_LINE', ['rules', 'add', 'allow']],
      ['PRIVITY_COMMAND_LINE', ['rules', 'add', 'approve', '--like', again, '--times', '0']],
      ['PRIVITY_COMMAND_LINE', ['rules', 'add', 'approve', '--like', again, '--runs', '0']],
    ];
    for (const [wanted, args] of refusals) assert.equal((await refused('bob', ...args)).code, wanted);
  });
});
