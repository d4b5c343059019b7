/**
 * How each system is started: three parties on this machine, which run cells (an operation at a size) and say what each
 * has cost.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunReport } from '../../../src/observe/report.ts';
import { Parties } from '../../../test/faults/parties.ts';
import { type LinkSpeed, SlowLink } from './link.ts';
import { REPEAT_SECONDS_MAX } from './operations.ts';

export interface Cell {
  readonly op: string;
  readonly size: number;
}

export interface Measured extends Cell {
  readonly seconds: number;
  /** Of all parties together. */
  readonly cpu: number;
  /** Everything that crossed the loopback, with the headers of TCP and whatever is above it. */
  readonly bytes: number;
  readonly rounds?: number;
  /** Largest difference to the same computation in plaintext. */
  readonly error: number | null;
}

export interface RunOptions {
  /** Of each operation at each size, at most; the best counts: the first ones compile, or fill caches. */
  readonly runs: number;
  /** An operation goes on to its next size only if that is expected to take no longer. */
  readonly limitS: number;
  /** Where given, parties reach each other over such a link. */
  readonly speed: LinkSpeed | undefined;
  readonly told: (measured: Measured) => void;
}

export interface System {
  readonly name: string;
  run(cells: readonly Cell[], options: RunOptions): Promise<void>;
}

/** What Privity's own parties may take for one operation; a busy machine included. */
const JOB_PARTIES = ['alice', 'bob', 'carol'] as const;

/** One run for each cell, over the real data plane: mutual TLS, gRPC framing, sessions that resume. */
export class PrivitySystem implements System {
  readonly name = 'Privity (rep3)';
  readonly #job: string;

  constructor(job: string) {
    this.#job = job;
  }

  async run(cells: readonly Cell[], { limitS, runs, speed, told }: RunOptions): Promise<void> {
    const took = new Map<string, Measured>();
    for (const cell of cells) {
      if (expected(took.get(cell.op), cell.size) > limitS) continue;
      const measured = await this.#one(cell, runs, speed);
      took.set(cell.op, measured);
      told(measured);
    }
  }

  async #one({ op, size }: Cell, runs: number, speed: LinkSpeed | undefined): Promise<Measured> {
    const parties = await Parties.start({
      parties: Object.fromEntries(JOB_PARTIES.map((name) => [name, { job: this.#job }])),
      args: { op, size: String(size), runs: String(runs) },
      ...(speed ? { network: () => 0 } : {}),
    });
    try {
      for (const path of parties.network?.around([]) ?? []) path.set({ ...speed });
      const { value } = await parties.get('alice').event('result');
      const { runs: done, ...cost } = value as Omit<Measured, 'op' | 'size'> & { readonly runs: number };
      await parties.ended();
      const report = JSON.parse(readFileSync(join(parties.dir, 'reports/alice.json'), 'utf8')) as RunReport;
      const [device] = report.secure ?? [];
      const inputs = device?.operations.find(({ operation }) => operation === 'share')?.count ?? 0;
      // Beside the operation: agreement on seeds, for each input its sharing and the opening of its first number, and
      // each result's. Of all runs together: a sort takes more or fewer rounds each time.
      const rounds = device && Math.round((device.rounds - 1 - (1 + inputs)) / done) - 1;
      return {
        op,
        size,
        ...cost,
        ...(rounds === undefined ? {} : { rounds }),
      };
    } finally {
      parties.dispose();
    }
  }
}

/** Three processes of one program, which prints a line for each cell. */
abstract class LineSystem implements System {
  abstract readonly name: string;
  abstract commands(cells: string, options: RunOptions, net: Net): Promise<readonly (readonly string[])[]>;
  protected before(): Promise<void> {
    return Promise.resolve();
  }
  protected after(): void {}

  async run(cells: readonly Cell[], options: RunOptions): Promise<void> {
    await this.before();
    const net = await Net.open(options.speed);
    const lines: Measured[][] = [[], [], []];
    let told = 0;
    const look = (): void => {
      for (; lines.every((list) => list[told]); told++)
        options.told(joined(lines.map((list) => list[told] as Measured)));
    };
    const text = cells.map(({ op, size }) => `${op}:${size}`).join();
    const children = (await this.commands(text, options, net)).map(([program = '', ...args], rank) => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, PYTHONUNBUFFERED: '1' },
      });
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        if (!line.startsWith('{')) return;
        lines[rank]?.push(JSON.parse(line) as Measured);
        look();
      });
      // Looked at from now on: it may end before its turn comes.
      return { child, words: collected(child), closed: once(child, 'close') as Promise<[number | null]> };
    });
    try {
      for (const { closed, words } of children) {
        const [code] = await closed;
        if (code !== 0) throw new Error(`${this.name} ended with ${code}:\n${words().slice(-2_000)}`);
      }
    } finally {
      for (const { child } of children) child.kill('SIGKILL');
      net.close();
      this.after();
    }
  }
}

function collected(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

function joined(list: readonly Measured[]): Measured {
  const [first] = list;
  if (first === undefined) throw new Error('nothing was measured');
  return {
    ...first,
    seconds: Math.max(...list.map(({ seconds }) => seconds)),
    cpu: list.reduce((sum, { cpu }) => sum + cpu, 0),
    error: list.find(({ error }) => error !== null)?.error ?? null,
  };
}

export function expected(last: Measured | undefined, size: number): number {
  return last === undefined ? 0 : (last.seconds * size) / last.size;
}

/** Ports of three parties, and the addresses of the others as each of them sees them. */
class Net {
  readonly #ports: readonly number[];
  readonly #links: readonly (readonly SlowLink[])[];

  private constructor(ports: readonly number[], links: readonly (readonly SlowLink[])[]) {
    this.#ports = ports;
    this.#links = links;
  }

  static async open(speed: LinkSpeed | undefined): Promise<Net> {
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    if (speed === undefined) return new Net(ports, []);
    const row = () => Promise.all(ports.map(async (port) => new SlowLink(await freePort(), port, speed)));
    return new Net(ports, await Promise.all([row(), row(), row()]));
  }

  addressesFor(rank: number): readonly string[] {
    return this.#ports.map((port, other) => {
      const link = this.#links[rank]?.[other];
      return `127.0.0.1:${rank === other || !link ? port : link.port}`;
    });
  }

  close(): void {
    for (const link of this.#links.flat()) link.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

export class MpycSystem extends LineSystem {
  readonly name = 'MPyC';
  readonly #python: string;
  readonly #program: string;

  constructor(python: string, program: string) {
    super();
    this.#python = python;
    this.#program = program;
  }

  async commands(cells: string, { limitS, runs }: RunOptions, net: Net) {
    return [0, 1, 2].map((rank) => [
      ...[this.#python, this.#program, cells, String(limitS), String(runs), String(REPEAT_SECONDS_MAX)],
      ...net.addressesFor(rank).flatMap((address) => ['-P', address]),
      ...['-I', String(rank), '--no-log'],
    ]);
  }
}

export class SpuSystem extends LineSystem {
  readonly name = 'SPU (ABY3)';
  readonly #python: string;
  readonly #program: string;
  #folder = '';

  constructor(python: string, program: string) {
    super();
    this.#python = python;
    this.#program = program;
  }

  async commands(cells: string, { limitS, runs }: RunOptions, net: Net) {
    this.#folder = mkdtempSync(join(tmpdir(), 'privity-spu-'));
    return [0, 1, 2].map((rank) => [
      ...[
        this.#python,
        this.#program,
        cells,
        String(limitS),
        String(runs),
        String(REPEAT_SECONDS_MAX),
        this.#folder,
      ],
      ...[String(rank), net.addressesFor(rank).join()],
    ]);
  }

  protected override after(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export class JiffSystem extends LineSystem {
  readonly name = 'JIFF';
  readonly #modules: string;
  readonly #program: string;
  #server: ChildProcess | undefined;
  #port = 0;

  constructor(modules: string, program: string) {
    super();
    this.#modules = modules;
    this.#program = program;
  }

  protected override async before(): Promise<void> {
    this.#port = await freePort();
    const args = [this.#program, this.#modules, 'none:0', '0', '0', '0', 'server', String(this.#port)];
    this.#server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(this.#server.stdout as NodeJS.ReadableStream, 'data');
  }

  /** All messages go through the server, so there is no link between parties that could be slow. */
  async commands(cells: string, { limitS, runs, speed }: RunOptions) {
    if (speed) throw new Error('JIFF has no links between parties');
    const common = [
      process.execPath,
      this.#program,
      this.#modules,
      cells,
      String(limitS),
      String(runs),
      String(REPEAT_SECONDS_MAX),
    ];
    return [0, 1, 2].map((rank) => [
      ...common,
      ...[String(rank), `127.0.0.1:${this.#port}`, String(this.#server?.pid)],
    ]);
  }

  protected override after(): void {
    this.#server?.kill('SIGKILL');
  }
}
