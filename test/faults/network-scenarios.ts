/** Cells in which the network fails, or something is wrong from the start. */
import {
  type Cell,
  cell,
  DATA_LINK_MS,
  fault,
  joinMs,
  others,
  PROXY_BOUNDS,
  SILENCE_MS,
  type Size,
  SLOW,
  TOLD_MS,
} from './cell.ts';
import type { End, PartyName, Scenario, When } from './scenario.ts';

/** Long enough for three parties to start and to meet, also on a busy machine. */
const EXPIRES_AFTER_MS = 25_000;

/** What the network does to large values, to intersections, and to everything. */
function network(): Scenario[] {
  const list: Scenario[] = [];
  const transfer = { parties: 2, args: { scene: 'transfer' }, bytesPerSecond: SLOW } as const;
  const reveal = { parties: 3, args: { scene: 'reveal' }, bytesPerSecond: SLOW } as const;
  const psi = { parties: 3, args: { scene: 'psi' } } as const;
  for (const [at, when, victims] of [
    [transfer, 'mid-transfer', ['alice', 'bob']],
    [reveal, 'at reveal', ['alice', 'carol']],
    [psi, 'mid-psi', ['bob']],
  ] as const) {
    for (const victim of victims) {
      list.push(
        cell({
          ...at,
          fault: fault('kill program', victim, when),
          expected: { code: 'PROCESS_KILLED', origin: victim },
          detectionMs: TOLD_MS,
        }),
        cell({
          ...at,
          fault: fault('kill supervisor', victim, when),
          // Told by what it leaves behind, also where a large value fills the way.
          expected: { code: 'PEER_CRASHED', origin: victim, silent: [victim] },
          detectionMs: TOLD_MS,
        }),
        frozenAt(at, when, victim),
      );
    }
  }
  return [...list, ...cuts(), ...tolerated()];
}

function frozenAt(
  at: Pick<Cell, 'parties' | 'args' | 'bytesPerSecond'>,
  when: When,
  victim: PartyName,
): Scenario {
  return cell({
    ...at,
    fault: fault('stop both', victim, when),
    expected: {
      code: 'PEER_UNREACHABLE',
      origin: victim,
      apart: {
        [victim]: {
          code: ['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN'],
          origin: [...others(at.parties, victim), victim],
        },
      },
    },
    detectionMs: SILENCE_MS,
  });
}

/** Connections that stand and carry nothing. */
function cuts(): Scenario[] {
  const unreachable = (origin: PartyName | readonly PartyName[]): End => ({
    code: 'PEER_UNREACHABLE',
    origin,
  });
  const work = (parties: Size) => ({ parties, args: { act: 'wait', who: 'bob' }, bytesPerSecond: 1e9 });
  return [
    ...([2, 3, 5] as const).map((parties) =>
      cell({
        ...work(parties),
        fault: fault('black hole', 'bob', 'mid-task'),
        // Bob has lost several at once; the others have lost one.
        expected: {
          ...unreachable('bob'),
          apart: {
            bob: {
              code: parties === 2 ? 'PEER_UNREACHABLE' : 'PARTITION',
              origin: others(parties, 'bob'),
            },
          },
        },
        detectionMs: SILENCE_MS + 1_000 * parties,
      }),
    ),
    // What bob sends to alice is lost; bob still hears alice, who says that she has given up on him.
    ...([2, 3, 5] as const).map((parties) =>
      cell({
        ...work(parties),
        fault: fault('one-way black hole', ['bob', 'alice'], 'mid-task'),
        expected:
          parties === 2
            ? { ...unreachable('bob'), apart: { bob: { code: ['LINK_DOWN', 'PEER_UNREACHABLE'] } } }
            : { code: 'LINK_DOWN', origin: ['alice', 'bob'] },
        detectionMs: SILENCE_MS,
      }),
    ),
    ...([3, 5] as const).map((parties) =>
      cell({
        ...work(parties),
        fault: fault('cut one link', ['alice', 'bob'], 'mid-task'),
        expected: { code: 'LINK_DOWN', origin: ['alice', 'bob'] },
        detectionMs: SILENCE_MS,
      }),
    ),
    ...(['refuse data', 'black hole for data'] as const).map((what) =>
      cell({
        parties: 2,
        args: { scene: 'transfer' },
        bytesPerSecond: SLOW,
        bounds: { dataLinkMs: DATA_LINK_MS },
        fault: fault(what, ['alice', 'bob'], 'mid-transfer'),
        expected: { code: 'LINK_DOWN', origin: ['alice', 'bob'] },
        detectionMs: DATA_LINK_MS + SILENCE_MS,
      }),
    ),
    cell({
      parties: 2,
      args: { scene: 'end' },
      bytesPerSecond: 1e9,
      delayMs: 800,
      bounds: { lostAfterMs: 3_000, suspectAfterMs: 2_000 },
      fault: fault('kill all', 'alice', 'after READY'),
      expected: { code: 'IN_DOUBT', origin: 'alice', silent: ['alice'], leaves: ['alice'] },
      detectionMs: 3_000 + SILENCE_MS,
    }),
  ];
}

/** What a network may do without a run failing. */
function tolerated(): Scenario[] {
  const transfer = {
    args: { scene: 'transfer' },
    bytesPerSecond: SLOW,
    detectionMs: null,
    expected: { code: null },
  } as const;
  return [
    ...(['reset storm', 'gateway restart', 'break data once', 'jitter'] as const).flatMap((what) =>
      ([2, 3] as const).map((parties) =>
        cell({
          ...transfer,
          parties,
          // On a busy machine a handshake can take longer than the 200 ms between two resets; what is tried is that
          // nothing is lost or repeated.
          bounds: what === 'reset storm' ? { lostAfterMs: 10_000 } : PROXY_BOUNDS,
          // Long enough to last beyond the fault.
          args: { scene: 'transfer', megabytes: what === 'reset storm' ? '64' : '32' },
          fault: fault(what, ['alice', 'bob'], 'mid-transfer'),
        }),
      ),
    ),
    cell({
      parties: 2,
      note: '5 GB in pieces',
      args: { scene: 'pieces', megabytes: '5000' },
      // A minute on a quiet machine.
      patienceMs: 600_000,
      fault: fault('nothing', 'bob', 'always'),
      expected: { code: null },
      detectionMs: null,
    }),
    // What stalls for `dataLinkMs` is dead (black hole for data); what takes many times as long and moves is not.
    cell({
      ...transfer,
      parties: 2,
      note: 'slow link, 16 MB in five times the limit of silence',
      args: { scene: 'transfer', megabytes: '16' },
      bytesPerSecond: 1_000_000,
      bounds: { ...PROXY_BOUNDS, dataLinkMs: DATA_LINK_MS },
      fault: fault('nothing', 'bob', 'always'),
    }),
    // A piece of a value takes longer than the limit.
    cell({
      ...transfer,
      parties: 2,
      note: 'slow link, 2 MB in pieces that take longer than the limit of silence',
      args: { scene: 'transfer', megabytes: '2' },
      bytesPerSecond: 100_000,
      bounds: { ...PROXY_BOUNDS, dataLinkMs: DATA_LINK_MS },
      patienceMs: 90_000,
      fault: fault('nothing', 'bob', 'always'),
    }),
    cell({
      ...transfer,
      parties: 2,
      note: 'slow link, 200 MB',
      args: { scene: 'transfer', megabytes: '200' },
      bytesPerSecond: 25_000_000,
      fault: fault('nothing', 'bob', 'always'),
    }),
  ];
}

/** A certificate is looked at when a connection is made, and not again. */
function expiring(): Scenario[] {
  const at = {
    parties: 3,
    args: { act: 'outlast', who: 'bob' },
    expiresAfterMs: EXPIRES_AFTER_MS,
    patienceMs: EXPIRES_AFTER_MS + 40_000,
    bytesPerSecond: 1e9,
  } as const;
  return [
    cell({
      ...at,
      note: 'certificates expire',
      fault: fault('nothing', 'bob', 'after expiry'),
      expected: { code: null },
      detectionMs: null,
    }),
    cell({
      ...at,
      note: 'certificates have expired',
      fault: fault('break once', ['alice', 'bob'], 'after expiry'),
      expected: { code: 'AUTH_FAILED', origin: ['alice', 'bob'] },
      detectionMs: TOLD_MS,
    }),
  ];
}

/** What is wrong before anything has begun. */
function setups(): Scenario[] {
  const of = (note: string, more: Partial<Cell> & Pick<Cell, 'expected'>, parties: Size = 3): Scenario =>
    cell({
      note,
      parties,
      bounds: { joinTimeoutMs: joinMs(parties) },
      fault: fault('setup', 'bob', 'always'),
      detectionMs: null,
      ...more,
    });
  const differs = (what: string, parties: Size): Scenario =>
    of(
      `steps differ: ${what}`,
      {
        specs: { bob: { env: { MATRIX_DIFFERS: what } } },
        // Both sides are named in its words; the origin is the earlier of the two that saw it.
        expected: { code: 'DIVERGENCE', origin: ['alice', 'bob'] },
      },
      parties,
    );
  const absent = { code: 'JOIN_TIMEOUT', origin: 'bob', silent: ['bob'] } as const;
  const differ = { code: 'PROGRAM_MISMATCH', origin: ['alice', 'bob'] } as const;
  return ([2, 3, 5] as const).flatMap((parties) => [
    of('port taken', { specs: { bob: { portTaken: true } }, expected: absent }, parties),
    of('never started', { specs: { bob: { start: false } }, expected: absent }, parties),
    of(
      'certificate expired',
      {
        specs: { bob: { certificate: 'expired' } },
        expected: { ...absent, code: ['AUTH_FAILED', 'JOIN_TIMEOUT'] },
      },
      parties,
    ),
    of(
      'certificate unknown',
      {
        specs: { bob: { certificate: 'unknown' } },
        expected: {
          code: 'AUTH_FAILED',
          origin: 'bob',
          // Whom nobody answers that he dials is told nothing: he only sees that nobody joins.
          apart: {
            bob: {
              code: parties === 2 ? ['AUTH_FAILED', 'JOIN_TIMEOUT'] : 'AUTH_FAILED',
              origin: others(parties, 'bob'),
            },
          },
        },
      },
      parties,
    ),
    of('other arguments', { specs: { bob: { args: { act: 'wait' } } }, expected: differ }, parties),
    of('other run id', { specs: { bob: { runId: 'another' } }, expected: differ }, parties),
    ...['extra step', 'order', 'body', 'iterations'].map((what) => differs(what, parties)),
  ]);
}

export const networkScenarios: readonly Scenario[] = [...network(), ...expiring(), ...setups()];
