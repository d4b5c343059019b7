import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import type { FailureCode } from '../../src/base/failure-codes.ts';
import type { Failure } from '../../src/coordination/failure.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { checkRun } from '../../src/simulation/checkers.ts';
import type { Fault } from '../../src/simulation/fault-plan.ts';
import { shrink } from '../../src/simulation/shrink.ts';
import { simplerPlans } from '../../src/simulation/simpler-plans.ts';
import { DEFAULT_BOUNDS } from '../../src/supervisor/seam/bounds.ts';
import { type CheckerName, replay, type SimulatedParty, type SimulatedRun } from '../../src/testing/index.ts';
import { projectRoot } from '../tidy/project-files.ts';

const job = join(projectRoot, 'bench/jobs/ten-steps.ts');
const context = { bounds: DEFAULT_BOUNDS, lengthMs: 20, handled: new Set<FailureCode>() };

/** A run as it was, with one thing changed that must not be so. */
function planted(
  run: SimulatedRun,
  index: number,
  change: (party: SimulatedParty) => Partial<SimulatedParty>,
) {
  const party = run.parties[index] as SimulatedParty;
  return { ...run, parties: run.parties.with(index, { ...party, ...change(party) }) };
}

function caught(run: SimulatedRun): readonly CheckerName[] {
  return [...new Set(checkRun(run, context).map(({ checker }) => checker))];
}

const reportOf = (party: SimulatedParty, change: Partial<RunReport>): RunReport => ({
  ...(party.report as RunReport),
  ...change,
});

describe('the checkers', () => {
  let fine: SimulatedRun;
  let failed: SimulatedRun;
  before(async () => {
    fine = (await replay({ job, plan: [] })).run;
    failed = (await replay({ job, plan: [{ kind: 'throw', party: 'bob', nth: 0 }] })).run;
  });

  it('find nothing where nothing is wrong', () => {
    assert.deepEqual(caught(fine), []);
    assert.deepEqual(caught(failed), []);
    assert.equal(failed.parties[0]?.report?.code, 'TASK_FAILED');
  });

  it('termination: a party that does not end, and one that ends late', () => {
    assert.deepEqual(caught(planted(fine, 0, () => ({ endedAt: null }))), ['termination']);
    assert.deepEqual(caught(planted(fine, 0, () => ({ endedAt: 1e9 }))), ['termination']);
  });

  it('agreement: two verdicts in one component, and success beside failure', () => {
    const other = planted(failed, 1, (party) => {
      const report = party.report as RunReport;
      return { report: reportOf(party, { verdict: { ...report.verdict, digest: 'another' } }) };
    });
    assert.deepEqual(caught(other), ['agreement']);
    const success = planted(failed, 1, (party) => ({
      report: reportOf(party, { ...(fine.parties[1]?.report as RunReport) }),
      events: party.events,
    }));
    assert.ok(caught(success).includes('agreement'));
  });

  it('validity: a verdict at a party where nothing happened', () => {
    const blamed = planted(failed, 1, (party) => {
      const report = party.report as RunReport;
      const failure = { ...(report.verdict.failure as Failure), origin: 'carol', reporter: 'carol' };
      return { report: reportOf(party, { verdict: { ...report.verdict, failure } }) };
    });
    assert.deepEqual(caught(blamed), ['validity']);
    assert.ok(caught({ ...failed, plan: [], happened: [] }).includes('validity'));
  });

  it('cause before symptom: a loss where the own failure was known', () => {
    const symptom = planted(failed, 0, (party) => {
      const report = party.report as RunReport;
      const own = report.verdict.failure as Failure;
      const failure: Failure = { ...own, code: 'PEER_UNREACHABLE', reporter: 'alice' };
      return { report: reportOf(party, { verdict: { ...report.verdict, failure } }) };
    });
    assert.ok(caught(symptom).includes('cause-before-symptom'));
  });

  it('integrity: a message twice, another in its place, cut short; two results', () => {
    const [flow, ...others] = fine.flows.filter(({ arrived }) => arrived.length > 0);
    assert.ok(flow);
    const [first] = flow.arrived;
    assert.ok(first);
    const withArrived = (arrived: typeof flow.arrived) => ({
      ...fine,
      flows: [{ ...flow, arrived }, ...others],
    });
    assert.deepEqual(caught(withArrived([first, ...flow.arrived])), ['integrity']);
    assert.deepEqual(caught(withArrived([{ ...first, header: 'another step' }])), ['integrity']);
    assert.deepEqual(caught(withArrived([{ ...first, bytes: first.bytes - 1 }])), ['integrity']);
    const result = planted(fine, 2, (party) => ({
      events: party.events.map((event) =>
        event.event === 'result' ? { ...event, value: 'another' } : event,
      ),
    }));
    assert.deepEqual(caught(result), ['integrity']);
  });

  it('nothing left: a timer, a process', () => {
    assert.deepEqual(caught(planted(fine, 0, () => ({ leftovers: ['1 timers'] }))), ['nothing-left']);
    assert.deepEqual(caught(planted(fine, 0, () => ({ programLeft: true }))), ['nothing-left']);
  });

  it('privacy: the text of an error in the report of another party; a setting in a control message', () => {
    const told = planted(failed, 0, (party) => ({
      report: reportOf(party, { runId: 'a task has failed (canary-in-an-error of bob)' }),
    }));
    assert.deepEqual(caught(told), ['privacy']);
    assert.deepEqual(caught({ ...fine, leaks: [{ of: 'bob', where: 'a control message' }] }), ['privacy']);
  });

  it('ledger: a value that is not listed, one that did not leave, another order, one that is said to be withheld', () => {
    const change = (to: (report: RunReport) => Partial<RunReport>) =>
      planted(fine, 0, (party) => ({ report: reportOf(party, to(party.report as RunReport)) }));
    const [first] = fine.parties[0]?.report?.disclosures ?? [];
    assert.ok(first);
    assert.ok((fine.parties[0]?.report?.disclosures.length ?? 0) > 1);
    const withheld = [{ ...first, reason: 'refused' }] as const;
    for (const wrong of [
      change(({ disclosures }) => ({ disclosures: disclosures.slice(1) })),
      change(({ disclosures }) => ({ disclosures: [...disclosures, { ...first, stepId: '99' }] })),
      change(({ disclosures }) => ({ disclosures: disclosures.toReversed() })),
      change(() => ({ withheld })),
      { ...fine, wire: [] },
    ])
      assert.deepEqual(caught(wrong), ['ledger']);
  });

  it('privacy: a policy that lets text cross is seen in the frames', async () => {
    const plan = [{ kind: 'throw', party: 'bob', nth: 0 }] as const;
    const { violations } = await replay({ job, plan, errorDetail: 'full' });
    assert.ok(violations.some(({ checker }) => checker === 'privacy'));
  });

  it('bounded: a flood of control messages', () => {
    assert.deepEqual(caught(planted(failed, 0, () => ({ controlMessages: 100_000 }))), ['bounded']);
  });
});

describe('shrinking', () => {
  it('leaves the one fault that matters, in its simplest form', async () => {
    const culprit = { kind: 'freeze', party: 'bob', at: 12.3456, target: 'both', forMs: 1234.5 } as const;
    const plan = [
      { kind: 'cancel', party: 'alice', at: 1 } as const,
      culprit,
      { kind: 'disk-full', party: 'carol', at: 2 } as const,
    ];
    const breaks = (faults: readonly Fault[]): boolean =>
      faults.some((fault) => fault.kind === 'freeze' && fault.party === 'bob');
    const shrunk = await shrink<readonly Fault[]>(plan, simplerPlans, breaks, 120);
    assert.deepEqual(shrunk, [{ ...culprit, at: 10, target: 'program', forMs: null }]);
  });
});
