/**
 * The order of causes once more, written from docs/failure-model.md and not from the core: what the checkers hold
 * verdicts against. Shares no code with src/coordination/verdict.ts on purpose; a defect there must not be one here.
 */
import type { Contribution } from '../../src/coordination/board.ts';
import type { Failure } from '../../src/coordination/failure.ts';

const TRUST_BROKEN = ['AUTH_FAILED', 'PROGRAM_MISMATCH', 'DIVERGENCE', 'CHECK_FAILED', 'PROTOCOL_VIOLATION'];

function isMismatch(failure: Failure): boolean {
  return TRUST_BROKEN.includes(failure.code);
}

/** Someone else's word on a party that does not speak. */
export function isLossReport(failure: Failure): boolean {
  return failure.reporter !== failure.origin && !isMismatch(failure);
}

/** Parts of the deepest path. */
const DEPTH_MAX = 128;

/** Sort key of a failure among others: the least is the cause. Numbers compare before later ones. */
function precedence(
  failure: Failure,
  all: readonly Failure[],
  parties: readonly string[],
): readonly number[] {
  let kind = 1;
  if (isMismatch(failure)) kind = 0;
  else if (failure.code === 'CANCELLED') kind = 4;
  else if (isLossReport(failure)) {
    const witnesses = all.filter((f) => isLossReport(f) && f.origin === failure.origin);
    kind = witnesses.length > 1 ? 2 : 3;
  }
  // A step that is a prefix of another comes first; whatever happened in no step comes after all steps.
  const path =
    failure.stepId === undefined ? [Number.MAX_SAFE_INTEGER] : failure.stepId.split('/').map(Number);
  const padded = [...path, ...Array<number>(DEPTH_MAX - path.length).fill(-1)];
  return [kind, ...padded, parties.indexOf(failure.origin), parties.indexOf(failure.reporter)];
}

/** All failures, the cause first. */
export function expectedOrder(failures: readonly Failure[], parties: readonly string[]): readonly Failure[] {
  const keyed = failures.map((failure) => ({ failure, key: precedence(failure, failures, parties) }));
  keyed.sort((a, b) => {
    const at = a.key.findIndex((value, i) => value !== b.key[i]);
    return at < 0 ? 0 : (a.key[at] ?? 0) - (b.key[at] ?? 0);
  });
  return keyed.map(({ failure }) => failure);
}

/**
 * What a verdict over these contributions has to say: its code and facts are those of the page, "Silence is named by
 * its cut".
 */
export function expectedVerdict(
  contributions: readonly (Contribution | null)[],
  parties: readonly string[],
  absent: readonly number[] = [],
): {
  readonly code: string;
  readonly origin: string;
  readonly incident: string;
  readonly facts: string;
} | null {
  const failures = contributions.flatMap((contribution) =>
    contribution?.failure ? [contribution.failure] : [],
  );
  const [cause] = expectedOrder(failures, parties);
  if (cause === undefined) return null;
  const silent = parties.filter((_, party) => contributions[party] === null && !absent.includes(party));
  const asIs = {
    code: cause.code as string,
    origin: cause.origin,
    incident: cause.incident,
    facts: cause.facts ?? '',
  };
  if (
    silent.length > 0 &&
    contributions.every((contribution) => contribution === null || contribution.ready)
  ) {
    return { ...asIs, code: 'IN_DOUBT', origin: silent[0] ?? '' };
  }
  // Without whom the run goes on has its name already.
  if (!isLossReport(cause) || absent.includes(parties.indexOf(cause.origin))) return asIs;
  if (!silent.includes(cause.origin)) {
    const ends = parties.filter((name) => name === cause.origin || name === cause.reporter);
    return { ...asIs, code: 'LINK_DOWN', facts: ends.join(' and ') };
  }
  if (cause.code !== 'PEER_UNREACHABLE') return asIs;
  const speaking = parties.filter((_, party) => contributions[party] !== null);
  const sides = [speaking.join(', '), silent.join(', ')].sort();
  return {
    ...asIs,
    code: silent.length > 1 ? 'PARTITION' : 'PEER_UNREACHABLE',
    facts: `cut: ${sides.join(' | ')}`,
  };
}
