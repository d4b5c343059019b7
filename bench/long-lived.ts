/**
 * G8: a process that runs parties again and again, each run ending in a failure, has no more memory and no more
 * descriptors afterwards. Both supervisors of each run are in this process; the programs are processes of their own, as
 * always. RUNS and WARM_UP (runs after which the first measurement is made) make it shorter or longer.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../src/base/system.ts';
import { type FederationMember, runParty } from '../src/supervisor/index.ts';
import { createIdentity, fingerprint } from '../src/transport/index.ts';
import { jobFile } from '../test/faults/parties.ts';
import { atMost, figure, setting } from './parts/figure.ts';

const RUNS = setting('RUNS', 100);
/** Caches fill and the engine compiles what runs often: not what is measured. */
const WARM_UP = setting('WARM_UP', 30);
const NAMES = ['alice', 'bob'] as const;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const identities = await Promise.all(NAMES.map((party) => createIdentity({ party, clock: systemClock })));

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function failedRun(): Promise<void> {
  const ports = [await freePort(), await freePort()];
  const federation: FederationMember[] = NAMES.map((name, i) => ({
    name,
    host: '127.0.0.1',
    port: ports[i] ?? 0,
    fingerprint: fingerprint(identities[i]?.certPem ?? ''),
  }));
  const reports = await Promise.all(
    NAMES.map((party, i) =>
      runParty({
        party,
        federation,
        federationName: 'bench',
        identity: identities[i] ?? { certPem: '', keyPem: '' },
        listen: { host: '127.0.0.1', port: ports[i] ?? 0 },
        jobFile: jobFile('fail-soon.ts'),
        args: {},
        settings: {},
        errorDetail: 'redacted',
        bounds: {},
        onEvent: () => undefined,
      }),
    ),
  );
  const codes = reports.map((report) => report.verdict.failure?.code);
  if (codes.some((code) => code !== 'TASK_FAILED')) throw new Error(`a run ended with ${codes.join(', ')}`);
}

interface Held {
  readonly memoryMb: number;
  readonly heapMb: number;
  readonly descriptors: number;
  readonly listeners: number;
}

/** What this process holds when nothing is running. */
async function held(): Promise<Held> {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed } = process.memoryUsage();
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const descriptors = readdirSync('/proc/self/fd').length;
  return { memoryMb: rss / 1e6, heapMb: heapUsed / 1e6, descriptors, listeners };
}

const folder = mkdtempSync(join(tmpdir(), 'privity-long-lived-'));
process.env.TMPDIR = folder;
try {
  for (let i = 0; i < WARM_UP; i++) await failedRun();
  const before = await held();
  for (let i = 0; i < RUNS; i++) await failedRun();
  const after = await held();
  console.log(`${RUNS} failed runs of two parties in one process, after ${WARM_UP} to warm up`);
  figure(
    'G8: memory (RSS) after, of that before',
    (100 * after.memoryMb) / before.memoryMb,
    '%',
    atMost(105),
  );
  figure('G8: heap after, of that before', (100 * after.heapMb) / before.heapMb, '%', atMost(105));
  figure('G8: more descriptors', after.descriptors - before.descriptors, '', atMost(0));
  figure('G8: more listeners of the process', after.listeners - before.listeners, '', atMost(0));
  figure('G8: files left in the temporary folder', readdirSync(folder).length, '', atMost(0));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
