/**
 * Hosts of the test's own: a network namespace for each party, with an address, joined by a bridge. What a test does to
 * such a network happens below TCP, so nobody is told: packets vanish, as they do behind a cable that was pulled. Needs
 * root and iproute2, on Linux.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What all names of namespaces begin with; then come the process that made them, a number, and the host. */
const PREFIX = 'privity-test';
/** The bridges, their ports, and nothing else: whatever belongs to a network is gone with its namespaces. */
const HUB = 'hub';
/** The second has no ports until somebody is parted from the others. */
const BRIDGES = ['bridge', 'bridge-apart'] as const;
/** For benchmarks only (RFC 2544), so no real host has it. Never leaves the bridge. */
const SUBNET = '198.18.0';
/** An address in the locally administered range that no host has: what is sent to it arrives nowhere. */
const NOBODY = '02:00:00:00:ff:ff';

const command =
  (program: string) =>
  (...args: readonly string[]): string =>
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const ip = command('ip');
const tc = command('tc');

let whyNot: string | null | undefined;

/** Why network namespaces cannot be made here; null if they can. Found out by making one. */
export function namespacesMissing(): string | null {
  if (whyNot === undefined) whyNot = tryOut();
  return whyNot;
}

function tryOut(): string | null {
  if (process.platform !== 'linux') return 'they need Linux';
  if (process.getuid?.() !== 0) return 'they need root';
  try {
    const hosts = Hosts.open(['a', 'b']);
    try {
      hosts.squeeze('a', { bitsPerSecond: 1_000_000, queueBytes: 10_000 });
    } finally {
      hosts.close();
    }
    return null;
  } catch (error) {
    return String((error as Partial<Error>).message)
      .trim()
      .replaceAll('\n', ' ');
  }
}

/** Those that this process has open, for its sudden end. */
const open = new Set<Hosts>();
let opened = 0;

export class Hosts {
  readonly #names: readonly string[];
  readonly #run: string;

  private constructor(names: readonly string[]) {
    this.#names = names;
    this.#run = `${PREFIX}.${process.pid}.${opened++}`;
  }

  /** @throws {Error} what `ip` says: no root, no iproute2, no such kind of device */
  static open(names: readonly string[]): Hosts {
    clearLeftNamespaces();
    const hosts = new Hosts(names);
    removeAtTheEnd();
    open.add(hosts);
    try {
      hosts.#build();
    } catch (error) {
      hosts.close();
      throw error;
    }
    return hosts;
  }

  address(host: string): string {
    return `${SUBNET}.${this.#names.indexOf(host) + 1}`;
  }

  /** What a command line begins with to run at a host. */
  command(host: string): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name(host)];
  }

  /** From now on, what `from` sends to `to` is lost, and nobody is told. */
  lose(from: string, to: string): void {
    const wrong = ['lladdr', NOBODY, 'dev', 'eth0', 'nud', 'permanent'];
    ip('-n', this.#name(from), 'neigh', 'replace', this.address(to), ...wrong);
  }

  /** Takes `lose` back. */
  deliver(from: string, to: string): void {
    ip('-n', this.#name(from), 'neigh', 'del', this.address(to), 'dev', 'eth0');
  }

  /** Takes these hosts to a bridge of their own, all at the same instant: they reach each other, and nobody else. */
  part(hosts: readonly string[]): void {
    const commands = hosts.map((host) => `link set dev ${host} master ${BRIDGES[1]}\n`);
    execFileSync('ip', ['-n', this.#name(HUB), '-batch', '-'], { input: commands.join('') });
  }

  /** From now on the bridge passes on to this host only so much, and drops what does not fit into a short queue. */
  squeeze(host: string, { bitsPerSecond, queueBytes }: { bitsPerSecond: number; queueBytes: number }): void {
    const bucket = [
      'tbf',
      'rate',
      `${bitsPerSecond}bit`,
      'burst',
      `${queueBytes}b`,
      'limit',
      `${queueBytes}b`,
    ];
    tc('-n', this.#name(HUB), 'qdisc', 'add', 'dev', host, 'root', ...bucket);
  }

  /** Packets to a host that were dropped because its queue was full. */
  dropped(host: string): number {
    const text = tc('-n', this.#name(HUB), '-s', 'qdisc', 'show', 'dev', host);
    return Number(/dropped (\d+)/.exec(text)?.[1] ?? Number.NaN);
  }

  /** The cable between a host and the bridge, at the end of the bridge: the host sees that it has no carrier. */
  plug(host: string, isIn: boolean): void {
    ip('-n', this.#name(HUB), 'link', 'set', 'dev', host, isIn ? 'up' : 'down');
  }

  /** Whether anybody listens at a host's port. */
  isListening(host: string, port: number): boolean {
    const [program = '', ...args] = [...this.command(host), 'cat', '/proc/net/tcp'];
    const sockets = execFileSync(program, args, { encoding: 'utf8' });
    const listening = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} [0-9A-F]+:0000 0A`);
    return listening.test(sockets);
  }

  /** Ends whatever still runs at these hosts, and removes them. */
  close(): void {
    open.delete(this);
    for (const host of [...this.#names, HUB]) remove(this.#name(host));
  }

  #build(): void {
    const hub = this.#name(HUB);
    for (const host of [HUB, ...this.#names]) ip('netns', 'add', this.#name(host));
    for (const bridge of BRIDGES) {
      ip('-n', hub, 'link', 'add', 'name', bridge, 'type', 'bridge');
      ip('-n', hub, 'link', 'set', 'dev', bridge, 'up');
    }
    for (const host of this.#names) {
      const name = this.#name(host);
      ip('-n', hub, 'link', 'add', 'name', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('-n', hub, 'link', 'set', 'dev', host, 'master', BRIDGES[0]);
      this.plug(host, true);
      ip('-n', name, 'address', 'add', `${this.address(host)}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  }

  #name(host: string): string {
    return `${this.#run}.${host}`;
  }
}

/** Removes the namespaces of test processes that were killed, and returns their names. */
export function clearLeftNamespaces(): readonly string[] {
  const left = listNamespaces().filter((name) => {
    const [prefix, pid] = name.split('.');
    return prefix === PREFIX && !isTestProcess(Number(pid));
  });
  for (const name of left) remove(name);
  return left;
}

export function listNamespaces(): readonly string[] {
  return ip('netns', 'list')
    .split('\n')
    .flatMap((line) => line.split(' ')[0] || []);
}

/** Numbers of processes are used again; by whatever is not Node.js, they are not ours. */
function isTestProcess(pid: number): boolean {
  try {
    const [, name = ''] = /\((.*)\)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return /^(node|MainThread)/.test(name);
  } catch {
    return false;
  }
}

function remove(name: string): void {
  try {
    // A namespace lives on without its name while a process is in it.
    for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean))
      process.kill(Number(pid), 'SIGKILL');
  } catch {
    // It has ended meanwhile, or there is no such namespace.
  }
  try {
    ip('netns', 'delete', name);
  } catch {
    // It was never made.
  }
}

let isRemoving = false;

/** Also when this process is ended by Ctrl-C or by whoever runs the tests. */
function removeAtTheEnd(): void {
  if (isRemoving) return;
  isRemoving = true;
  const closeAll = (): void => {
    for (const hosts of [...open]) hosts.close();
  };
  process.once('exit', closeAll);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      closeAll();
      process.kill(process.pid, signal);
    });
  }
}
