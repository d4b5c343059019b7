/** Which faults can be the reason of which verdict. */
import type { FailureCode } from '../base/failure-codes.ts';
import type { Failure } from '../coordination/failure.ts';
import type { CheckContext } from './check-context.ts';
import type { Fault } from './fault-plan.ts';
import type { SimulatedRun } from './world.ts';

/** A loss by silence needs nearly as much of it as the bound says; delays and drifting clocks take the rest. */
const NEARLY = 0.6;

export function isExplained(failure: Failure, run: SimulatedRun, context: CheckContext): boolean {
  // Too many of a quorum's parts: whatever struck them.
  const mayFollow = context.handled.has(failure.code) || failure.code === 'QUORUM_NOT_MET';
  if (mayFollow && run.happened.includes(true)) return true;
  return run.plan.some((fault, index) => run.happened[index] && explains(fault, failure, context));
}

function explains(fault: Fault, { code, origin }: Failure, { bounds }: CheckContext): boolean {
  const lasts = (forMs: number | null): boolean => forMs === null || forMs >= bounds.lostAfterMs * NEARLY;
  switch (fault.kind) {
    case 'throw':
      return (
        fault.party === origin &&
        (code === 'TASK_FAILED' || code === 'FINALIZE_FAILED' || code === 'IN_DOUBT')
      );
    case 'cancel':
      return fault.party === origin && (code === 'CANCELLED' || code === 'IN_DOUBT');
    case 'disk-full':
      return fault.party === origin && DISK.has(code);
    case 'crash':
      if (code === 'IN_DOUBT') return true;
      if (fault.party !== origin) return false;
      return fault.target === 'program'
        ? code === 'PROCESS_KILLED' || code === 'PEER_CRASHED'
        : CRASH.has(code);
    case 'power-off':
      return code === 'IN_DOUBT' || ((fault.party === origin || code === 'PARTITION') && CRASH.has(code));
    case 'freeze':
      if (!lasts(fault.forMs) && code !== 'LINK_DOWN') return false;
      return code === 'IN_DOUBT' || ((fault.party === origin || NETWORK.has(code)) && FREEZE.has(code));
    // Which party of a cut is named depends on the side from which it is seen.
    case 'partition':
      return lasts(fault.forMs) && NETWORK.has(code);
    case 'slow':
      return fault.byMs >= (bounds.lostAfterMs * NEARLY) / 2 && NETWORK.has(code);
    case 'drop':
    case 'clock-drift':
    case 'clock-jump':
    case 'tight-memory':
      return false;
  }
}

type Codes = ReadonlySet<FailureCode>;
const DISK: Codes = new Set([
  'RESOURCE_EXHAUSTED',
  'OUTPUT_FAILED',
  'TASK_FAILED',
  'LIMIT_EXCEEDED',
  'SETUP_FAILED',
]);
const NETWORK: Codes = new Set(['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN', 'JOIN_TIMEOUT', 'IN_DOUBT']);
const CRASH: Codes = new Set([
  ...([
    'PEER_CRASHED',
    'PEER_UNREACHABLE',
    'JOIN_TIMEOUT',
    'PROCESS_KILLED',
    'LINK_DOWN',
    'PARTITION',
  ] as const),
]);
const FREEZE: Codes = new Set([
  ...(['PEER_UNREACHABLE', 'PARTITION', 'LINK_DOWN', 'JOIN_TIMEOUT', 'STALLED', 'SETUP_FAILED'] as const),
]);
