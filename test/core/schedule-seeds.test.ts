/** Plans that seeds of the explorer have led to, shrunk: what each of them found stays found. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './explore-core.ts';
import type { Plan } from './plan-types.ts';

describe('schedules that have found something', () => {
  it('hold for the seeds that have found something', () => {
    const program = { parties: 4, stepMs: 120 } as const;
    // Woke without end for a peer that had given up this party.
    const woken: Plan[] = [
      {
        ...program,
        seed: 15,
        steps: 1,
        scopeAt: 0,
        delayMs: 5,
        faults: [
          { kind: 'crash', at: 261, party: 2, reset: true, evidence: false },
          { kind: 'freeze', at: 37, party: 0, ms: 1298 },
        ],
      },
      {
        ...program,
        seed: 282,
        steps: 6,
        scopeAt: null,
        delayMs: 60,
        faults: [
          { kind: 'crash', at: 1892, party: 0, reset: true, evidence: true },
          { kind: 'freeze', at: 164, party: 1, ms: 154 },
          { kind: 'crash', at: 144, party: 1, reset: false, evidence: false },
          { kind: 'forge', at: 139, party: 3, peer: 0, author: 2 },
        ],
      },
    ];
    for (const plan of woken) assert.equal(check(plan).breach, null);
    // A connection that broke just after one party had completed left the other in doubt.
    const broke: Plan = {
      seed: 10574,
      parties: 2,
      steps: 3,
      scopeAt: null,
      stepMs: 2,
      delayMs: 60,
      faults: [{ kind: 'break', at: 167, a: 0, b: 1, ms: 200 }],
    };
    const { schedule, breach } = check(broke);
    assert.equal(breach, null);
    assert.deepEqual(
      schedule.parties.map(({ core }) => core.outcome?.result),
      ['completed', 'completed'],
    );
  });

  it('hold for plans that the model itself had got wrong', () => {
    // Two programs changed in the same way were the same program; of two differences at a party only one was there.
    const twice = { parties: 2, scopeAt: null } as const;
    const plans: Plan[] = [
      {
        ...twice,
        seed: 43490,
        steps: 1,
        stepMs: 2,
        delayMs: 5,
        faults: [
          { kind: 'mismatch', party: 0, field: 'args' },
          { kind: 'mismatch', party: 1, field: 'args' },
        ],
      },
      {
        ...twice,
        seed: 59543,
        steps: 1,
        stepMs: 2,
        delayMs: 60,
        faults: [
          { kind: 'mismatch', party: 1, field: 'job' },
          { kind: 'mismatch', party: 0, field: 'job' },
        ],
      },
      {
        ...twice,
        seed: 243789,
        steps: 4,
        stepMs: 120,
        delayMs: 1,
        faults: [
          { kind: 'diverge', party: 1, position: 4, noticedBy: null },
          { kind: 'diverge', party: 1, position: 2, noticedBy: 0 },
          { kind: 'slow', at: 162, a: 0, b: 1, ms: 474, extra: 150 },
        ],
      },
    ];
    const codes = plans.map((plan) => {
      const { schedule, breach } = check(plan);
      assert.equal(breach, null);
      return schedule.parties.map(({ core }) => core.outcome?.failure?.code);
    });
    assert.deepEqual(codes, [
      ['PROGRAM_MISMATCH', 'PROGRAM_MISMATCH'],
      ['PROGRAM_MISMATCH', 'PROGRAM_MISMATCH'],
      ['DIVERGENCE', 'DIVERGENCE'],
    ]);
  });

  it('hold for a plan in which a run goes on without somebody, and then fails', () => {
    // The account of the new epoch had the version of the last one of the old, and the checker took it for that.
    const plan: Plan = {
      seed: 18478,
      parties: 3,
      steps: 3,
      scopeAt: 2,
      stepMs: 120,
      delayMs: 60,
      faults: [
        { kind: 'freeze', at: 76, party: 1, ms: 3450 },
        { kind: 'freeze', at: 1069, party: 2, ms: 1176 },
      ],
    };
    const { schedule, breach } = check(plan);
    assert.equal(breach, null);
    assert.ok(schedule.parties.some(({ core }) => core.epoch > 0));
  });

  it('hold for a scope in a scope that has failed, in which a peer fails, too', () => {
    // The checker asked for a vote on the inner one, which was over here with the outer one.
    const plan: Plan = {
      seed: 11182,
      parties: 4,
      steps: 1,
      scopeAt: 0,
      stepMs: 2,
      delayMs: 5,
      faults: [
        { kind: 'fail scope', party: 3 },
        { kind: 'fail inside', party: 1 },
      ],
      conclave: { at: 0, members: [0, 1, 2], steps: 2, scope: true },
    };
    assert.equal(check(plan).breach, null);
  });

  it('do not forget that a peer was through while all agreed to go on without another', () => {
    // It had stopped short, and the others waited for its vote until the deadline of the run.
    const plan: Plan = {
      seed: 135361,
      parties: 5,
      steps: 2,
      scopeAt: 1,
      stepMs: 20,
      delayMs: 20,
      faults: [
        { kind: 'stop short', party: 1, steps: 1 },
        { kind: 'kill', at: 104, party: 2 },
      ],
      conclave: { at: 0, members: [1, 2, 4], steps: 2, scope: false },
    };
    const { schedule, breach } = check(plan);
    assert.equal(breach, null);
    const codes = schedule.parties.map(({ core }) => core.outcome?.failure?.code);
    assert.deepEqual(codes, ['DIVERGENCE', 'DIVERGENCE', 'PROCESS_KILLED', 'DIVERGENCE', 'DIVERGENCE']);
  });

  it('do not keep a conclave open for a member that is lost', () => {
    const plan: Plan = {
      seed: 19,
      parties: 2,
      steps: 2,
      scopeAt: null,
      stepMs: 120,
      delayMs: 1,
      faults: [{ kind: 'break', at: 33, a: 0, b: 1, ms: 1164 }],
      conclave: { at: 1, members: [0, 1], steps: 3, scope: true },
    };
    const { schedule, breach } = check(plan);
    assert.equal(breach, null);
    assert.equal(schedule.parties[0]?.core.outcome?.result, 'completed');
  });

  it('do not complete beside a difference within a conclave', () => {
    // The party that knew of it confirmed the end all the same; in a scope, nobody looked who had voted on it.
    const inside = { members: [0, 2], steps: 2, scope: false } as const;
    const stray: Plan['faults'] = [{ kind: 'stray', party: 0 }];
    const plans: Plan[] = [
      {
        seed: 52814,
        parties: 3,
        steps: 1,
        scopeAt: null,
        stepMs: 2,
        delayMs: 60,
        faults: stray,
        conclave: { ...inside, at: 0 },
      },
      ...Array.from({ length: 30 }, (_, seed) => {
        const conclave = { ...inside, at: 0 };
        return { seed, parties: 3, steps: 2, scopeAt: 0, stepMs: 2, delayMs: 60, faults: stray, conclave };
      }),
    ];
    for (const plan of plans) {
      const { schedule, breach } = check(plan);
      assert.equal(breach, null);
      for (const { core } of schedule.parties) assert.equal(core.outcome?.failure?.code, 'DIVERGENCE');
    }
  });

  it('hold for a cause that several tell in words of their own, and for a forged one before the run', () => {
    // Texts were kept by incident alone: a party then had the words of another beside its own cause.
    const told: Plan = {
      seed: 5417,
      parties: 3,
      steps: 1,
      scopeAt: null,
      stepMs: 120,
      delayMs: 1,
      faults: [{ kind: 'mismatch', party: 1, field: 'protocol' }],
    };
    // A forged contribution was taken for one of another federation file, and the verdict was about a party that had
    // not spoken.
    const forged: Plan = {
      seed: 9787,
      parties: 3,
      steps: 1,
      scopeAt: null,
      stepMs: 2,
      delayMs: 5,
      loud: true,
      faults: [{ kind: 'forge', at: 12, party: 2, peer: 1, author: 0 }],
    };
    for (const plan of [told, forged]) assert.equal(check(plan).breach, null);
  });
});
