import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { figure, processorTimes, type Row, tableOf, verdictsOf } from './table.ts';

const row = (system: string, size: number, seconds: number): Row => ({
  ...{ system, op: 'mul', size, seconds, cpu: 1, bytes: 2e6, error: 0 },
  ...(system === 'own' ? { rounds: 1 } : {}),
});

describe('the table of secure devices', () => {
  const rows = [row('own', 1_000, 0.001), row('own', 1_000_000, 0.02), row('peer', 1_000, 0.1)];

  it('has a line for each figure, and none for what was not measured', () => {
    const lines = tableOf(rows).split('\n');
    assert.equal(lines.length, 2 + 3);
    assert.match(lines[2] ?? '', /multiplication \| 1,000 \| own \| 1 M \| 1 \| 2 \| 1 \| 0e\+0/);
    assert.match(lines[3] ?? '', /peer \| 10 k \| –/);
  });

  it('compares with the target at the largest size, and with a peer at the largest that both have', () => {
    const [, , line] = verdictsOf(rows, 'own').split('\n');
    assert.match(line ?? '', /50 M products\/s at 1,000,000 \| 30 M\/s: met \| ×100 of peer at 1,000/);
    const [, , slow] = verdictsOf([row('own', 1_000_000, 0.1)], 'own').split('\n');
    assert.match(slow ?? '', /10 M products\/s at 1,000,000 \| 30 M\/s: missed, ×0\.33 \| –/);
    const [, , small] = verdictsOf([row('own', 1_000, 0.00001)], 'own').split('\n');
    assert.match(small ?? '', /30 M\/s: not measured at 1,000,000/);
  });

  it('has processor time with TLS and without, beside a peer and beside bare sockets', () => {
    // A second for 2 MB, of which bare TLS would take 0.4 and bare TCP 0.1.
    const cost = { tls: 2e-7, tcp: 5e-8 };
    const peer = { ...row('peer', 1_000, 0.1), cpu: 0.5 };
    const [, , line] = processorTimes([...rows.slice(0, 2), peer], 'own', 'peer', cost).split('\n');
    assert.match(line ?? '', /1,000 \| 1 \| 0\.5 \| 0\.4 \| ×2\.5 \| 0\.7 \| ×0\.5 \| ×0\.714 \|$/);
    const [, , alone] = processorTimes(rows.slice(0, 2), 'own', 'peer', cost).split('\n');
    assert.match(alone ?? '', /1,000,000 \| 1 \| – \| 0\.4 \| ×2\.5 \| 0\.7 \| – \| – \|$/);
  });

  it('rounds figures for people', () => {
    assert.deepEqual([0.01234, 12.345, 12_345, 3.2e7, 8.5e8, 1.2e9].map(figure), [
      ...['0.0123', '12.3', '12.3 k', '32 M', '850 M', '1.2 G'],
    ]);
  });
});
