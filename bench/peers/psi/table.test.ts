import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Taken } from './measure.ts';
import { memoryIn } from './meter.ts';
import { SAME_CURVE, sizesOf } from './systems.ts';
import { type Row, summaryOf, tableOf } from './table.ts';
import { verdictsOf, verdictTable } from './targets.ts';

const taken = (wallS: number, more: Partial<Taken> = {}): Taken => ({
  ...{ wallS, insideS: wallS - 1, bytes: 30e6, peakBytes: 300e6, cpuS: 2 * wallS },
  ...more,
});
const row = (system: string, protocol: string, size: number, ...runs: readonly Taken[]): Row => ({
  ...{ system, protocol, size, runs },
});
const million = 1_000_000;

describe('the table of intersections', () => {
  it('has medians of the runs, fewest and most seconds, and what they are for one id', () => {
    const one = row('Privity', 'rr22', million, taken(4), taken(9), taken(5));
    assert.deepEqual(summaryOf(one), {
      ...{ wallS: 5, fewestS: 4, mostS: 9, insideS: 4, idsPerS: 200_000 },
      ...{ bytesPerId: 30, peakBytes: 300e6, cpuS: 10 },
    });
    const cells = 'Privity | rr22 | 1,000,000 | 5 | 4 to 9 | 4 | 200 k | 30 | 300 | 10';
    assert.equal(tableOf([one]).split('\n')[2], `| ${cells} |`);
  });

  it('has no figure of what was refused, whatever its other runs took', () => {
    const wrong = { ...row('SPU 0.9.5', 'RR22', million, taken(1)), refused: 'wrong result: a | b\nc' };
    assert.equal(summaryOf(wrong), null);
    const [, , line = ''] = tableOf([wrong]).split('\n');
    assert.equal(
      line,
      '| SPU 0.9.5 | RR22 | 1,000,000 | refused: wrong result: a / b c | – | – | – | – | – | – |',
    );
  });

  it('says nothing of the time inside where a party did not tell', () => {
    const silent = row('SPU 0.9.5', 'RR22', million, taken(2, { insideS: Number.NaN }));
    assert.match(tableOf([silent]), /\| 2 \| 2 to 2 \| – \|/);
  });
});

describe('the targets', () => {
  const theirs = row('SPU 0.9.5', 'RR22', million, taken(8, { peakBytes: 630e6 }));
  const verdictOf = (title: RegExp, ...rows: readonly Row[]) =>
    verdictsOf(rows, 40_000).find((one) => title.test(one.title) && one.size !== 10 * million);

  it('compare with the peer of the same run, whole commands and inside', () => {
    const fast = verdictOf(/fast as SPU's RR22/, row('Privity', 'rr22', million, taken(4)), theirs);
    assert.equal(fast?.reached, 2);
    assert.equal(fast.inside, 7 / 3);
    assert.equal(fast.cpu, 2);
    assert.equal(fast.verdict, 'met');
    const slow = verdictOf(/fast as SPU's RR22/, row('Privity', 'rr22', million, taken(8)), theirs);
    assert.equal(slow?.verdict, 'missed, ×0.5 of it');
  });

  it('are upper limits of bytes and memory', () => {
    const lean = row('Privity', 'rr22', million, taken(4));
    const fat = row('Privity', 'rr22', million, taken(4, { bytes: 50e6, peakBytes: 400e6 }));
    assert.equal(verdictOf(/bytes/, lean, theirs)?.verdict, 'met');
    assert.equal(verdictOf(/bytes/, fat, theirs)?.verdict, 'missed, ×1.25 of it');
    assert.equal(verdictOf(/memory/, lean, theirs)?.verdict, 'met');
    assert.match(verdictOf(/memory/, fat, theirs)?.verdict ?? '', /^missed, ×1\.27/);
  });

  it('are not met by what was refused or not measured, and say what is lacking', () => {
    const refused = { ...row('Privity', 'rr22', million, taken(1)), refused: 'wrong result' };
    assert.equal(verdictOf(/fast as SPU's RR22/, refused, theirs)?.verdict, "not measured: Privity's rr22");
    const alone = verdictOf(/fast as SPU's RR22/, row('Privity', 'rr22', million, taken(1)));
    assert.equal(alone?.verdict, "not measured: SPU's RR22");
  });

  it('hold Diffie-Hellman against the same curve and map, at the size of the slow', () => {
    const mine = row('Privity', 'dh', 40_000, taken(8));
    const other = row('SPU 0.9.5', 'ECDH, FourQ', 40_000, taken(4));
    const same = row('SPU 0.9.5', SAME_CURVE, 40_000, taken(49));
    assert.equal(verdictOf(/ECDH/, mine, other, same)?.verdict, 'met');
    assert.match(
      verdictTable(verdictsOf([mine, same], 40_000)),
      /40,000 \| ×6\.13 \| ×6\.86 \| ×6\.13 \| at least ×5 \| met/,
    );
  });
});

describe('what is measured', () => {
  it('is as large as asked, and as small as a slow protocol needs', () => {
    assert.deepEqual(sizesOf({}, [1_000, 100_000], 40_000), [1_000, 100_000]);
    assert.deepEqual(sizesOf({ slow: 1 }, [1_000, 100_000], 40_000), [1_000, 40_000]);
    assert.deepEqual(sizesOf({ slow: 4 }, [10_000, 100_000], 40_000), [10_000]);
  });

  it('is read from the table of a process', () => {
    const status = 'Name:\tnode\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n';
    assert.deepEqual(memoryIn(status), { resident: 1_048_576, highest: 2_097_152 });
    assert.deepEqual(memoryIn(''), { resident: 0, highest: 0 });
  });
});
