/**
 * Verdicts over random boards, against the order written down in oracle.ts. Schedules reach few boards with many
 * failures; the verdict is a function of the board alone, so it can be asked directly.
 */
import type { FailureCode } from '../../src/base/failure-codes.ts';
import type { Contribution } from '../../src/coordination/board.ts';
import type { Failure } from '../../src/coordination/failure.ts';
import { failedOutcome } from '../../src/coordination/verdict.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { expectedOrder, expectedVerdict } from './oracle.ts';

const PARTIES = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace'];
const OWN: readonly FailureCode[] = [
  'TASK_FAILED',
  'PROCESS_KILLED',
  'CANCELLED',
  'DIVERGENCE',
  'AUTH_FAILED',
  'LINK_DOWN',
];
const LOSSES: readonly FailureCode[] = [
  'PEER_UNREACHABLE',
  'PEER_UNREACHABLE',
  'PEER_CRASHED',
  'JOIN_TIMEOUT',
  'DIVERGENCE',
];
const STEPS = ['0', '1', '2', '10', '2/0', '2/0/3', '2/1', '2/10'];

/** @returns what the core names where the oracle names something else; null when they agree */
export function compareVerdicts(seed: number, boards: number): string | null {
  const random = new SeededRandom(seed, 'verdicts');
  for (let i = 0; i < boards; i++) {
    const parties = PARTIES.slice(0, 2 + random.below(PARTIES.length - 1));
    const contributions = parties.map((_, self) => contributionOf(random, parties, self));
    const expected = expectedVerdict(contributions, parties);
    if (expected === null) continue;
    const { failure, attached } = failedOutcome(parties, contributions);
    const found = {
      code: failure?.code,
      origin: failure?.origin,
      incident: failure?.incident,
      facts: failure?.facts ?? '',
    };
    const words = `${found.code} at ${found.origin} where ${expected.code} at ${expected.origin} is due`;
    if (JSON.stringify(found) !== JSON.stringify(expected)) return words;
    const failures = contributions.flatMap((contribution) =>
      contribution?.failure ? [contribution.failure] : [],
    );
    const order = expectedOrder(failures, parties).slice(expected.code === 'IN_DOUBT' ? 0 : 1);
    if (order.some((each, at) => each.incident !== attached[at]?.incident))
      return `another order of what is attached to ${found.code}`;
  }
  return null;
}

function contributionOf(random: SeededRandom, parties: readonly string[], self: number): Contribution | null {
  if (random.chance(0.3)) return null;
  const failure = random.chance(0.3) ? null : failureOf(random, parties, self);
  return { failure, ready: random.chance(0.6), nonce: `${self}`, signature: '' };
}

function failureOf(random: SeededRandom, parties: readonly string[], self: number): Failure {
  const reporter = parties[self] ?? '';
  const other = random.chance(0.6) ? random.below(parties.length) : self;
  const origin = parties[other] ?? '';
  const code = random.pick(other === self ? OWN : LOSSES);
  const step = other === self && random.chance(0.7) ? { stepId: random.pick(STEPS) } : {};
  return { code, origin, reporter, ...step, incident: `${reporter} ${code} ${origin}` };
}
