import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Planted, plant, type Side, sharedRange } from './data.ts';
import { measure, Refused } from './measure.ts';
import type { Contestant, Place } from './systems.ts';

const linuxOnly = { skip: process.platform === 'linux' ? false : 'reads /proc' };
const folder = mkdtempSync(join(tmpdir(), 'privity-measured-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const planted: Planted = { rows: 100, seed: 3 };
const [from, to] = sharedRange(planted);
await plant(folder, planted);

/** Sorts its own rows of the intersection, which it knows from their numbers, and says 1,000 bytes to the other. */
const honest = `
  const [table, result, from, to, own, seen] = process.argv.slice(1);
  const { readFileSync, writeFileSync } = require('node:fs');
  const { connect, createServer } = require('node:net');
  const [head, ...rows] = readFileSync(table, 'utf8').trimEnd().split('\\n');
  const fits = (line) => Number(line.split(',')[1]) >= Number(from) && Number(line.split(',')[1]) < Number(to);
  const begin = Date.now();
  const end = () => {
    writeFileSync(result, [head, ...rows.filter(fits).sort()].join('\\n') + '\\n');
    console.log(JSON.stringify({ begin, end: Date.now() }));
    process.exit(0);
  };
  if (own === '0') connect(Number(seen), '127.0.0.1').end(Buffer.alloc(1000)).on('close', end).resume();
  else createServer((socket) => socket.on('end', () => socket.end()).on('close', end).resume()).listen(Number(own));
`;

/** Notes something beside its table for the next run, as SPU does. */
const noting = `require('node:fs').writeFileSync(process.argv[1] + '.meta', '');${honest}`;

/** Commands of Node.js that stand for a system; `code` is what each side runs. */
function standIn(code: (side: Side) => string, lowest = from): Contestant {
  const argv = (side: Side, { tables, results, ports }: Place): string[] => [
    ...[process.execPath, '-e', code(side), tables[side], results[side], String(lowest), String(to)],
    ...(side === 'alice' ? ['0', String(ports.bob.seen)] : [String(ports.bob.own), '0']),
  ];
  return {
    ...{ key: 'spu', system: 'stand-in', protocol: 'none' },
    commands: async (place) => ({ alice: { argv: argv('alice', place) }, bob: { argv: argv('bob', place) } }),
    insideOf: (lines) => JSON.parse(lines.at(-1)?.text ?? '{}'),
  };
}

const about = { folder, planted, cores: '0', limitS: 30, graceS: 0.2, progress: () => {} };

describe('a run', linuxOnly, () => {
  it('tells time, bytes between the parties, memory and processor time, and leaves nothing behind', async () => {
    const taken = await measure(
      standIn(() => noting),
      about,
    );
    assert.equal(taken.bytes, 1_000);
    assert.ok(taken.insideS >= 0 && taken.insideS < taken.wallS);
    assert.ok(taken.peakBytes > 10e6 && taken.peakBytes < 1e9);
    assert.ok(taken.cpuS > 0);
    assert.deepEqual(readdirSync(folder).sort(), ['alice.csv', 'bob.csv']);
  });

  for (const [title, contestant, limitS, says] of [
    [
      'with a result that is not the planted one',
      standIn(() => honest, from + 1),
      30,
      /wrong result: alice has 49/,
    ],
    ['that writes nothing', standIn(() => ''), 30, /wrong result: the result cannot be read/],
    [
      'whose party fails',
      standIn((side) => (side === 'bob' ? honest : 'console.error("no luck"); process.exit(3)')),
      30,
      /alice ended with 3: no luck/,
    ],
    ['that does not end', standIn(() => 'setInterval(() => {}, 1000)'), 0.5, /took longer than 0\.5 s/],
  ] as const) {
    it(`${title} is refused, and nothing of it runs on`, async () => {
      const started = performance.now();
      await assert.rejects(measure(contestant, { ...about, limitS }), (error) => {
        assert.ok(error instanceof Refused);
        assert.match(error.message, says);
        return true;
      });
      assert.ok(performance.now() - started < 30_000);
      assert.deepEqual(readdirSync(folder).sort(), ['alice.csv', 'bob.csv']);
    });
  }
});
