/** Cells in which a process fails: by what the job does, or by a signal. */
import type { FailureCode } from '../../src/base/failure-codes.ts';
import {
  type Cell,
  cell,
  fault,
  joinMs,
  LATE_JOIN_MS,
  names,
  others,
  SILENCE_MS,
  type Size,
  STALLED_MS,
  STEP_DEADLINE_MS,
  TOLD_MS,
} from './cell.ts';
import type { End, PartyName, Scenario, What } from './scenario.ts';

/** What a task, or the job's own code, does to its own party. */
function acts(): Scenario[] {
  const codes: readonly (readonly [act: string, code: FailureCode])[] = [
    ['throw', 'TASK_FAILED'],
    ['throw a string', 'TASK_FAILED'],
    ['reject', 'TASK_FAILED'],
    ['overflow the stack', 'TASK_FAILED'],
    ['escape', 'TASK_FAILED'],
    ['throw in the job', 'TASK_FAILED'],
    ['throw in finally', 'TASK_FAILED'],
    ['throw in a listener', 'TASK_FAILED'],
    ['throw in a handler', 'TASK_FAILED'],
    ['return a map', 'USAGE'],
    ['return five gigabytes', 'LIMIT_EXCEEDED'],
    ['exit', 'PROCESS_KILLED'],
    ['abort', 'PROCESS_KILLED'],
  ];
  const all = codes.flatMap(([act, code]) =>
    ([2, 3, 5] as const).map((parties) =>
      cell({
        note: act,
        parties,
        args: { act, who: 'bob' },
        fault: fault('job', 'bob', 'mid-task'),
        expected: { code, origin: 'bob' },
        detectionMs: TOLD_MS,
      }),
    ),
  );
  const stuck = cell({
    note: 'spin in the job',
    parties: 2,
    args: { act: 'spin in the job', who: 'bob' },
    bounds: { stepDeadlineMs: STEP_DEADLINE_MS },
    fault: fault('job', 'bob', 'mid-task'),
    expected: { code: 'STALLED', origin: 'bob' },
    // Between two questions to the program lies a deadline at most.
    detectionMs: STEP_DEADLINE_MS + STALLED_MS,
  });
  return [...all, stuck, ...exhaustion(), ...neverFail()];
}

function exhaustion(): Scenario[] {
  const exhausted = { code: 'RESOURCE_EXHAUSTED', origin: 'bob' } as const;
  const filled = (act: string, more: Partial<Cell>, parties: Size = 2): Scenario =>
    cell({
      note: act,
      parties,
      args: { act, who: 'bob' },
      fault: fault('job', 'bob', 'mid-task'),
      expected: exhausted,
      // The time to fill it is part of it.
      detectionMs: 20_000,
      ...more,
    });
  return ([2, 3, 5] as const).flatMap((parties) => [
    filled(
      'fill the heap',
      { specs: { bob: { env: { NODE_OPTIONS: '--max-old-space-size=96' } } } },
      parties,
    ),
    filled('fill buffers', { specs: { bob: { addressSpaceBytes: 12 * 2 ** 30 } } }, parties),
    filled('fill the disk', { specs: { bob: { diskBytes: 8 * 2 ** 20 } }, root: true }, parties),
  ]);
}

/** What looks like a failure and is none. */
function neverFail(): Scenario[] {
  const completed = { code: null } as const;
  return [
    ...([2, 3, 5] as const).map((parties) =>
      cell({
        note: 'no fault',
        parties,
        fault: fault('nothing', 'bob', 'always'),
        expected: completed,
        detectionMs: null,
      }),
    ),
    cell({
      note: 'event loop blocked for 10 s',
      parties: 3,
      args: { act: 'block', who: 'bob' },
      fault: fault('nothing', 'bob', 'always'),
      expected: completed,
      detectionMs: null,
    }),
    ...(['bob', 'alice'] as const).map((victim) =>
      cell({
        parties: 3,
        args: { act: 'wait for the end of a stop', who: victim },
        fault: fault('stop program for a while', victim, 'mid-task'),
        expected: completed,
        detectionMs: null,
      }),
    ),
  ];
}

/** Signals to processes, at each moment of a run. */
function signals(): Scenario[] {
  const list: Scenario[] = [];
  for (const parties of [2, 3, 5] as const) {
    for (const victim of parties === 2 ? (['alice', 'bob'] as const) : (['bob'] as const)) {
      const at = { parties, args: { act: 'wait', who: victim }, bounds: { joinTimeoutMs: 60_000 } };
      const killed = { code: 'PROCESS_KILLED', origin: victim } as const;
      const crashed = { code: 'PEER_CRASHED', origin: victim, silent: [victim] } as const;
      const silent = { code: 'PEER_UNREACHABLE', origin: victim, silent: [victim] } as const;
      list.push(
        cell({
          ...at,
          fault: fault('kill program', victim, 'mid-task'),
          expected: killed,
          detectionMs: TOLD_MS,
        }),
        cell({
          ...at,
          fault: fault('kill supervisor', victim, 'mid-task'),
          expected: crashed,
          detectionMs: TOLD_MS,
        }),
        cell({
          ...at,
          fault: fault('kill all', victim, 'mid-task'),
          expected: { ...silent, leaves: [victim] },
          detectionMs: SILENCE_MS,
        }),
        cell({
          ...at,
          bounds: { stepDeadlineMs: STEP_DEADLINE_MS },
          fault: fault('stop program', victim, 'mid-task'),
          expected: { code: 'STALLED', origin: victim },
          detectionMs: STALLED_MS,
        }),
        cell({
          ...at,
          args: { act: 'spin', who: victim },
          note: 'loop past its deadline',
          bounds: { stepDeadlineMs: STEP_DEADLINE_MS },
          fault: fault('nothing', victim, 'mid-task'),
          expected: { code: 'STALLED', origin: victim },
          detectionMs: STALLED_MS,
        }),
        cell({
          ...at,
          note: 'slow past its deadline',
          bounds: { stepDeadlineMs: STEP_DEADLINE_MS },
          fault: fault('nothing', victim, 'mid-task'),
          expected: { code: 'DEADLINE_EXCEEDED', origin: victim },
          detectionMs: STALLED_MS,
        }),
        frozen(parties, victim, 'stop supervisor'),
        frozen(parties, victim, 'stop both'),
        cell({
          ...at,
          fault: fault('interrupt', victim, 'mid-task'),
          expected: { code: 'CANCELLED', origin: victim },
          detectionMs: TOLD_MS,
        }),
        cell({
          ...at,
          args: { act: 'spin', who: victim },
          note: 'while it loops',
          // Only the second one can end it in the time that a run may take.
          bounds: { ...at.bounds, graceMs: 120_000 },
          fault: fault('interrupt twice', victim, 'mid-task'),
          expected: { code: 'CANCELLED', origin: victim },
          detectionMs: TOLD_MS,
        }),
        cell({
          ...at,
          fault: fault('terminate', victim, 'mid-task'),
          expected: {
            code: 'CANCELLED',
            origin: victim,
            apart: { [victim]: { code: 'CANCELLED', origin: victim, exit: 143 } },
          },
          detectionMs: TOLD_MS,
        }),
        ...beforeTheStart(parties, victim),
        ...closing(parties, victim),
      );
    }
  }
  return [...list, ...idle(), ...inAttempt(), ...grandchildren(), ...pairs()];
}

/** A frozen supervisor that thaws finds that the others have ended without it, and has to end, too. */
function frozen(parties: Size, victim: PartyName, what: What): Scenario {
  return cell({
    parties,
    args: { act: 'wait', who: victim },
    fault: fault(what, victim, 'mid-task'),
    expected: {
      code: 'PEER_UNREACHABLE',
      origin: victim,
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

function beforeTheStart(parties: Size, victim: PartyName): Scenario[] {
  const slow = others(parties, victim).at(-1) ?? 'alice';
  // Keeps the others in the handshake until the fault has happened.
  const specs = { [slow]: { env: { MATRIX_LOAD_MS: '2500' } } };
  const dead = { silent: [victim], origin: victim } as const;
  return [
    cell({
      parties,
      bounds: { lateJoinMs: LATE_JOIN_MS },
      fault: fault('kill program', victim, 'before the handshake'),
      expected: { code: 'PROCESS_KILLED', origin: victim },
      detectionMs: LATE_JOIN_MS + TOLD_MS,
    }),
    cell({
      parties,
      bounds: { joinTimeoutMs: joinMs(parties) },
      fault: fault('kill supervisor', victim, 'before the handshake'),
      // Whether the others had met it before decides which.
      expected: { ...dead, code: ['JOIN_TIMEOUT', 'PEER_UNREACHABLE', 'PEER_CRASHED'] },
      detectionMs: joinMs(parties) + SILENCE_MS,
    }),
    cell({
      parties,
      specs,
      fault: fault('kill program', victim, 'handshake'),
      expected: { code: 'PROCESS_KILLED', origin: victim },
      detectionMs: TOLD_MS,
    }),
    cell({
      parties,
      specs,
      fault: fault('kill supervisor', victim, 'handshake'),
      // Its program tells, if it had begun to load the job by then; else silence does.
      expected: { ...dead, code: ['PEER_UNREACHABLE', 'PEER_CRASHED'] },
      detectionMs: SILENCE_MS,
    }),
    cell({
      parties,
      specs,
      fault: fault('interrupt', victim, 'handshake'),
      expected: { code: 'CANCELLED', origin: victim },
      detectionMs: TOLD_MS,
    }),
  ];
}

/** The victim's program is through; the last party of the federation still works. */
function closing(parties: Size, victim: PartyName): Scenario[] {
  const holder = names(parties).at(-1);
  if (victim === holder) return [];
  const at = { parties, args: { scene: 'closing', who: victim } };
  const expected = { origin: victim } as const;
  return [
    cell({
      ...at,
      fault: fault('kill program', victim, 'closing'),
      expected: { ...expected, code: 'PROCESS_KILLED' },
      detectionMs: TOLD_MS,
    }),
    cell({
      ...at,
      fault: fault('kill supervisor', victim, 'closing'),
      expected: { ...expected, code: 'PEER_CRASHED', silent: [victim] },
      detectionMs: TOLD_MS,
    }),
    cell({
      ...at,
      args: { ...at.args, act: 'throw' },
      note: 'throw',
      fault: fault('job', victim, 'closing'),
      expected: { ...expected, code: 'FINALIZE_FAILED' },
      detectionMs: TOLD_MS,
    }),
    cell({
      ...at,
      fault: fault('interrupt', victim, 'closing'),
      expected: { ...expected, code: 'CANCELLED' },
      detectionMs: TOLD_MS,
    }),
  ];
}

/** The victim has nothing to do and nothing to wait for while others work. */
function idle(): Scenario[] {
  return ([3, 5] as const).flatMap((parties) => {
    const at = { parties, args: { act: 'wait', who: 'alice' } };
    return [
      cell({
        ...at,
        fault: fault('kill program', 'carol', 'idle'),
        expected: { code: 'PROCESS_KILLED', origin: 'carol' },
        detectionMs: TOLD_MS,
      }),
      cell({
        ...at,
        fault: fault('kill supervisor', 'carol', 'idle'),
        expected: { code: 'PEER_CRASHED', origin: 'carol', silent: ['carol'] },
        detectionMs: TOLD_MS,
      }),
    ];
  });
}

/**
 * A task that fails in an attempt fails the attempt, everywhere alike; so does a party that is gone, and the others go
 * on.
 */
function inAttempt(): Scenario[] {
  return ([2, 3, 5] as const).flatMap((parties) => {
    const at = { parties, args: { scene: 'attempt', act: 'wait', who: 'bob' } };
    return [
      cell({
        ...at,
        args: { ...at.args, act: 'throw' },
        note: 'throw',
        fault: fault('job', 'bob', 'in attempt'),
        expected: { code: null },
        detectionMs: null,
      }),
      cell({
        ...at,
        fault: fault('kill program', 'bob', 'in attempt'),
        expected: { code: null, apart: { bob: { code: 'PROCESS_KILLED', origin: 'bob' } } },
        detectionMs: null,
      }),
      cell({
        ...at,
        fault: fault('kill supervisor', 'bob', 'in attempt'),
        expected: { code: null, silent: ['bob'] },
        detectionMs: null,
      }),
    ];
  });
}

/** Processes that the job has started, that ignore every signal but SIGKILL and hold the output open. */
function grandchildren(): Scenario[] {
  const cells: readonly (readonly [act: string, what: What, end: End & { silent?: readonly PartyName[] }])[] =
    [
      ['start a stubborn process', 'interrupt', { code: 'CANCELLED', origin: 'bob' }],
      ['start a stubborn process', 'kill program', { code: 'PROCESS_KILLED', origin: 'bob' }],
      [
        'start a stubborn process',
        'kill supervisor',
        { code: 'PEER_CRASHED', origin: 'bob', silent: ['bob'] },
      ],
      ['start a detached process', 'interrupt', { code: 'CANCELLED', origin: 'bob' }],
      ['start a detached process', 'kill program', { code: 'PROCESS_KILLED', origin: 'bob' }],
      [
        'start a detached process',
        'kill supervisor',
        { code: 'PEER_CRASHED', origin: 'bob', silent: ['bob'] },
      ],
      ['start a hundred processes', 'kill program', { code: 'PROCESS_KILLED', origin: 'bob' }],
    ];
  return cells.map(([act, what, expected]) =>
    cell({
      note: act,
      parties: 2,
      args: { act, who: 'bob' },
      fault: fault(what, 'bob', 'mid-task'),
      expected,
      detectionMs: TOLD_MS,
    }),
  );
}

/** Two failures at the same instant at two parties: one verdict, the same everywhere. */
function pairs(): Scenario[] {
  const both = ['alice', 'bob'] as const;
  return ([2, 3, 5] as const).flatMap((parties) => {
    const at = { parties, args: { act: 'wait', who: both.join() } };
    return [
      cell({
        ...at,
        args: { act: 'throw', who: both.join() },
        note: 'throw',
        fault: fault('job', both, 'mid-task'),
        expected: { code: 'TASK_FAILED', origin: both },
        detectionMs: TOLD_MS,
      }),
      cell({
        ...at,
        fault: fault('kill program', both, 'mid-task'),
        expected: { code: 'PROCESS_KILLED', origin: both },
        detectionMs: TOLD_MS,
      }),
      ...(parties === 2
        ? []
        : [
            cell({
              ...at,
              fault: fault('kill supervisor', both, 'mid-task'),
              expected: { code: 'PEER_CRASHED', origin: both, silent: both },
              detectionMs: SILENCE_MS,
            }),
          ]),
    ];
  });
}

export const processScenarios: readonly Scenario[] = [...acts(), ...signals()];
