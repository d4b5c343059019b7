/**
 * Real parties for tests: one `privity run` process each, with keys, files and ports of their own, whose `--json` events
 * are collected. Nothing here reaches into the product: it sees what an operator's script would see.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { systemClock } from '../../src/base/system.ts';
import type { RunEvent } from '../../src/observe/events.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Longest that any test waits for a party: far above every bound that the tests configure. */
const PATIENCE_MS = 40_000;

export type EventOf<K extends RunEvent['event']> = Extract<RunEvent, { event: K }>;

export interface PartySpec {
  readonly job: string;
  /** Not started at all when false: the others wait for a party that never comes. */
  readonly start?: boolean;
}

export interface Setup {
  readonly parties: Readonly<Record<string, PartySpec>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly bounds?: Readonly<Record<string, number>>;
}

export function jobFile(name: string): string {
  return fileURLToPath(new URL(`../../../test/faults/jobs/${name}`, import.meta.url));
}

export class Party {
  readonly name: string;
  readonly events: RunEvent[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null; at: number }>;
  text = '';
  #watchers: (() => void)[] = [];

  constructor(name: string, argv: readonly string[], tempDir: string) {
    this.name = name;
    this.child = spawn(process.execPath, [cli, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, TMPDIR: tempDir, NO_COLOR: '1' },
    });
    const { stdout, stderr } = this.child;
    if (!stdout || !stderr) throw new Error('no pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      this.events.push(JSON.parse(line) as RunEvent);
      for (const watcher of this.#watchers) watcher();
    });
    stderr.on('data', (chunk) => {
      this.text += chunk;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => ({
      code,
      signal,
      at: performance.now(),
    }));
  }

  /** The first event that fits, now or later. */
  async event<K extends RunEvent['event']>(
    kind: K,
    fits: (event: EventOf<K>) => boolean = () => true,
  ): Promise<EventOf<K>> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise((resolve, reject) => {
        const look = () => {
          const found = this.events.find((e): e is EventOf<K> => e.event === kind && fits(e as EventOf<K>));
          if (found) resolve(found);
        };
        const never = (why: string) =>
          reject(new Error(`${this.name}: no ${kind} event ${why}; it said:\n${this.story()}`));
        this.#watchers.push(look);
        timer = setTimeout(() => never(`within ${PATIENCE_MS} ms`), PATIENCE_MS);
        void this.exited.then(() => {
          look();
          never('before it exited');
        });
        look();
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async pid(role: 'supervisor' | 'program'): Promise<number> {
    return (await this.event('process.started', (e) => e.role === role)).pid;
  }

  story(): string {
    return [...this.events.map((event) => JSON.stringify(event)), this.text].join('\n');
  }
}

export class Parties {
  readonly dir = mkdtempSync(join(tmpdir(), 'privity-test-'));
  readonly all: Party[] = [];
  ports: Record<string, number> = {};

  static async start(setup: Setup): Promise<Parties> {
    const parties = new Parties();
    const names = Object.keys(setup.parties);
    const members: Record<string, string>[] = [];
    for (const name of names) {
      const identity = await createIdentity({ party: name, days: 1, clock: systemClock });
      writeFileSync(join(parties.dir, `${name}.key.pem`), identity.keyPem, { mode: 0o600 });
      writeFileSync(join(parties.dir, `${name}.cert.pem`), identity.certPem);
      const port = await freePort();
      parties.ports[name] = port;
      members.push({ name, address: `127.0.0.1:${port}`, fingerprint: fingerprint(identity.certPem) });
    }
    writeFileSync(join(parties.dir, 'federation.yaml'), stringify({ federation: 'test', parties: members }));
    for (const name of names) {
      const config = {
        party: name,
        federation: './federation.yaml',
        key: `./${name}.key.pem`,
        certificate: `./${name}.cert.pem`,
        bounds: setup.bounds ?? {},
      };
      writeFileSync(join(parties.dir, `${name}.yaml`), stringify(config));
      const spec = setup.parties[name];
      if (!spec || spec.start === false) continue;
      parties.all.push(new Party(name, parties.#argv(name, spec, setup), parties.#tempOf(name)));
    }
    return parties;
  }

  get(name: string): Party {
    const found = this.all.find((party) => party.name === name);
    if (!found) throw new Error(`no party ${name}`);
    return found;
  }

  /** Waits until every party has exited; kills what has not, and says so. */
  async ended(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const open = this.all.filter(
          (party) => party.child.exitCode === null && party.child.signalCode === null,
        );
        reject(
          new Error(`still running: ${open.map((party) => `${party.name}\n${party.story()}`).join('\n')}`),
        );
      }, PATIENCE_MS);
    });
    try {
      await Promise.race([Promise.all(this.all.map((party) => party.exited)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is still there when `withinMs` have passed: the processes of a killed supervisor need a moment to notice. */
  async leftovers(withinMs = 3_000): Promise<string[]> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = await this.#leftovers();
      if (found.length === 0 || performance.now() > deadline) return found;
      await delay(20);
    }
  }

  /** What the parties have left behind on this machine: living processes, taken ports, files in their temporary folders. */
  async #leftovers(): Promise<string[]> {
    const pids = this.all.flatMap((party) =>
      party.events.flatMap((e) => (e.event === 'process.started' ? [e.pid] : [])),
    );
    const files = this.all.flatMap((party) =>
      readdirSync(this.#tempOf(party.name)).map((file) => `${party.name}: ${file}`),
    );
    const ports: string[] = [];
    for (const [name, port] of Object.entries(this.ports))
      if (!(await isFree(port))) ports.push(`${name}: port ${port}`);
    return [...pids.filter(isAlive).map((pid) => `process ${pid}`), ...files, ...ports];
  }

  /** Ends whatever still runs, and removes the folder. For `finally`. */
  dispose(): void {
    for (const party of this.all) {
      for (const event of party.events) {
        if (event.event === 'process.started' && isAlive(event.pid)) process.kill(event.pid, 'SIGKILL');
      }
      party.child.kill('SIGKILL');
    }
    rmSync(this.dir, { recursive: true, force: true });
  }

  #tempOf(name: string): string {
    const dir = join(this.dir, `tmp-${name}`);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  #argv(name: string, spec: PartySpec, setup: Setup): string[] {
    const args = Object.entries(setup.args ?? {}).flatMap(([key, value]) => ['--arg', `${key}=${value}`]);
    const report = ['--report', join(this.dir, 'reports')];
    return [
      'run',
      spec.job,
      '--party',
      name,
      '--config',
      join(this.dir, `${name}.yaml`),
      '--json',
      ...report,
      ...args,
    ];
  }
}

/** Whether a process runs. One that has ended and waits to be reaped by whoever adopted it does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
