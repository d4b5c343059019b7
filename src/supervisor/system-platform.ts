/** The machine that this process runs on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '../base/system.ts';
import { closeDatabase, configureDatabase } from '../data/index.ts';
import { loadJob } from '../program/load-job.ts';
import type { FromProgram } from './ipc.ts';
import { openDataPlane, openPlanes } from './planes.ts';
import type { EventLoop, ProgramPlatform, SupervisorPlatform } from './platform.ts';
import { ProgramProcess } from './program-process.ts';
import { rehearse } from './rehearsal.ts';
import { createSigner } from './signer.ts';

const eventLoop: EventLoop = {
  clock: systemClock,
  random: systemRandom,
  later: (callback) => void setImmediate(callback),
  hold(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemSupervisor: SupervisorPlatform<ProgramProcess> = {
  ...eventLoop,
  pid: process.pid,
  async tempFolder(party) {
    const path = await mkdtemp(join(tmpdir(), `privity-${party}-`));
    return { path, remove: () => rm(path, { recursive: true, force: true }) };
  },
  openPlanes,
  spawnProgram: (cwd, tempDir, handlers) => ProgramProcess.spawn(cwd, tempDir, handlers),
  createSigner,
  rehearse,
};

export const systemProgram: ProgramPlatform = {
  ...eventLoop,
  threads: availableParallelism(),
  send(message) {
    if (process.connected) process.send?.(message);
  },
  finish() {
    if (!process.connected) return;
    process.send?.({ type: 'news', news: [] } satisfies FromProgram, () => process.exit(0));
  },
  print: (line) => void process.stderr.write(`${line}\n`),
  loadJob,
  openDataPlane,
  database: { configure: (tempDir) => configureDatabase({ tempDir }), close: closeDatabase },
};
