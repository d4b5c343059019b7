import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkCore, checkSwap, checkTempFolder } from './disk-checks.ts';

const HEAD = 'Filename Type Size Used Priority\n';

describe('what a thief of the disk would find', () => {
  it('swap counts as safe when there is none, or it is encrypted or in memory', () => {
    const uuidOf = (device: string) => (device === 'dm-1' ? 'CRYPT-PLAIN-swap' : undefined);
    const statusOf = (swaps: string | undefined) => checkSwap(swaps, uuidOf).status;
    assert.equal(statusOf(HEAD), 'ok');
    assert.equal(statusOf(`${HEAD}/dev/dm-1 partition 1 0 -2\n/dev/zram0 partition 1 0 5\n`), 'ok');
    assert.equal(statusOf(`${HEAD}/dev/dm-1 partition 1 0 -2\n/swap.img file 1 0 -3\n`), 'warning');
    assert.match(checkSwap(`${HEAD}/swap.img file 1 0 -3\n`, uuidOf).text, /\/swap\.img/);
    assert.equal(statusOf(undefined), 'unknown');
  });

  it('core dumps and temporary files are said as they are', () => {
    assert.deepEqual(
      (['none', 'empty', 'memory', undefined] as const).map((state) => checkCore(state).status),
      ['ok', 'ok', 'warning', 'unknown'],
    );
    assert.match(checkTempFolder('/tmp', 0x01021994).text, /in memory/);
    assert.match(checkTempFolder('/tmp', 0xef53).text, /encrypted/);
  });
});
