/**
 * The secure device, rep3: three processes, TCP over loopback without TLS, and what each operation reaches of what the design asks for.
 * All parties share the machine's cores, so "per core" is what counts: processor time of all three for one unit.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { works } from './secure-work.ts';

/** Runs of each operation; the best counts, so that other work on the machine does not decide. */
const RUNS = Number(process.env.PRIVITY_BENCH_SECURE_RUNS ?? 3);

interface Figures {
  readonly port: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rounds: number;
  readonly bytes: number;
}

async function main(): Promise<void> {
  const party = fileURLToPath(new URL('./secure-party.js', import.meta.url));
  const parties = [0, 1, 2].map((rank) => fork(party, [String(rank)], { stdio: 'inherit' }));
  const all = async (command: object): Promise<Figures[]> => {
    const answers = parties.map(async (child) => (await once(child, 'message'))[0] as Figures);
    for (const child of parties) child.send(command);
    return Promise.all(answers);
  };
  const ports = (await all({ do: 'listen' })).map(({ port }) => port);
  await all({ do: 'connect', ports });

  const columns = ['operation', 'elements', 'M/s', 'target', 'reached', 'CPU ns', 'rounds', 'bytes each'];
  console.log(columns.map((name, i) => (i === 0 ? name.padEnd(18) : name.padStart(11))).join(''));
  for (const [index, { name, elements, units = elements, target, unit = '' }] of works.entries()) {
    const runs: Figures[][] = [];
    for (let run = 0; run < RUNS; run++) runs.push(await all({ do: 'run', index }));
    const seconds = Math.min(...runs.map((members) => Math.max(...members.map((member) => member.seconds))));
    const cpu = Math.min(
      ...runs.map((members) => members.reduce((sum, member) => sum + member.cpuSeconds, 0)),
    );
    const [first] = runs[0] ?? [];
    const cells = [
      elements.toLocaleString('en'),
      `${(units / seconds / 1e6).toFixed(2)}${unit && ` ${unit}`}`,
      target === undefined ? '' : (target / 1e6).toFixed(1),
      target === undefined ? '' : (units / seconds / target).toFixed(2),
      ((cpu * 1e9) / units).toFixed(units === elements ? 0 : 3),
      String(first?.rounds ?? 0),
      ((first?.bytes ?? 0) / elements).toFixed(1),
    ];
    console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(11)).join(''));
  }
  for (const child of parties) child.disconnect();
}

await main();
