/**
 * Whether a run goes on, over random sealed contributions, against absence-oracle.ts: the decision is a function of
 * those alone, and schedules reach few of them.
 */
import type { Contribution, ScopeView } from '../../src/coordination/board.ts';
import { whoIsLeftOut } from '../../src/coordination/exclusion.ts';
import type { Failure } from '../../src/coordination/failure.ts';
import type { Absence } from '../../src/coordination/types.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { expectedAbsences } from './absence-oracle.ts';
import { NAMES } from './plan.ts';
import { plantedFailure } from './planted.ts';

const SCOPES = ['0', '1', '0/0/0', '10', '1/0/0/0/2'];
/** Of all boards that are drawn, most are such that a run may go on: other failures are rare. */
const RARELY = 0.06;

/** @returns what the core decides where the oracle decides something else; null when they agree */
export function compareAbsences(seed: number, boards: number): string | null {
  const random = new SeededRandom(seed, 'absences');
  for (let i = 0; i < boards; i++) {
    const parties = NAMES.slice(0, 2 + random.below(5));
    const absent: Absence[] = parties.flatMap((name, party) => {
      const failure = plantedFailure(name, 'PROCESS_KILLED', undefined);
      return random.chance(0.12) ? [{ party, failure, leaving: random.chance(0.5) }] : [];
    });
    const contributions = contributionsOf(random, parties, absent);
    const expected = expectedAbsences(parties, absent, contributions);
    const found = whoIsLeftOut(parties, absent, contributions);
    const words = `${found?.map(({ party }) => parties[party]) ?? 'nobody'} left out where it is ${expected?.map(({ party }) => parties[party]) ?? 'nobody'}`;
    if (found?.length !== expected?.length) return words;
    for (const [at, absence] of expected?.entries() ?? []) {
      const there = found?.[at];
      if (there?.party !== absence.party || there.leaving !== absence.leaving) return words;
      if (absence.incident !== null && there.failure.incident !== absence.incident)
        return `${parties[absence.party]} is missing for another reason`;
      if (there.failure.origin !== parties[absence.party]) return 'the loss of a party is blamed on another';
    }
  }
  return null;
}

function contributionsOf(
  random: SeededRandom,
  parties: readonly string[],
  absent: readonly Absence[],
): readonly (Contribution | null)[] {
  const lost = [...parties.keys()].filter(() => random.chance(0.3));
  const shared = random.pick(SCOPES);
  return parties.map((name, party) => {
    if (absent.some((absence) => absence.party === party)) return null;
    const leaving = lost.includes(party);
    if (leaving && random.chance(0.6)) return null;
    const own = plantedFailure(name, 'PROCESS_KILLED', undefined);
    const scopes = SCOPES.filter((scope) => (scope === shared ? random.chance(0.8) : random.chance(0.15)));
    const views = scopes.map((scope) => viewOf(random, parties, lost, scope));
    return {
      failure: leaving ? own : lossOf(random, parties, party, lost),
      ready: random.chance(RARELY),
      nonce: '',
      signature: '',
      ...(leaving ? { leaving } : {}),
      ...(random.chance(RARELY) ? { scopes: null } : random.chance(0.1) ? {} : { scopes: views }),
    };
  });
}

function lossOf(
  random: SeededRandom,
  parties: readonly string[],
  party: number,
  lost: readonly number[],
): Failure | null {
  if (random.chance(0.3)) return null;
  const reporter = parties[party] ?? '';
  if (random.chance(RARELY)) return plantedFailure(reporter, 'TASK_FAILED', '0');
  const origin =
    parties[random.chance(0.9) && lost.length > 0 ? random.pick(lost) : random.below(parties.length)];
  const odd = random.chance(RARELY)
    ? random.pick(['JOIN_TIMEOUT', 'DIVERGENCE', 'AUTH_FAILED'] as const)
    : null;
  const code = odd ?? random.pick(['PEER_UNREACHABLE', 'PEER_CRASHED'] as const);
  return { code, origin: origin ?? reporter, reporter, incident: `${reporter} ${code} ${origin}` };
}

function viewOf(
  random: SeededRandom,
  parties: readonly string[],
  lost: readonly number[],
  scope: string,
): ScopeView {
  const members = [...parties.keys()].filter(() => random.chance(0.95));
  const over = random.chance(0.1);
  const votes = parties.map((_, party) =>
    random.chance(lost.includes(party) ? 0.1 : 0.5) ? { failure: null } : null,
  );
  return { scope, members, inside: !over && random.chance(0.7), over, votes };
}
