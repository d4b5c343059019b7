/** Alice's and bob's nodes by the command line, each in a folder of its own, with the tables of the first example. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../src/cli/local/ports.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { here } from './here.ts';
import { type Ended, processesIn } from './processes.ts';

export type Party = 'alice' | 'bob';
export const PARTIES = ['alice', 'bob'] as const;

const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export class TwoNodes {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param keys further lines of each node file @param prepare before the nodes start */
  static async start(
    keys: Readonly<Record<Party, readonly string[]>>,
    prepare: (nodes: TwoNodes) => Promise<void> = async () => undefined,
  ): Promise<TwoNodes> {
    const nodes = new TwoNodes(await mkdtemp(join(tmpdir(), 'two-')));
    const ports = await freePorts('127.0.0.1', 4, (below) => randomInt(below));
    const members: string[] = [];
    for (const [nth, party] of PARTIES.entries()) {
      await mkdir(nodes.in(party));
      await nodes.done(party, 'keygen', '--party', party);
      members.push('--party', `${party}=127.0.0.1:${ports[nth]}=${nodes.in(party, `${party}.cert.pem`)}`);
      const own = [`party: ${party}.party.yaml`, 'state: state', `api: 127.0.0.1:${ports[2 + nth]}`];
      await writeFile(
        nodes.in(party, 'node.yaml'),
        [...own, 'selfApproval: true', ...keys[party], ''].join('\n'),
      );
      await copyFile(join(projectRoot, `examples/two-parties/${party}.csv`), nodes.in(party, 'table.csv'));
    }
    await nodes.done(
      'alice',
      'federation',
      'create',
      '--name',
      'shops',
      '--out',
      'federation.yaml',
      ...members,
    );
    await copyFile(nodes.in('alice', 'federation.yaml'), nodes.in('bob', 'federation.yaml'));
    await prepare(nodes);
    await Promise.all(PARTIES.map((party) => nodes.done(party, 'node', 'start', '--detach')));
    await nodes.done('alice', 'datasets', 'add', 'members', 'table.csv');
    await nodes.done('bob', 'datasets', 'add', 'orders', 'table.csv');
    const grant = ['--dataset', 'orders', '--partner', 'alice', '--purpose', 'shared customers'];
    await nodes.done('bob', 'grants', 'add', ...grant);
    return nodes;
  }

  in(party: Party, ...names: string[]): string {
    return join(this.folder, party, ...names);
  }

  privity(party: Party, ...args: string[]): Promise<Ended> {
    return here(args, { cwd: this.in(party), entry });
  }

  async done(party: Party, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.privity(party, ...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  }

  async json(party: Party, ...args: string[]): Promise<Record<string, unknown>> {
    return JSON.parse(await this.done(party, ...args, '--json')) as Record<string, unknown>;
  }

  /** The error that a command ends with. */
  async refused(
    party: Party,
    ...args: string[]
  ): Promise<{ readonly code: string; readonly message: string }> {
    const ended = await this.privity(party, ...args, '--json');
    assert.notEqual(ended.code, 0, ended.stdout);
    const { error = '', message = '' } = JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '') as Record<
      string,
      string
    >;
    return { code: error, message };
  }

  /** Alice proposes a job of hers. Resolves to the id when bob has it. */
  async proposed(job: string, ...options: string[]): Promise<string> {
    const tables = ['--dataset', 'alice.table=members', '--dataset', 'bob.table=orders'];
    const { id } = await this.json(
      'alice',
      'propose',
      job,
      '--purpose',
      'shared customers',
      ...tables,
      ...options,
    );
    for (;;) {
      await this.done('bob', 'proposals', 'list', '--state', 'proposed', '--wait', '30s');
      if ((await this.privity('bob', 'proposals', 'show', String(id))).code === 0) return String(id);
    }
  }

  async close(): Promise<void> {
    for (const party of PARTIES) await this.privity(party, 'node', 'stop');
    for (const pid of processesIn(this.folder)) if (pid !== process.pid) process.kill(pid, 'SIGKILL');
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
