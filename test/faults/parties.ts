/**
 * Real parties for tests: one `privity run` process each, with keys, files and ports of their own, whose `--json`
 * events are collected. Nothing here reaches into the product: it sees what an operator's script would see.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { systemClock } from '../../src/base/system.ts';
import type { ProcessRole, RunEvent } from '../../src/observe/events.ts';
import { createIdentity, fingerprint } from '../../src/transport/index.ts';
import { Hosts } from './namespaces.ts';
import { Network } from './proxy.ts';
import { Tap } from './tap.ts';

const cli = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** Longest that any test waits for a party: far above every bound that the tests configure. */
const PATIENCE_MS = 40_000;

export type EventOf<K extends RunEvent['event']> = Extract<RunEvent, { event: K }>;

export interface PartySpec {
  readonly job: string;
  /** Not started at all when false: the others wait for a party that never comes. */
  readonly start?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  /** On top of the arguments that all parties have. */
  readonly args?: Readonly<Record<string, string>>;
  readonly runId?: string;
  readonly errorDetail?: 'redacted' | 'full';
  readonly psiProtocols?: readonly string[];
  /** `expired`: the pinned key in a certificate of last week. `unknown`: a key that the others have not pinned. */
  readonly certificate?: 'expired' | 'unknown';
  /** What is different about this party's federation file: its name, or the order in which it lists the parties. */
  readonly federation?: { readonly name?: string; readonly isReversed?: boolean };
  /** Somebody else listens on this party's port. */
  readonly portTaken?: boolean;
  /** The temporary folder is a file system of this size (needs root). */
  readonly diskBytes?: number;
  /** What its program may hold, as a party file says it. */
  readonly memoryMax?: string;
  /** Address space of the party's processes. */
  readonly addressSpaceBytes?: number;
}

export interface Setup {
  readonly parties: Readonly<Record<string, PartySpec>>;
  readonly args?: Readonly<Record<string, string>>;
  readonly bounds?: Readonly<Record<string, number>>;
  /** Gives every pair of parties a path that the test can break; its random numbers come from here. */
  readonly network?: () => number;
  /** Whether what passes between the parties is read on the way. */
  readonly tap?: boolean;
  /** The certificates of all are valid for so long only. */
  readonly expiresAfterMs?: number;
  /** Longest that this run may take; {@link PATIENCE_MS} if not given. */
  readonly patienceMs?: number;
  /** Every party at a host of its own: a network namespace. */
  readonly hosts?: boolean;
}

/** Time to join: enough for a busy machine, but where somebody never comes, and the others have to notice. */
export function joining(parties: Setup['parties']): { joinTimeoutMs: number } {
  const isMissing = ({ start, portTaken }: PartySpec): boolean => start === false || portTaken === true;
  return { joinTimeoutMs: Object.values(parties).some(isMissing) ? 8_000 : 60_000 };
}

export function jobFile(name: string): string {
  return fileURLToPath(new URL(`../../../test/faults/jobs/${name}`, import.meta.url));
}

export class Party {
  readonly name: string;
  readonly events: RunEvent[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  text = '';
  #watchers: (() => void)[] = [];
  readonly #patienceMs: number;

  /** @param within what its command line begins with, to run at its own host */
  constructor(
    name: string,
    argv: readonly string[],
    tempDir: string,
    spec?: PartySpec,
    within: readonly string[] = [],
    patienceMs = PATIENCE_MS,
  ) {
    this.name = name;
    this.#patienceMs = patienceMs;
    const limit = spec?.addressSpaceBytes;
    const limited = limit === undefined ? [] : ['prlimit', `--as=${limit}`];
    const [program = '', ...args] = [...within, ...limited, process.execPath, cli, ...argv];
    this.child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        XDG_STATE_HOME: `${tempDir}-state`,
        ...spec?.env,
        TMPDIR: tempDir,
        NO_COLOR: '1',
      },
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
        timer = setTimeout(() => never(`within ${this.#patienceMs} ms`), this.#patienceMs);
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

  async pid(role: ProcessRole): Promise<number> {
    return (await this.event('process.started', (e) => e.role === role)).pid;
  }

  story(): string {
    return [...this.events.map((event) => JSON.stringify(event)), this.text].join('\n');
  }
}

export class Parties {
  readonly dir = mkdtempSync(join(tmpdir(), 'privity-test-'));
  readonly all: Party[] = [];
  readonly ports: Record<string, number> = {};
  network: Network | undefined;
  hosts: Hosts | undefined;
  tap: Tap | undefined;
  /** When the certificates of all expire, where they do so soon. */
  expiresAt: number | undefined;
  #patienceMs = PATIENCE_MS;
  readonly #guests: Server[] = [];
  readonly #mounts: string[] = [];

  static async start(setup: Setup): Promise<Parties> {
    const parties = new Parties();
    disposeAtTheEnd(parties);
    const specs = Object.entries(setup.parties);
    parties.#patienceMs = setup.patienceMs ?? PATIENCE_MS;
    if (setup.expiresAfterMs !== undefined) parties.expiresAt = Date.now() + setup.expiresAfterMs;
    if (setup.hosts) parties.hosts = Hosts.open(specs.map(([name]) => name));
    const fingerprints: Record<string, { readonly pinned: string; readonly own: string }> = {};
    for (const [name, spec] of specs) {
      fingerprints[name] = await writeIdentity(parties.dir, name, spec.certificate, parties.expiresAt);
      parties.ports[name] = setup.hosts ? HOST_PORT : await freePort();
    }
    if (setup.tap) parties.tap = await Tap.open(parties.ports, parties.dir);
    if (setup.network) parties.network = await Network.open(parties.ports, setup.network);
    for (const [name, spec] of specs) {
      const members = specs.map(([member]) => {
        const prints = fingerprints[member];
        const port = parties.#portOf(name, member);
        const fingerprint = member === name ? prints?.own : prints?.pinned;
        return { name: member, address: `${parties.#hostOf(member)}:${port}`, fingerprint };
      });
      const { name: federationName = 'test', isReversed } = spec.federation ?? {};
      const listed = isReversed ? members.toReversed() : members;
      const federation = stringify({ federation: federationName, parties: listed });
      writeFileSync(join(parties.dir, `federation-${name}.yaml`), federation);
      const config = {
        party: name,
        federation: `./federation-${name}.yaml`,
        key: `./${name}.key.pem`,
        certificate: `./${name}.cert.pem`,
        listen: `${parties.#hostOf(name)}:${parties.ports[name]}`,
        bounds: setup.bounds ?? {},
        ...(spec.errorDetail === undefined ? {} : { errorDetail: spec.errorDetail }),
        ...(spec.memoryMax === undefined ? {} : { memoryMax: spec.memoryMax }),
        ...(spec.psiProtocols === undefined ? {} : { psi: { protocols: spec.psiProtocols } }),
        settings: spec.settings ?? {},
      };
      writeFileSync(join(parties.dir, `${name}.yaml`), stringify(config));
      if (spec.start === false) continue;
      if (spec.portTaken) parties.#guests.push(await listenOn(parties.ports[name] ?? 0));
      const tempDir = parties.tempOf(name);
      if (spec.diskBytes !== undefined) parties.#mount(tempDir, spec.diskBytes);
      parties.all.push(
        new Party(
          name,
          parties.#argv(name, spec, setup),
          tempDir,
          spec,
          parties.hosts?.command(name),
          setup.patienceMs,
        ),
      );
    }
    return parties;
  }

  get(name: string): Party {
    const found = this.all.find((party) => party.name === name);
    if (!found) throw new Error(`no party ${name}`);
    return found;
  }

  /** Waits until every one of these parties has exited, and says which have not. */
  async ended(which: readonly Party[] = this.all): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const open = which.filter(
          (party) => party.child.exitCode === null && party.child.signalCode === null,
        );
        reject(
          new Error(`still running: ${open.map((party) => `${party.name}\n${party.story()}`).join('\n')}`),
        );
      }, this.#patienceMs);
    });
    try {
      await Promise.race([Promise.all(which.map((party) => party.exited)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * What is still there when `withinMs` have passed: the stand-in of a killed supervisor tells the peers for up to 2.5
   * s, and then looks through all processes of the machine for its own, before it removes its folder. The default is
   * the bound of guarantee G7.
   *
   * @param isAllowed what may stay, and is not waited for
   */
  async leftovers(withinMs = 5_000, isAllowed: (what: string) => boolean = () => false): Promise<string[]> {
    for (const guest of this.#guests.splice(0)) guest.close();
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = (await this.#leftovers()).filter((what) => !isAllowed(what));
      if (found.length === 0 || performance.now() > deadline) return found;
      await delay(20);
    }
  }

  /**
   * What the parties have left behind on this machine: living processes, taken ports, files in their temporary folders.
   */
  async #leftovers(): Promise<string[]> {
    const pids = this.all.flatMap((party) =>
      party.events.flatMap((e) => (e.event === 'process.started' ? [e.pid] : [])),
    );
    // Processes first: once none is left, nobody removes a file any more, and what is there then stays.
    const living = [...new Set([...pids.filter(isAlive), ...heirs(this.dir)])];
    const files = Object.keys(this.ports).flatMap((name) =>
      readdirSync(this.tempOf(name)).map((file) => `${name}: ${file}`),
    );
    const ports: string[] = [];
    for (const [name, port] of Object.entries(this.ports))
      if (await this.#isTaken(name, port)) ports.push(`${name}: port ${port}`);
    return [...living.map((pid) => `process ${pid}`), ...files, ...ports];
  }

  /** Ends whatever still runs, and removes the folder. For `finally`. */
  dispose(): void {
    open.delete(this);
    for (const party of this.all) {
      for (const event of party.events) {
        if (event.event === 'process.started' && isAlive(event.pid)) process.kill(event.pid, 'SIGKILL');
      }
      party.child.kill('SIGKILL');
    }
    for (const pid of heirs(this.dir)) process.kill(pid, 'SIGKILL');
    this.network?.close();
    this.tap?.close();
    this.hosts?.close();
    for (const guest of this.#guests) guest.close();
    for (const mount of this.#mounts) execFileSync('umount', ['-l', mount]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The folder that a party has for temporary files: empty, when it has cleared up. */
  tempOf(name: string): string {
    const dir = join(this.dir, `tmp-${name}`);
    mkdirSync(dir, { recursive: true });
    return dir;
  }

  #mount(dir: string, bytes: number): void {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]);
    this.#mounts.push(dir);
  }

  #hostOf(name: string): string {
    return this.hosts?.address(name) ?? '127.0.0.1';
  }

  async #isTaken(name: string, port: number): Promise<boolean> {
    return this.hosts ? this.hosts.isListening(name, port) : !(await isFree(port));
  }

  /** Where one party finds another: where it listens, or the path to it that the test can break. */
  #portOf(from: string, to: string): number | undefined {
    const tapped = this.tap?.port(from, to);
    if (tapped !== undefined) return tapped;
    return from === to || !this.network ? this.ports[to] : this.network.path(from, to).path.port;
  }

  #argv(name: string, spec: PartySpec, setup: Setup): string[] {
    const given = { ...setup.args, ...spec.args };
    const args = Object.entries(given).flatMap(([key, value]) => ['--arg', `${key}=${value}`]);
    if (spec.runId !== undefined) args.push('--run-id', spec.runId);
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

/** Those that are not disposed of yet, for the sudden end of this process: Ctrl-C in the middle of a long campaign. */
const open = new Set<Parties>();

let isWatching = false;

function disposeAtTheEnd(parties: Parties): void {
  open.add(parties);
  if (isWatching) return;
  isWatching = true;
  process.once('exit', () => {
    for (const left of [...open]) left.dispose();
  });
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

/**
 * Living processes that have anything of this folder in their environment: whatever the parties have started, and that
 * has.
 */
function heirs(dir: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((name) => {
    try {
      const inherits = /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(dir);
      return inherits && isAlive(Number(name)) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Keys made once for each name: what they are is no matter for the tests, and making them takes time. */
const identities = new Map<string, ReturnType<typeof createIdentity>>();

function identityOf(key: string, name: string, keyPem?: string): ReturnType<typeof createIdentity> {
  const lastWeek = { ...systemClock, wallTime: () => systemClock.wallTime() - 7 * 86_400_000 };
  const clock = key.endsWith('expired') ? lastWeek : systemClock;
  const made = identities.get(key) ?? createIdentity({ party: name, days: 1, clock, keyPem });
  identities.set(key, made);
  return made;
}

async function writeIdentity(
  dir: string,
  name: string,
  kind: PartySpec['certificate'],
  expiresAt: number | undefined,
) {
  const days = expiresAt === undefined ? undefined : (expiresAt - Date.now()) / 86_400_000;
  const pinned =
    days === undefined
      ? await identityOf(name, name)
      : await createIdentity({ party: name, days, clock: systemClock });
  let own = pinned;
  if (kind === 'expired') own = await identityOf(`${name} expired`, name, pinned.keyPem);
  if (kind === 'unknown') own = await identityOf(`${name} unknown`, name);
  writeFileSync(join(dir, `${name}.key.pem`), own.keyPem, { mode: 0o600 });
  writeFileSync(join(dir, `${name}.cert.pem`), own.certPem);
  return { pinned: fingerprint(pinned.certPem), own: fingerprint(own.certPem) };
}

async function listenOn(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Where each party listens that has a host of its own. */
const HOST_PORT = 7_000;
/**
 * Ports below those that the system gives to outgoing connections, so that none of these takes one before its party
 * does.
 */
const PORTS = { first: 20_000, count: 12_000 };
/**
 * One after the other, from a place that differs from process to process: what was given to one run is not given to the
 * next.
 */
let nextPort = (process.pid * 301) % PORTS.count;

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + nextPort;
    nextPort = (nextPort + 1) % PORTS.count;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
