/**
 * The work of scripts/bench-peers-secure.mjs: the same operations on Privity and on other systems, one after the other
 * on the same machine; Markdown tables on standard output, progress on standard error.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { WIDE_AREA } from './link.ts';
import { operationNames, operations } from './operations.ts';
import { JiffSystem, MpycSystem, PrivitySystem, SpuSystem, type System } from './systems.ts';
import { figure, processorTimes, type Row, tableOf, verdictsOf } from './table.ts';
import type { SocketCost } from './tls-cost.ts';

/** The options of the script, which has checked them, and where it has put the other systems. */
type Options = Readonly<
  Record<'systems' | 'sizes-max' | 'limit' | 'runs', string> &
    Partial<Record<'only' | 'python' | 'jiff', string>> & { link: boolean }
>;
const values = JSON.parse(process.argv[2] ?? '') as Options;

if (process.env.PRIVITY_BENCH_NETWORK !== 'own') process.exit(inOwnNetwork());

const built = new URL('../../../', import.meta.url);
const source = fileURLToPath(new URL('../bench/peers/secure/', built));
const { python, jiff } = values;
const available: Record<string, System | undefined> = {
  privity: new PrivitySystem(fileURLToPath(new URL('../bench/jobs/secure-operation.ts', built))),
  ...(python === undefined
    ? {}
    : {
        spu: new SpuSystem(python, `${source}spu/party.py`),
        mpyc: new MpycSystem(python, `${source}mpyc/party.py`),
      }),
  ...(jiff === undefined ? {} : { jiff: new JiffSystem(jiff, `${source}jiff/party.cjs`) }),
};

const only = values.only?.split(',') ?? operationNames;
const sizeMax = Number(values['sizes-max']);
/** JIFF multiplies some hundred numbers a second, and compares two. */
const JIFF_SIZES: Readonly<Record<string, readonly number[]>> = { mul: [100, 1_000], less: [1, 10] };

const cells = operations
  .filter(({ name }) => only.includes(name))
  .flatMap(({ name, sizes }) => sizes.filter((size) => size <= sizeMax).map((size) => ({ op: name, size })));
const rows: Row[] = [];
let broken = 0;
for (const name of values.systems.split(',')) {
  const system = available[name];
  if (system === undefined || (values.link && name === 'jiff')) {
    console.error(`${name} is left out`);
    continue;
  }
  const own =
    name === 'jiff' ? only.flatMap((op) => (JIFF_SIZES[op] ?? []).map((size) => ({ op, size }))) : cells;
  try {
    await system.run(own, {
      limitS: Number(values.limit),
      runs: Number(values.runs),
      speed: values.link ? WIDE_AREA : undefined,
      told: (measured) => {
        rows.push({ ...measured, system: system.name });
        console.error(`${system.name}: ${measured.op} ${measured.size} in ${figure(measured.seconds)} s`);
      },
    });
  } catch (error) {
    broken += 1;
    console.error(error instanceof Error ? error.message : error);
  }
}
console.log(
  `${values.link ? 'Over 100 Mbit/s and 50 ms' : 'Over the loopback'}, three parties on this machine\n`,
);
const own = available.privity?.name ?? '';
console.log(`${tableOf(rows)}\n\n${verdictsOf(rows, own)}`);
if (!values.link && rows.some(({ system }) => system === own)) {
  const cost = socketCost();
  const spu = available.spu?.name ?? 'SPU (ABY3)';
  console.log(
    `\nA byte between two bare sockets, both ends: ${figure(cost.tls * 1e9)} ns with TLS, ${figure(cost.tcp * 1e9)} ns without\n`,
  );
  console.log(processorTimes(rows, own, spu, cost));
}
process.exit(broken === 0 ? 0 : 1);

/** Measured at the end, in a process of its own, so that nothing else has to be compiled or collected there. */
function socketCost(): SocketCost {
  const program = fileURLToPath(new URL('./tls-cost.js', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(stdout) as SocketCost;
}

/**
 * A network namespace, whose loopback carries nothing but what is measured. Without the right to one, bytes include
 * everything else.
 */
function inOwnNetwork(): number {
  const again = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const unshare = ['unshare', '--net', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
  const possible =
    spawnSync(unshare[0] ?? '', [...unshare.slice(1), 'ip', 'link', 'set', 'lo', 'up']).status === 0;
  if (!possible)
    console.error(
      'No network namespace can be made here: bytes on the wire include those of other programs.',
    );
  const [program = '', ...args] = possible
    ? [...unshare, 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...again]
    : again;
  const env = { ...process.env, PRIVITY_BENCH_NETWORK: 'own' };
  return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1;
}
