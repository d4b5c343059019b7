import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Alone } from './alone.ts';

/** A gate with so many connections, and the time that passes for it. */
function gate(connections = 0) {
  let now = 0;
  let due: { at: number; callback: () => void } | undefined;
  let ended = 0;
  const after = (ms: number, callback: () => void) => {
    const timer = { at: now + ms, callback };
    due = timer;
    return {
      cancel: () => {
        if (due === timer) due = undefined;
      },
    };
  };
  const state = { connections };
  const alone = new Alone({
    clock: { now: () => now, wallTime: () => now, after },
    aloneMs: 100,
    connections: () => state.connections,
    end: () => {
      ended += 1;
    },
  });
  const pass = (ms: number): number => {
    now += ms;
    if (due !== undefined && due.at <= now) {
      const { callback } = due;
      due = undefined;
      callback();
    }
    return ended;
  };
  return { alone, pass, state };
}

describe('a gate', () => {
  it('ends when no node comes', () => {
    const { pass } = gate();
    assert.equal(pass(99), 0);
    assert.equal(pass(1), 1);
  });

  it('stays as long as its node does, however long that is', () => {
    const { alone, pass } = gate();
    alone.came();
    assert.equal(pass(1_000), 0);
    alone.came();
    alone.left();
    assert.equal(pass(1_000), 0);
    alone.left();
    assert.equal(pass(99), 0);
    alone.came();
    assert.equal(pass(1_000), 0);
    alone.left();
    assert.equal(pass(100), 1);
  });

  it('stays as long as a connection goes through it', () => {
    const { pass, state } = gate(1);
    assert.equal(pass(100), 0);
    assert.equal(pass(100), 0);
    state.connections = 0;
    assert.equal(pass(100), 1);
  });
});
