/**
 * One operation on a secure device of three parties, several times: from when all have their input shares until its
 * result is there. The best run counts, as with the other systems.
 */
import { readFileSync } from 'node:fs';
import { type AnyDevice, type BoundOptions, job, type Secret, secure, tensor, z } from 'privity';
import { binaryEvaluation } from 'privity/stats';
import {
  BATCH_ROWS,
  FEATURES,
  type OperationName,
  operationNames,
  plain,
  REPEAT_SECONDS_MAX,
  wave,
} from '../peers/secure/operations.ts';

interface Stamp {
  readonly atMs: number;
  readonly cpuS: number;
  readonly bytes: number;
}

function stamp(): Stamp {
  const { user, system } = process.cpuUsage();
  const line = readFileSync('/proc/self/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith('lo:'));
  return {
    atMs: performance.now(),
    cpuS: (user + system) / 1e6,
    bytes: Number(line?.trim().split(/\s+/)[9] ?? Number.NaN),
  };
}

const whole: ReadonlySet<OperationName> = new Set(['mul', 'less', 'matmul', 'sort']);

function shapesOf(op: OperationName, n: number): readonly (readonly number[])[] {
  if (op === 'matmul')
    return [
      [n, n],
      [n, n],
    ];
  if (op === 'epoch') return [[n, FEATURES], [n]];
  return op === 'sort' || op === 'sigmoid' ? [[n]] : [[n], [n]];
}

function inputOf(op: OperationName, n: number, index: number): Float64Array {
  const count = (shapesOf(op, n)[index] ?? []).reduce((product, size) => product * size, 1);
  const values = wave(count, index + 1);
  if (whole.has(op)) return values.map((value) => value * 64);
  if (op === 'div' && index === 1) return values.map((value) => Math.abs(value) + 0.5);
  if (op === 'epoch' || op === 'auc')
    return values.map((value) => (index === 0 ? value / 10 : Number(value > 0)));
  return values;
}

/**
 * What the inputs are at most: an operation whose result, or anything on the way to it, could be too large is refused.
 */
function boundOf(op: OperationName, index: number): BoundOptions {
  if (whole.has(op)) return { max: 640 };
  if (op === 'div' && index === 1) return { min: 0.5, max: 10.5 };
  if (op === 'epoch' || op === 'auc') return index === 0 ? { max: 1 } : { min: 0, max: 1 };
  return { max: 10 };
}

/** A step adds at most a tenth to a weight; the inputs above leave far less. */
const WEIGHT_MAX = 64;

function fixedPoint<D extends AnyDevice>(
  op: OperationName,
  x: Secret<D>,
  y: Secret<D> | undefined,
  zeros: Secret<D>,
): Secret<D> {
  if (op === 'sigmoid' || y === undefined) return x.sigmoid();
  if (op === 'div') return x.div(y);
  if (op !== 'epoch') return x.mul(y);
  let w = zeros;
  for (let from = 0; from + BATCH_ROWS <= (x.shape[0] ?? 0); from += BATCH_ROWS) {
    const rows = x.slice(from, from + BATCH_ROWS);
    const error = rows
      .matmul(w)
      .sigmoid()
      .sub(y.slice(from, from + BATCH_ROWS));
    const gradient = rows.transpose().matmul(error);
    w = w.sub(gradient.mul(0.1 / BATCH_ROWS)).assume({ max: WEIGHT_MAX });
  }
  return w;
}

type Integers<D extends AnyDevice> = Secret<D, 'integer'>;

function integer<D extends AnyDevice>(op: OperationName, x: Integers<D>, y: Integers<D> | undefined) {
  if (op === 'sort' || y === undefined) return x.sort();
  if (op === 'less') return x.lt(y);
  return op === 'matmul' ? x.matmul(y) : x.mul(y);
}

export default job(
  {
    parties: ['alice', 'bob', 'carol'],
    args: z.object({
      op: z.enum(operationNames),
      size: z.coerce.number().int(),
      runs: z.coerce.number().int().positive(),
    }),
  },
  async ({ alice, bob, carol, args, reveal }) => {
    const { op, size } = args;
    const spu = secure([alice, bob, carol], { protocol: 'rep3' });
    const dtype = whole.has(op) ? ('integer' as const) : ('fixed' as const);
    const shapes = shapesOf(op, size);
    const inputs = shapes.map((shape, index) =>
      alice
        .run('input', () => tensor(shape, inputOf(op, size, index)))
        .to(spu, { shape, dtype, ...boundOf(op, index) }),
    );
    const first = (x: (typeof inputs)[number]) => x.reshape([-1]).slice(0, 1);
    for (const input of inputs) await reveal(first(input));

    const [x, y] = inputs;
    const sampleOf = async (): Promise<Float64Array> => {
      if (op === 'auc') {
        const area = binaryEvaluation(x as Secret<typeof spu>, y as Secret<typeof spu>).auc();
        return Float64Array.of((await area.reveal(reveal))?.auc ?? Number.NaN);
      }
      const result =
        dtype === 'integer'
          ? integer(op, x as Secret<typeof spu, 'integer'>, y as Secret<typeof spu, 'integer'> | undefined)
          : fixedPoint(
              op,
              x as Secret<typeof spu>,
              y as Secret<typeof spu> | undefined,
              spu.constant(new Float64Array(FEATURES)),
            );
      const count = result.shape.reduce((product, size) => product * size, 1);
      return (await reveal(result.reshape([-1]).slice(0, Math.min(100, count)))).data;
    };
    const once = async () => {
      // Everybody is ready when everybody knows that.
      await Promise.all([
        reveal(alice.run('ready', () => 1)),
        reveal(bob.run('ready', () => 1)),
        reveal(carol.run('ready', () => 1)),
      ]);
      const before = {
        alice: alice.run('clock', stamp),
        bob: bob.run('clock', stamp),
        carol: carol.run('clock', stamp),
      };
      const sample = await sampleOf();
      const until = {
        alice: alice.run('clock', { before: before.alice }, ({ before }) => [before, stamp()] as const),
        bob: bob.run('clock', { before: before.bob }, ({ before }) => [before, stamp()] as const),
        carol: carol.run('clock', { before: before.carol }, ({ before }) => [before, stamp()] as const),
      };
      const stamps = await Promise.all([reveal(until.alice), reveal(until.bob), reveal(until.carol)]);
      return { sample, ...costOf(stamps) };
    };

    let best = await once();
    let runs = 1;
    // All parties know all times, so all stop after the same run.
    for (let spent = best.seconds; runs < args.runs && spent < REPEAT_SECONDS_MAX; runs++) {
      const next = await once();
      spent += next.seconds;
      if (next.seconds < best.seconds) best = next;
    }
    const { sample, ...cost } = best;
    const wanted = plain(
      op,
      size,
      shapes.map((_, index) => inputOf(op, size, index)),
    );
    const error = Math.max(...Array.from(sample, (value, i) => Math.abs(value - (wanted[i] ?? Number.NaN))));
    return { ...cost, error, runs };
  },
);

function costOf(stamps: readonly (readonly [Stamp, Stamp])[]) {
  return {
    seconds: Math.max(...stamps.map(([from, to]) => to.atMs - from.atMs)) / 1000,
    cpu: stamps.reduce((sum, [from, to]) => sum + to.cpuS - from.cpuS, 0),
    // All parties see the same counter, the last of them everything.
    bytes: Math.max(...stamps.map(([, to]) => to.bytes)) - Math.min(...stamps.map(([from]) => from.bytes)),
  };
}
