/**
 * Ways out of a sandbox, as code of a job could try them. Run as a process of its own, it tries each and prints how it
 * went; a way that leads out gives in a word what it got.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import fs from 'node:fs';
import inspector from 'node:inspector';
import { createRequire } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** What the test has prepared outside: none of it was given to the program. */
export interface Outside {
  readonly secretFile: string;
  readonly secretModule: string;
  readonly unixSocket: string;
  readonly tcpPort: number;
  readonly pid: number;
  readonly addon: string;
  readonly folder: string;
  /** Of the program's own. */
  readonly tempDir: string;
}

/** How it went: undefined for a way that leads nowhere without an error. */
type Way = (outside: Outside) => unknown;

const connected = async (socket: net.Socket): Promise<string> => {
  try {
    await once(socket, 'connect');
    return 'connected';
  } finally {
    socket.destroy();
  }
};

const sql = async (statement: string): Promise<string | undefined> => {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(statement)).getRows();
  // A pattern of names that matches nothing is no error, and gives nothing.
  return /^SELECT/.test(statement) && rows.length === 0 ? undefined : 'ran';
};

const open = (path: string, flags: string): string => {
  fs.closeSync(fs.openSync(path, flags));
  return 'opened';
};

export const ways: Readonly<Record<string, Way>> = {
  'fetch from this machine': async ({ tcpPort }) => (await fetch(`http://127.0.0.1:${tcpPort}/`)).status,
  'a TCP connection': ({ tcpPort }) => connected(net.connect(tcpPort, '127.0.0.1')),
  'a TCP connection by IPv6': ({ tcpPort }) => connected(net.connect(tcpPort, '::1')),
  'the name service': async () => (await lookup('localhost')).address,
  'a UDP packet': async ({ tcpPort }) => {
    const socket = dgram.createSocket('udp4');
    try {
      const sent = new Promise<string>((resolve, reject) => {
        socket.on('error', reject);
        socket.send('x', tcpPort, '127.0.0.1', (error) => (error ? reject(error) : resolve('sent')));
      });
      return await sent;
    } finally {
      socket.close();
    }
  },
  'a unix socket': ({ unixSocket }) => connected(net.connect(unixSocket)),
  'listening at a port': async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    server.close();
    return 'listens';
  },
  'a file of this user': ({ secretFile }) => fs.readFileSync(secretFile, 'utf8'),
  'a file by a symbolic link': ({ secretFile, tempDir }) => {
    const link = join(tempDir, 'link');
    fs.symlinkSync(secretFile, link);
    return fs.readFileSync(link, 'utf8');
  },
  'a file by a hard link': ({ secretFile, tempDir }) => {
    const link = join(tempDir, 'hard');
    fs.linkSync(secretFile, link);
    return fs.readFileSync(link, 'utf8');
  },
  'a file by the root of another process': ({ pid, secretFile }) =>
    fs.readFileSync(`/proc/${pid}/root${secretFile}`, 'utf8'),
  'writing a file': ({ folder }) => open(join(folder, 'written'), 'w'),
  'writing beside the own code': () => open(new URL('planted.js', import.meta.url).pathname, 'w'),
  'the accounts of the system': () => fs.readFileSync('/etc/passwd', 'utf8').length,
  'other processes': ({ pid }) => fs.readdirSync('/proc').includes(String(pid)) || undefined,
  'the environment of the supervisor': ({ pid }) =>
    [pid, process.ppid, 1].flatMap((each) => {
      try {
        return fs.readFileSync(`/proc/${each}/environ`, 'utf8').includes('PATH=') ? [each] : [];
      } catch {
        return [];
      }
    })[0],
  // Those of docs/operations.md; the mark of a program and the variables of its channel are not there in every test.
  'its own environment': () =>
    Object.keys(process.env).find((name) => !['TMPDIR', 'TZ', 'PWD', 'privity_program'].includes(name)),
  'the magic keys of the kernel': () => open('/proc/sysrq-trigger', 'a'),
  'the core pattern': () => open('/proc/sys/kernel/core_pattern', 'r+'),
  'memory that others see': () => {
    open('/dev/shm/privity-way-out', 'w');
    fs.rmSync('/dev/shm/privity-way-out');
    return 'written';
  },
  'a child process': () => spawnSync(process.execPath, ['--version']).error ?? 'started',
  'a shell': () => execFileSync('/bin/sh', ['-c', 'echo ran'], { encoding: 'utf8' }),
  'a signal to the supervisor': ({ pid }) => process.kill(pid, 0),
  'a signal by the inside of Node': ({ pid }) => {
    const { _kill: kill } = process as unknown as { _kill(pid: number, signal: number): number };
    return kill.call(process, pid, 0) === 0 ? 'sent' : undefined;
  },
  'a file of SQL': ({ secretFile }) => sql(`SELECT * FROM read_text('${secretFile}')`),
  'SQL that writes': ({ folder }) => sql(`COPY (SELECT 1) TO '${join(folder, 'copied.csv')}'`),
  'SQL that attaches': ({ folder }) => sql(`ATTACH '${join(folder, 'attached.db')}'`),
  'importing a module': async ({ secretModule }) =>
    (await import(pathToFileURL(secretModule).href)) && 'imported',
  'the inspector': () => {
    inspector.open(0, '127.0.0.1');
    const url = inspector.url();
    inspector.close();
    return url;
  },
  'a file without end': ({ tempDir }) => {
    const path = join(tempDir, 'huge');
    const file = fs.openSync(path, 'w');
    try {
      fs.ftruncateSync(file, 2 ** 40);
      return 'made';
    } finally {
      fs.closeSync(file);
      fs.rmSync(path);
    }
  },
};

/** What the kernel lets Privity itself do, and so cannot refuse to others in its process: the guard does. */
export const guarded: Readonly<Record<string, Way>> = {
  'an addon': ({ addon }) => {
    const holder = { exports: {} };
    process.dlopen(holder, addon);
    return 'loaded';
  },
  'an addon by require': ({ addon }) => createRequire(import.meta.url)(addon) && 'loaded',
  'a thread of text': async () => {
    const worker = new Worker('1', { eval: true });
    await once(worker, 'exit');
    return 'ran';
  },
  'a thread of a class that inherits': async () => {
    const Class = Object.getPrototypeOf(class extends Worker {}) as typeof Worker;
    const worker = new Class(new URL('data:text/javascript,1'));
    await once(worker, 'exit');
    return 'ran';
  },
  'the bindings of Node': () => {
    const { binding } = process as unknown as { binding(name: string): object };
    return Object.keys(binding.call(process, 'fs')).length;
  },
};

export type Outcome = { readonly escaped: string } | { readonly refused: string };

async function outcomeOf(way: Way, outside: Outside): Promise<Outcome> {
  try {
    const got: unknown = await way(outside);
    if (got instanceof Error) throw got;
    return got === undefined ? { refused: 'nothing there' } : { escaped: String(got) };
  } catch (error) {
    const { code, cause, message } = error as { code?: string; cause?: { code?: string }; message?: string };
    return { refused: String(code ?? cause?.code ?? message) };
  }
}

const given = process.argv[2];
if (given !== undefined && process.argv[1] === new URL(import.meta.url).pathname) {
  const outcomes: Record<string, Outcome> = {};
  for (const [name, way] of Object.entries({ ...ways, ...guarded }))
    outcomes[name] = await outcomeOf(way, JSON.parse(given) as Outside);
  process.stdout.write(`${JSON.stringify(outcomes)}\n`, () => process.exit(0));
}
