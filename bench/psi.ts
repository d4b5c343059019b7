/**
 * Private set intersection end to end against the bare curve loop on the same cores.
 *
 * Two party processes, one thread for every two cores each, TCP over loopback without TLS. "End to end" is psiAlign from a table to the
 * aligned table: keys checked and hashed in SQL, shuffle, threads started, both directions, join, aligned rows. "Bare" is what no protocol
 * can do without: in each of as many threads, hash to the curve and two multiplications an id, with nothing else.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Ids of each party; half are shared. Long enough for start-up to be small, short enough to wait for. */
const IDS = Number(process.env.PRIVITY_BENCH_PSI_IDS ?? 60_000);

/** What the ratio should reach. */
const TARGET = 0.8;

interface Figures {
  readonly port?: number;
  readonly ready?: boolean;
  readonly idsPerSecond?: number;
  readonly matches?: number;
  readonly bytesPerId?: number;
}

const party = fileURLToPath(new URL('./psi-party.js', import.meta.url));

async function main(): Promise<void> {
  const parties = [0, 1].map((rank) => fork(party, [String(rank), String(IDS)], { stdio: 'inherit' }));
  const [alice, bob] = parties;
  if (alice === undefined || bob === undefined) return;
  const answer = async (child: typeof alice): Promise<Figures> =>
    (await once(child, 'message'))[0] as Figures;
  const both = async (command: object) => {
    const answers = parties.map(answer);
    for (const child of parties) child.send(command);
    return Promise.all(answers);
  };
  const perSecond = (figures: readonly Figures[]) =>
    figures.reduce((sum, { idsPerSecond = 0 }) => sum + idsPerSecond, 0) / figures.length;

  const listening = answer(bob);
  bob.send({ do: 'listen' });
  const connected = [answer(alice), answer(bob)];
  alice.send({ do: 'connect', port: (await listening).port });
  await Promise.all(connected);

  // Bare before and after, so that a machine that changes its speed meanwhile does not decide the ratio.
  const before = perSecond(await both({ do: 'bare' }));
  const runs = await both({ do: 'psi' });
  const after = perSecond(await both({ do: 'bare' }));
  for (const child of parties) child.disconnect();

  const bare = (before + after) / 2;
  const endToEnd = perSecond(runs);
  const ratio = endToEnd / bare;
  const row = (name: string, value: string) => console.log(`  ${name.padEnd(44)}${value.padStart(12)}`);
  console.log(
    `PSI, ${IDS.toLocaleString('en')} ids a party, ${runs[0]?.matches?.toLocaleString('en')} shared, 2 processes, TCP loopback`,
  );
  row('bare curve loop, ids/s', bare.toFixed(0));
  row('end to end, ids/s', endToEnd.toFixed(0));
  row('bytes sent for an id, each party', (runs[0]?.bytesPerId ?? 0).toFixed(1));
  row(`ratio (target >= ${TARGET.toFixed(2)})`, ratio.toFixed(2));
  if (ratio < TARGET) console.log('  below the target');
}

await main();
