import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/parts/program-world.ts';
import type { Shell } from '../shell.ts';
import { explorationProgress, LINE_EVERY_MS } from './exploration-progress.ts';

const found = {
  seed: 7,
  plan: [],
  violations: [{ checker: 'ledger', parties: ['bob'], words: 'x\u001b' }],
  shrunkPlan: [],
  timeline: [],
} as const;

function exploring(interactive: boolean, json = false) {
  const said: string[] = [];
  const clock = new ManualClock();
  const err = { write: (text: string) => said.push(text) > 0 };
  const progress = explorationProgress({ interactive, clock, err } as unknown as Shell, json);
  const show = (runs: number, elapsedMs: number, leftMs: number): void =>
    progress.show({ runs, ofRuns: 100, broken: 0, elapsedMs, leftMs });
  return { said, clock, progress, show };
}

describe('the progress of an exploration', () => {
  it('without a terminal: how long it will take at once, then a line every few seconds, and each break', () => {
    const { said, clock, progress, show } = exploring(false);
    show(0, 0, 90_000);
    clock.move(LINE_EVERY_MS - 1);
    show(5, 4_000, 76_000);
    clock.move(1);
    show(6, 5_000, 78_400);
    progress.broke(found);
    progress.clear();
    assert.deepEqual(said, [
      '  100 runs, about 1 min 30 s\n',
      '  6 of 100 runs, 0 broken, 1.2 runs/s, about 1 min 19 s left\n',
      '  seed 7 breaks ledger: x\\x1b\n',
    ]);
  });

  it('says nothing of what takes no time', () => {
    const { said, show, progress } = exploring(false);
    show(0, 0, 900);
    show(100, 900, 0);
    progress.clear();
    assert.deepEqual(said, []);
  });

  it('on a terminal: one line that is written over, from the beginning, and removed at the end', () => {
    const { said, clock, show, progress } = exploring(true);
    clock.move(200);
    show(50, 1_000, 1_000);
    progress.clear();
    assert.match(said[0] ?? '', /a run without faults first/);
    assert.equal(said[1], '\r\u001b[2K  50 of 100 runs, 0 broken, 50 runs/s, about 1.0 s left');
    assert.equal(said.at(-1), '\r\u001b[2K');
  });

  it('as JSON: one object a line, also on a terminal', () => {
    const { said, clock, show, progress } = exploring(true, true);
    clock.move(LINE_EVERY_MS);
    show(50, 1_000, 1_000);
    progress.broke(found);
    const lines = said.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(lines[0], {
      ...{ event: 'explore.progress', runs: 50, ofRuns: 100, broken: 0 },
      ...{ elapsedMs: 1_000, leftMs: 1_000 },
    });
    assert.deepEqual([lines[1]?.event, lines[1]?.seed], ['explore.break', 7]);
  });
});
