/**
 * Cells that try one fault at moments other than in the middle of a task, which process-scenarios.ts and
 * network-scenarios.ts do at length: in the handshake, idle, in an attempt, in a transfer, while closing, and while a
 * job cleans up after a failure.
 */
import { type Cell, cell, fault, others, SILENCE_MS, type Size, SLOW, TOLD_MS } from './cell.ts';
import type { End, Expected, PartyName, Scenario, What, When } from './scenario.ts';

const VICTIM: PartyName = 'bob';

type Scene = Pick<Cell, 'args' | 'specs' | 'bytesPerSecond'>;

/** What has to go on for a moment to come. */
const scenes = (parties: Size): Readonly<Partial<Record<When, Scene>>> => ({
  // Keeps the others in the handshake until the fault has happened.
  handshake: { specs: { [others(parties, VICTIM).at(-1) ?? 'alice']: { env: { MATRIX_LOAD_MS: '2500' } } } },
  idle: { args: { act: 'wait', who: 'alice' } },
  'in attempt': { args: { scene: 'attempt', act: 'wait', who: VICTIM } },
  'mid-transfer': { args: { scene: 'transfer' }, bytesPerSecond: SLOW },
  // Of two, the second is the one that the first waits for.
  ...(parties === 2 ? {} : { closing: { args: { scene: 'closing', who: VICTIM } } }),
});

type Row = readonly [what: What, expected: Expected, detectionMs: number];

function faults(parties: Size): readonly Row[] {
  const rest = others(parties, VICTIM);
  const unreachable = { code: 'PEER_UNREACHABLE', origin: VICTIM } as const;
  const thawed: End = { code: ['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN'], origin: [...rest, VICTIM] };
  const cancelled = { code: 'CANCELLED', origin: VICTIM } as const;
  const parted: End = { code: parties === 2 ? 'PEER_UNREACHABLE' : 'PARTITION', origin: rest };
  return [
    ['kill all', { ...unreachable, silent: [VICTIM], leaves: [VICTIM] }, SILENCE_MS],
    ['stop both', { ...unreachable, apart: { [VICTIM]: thawed } }, SILENCE_MS],
    ['interrupt', cancelled, TOLD_MS],
    ['terminate', { ...cancelled, apart: { [VICTIM]: { ...cancelled, exit: 143 } } }, TOLD_MS],
    ['black hole', { ...unreachable, apart: { [VICTIM]: parted } }, SILENCE_MS + 1_000 * parties],
  ];
}

/**
 * Who is lost in an attempt fails the attempt; the others, who are a majority or half with the first, go on without.
 */
function inAttempt({ origin, ...expected }: Expected): Expected {
  return expected.code === 'PEER_UNREACHABLE'
    ? { ...expected, code: null }
    : { ...expected, ...(origin === undefined ? {} : { origin }) };
}

/** Written down with the signals, or with the transfers. */
const elsewhere = new Set(['interrupt handshake', 'interrupt closing', 'stop both mid-transfer 2']);

function atMoments(parties: Size): Scenario[] {
  return faults(parties).flatMap(([what, expected, detectionMs]) =>
    (Object.entries(scenes(parties)) as [When, Scene][])
      .filter(
        ([when]) => ![`${what} ${when}`, `${what} ${when} ${parties}`].some((key) => elsewhere.has(key)),
      )
      .map(([when, scene]) =>
        cell({
          parties,
          ...scene,
          // A black hole needs a path to be one.
          ...(what === 'black hole' ? { bytesPerSecond: scene.bytesPerSecond ?? 1e9 } : {}),
          fault: fault(what, VICTIM, when),
          expected: when === 'in attempt' ? inAttempt(expected) : expected,
          detectionMs,
        }),
      ),
  );
}

/** The verdict is known to all and stays, whatever happens to a party that cleans up after it. */
function inCleanUp(parties: Size): Scenario[] {
  const cells: readonly (readonly [what: What, more: Partial<Expected>])[] = [
    ['kill program', {}],
    ['kill supervisor', { silent: [VICTIM] }],
    ['kill all', { silent: [VICTIM], leaves: [VICTIM] }],
    ['interrupt twice', {}],
    ['stop program', {}],
  ];
  return cells.map(([what, more]) =>
    cell({
      parties,
      args: { act: 'throw', who: 'alice', lingers: VICTIM },
      bounds: { graceMs: 3_000 },
      fault: fault(what, VICTIM, 'in clean-up'),
      expected: { code: 'TASK_FAILED', origin: 'alice', ...more },
      detectionMs: null,
    }),
  );
}

export const momentScenarios: readonly Scenario[] = ([2, 3, 5] as const).flatMap((parties) => [
  ...atMoments(parties),
  ...inCleanUp(parties),
]);
