/**
 * Cells in which the network between hosts fails, below TCP: each party in a network namespace of its own. The same
 * faults on TCP connections, by a proxy, are in network-scenarios.ts.
 */
import { type Cell, cell, fault, names, others, PROXY_BOUNDS, SILENCE_MS, type Size } from './cell.ts';
import type { End, PartyName, Scenario } from './scenario.ts';

const work = (parties: Size) => ({
  parties,
  note: 'in namespaces',
  args: { act: 'wait', who: 'bob' },
  hosts: true,
});

/** For those on a side that has lost several parties at once, and for those that have lost one. */
const lost = (parties: readonly PartyName[]): End => ({
  code: parties.length === 1 ? 'PEER_UNREACHABLE' : 'PARTITION',
  origin: parties,
});

/** `here` on one side, everyone else on the other; both have to name the cut. */
function parted(
  parties: Size,
  here: readonly PartyName[],
  more: Partial<Cell> & Pick<Cell, 'fault'>,
): Scenario {
  const rest = names(parties).filter((name) => !here.includes(name));
  return cell({
    ...work(parties),
    expected: {
      ...lost(here),
      apart: Object.fromEntries(here.map((name) => [name, lost(rest)])),
      together: [here],
    },
    detectionMs: SILENCE_MS + 1_000 * parties,
    ...more,
  });
}

function blackHoles(): Scenario[] {
  return ([2, 3, 5] as const).flatMap((parties) => [
    parted(parties, ['bob'], { fault: fault('black hole', 'bob', 'mid-task') }),
    cell({
      ...work(parties),
      fault: fault('one-way black hole', ['bob', 'alice'], 'mid-task'),
      // Alice gives up on bob; that she has done so bob hears from her, or, where he does not, from silence.
      expected:
        parties === 2
          ? { ...lost(['bob']), apart: { bob: { code: ['LINK_DOWN', 'PEER_UNREACHABLE'] } } }
          : { code: 'LINK_DOWN', origin: ['alice', 'bob'] },
      detectionMs: SILENCE_MS,
    }),
    hostGone(parties, 'bob'),
    cell({
      ...work(parties),
      args: { act: 'pause', who: 'bob' },
      bounds: PROXY_BOUNDS,
      fault: fault('short black hole', ['alice', 'bob'], 'mid-task'),
      expected: { code: null },
      detectionMs: null,
    }),
  ]);
}

/** Packets that are lost and sent again are no failure, whatever is under way. */
function losses(): Scenario[] {
  return ([2, 3] as const).map((parties) =>
    cell({
      ...work(parties),
      args: { scene: 'transfer', megabytes: '16' },
      bounds: PROXY_BOUNDS,
      fault: fault('lossy link', names(parties), 'always'),
      expected: { code: null },
      detectionMs: null,
    }),
  );
}

function hostGone(parties: Size, victim: PartyName): Scenario {
  return cell({
    ...work(parties),
    fault: fault('host gone', victim, 'mid-task'),
    expected: {
      ...lost([victim]),
      // When its power is back, it finds that the others have ended without it.
      apart: {
        [victim]: {
          code: ['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN'],
          origin: [...others(parties, victim), victim],
        },
      },
    },
    detectionMs: SILENCE_MS,
  });
}

function partitions(): Scenario[] {
  return [
    parted(3, ['alice'], { fault: fault('partition', 'alice', 'mid-task') }),
    parted(5, ['dave', 'erin'], { fault: fault('partition', ['dave', 'erin'], 'mid-task') }),
    // The larger side goes on without the others; the smaller one cannot know that it does, and ends.
    ...([3, 5] as const).map((parties) => {
      const here: readonly PartyName[] = parties === 3 ? ['carol'] : ['dave', 'erin'];
      const rest = names(parties).filter((name) => !here.includes(name));
      return cell({
        ...work(parties),
        args: { scene: 'attempt', act: 'wait', who: 'bob' },
        fault: fault('partition', here, 'in attempt'),
        expected: {
          code: null,
          apart: Object.fromEntries(here.map((name) => [name, lost(rest)])),
          together: [here],
        },
        detectionMs: SILENCE_MS + 1_000 * parties,
      });
    }),
    ...([3, 5] as const).map((parties) =>
      cell({
        ...work(parties),
        fault: fault('cut one link', ['alice', 'bob'], 'mid-task'),
        expected: { code: 'LINK_DOWN', origin: ['alice', 'bob'] },
        detectionMs: SILENCE_MS,
      }),
    ),
  ];
}

export const hostScenarios: readonly Scenario[] = [...blackHoles(), ...partitions(), ...losses()];
