/** Cells in which a member of a secure device fails in the middle of a computation. */
import { type Cell, cell, fault, SILENCE_MS, TOLD_MS } from './cell.ts';
import { jobFile } from './parties.ts';
import type { PartyName, Scenario } from './scenario.ts';

const job = jobFile('secure.ts');

/** Two members make their own correlated randomness; three use replicated shares. */
const scenes = [
  { scene: 'matmul', parties: 3 },
  { scene: 'comparison', parties: 3 },
  { scene: 'triples', parties: 2 },
] as const;

export const secureScenarios: readonly Scenario[] = scenes.flatMap(({ scene, parties }) => {
  const specs = { alice: { job }, bob: { job }, ...(parties === 3 ? { carol: { job } } : {}) };
  const one = (more: Omit<Cell, 'parties' | 'specs'>): Scenario =>
    cell({
      parties,
      specs,
      ...more,
      args: { scene, ...more.args },
      note: [scene, more.note].filter(Boolean).join(', '),
    });
  // The owner of the data, and a member without any.
  const victims: readonly PartyName[] = parties === 3 ? ['alice', 'carol'] : ['alice', 'bob'];
  const at = 'mid-secure-operation';
  return [
    ...victims.flatMap((victim) => [
      one({
        fault: fault('kill program', victim, at),
        expected: { code: 'PROCESS_KILLED', origin: victim },
        detectionMs: TOLD_MS,
      }),
      one({
        fault: fault('kill supervisor', victim, at),
        expected: { code: 'PEER_CRASHED', origin: victim, silent: [victim] },
        detectionMs: TOLD_MS,
      }),
      one({
        fault: fault('kill all', victim, at),
        expected: { code: 'PEER_UNREACHABLE', origin: victim, silent: [victim], leaves: [victim] },
        detectionMs: SILENCE_MS,
      }),
    ]),
    one({
      fault: fault('interrupt', 'bob', at),
      expected: { code: 'CANCELLED', origin: 'bob' },
      detectionMs: TOLD_MS,
    }),
    one({
      note: 'throw',
      args: { act: 'throw' },
      fault: fault('job', 'bob', at),
      expected: { code: 'TASK_FAILED', origin: 'bob' },
      detectionMs: TOLD_MS,
    }),
    one({
      note: 'throw in attempt',
      args: { act: 'throw', inAttempt: 'true' },
      fault: fault('job', 'bob', at),
      expected: { code: null },
      detectionMs: null,
    }),
  ];
});
