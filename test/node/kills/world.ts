/** Nodes as processes, with keys, folders and ports of their own, that are started again whenever they are killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { PrivityError } from '../../../src/base/errors.ts';
import { systemClock } from '../../../src/base/system.ts';
import { freePorts } from '../../../src/cli/local/ports.ts';
import { NodeClient } from '../../../src/node/client/client.ts';
import { createIdentity, fingerprint } from '../../../src/transport/index.ts';

const cli = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const moments = fileURLToPath(new URL('./moments.js', import.meta.url));

export const PARTIES = ['alice', 'bob', 'carol'] as const;
export type PartyName = (typeof PARTIES)[number];

/** A node that says nothing for so long is stuck. */
const PATIENCE_MS = 90_000;

export interface TestNodeOptions {
  readonly name: PartyName;
  readonly folder: string;
  readonly port: number;
  readonly api: number;
  /** The number of the moment at which the next process is killed; 0: at none. */
  readonly nextMoment?: () => number;
  /** What a process is started by, before `node`. */
  readonly within?: readonly string[];
}

/** One process of a node after the other. */
export class TestNode {
  readonly name: PartyName;
  readonly folder: string;
  readonly state: string;
  readonly port: number;
  /** What all its processes have said, and that they were killed. */
  said = '';
  /** Processes that ended by a SIGKILL of their own. */
  readonly momentsHit: string[] = [];
  readonly url: string;
  readonly #options: TestNodeOptions;
  #child: ChildProcess | undefined;
  #isStopping = false;
  #isOver = false;
  #kept: Promise<void> = Promise.resolve();
  #problem: Error | undefined;

  constructor(options: TestNodeOptions) {
    this.#options = options;
    this.name = options.name;
    this.folder = options.folder;
    this.port = options.port;
    this.state = join(options.folder, 'state');
    this.url = `http://127.0.0.1:${options.api}`;
  }

  get tmp(): string {
    return join(this.folder, 'tmp');
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#isStopping = false;
    this.#kept = this.#keep().catch((error: Error) => {
      this.#problem = error;
    });
  }

  /** Asks it again and again until it answers: a node that is killed is soon back. */
  async ask<T>(question: (client: NodeClient) => Promise<T>): Promise<T> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      if (this.#problem !== undefined) throw this.#problem;
      if (this.#isOver) throw new Error(`the node of ${this.name} is not started again`);
      try {
        return await question(this.#client());
      } catch (error) {
        // An answer that was cut off is none; with a token of before the first start there is none either.
        const isAway =
          !(error instanceof PrivityError) ||
          error.code === 'PRIVITY_NODE_UNREACHABLE' ||
          error.code === 'PRIVITY_TOKEN_INVALID';
        if (!isAway) throw error;
        if (performance.now() > deadline)
          throw new Error(`the node of ${this.name} does not answer: ${error}\n${this.said}`);
      }
      await delay(30);
    }
  }

  /** Every process of the party, as its folder for temporary files tells. */
  processes(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => `\0${textOf(`/proc/${pid}/environ`)}`.includes(`\0TMPDIR=${this.tmp}`));
  }

  gates(): readonly number[] {
    return this.processes().filter((pid) => /gate-main|privity-gate/.test(textOf(`/proc/${pid}/cmdline`)));
  }

  /** Supervisors, and the runs that they are for. */
  supervisors(): readonly { readonly pid: number; readonly runId: string }[] {
    return this.processes().flatMap((pid) => {
      const words = textOf(`/proc/${pid}/cmdline`).split('\0');
      const at = words.indexOf('--node-order');
      return at < 0 ? [] : [{ pid, runId: words[words.indexOf('--run-id') + 1] ?? '' }];
    });
  }

  /** Rejects when a process has ended by itself, with what it said. */
  async ended(): Promise<void> {
    await this.#kept;
    if (this.#problem !== undefined) throw this.#problem;
  }

  /** Ends it in good order, its port with it. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child?.kill('SIGTERM');
    await this.ended();
  }

  /** Whatever state it is in: nothing is left of it. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#isStopping = true;
    for (const pid of this.processes()) kill(pid);
    await this.#kept;
    for (const pid of this.processes()) kill(pid);
  }

  #client(): NodeClient {
    const token = textOf(join(this.state, 'admin.token')).trim();
    return new NodeClient({ url: this.url, token });
  }

  async #keep(): Promise<void> {
    while (!this.#isStopping) {
      const log = join(this.folder, 'killed.log');
      const moment = this.#options.nextMoment?.() ?? 0;
      const before = moment > 0 ? ['--import', moments] : [];
      const [program = '', ...words] = [
        ...(this.#options.within ?? []),
        process.execPath,
        ...before,
        cli,
        ...['node', 'start', '--config', join(this.folder, 'node.yaml'), '--json'],
      ];
      const child = spawn(program, words, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          TMPDIR: this.tmp,
          XDG_STATE_HOME: join(this.folder, 'records'),
          ...(moment > 0 ? { TEST_KILL_AT: String(moment), TEST_KILL_LOG: log } : {}),
        },
      });
      this.#child = child;
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (text) => {
          this.said += text;
        });
      const exit = once(child, 'exit');
      if (this.#isStopping) child.kill('SIGTERM');
      const [code, signal] = (await exit) as [number | null, NodeJS.Signals | null];
      this.said += `[ended: ${code ?? signal}]\n`;
      const told = textOf(log).split('\n').filter(Boolean);
      this.momentsHit.splice(0, this.momentsHit.length, ...told);
      if (signal !== 'SIGKILL' && !this.#isStopping)
        throw new Error(`the node of ${this.name} has ended with ${code ?? signal}:\n${this.said}`);
    }
  }
}

export interface Federation {
  readonly folder: string;
  readonly nodes: readonly TestNode[];
  remove(): Promise<void>;
}

export interface FederationOptions {
  readonly draw: () => number;
  readonly nextMoment?: () => number;
  readonly within?: readonly string[];
}

/** Keys, files and folders of all parties; no process yet. */
export async function madeFederation({ draw, nextMoment, within }: FederationOptions): Promise<Federation> {
  const folder = mkdtempSync(join(tmpdir(), 'privity-kills-'));
  const ports = await freePorts('127.0.0.1', 2 * PARTIES.length, (below) => Math.floor(draw() * below));
  const nodes: TestNode[] = [];
  const listed: object[] = [];
  for (const [nth, name] of PARTIES.entries()) {
    const [port = 0, api = 0] = ports.slice(2 * nth);
    const own = join(folder, name);
    mkdirSync(join(own, 'tmp'), { recursive: true });
    const { certPem, keyPem } = await createIdentity({ party: name, clock: systemClock });
    writeFileSync(join(own, 'cert.pem'), certPem);
    writeFileSync(join(own, 'key.pem'), keyPem, { mode: 0o600 });
    listed.push({ name, address: `127.0.0.1:${port}`, fingerprint: fingerprint(certPem) });
    const files = { key: './key.pem', certificate: './cert.pem', federation: '../federation.yaml' };
    writeFileSync(join(own, 'party.yaml'), stringify({ party: name, ...files }));
    const node = {
      party: './party.yaml',
      state: './state',
      sockets: './s',
      api: `127.0.0.1:${api}`,
      sandbox: 'off',
      runsAtOnceMax: 2,
      selfApproval: true,
    };
    writeFileSync(join(own, 'node.yaml'), stringify(node));
    nodes.push(
      new TestNode({
        ...{ name, folder: own, port, api },
        ...(nextMoment ? { nextMoment } : {}),
        ...(within ? { within } : {}),
      }),
    );
  }
  writeFileSync(join(folder, 'federation.yaml'), stringify({ federation: 'kills', parties: listed }));
  return {
    folder,
    nodes,
    async remove() {
      await Promise.all(nodes.map((node) => node.end()));
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** False: it has ended before. */
export function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Empty: it is not there, or not any more. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);
