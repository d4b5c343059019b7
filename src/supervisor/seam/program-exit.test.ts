import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeExit, isOutOfMemoryLine } from './program-exit.ts';

describe('the end of a program process', () => {
  it('knows the last words of a process without memory', () => {
    const lines = [
      'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
      'FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory',
      'FATAL ERROR: Zone Allocation failed - process out of memory',
      '# Fatal process out of memory: Zone',
      '# Fatal JavaScript out of memory: MarkCompactCollector: young object promotion failed',
      "terminate called after throwing an instance of 'std::bad_alloc'",
    ];
    for (const line of lines) assert.ok(isOutOfMemoryLine(line), line);
    for (const line of ['out of memory', 'the job is out of memory', '', 'FATAL ERROR: something else'])
      assert.ok(!isOutOfMemoryLine(line), line);
  });

  it('tells want of memory from other deaths', () => {
    const end = (signal: NodeJS.Signals | null, outOfMemory: boolean) =>
      describeExit({ code: signal ? null : 3, signal, outOfMemory }).code;
    assert.equal(end('SIGABRT', true), 'RESOURCE_EXHAUSTED');
    assert.equal(end('SIGTRAP', true), 'RESOURCE_EXHAUSTED');
    assert.equal(end('SIGABRT', false), 'PROCESS_KILLED');
    // Printed by the job itself, or an unrelated end after it.
    assert.equal(end('SIGKILL', true), 'PROCESS_KILLED');
    assert.equal(end(null, true), 'PROCESS_KILLED');
  });

  it('says how it died in static words', () => {
    const { facts } = describeExit({ code: null, signal: 'SIGKILL', outOfMemory: false });
    assert.equal(facts, 'the program process was killed by SIGKILL');
  });
});
