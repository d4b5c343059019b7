import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MemoryWatch } from '../party/memory-watch.ts';
import { availableMemory, defaultMemoryMax, heapArguments, memoryText } from '../seam/memory-limit.ts';
import { heldBytes } from './process-memory.ts';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;

describe('the memory that is there', () => {
  const available = (files: Readonly<Record<string, string>>): number =>
    availableMemory(32 * GIB, (path) => files[path]);

  it("is the machine's where no control group limits it", () => {
    assert.equal(available({}), 32 * GIB);
    assert.equal(
      available({ '/proc/self/cgroup': '0::/user.slice\n', '/sys/fs/cgroup/user.slice/memory.max': 'max\n' }),
      32 * GIB,
    );
    const v1 = {
      '/proc/self/cgroup': '4:memory:/a\n',
      '/sys/fs/cgroup/memory/a/memory.limit_in_bytes': '9223372036854771712\n',
    };
    assert.equal(available(v1), 32 * GIB);
  });

  it('is the least limit of the group and of those above it, in version 2', () => {
    const files = {
      '/proc/self/cgroup': '0::/slice/service\n',
      '/sys/fs/cgroup/slice/service/memory.max': `${8 * GIB}\n`,
      '/sys/fs/cgroup/slice/memory.max': `${4 * GIB}\n`,
    };
    assert.equal(available(files), 4 * GIB);
    assert.equal(available({ ...files, '/sys/fs/cgroup/slice/service/memory.high': `${GIB}\n` }), GIB);
  });

  it('is the same in version 1, beside other controllers', () => {
    const files = {
      '/proc/self/cgroup': '9:name=systemd:/x\n5:cpu,memory:/docker/abc\n0::/\n',
      '/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes': `${3 * GIB}\n`,
      '/sys/fs/cgroup/x/memory.max': '1\n',
    };
    assert.equal(available(files), 3 * GIB);
  });

  it("is the container's, whose path is that of the machine outside", () => {
    const files = {
      '/proc/self/cgroup': '5:memory:/docker/abc\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': `${2 * GIB}`,
    };
    assert.equal(available(files), 2 * GIB);
  });
});

describe('the default of memoryMax', () => {
  it('is three quarters, shared by the parties of one machine', () => {
    assert.equal(defaultMemoryMax(32 * GIB, 1), 24 * GIB);
    assert.equal(defaultMemoryMax(32 * GIB, 3), 8 * GIB);
  });

  it('law: whole MiB, never less than a program needs, and together no more than is there', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: MIB, max: 2 ** 45 }),
        fc.integer({ min: 1, max: 64 }),
        (bytes, parties) => {
          const each = defaultMemoryMax(bytes, parties);
          assert.equal(each % MIB, 0);
          assert.ok(each >= 512 * MIB);
          assert.ok(each === 512 * MIB || each * parties <= bytes);
        },
      ),
    );
  });

  it('is told to V8 in MiB, where the operator has not told it another', () => {
    const max = (flags: readonly string[]) => flags.filter((flag) => flag.startsWith('--max-'));
    assert.deepEqual(max(heapArguments(1.5 * GIB, '--no-warnings')), ['--max-old-space-size=1536']);
    assert.deepEqual(max(heapArguments(1.5 * GIB, '--max-old-space-size=96')), []);
    assert.deepEqual(max(heapArguments(undefined, undefined)), []);
    assert.equal(memoryText(1.5 * GIB), '1536 MiB');
  });

  it('lets V8 gather garbage, and less where there is little memory', () => {
    const gathers = (bytes: number | undefined) => heapArguments(bytes, undefined)[0];
    assert.equal(gathers(undefined), '--initial-old-space-size=128');
    assert.equal(gathers(16 * GIB), '--initial-old-space-size=128');
    assert.equal(gathers(512 * MIB), '--initial-old-space-size=64');
    assert.equal(gathers(192 * MIB), '--initial-old-space-size=24');
  });
});

describe('what a process holds', () => {
  it('is what cannot be dropped, and what lies in swap', () => {
    const status =
      'VmRSS:\t   500 kB\nRssAnon:\t   300 kB\nRssFile:\t   150 kB\nRssShmem:\t    50 kB\nVmSwap:\t    20 kB\n';
    assert.equal(heldBytes(status), 370 * 1024);
    assert.equal(heldBytes('VmRSS:\t   500 kB\n'), 500 * 1024);
    assert.equal(heldBytes('Name:\tnode\nState:\tZ (zombie)\n'), 0);
  });
});

describe('the watch over it', () => {
  /** Looks at the figures one after the other. */
  function watched(figures: readonly (number | undefined)[]) {
    const left = [...figures];
    const told: number[] = [];
    let looks = 0;
    const due: (() => void)[] = [];
    const watch = new MemoryWatch({
      loop: {
        clock: {
          now: () => 0,
          wallTime: () => 0,
          after: (_ms, callback) => {
            due.push(callback);
            return { cancel: () => due.splice(0) };
          },
        },
      },
      memoryMaxBytes: 100,
      used: () => {
        looks += 1;
        return left.shift();
      },
      exceeded: (bytes) => told.push(bytes),
    });
    watch.start();
    return {
      run: () => {
        for (let next = due.shift(); next; next = due.shift()) next();
        return { told, looks };
      },
      watch,
    };
  }

  it('tells once, with the figure, and looks no more', () => {
    assert.deepEqual(watched([10, 100, 101, 500]).run(), { told: [101], looks: 3 });
  });

  it('ends with the process, and when it is stopped', () => {
    assert.deepEqual(watched([10, undefined, 500]).run(), { told: [], looks: 2 });
    const stopped = watched([500]);
    stopped.watch.stop();
    assert.deepEqual(stopped.run(), { told: [], looks: 0 });
  });
});
