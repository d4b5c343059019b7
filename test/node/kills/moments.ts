/**
 * Loaded into the process of a node before its own code (`--import`): it counts what the process does that leaves a
 * trace, and kills it at the moment whose number the test has drawn. Nothing of the product knows of it.
 */
import childProcess from 'node:child_process';
import { appendFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';
import Libsql from 'libsql';

const { TEST_KILL_AT, TEST_KILL_LOG } = process.env;
delete process.env.TEST_KILL_AT;
delete process.env.TEST_KILL_LOG;

let left = Number(TEST_KILL_AT ?? 0);

/** The moment is told first, so that the test knows of what was killed; one line is written whole. */
function pass(moment: string): void {
  left -= 1;
  if (left !== 0 || TEST_KILL_LOG === undefined) return;
  appendFileSync(TEST_KILL_LOG, `${moment}\n`);
  process.kill(process.pid, 'SIGKILL');
}

type Methods = Record<string, (...args: never[]) => unknown>;

/** @param namesOf the moments before and after a call; undefined: this call is none */
function watch(holder: object, method: string, namesOf: (first: unknown) => string | undefined): void {
  const methods = holder as Methods;
  const original = methods[method];
  if (original === undefined) throw new Error(`there is no ${method}`);
  methods[method] = function (this: unknown, ...args: never[]): unknown {
    const name = namesOf(args[0]);
    if (name === undefined) return original.apply(this, args);
    pass(`before ${name}`);
    const result = original.apply(this, args);
    if (result instanceof Promise) return result.finally(() => pass(`after ${name}`));
    pass(`after ${name}`);
    return result;
  };
}

if (isMainThread && left > 0) {
  watch(Libsql.prototype, 'exec', (text) => (text === 'commit' ? 'a commit of the store' : undefined));
  watch(childProcess, 'spawn', () => 'the start of a process');
  for (const name of ['rename', 'mkdir', 'rm', 'writeFile', 'open'])
    watch(promises, name, () => `${name} of a file`);
  watch(ServerResponse.prototype, 'end', () => 'the end of an answer of the API');
  watch(Socket.prototype, 'connect', () => 'a connection');
  syncBuiltinESMExports();
}
