/**
 * The inner loops of an intersection over the rows of one bucket, in one thread: processor time, so that other work on
 * the machine does not decide. ROWS makes it shorter or longer.
 */
import { systemRandom } from '../src/base/system.ts';
import { okvsShape } from '../src/psi/okvs/shape.ts';
import { okvsMemory } from '../src/psi/rows/layout.ts';
import { loadRowKernels } from '../src/psi/rows/row-kernels.ts';
import { atMost, figure, plain, quantile, setting } from './parts/figure.ts';

const ROWS = setting('ROWS', 2 ** 20);
const ROUNDS = 7;

/** What a tag has between two parties with some millions of rows each. */
const TAG_BYTES = 11;

/** Microseconds a row that each part may take: twice what it took when it was written, for a slower machine. */
const LIMITS = { hash: 0.1, encode: 0.12, decode: 0.1, match: 0.18 } as const;

const kernels = await loadRowKernels();
const shape = okvsShape(ROWS, 16);
const ids = systemRandom.bytes(32 * ROWS);
const half = ids.slice();
for (let row = 0; row < ROWS; row += 2) half[32 * row] = (half[32 * row] as number) ^ 1;
const key = systemRandom.bytes(32);
const basis = systemRandom.bytes(128 * 16);

const micros: Record<string, number[]> = {};

function timed<T>(name: string, call: () => T): T {
  const before = process.cpuUsage();
  const result = call();
  const { user, system } = process.cpuUsage(before);
  micros[name] ??= [];
  micros[name].push((user + system) / ROWS);
  return result;
}

for (let round = 0; round < ROUNDS; round++) {
  const bucket = timed('hash', () => kernels.hashedBucket(shape, key, ids));
  const encoding = timed('encode', () => bucket.encode(systemRandom));
  if (encoding === undefined) throw new Error('rows could not be encoded');
  timed('decode', () => bucket.decode(encoding));
  timed('map', () => kernels.mapBlocks(basis, encoding));
  const own = timed('tags', () => kernels.hashRows(key, ids, TAG_BYTES));
  const peer = timed('tags', () => kernels.hashRows(key, half, TAG_BYTES));
  timed('match', () => kernels.matchTags(own, peer, TAG_BYTES, systemRandom));
}

const median = (name: string): number => quantile(micros[name] ?? [], 0.5);
const [unit, of] = ['µs', `a row, ${ROWS} rows`];
figure(`hash and sort ${of}`, median('hash'), unit, atMost(LIMITS.hash));
figure(`encode ${of}`, median('encode'), unit, atMost(LIMITS.encode));
figure(`decode ${of}`, median('decode'), unit, atMost(LIMITS.decode));
plain(`hash tags ${of}`, median('tags'), unit);
plain(`linear map of the encoding ${of}`, median('map'), unit);
figure(`match tags ${of} at each party`, median('match'), unit, atMost(LIMITS.match));
plain('columns of an encoding for a row', shape.columns / ROWS, 'columns');
plain('memory of a bucket', okvsMemory(shape) / 2 ** 20, 'MiB');
