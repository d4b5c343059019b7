/**
 * Loaded by Node.js ahead of everything else in a sandboxed process (`--import`). What the kernel and Node's permission
 * model refuse anyway is refused here first, in words, and the supervisor is told what was tried; and what they cannot
 * tell apart is: threads and native code of Privity, which it needs, from those of others. This is no wall by itself:
 * code that shares a process with it can find ways around, and then stands before the kernel.
 */
import childProcess from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { realpathSync } from 'node:fs';
import inspector from 'node:inspector';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import workerThreads from 'node:worker_threads';
import { UsageError } from '../../base/errors.ts';
import { TRIED, type Tried } from './policy.ts';

/** What is told of one process at most: the first tells the supervisor enough. */
const TOLD_MAX = 16;

type Method = (...given: unknown[]) => unknown;

let told = 0;
const send = process.send?.bind(process);
const ownPid = process.pid;
/** As they are before a job can have changed them. */
const { construct } = Reflect;
const startsWith = Function.prototype.call.bind(String.prototype.startsWith) as (
  text: string,
  part: string,
) => boolean;

const ownRoots = rootsOfPrivity();

guard();

function guard(): void {
  const { ChildProcess } = childProcess as unknown as { ChildProcess: { prototype: object } };
  refuse('process', ChildProcess.prototype, ['spawn']);
  refuse('process', childProcess, ['spawnSync', 'execSync', 'execFileSync']);
  refuse('network', net.Socket.prototype, ['connect']);
  refuse('network', net.Server.prototype, ['listen']);
  refuse('network', dgram, ['createSocket']);
  refuse('network', dgram.Socket.prototype, ['bind', 'connect', 'send']);
  for (const names of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype])
    refuse('network', names, namesOf(names, /^(lookup|resolve|reverse)/));
  refuse('internals', process, ['binding', '_linkedBinding', '_debugProcess', '_debugEnd']);
  refuse('internals', inspector, ['open']);
  refuse('internals', inspector.Session.prototype, ['connect', 'connectToMainThread']);
  for (const name of ['kill', '_kill'])
    hold(process, name, (kill) => (pid, signal) => {
      if (Math.abs(Number(pid)) !== ownPid) throw refused('signal');
      return kill(pid, signal);
    });
  hold(process, 'dlopen', (load) => (module, path, ...flags) => {
    if (!isOwn(path)) throw refused('native');
    return load(module, path, ...flags);
  });
  guardThreads();
  syncBuiltinESMExports();
}

/** A thread runs a file of Privity's, or of the pool that it uses. */
function guardThreads(): void {
  const { Worker } = workerThreads;
  const guarded = new Proxy(Worker, {
    construct(target, given: [string | URL, { readonly eval?: boolean }?], newTarget) {
      const [file, options] = given;
      const path = file instanceof URL || startsWith(file, 'file:') ? pathOf(file) : file;
      if (options?.eval || !isOwn(path)) throw refused('thread');
      return construct(target, given, newTarget) as object;
    },
  });
  Object.defineProperty(Worker.prototype, 'constructor', { value: guarded });
  Object.defineProperty(workerThreads, 'Worker', { value: guarded, configurable: false, writable: false });
}

function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    return '';
  }
}

function isOwn(path: unknown): boolean {
  if (typeof path !== 'string') return false;
  try {
    const real = realpathSync(path);
    return ownRoots.some((root) => startsWith(real, root));
  } catch {
    return false;
  }
}

/**
 * Folders, with a separator at their ends: the code of Privity, its pool of threads, and the two packages that have
 * native code.
 */
function rootsOfPrivity(): readonly string[] {
  const { resolve } = createRequire(import.meta.url);
  const packages = ['sodium-native', 'tinypool', '@duckdb'].flatMap((name) =>
    (resolve.paths(name) ?? []).flatMap((folder) => {
      try {
        return [realpathSync(join(folder, name))];
      } catch {
        return [];
      }
    }),
  );
  const own = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  return [own, ...packages].map((path) => `${path}${sep}`);
}

function namesOf(owner: object, pattern: RegExp): readonly string[] {
  return Object.getOwnPropertyNames(owner).filter((name) => pattern.test(name));
}

function refuse(what: Tried, owner: object, names: readonly string[]): void {
  for (const name of names) {
    hold(owner, name, () => () => {
      throw refused(what);
    });
  }
}

/** Puts another function in a method's place, for good. A method that this version does not have is passed over. */
function hold(owner: object, name: string, other: (original: Method) => Method): void {
  const original: unknown = (owner as Record<string, unknown>)[name];
  if (typeof original !== 'function') return;
  const value = other(original.bind(owner) as Method);
  Object.defineProperty(owner, name, { value, configurable: false, writable: false });
}

function refused(what: Tried): UsageError {
  if (told++ < TOLD_MAX) send?.({ type: 'tried', what });
  return new UsageError(
    'PRIVITY_SANDBOX_REFUSED',
    `The code of the job tried ${TRIED[what]}, which its sandbox refuses.`,
  );
}
