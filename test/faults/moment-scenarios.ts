/**
 * Cells that try one fault at moments other than in the middle of a task, which process-scenarios.ts and network-scenarios.ts do
 * at length: in the handshake, idle, in an attempt, in a transfer, while closing, and while a job cleans up after a failure.
 */
import { type Cell, cell, fault, others, SILENCE_MS, SLOW, TOLD_MS } from './cell.ts';
import type { Expected, PartyName, Scenario, What, When } from './scenario.ts';

const PARTIES = 3;
const VICTIM: PartyName = 'bob';

type Scene = Pick<Cell, 'args' | 'specs' | 'bytesPerSecond'>;

/** What has to go on for a moment to come. */
const scenes: Readonly<Partial<Record<When, Scene>>> = {
  // Keeps the others in the handshake until the fault has happened.
  handshake: { specs: { carol: { env: { MATRIX_LOAD_MS: '2500' } } } },
  idle: { args: { act: 'wait', who: 'alice' } },
  'in attempt': { args: { scene: 'attempt', act: 'wait', who: VICTIM } },
  'mid-transfer': { args: { scene: 'transfer' }, bytesPerSecond: SLOW },
  closing: { args: { scene: 'closing', who: VICTIM } },
};

const rest = others(PARTIES, VICTIM);

const faults: readonly (readonly [what: What, expected: Expected, detectionMs: number])[] = [
  ['kill both', { code: 'PEER_UNREACHABLE', origin: VICTIM, silent: [VICTIM], leaves: [VICTIM] }, SILENCE_MS],
  [
    'stop both',
    {
      code: 'PEER_UNREACHABLE',
      origin: VICTIM,
      apart: {
        [VICTIM]: { code: ['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN'], origin: [...rest, VICTIM] },
      },
    },
    SILENCE_MS,
  ],
  ['interrupt', { code: 'CANCELLED', origin: VICTIM }, TOLD_MS],
  [
    'terminate',
    {
      code: 'CANCELLED',
      origin: VICTIM,
      apart: { [VICTIM]: { code: 'CANCELLED', origin: VICTIM, exit: 143 } },
    },
    TOLD_MS,
  ],
  [
    'black hole',
    { code: 'PEER_UNREACHABLE', origin: VICTIM, apart: { [VICTIM]: { code: 'PARTITION', origin: rest } } },
    SILENCE_MS + 1_000 * PARTIES,
  ],
];

/** Written down beside the cells of a size other than this one. */
const elsewhere = new Set(['interrupt handshake', 'interrupt closing']);

function atMoments(): Scenario[] {
  return faults.flatMap(([what, expected, detectionMs]) =>
    (Object.entries(scenes) as [When, Scene][])
      .filter(([when]) => !elsewhere.has(`${what} ${when}`))
      .map(([when, scene]) =>
        cell({
          parties: PARTIES,
          ...scene,
          // A black hole needs a path to be one.
          ...(what === 'black hole' ? { bytesPerSecond: scene.bytesPerSecond ?? 1e9 } : {}),
          fault: fault(what, VICTIM, when),
          expected,
          detectionMs,
        }),
      ),
  );
}

/** The verdict is known to all and stays, whatever happens to a party that cleans up after it. */
function inCleanUp(): Scenario[] {
  const cells: readonly (readonly [what: What, more: Partial<Expected>])[] = [
    ['kill program', {}],
    ['kill supervisor', { silent: [VICTIM] }],
    ['kill both', { silent: [VICTIM], leaves: [VICTIM] }],
    ['interrupt twice', {}],
    ['stop program', {}],
  ];
  return cells.map(([what, more]) =>
    cell({
      parties: PARTIES,
      args: { act: 'throw', who: 'alice', lingers: VICTIM },
      bounds: { graceMs: 3_000 },
      fault: fault(what, VICTIM, 'in clean-up'),
      expected: { code: 'TASK_FAILED', origin: 'alice', ...more },
      detectionMs: null,
    }),
  );
}

export const momentScenarios: readonly Scenario[] = [...atMoments(), ...inCleanUp()];
