/**
 * The secure device, rep3: three processes on this machine, over a program's data plane (mutual TLS), and what each
 * operation reaches of what the design asks for. All parties share the machine's cores, so beside elements a second
 * stands what does not depend on how busy these are: processor time of all three for one unit.
 *
 *     PRIVITY_BENCH_SECURE_WAY=tcp        over bare TCP instead: what the data plane adds
 *     PRIVITY_BENCH_SECURE_ONLY=sort,exp  some of the operations
 *     PRIVITY_BENCH_SECURE_ELEMENTS, PRIVITY_BENCH_SECURE_RUNS
 *     PRIVITY_BENCH_SECURE_PROFILE=DIR    processor profiles of what is measured into that folder, which is there
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../src/base/collect.ts';
import { systemClock } from '../src/base/system.ts';
import { heapArguments } from '../src/supervisor/seam/memory-limit.ts';
import { createIdentity, fingerprint } from '../src/transport/index.ts';
import { atLeast, atMost, keep, setting } from './parts/figure.ts';
import { type Credentials, members, type Way } from './secure-links.ts';
import type { Command } from './secure-party.ts';
import { works } from './secure-work.ts';

/**
 * Runs of each operation at most; the best counts, so that neither other work on the machine decides nor that code is
 * compiled while it runs the first times.
 */
const RUNS = setting('PRIVITY_BENCH_SECURE_RUNS', 25);
/** After so much time an operation is not run again; it is run twice at least. */
const SECONDS_MAX = 15;
const WAY = (process.env.PRIVITY_BENCH_SECURE_WAY ?? 'mtls') as Way;
const ONLY = process.env.PRIVITY_BENCH_SECURE_ONLY?.split(',');

interface Figures {
  readonly port: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rounds: number;
  readonly bytes: number;
}

async function credentialsOf(): Promise<Credentials[]> {
  const identities = await Promise.all(members.map((party) => createIdentity({ party, clock: systemClock })));
  const fingerprints = identities.map(({ certPem }) => fingerprint(certPem));
  return identities.map((identity) => ({ identity, fingerprints }));
}

async function main(): Promise<void> {
  const party = fileURLToPath(new URL('./secure-party.js', import.meta.url));
  // As a program process is started, so that V8 collects as it does there.
  const execArgv = [...process.execArgv, COLLECT_FLAG, ...heapArguments(undefined, process.env.NODE_OPTIONS)];
  const parties = members.map((_, rank) => fork(party, [String(rank)], { stdio: 'inherit', execArgv }));
  const all = async (command: Command): Promise<Figures[]> => {
    const answers = parties.map(async (child) => (await once(child, 'message'))[0] as Figures);
    for (const child of parties) child.send(command);
    return Promise.all(answers);
  };
  const credentials = WAY === 'mtls' ? await credentialsOf() : undefined;
  const ports = (await all({ do: 'listen', credentials })).map(({ port }) => port);
  await all({ do: 'connect', ports });

  console.log(`rep3, three parties, ${WAY === 'mtls' ? 'mutual TLS, the whole data plane' : 'bare TCP'}`);
  const columns = [
    ...['operation', 'elements', 'M/s', 'target', 'reached'],
    ...['CPU ns', 'median', 'rounds', 'bytes each'],
  ];
  console.log(columns.map((name, i) => (i === 0 ? name.padEnd(18) : name.padStart(11))).join(''));
  for (const [index, { name, elements, units = elements, target, cpuTarget, unit = '' }] of works.entries()) {
    if (ONLY !== undefined && !ONLY.some((wanted) => name.startsWith(wanted))) continue;
    const runs: Figures[][] = [];
    const until = performance.now() + 1000 * SECONDS_MAX;
    while (runs.length < RUNS && (runs.length < 2 || performance.now() < until)) {
      runs.push(await all({ do: 'run', index }));
    }
    const seconds = Math.min(...runs.map((each) => Math.max(...each.map((member) => member.seconds))));
    const spent = runs.map((each) => each.reduce((sum, member) => sum + member.cpuSeconds, 0));
    const cpu = Math.min(...spent);
    // What a run costs that has its part of the collections.
    const median = spent.sort((a, b) => a - b)[Math.floor(spent.length / 2)] ?? cpu;
    const nanoseconds = (time: number): string => ((time * 1e9) / units).toFixed(units === elements ? 0 : 3);
    const [first] = runs[0] ?? [];
    const cells = [
      elements.toLocaleString('en'),
      `${(units / seconds / 1e6).toFixed(2)}${unit && ` ${unit}`}`,
      target === undefined ? '' : (target / 1e6).toFixed(1),
      target === undefined ? '' : (units / seconds / target).toFixed(2),
      nanoseconds(cpu),
      nanoseconds(median),
      String(first?.rounds ?? 0),
      ((first?.bytes ?? 0) / elements).toFixed(1),
    ];
    console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(11)).join(''));
    const limit = target === undefined ? {} : { limit: atLeast(target / 1e6) };
    keep({
      name: `${name}, ${unit || 'elements'} a second`,
      measured: units / seconds / 1e6,
      unit: 'M/s',
      ...limit,
    });
    const most = cpuTarget === undefined ? {} : { limit: atMost(cpuTarget) };
    keep({
      name: `${name}, processor time of all three`,
      measured: (cpu * 1e9) / units,
      unit: 'ns',
      ...most,
    });
  }
  for (const child of parties) child.disconnect();
}

await main();
