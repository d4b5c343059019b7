/** Plans of messages that are as long as they may be, and of messages that never come. */
import type { Message } from '../../src/coordination/types.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { Fault, Plan } from './plan-types.ts';

/** Whether a fault loses messages of a type that one party sends to another. */
export function loses(fault: Fault, type: Message['type'], from: number, to: number): boolean {
  if (fault.kind !== 'drop' || fault.type !== type) return false;
  if (fault.a === null) return true;
  return (fault.a === from && fault.b === to) || (!fault.oneWay && fault.a === to && fault.b === from);
}

/** Every type of control message. */
export const MESSAGE_TYPES = [
  ...([
    'hello',
    'heartbeat',
    'board',
    'text',
    'textWanted',
    'diverged',
    'vote',
    'conclaveEnd',
    'fin',
    'ready',
    'closed',
  ] as const),
] satisfies readonly Message['type'][];

/** Messages as long as they may be, and messages that never come. Drawn apart from all other faults. */
export function withLosses(
  before: readonly Fault[],
  random: SeededRandom,
  parties: number,
  end: number,
): Pick<Plan, 'faults' | 'loud'> {
  const faults = [...before];
  if (random.chance(0.06)) faults.push({ kind: 'throw all', at: Math.round(random.between(0, 1.2) * end) });
  if (random.chance(0.12)) {
    const [type, a] = [random.pick(MESSAGE_TYPES), random.below(parties)];
    const b = (a + 1 + random.below(parties - 1)) % parties;
    const where = random.chance(0.3) ? { a: null, b: null } : { a, b };
    faults.push({ kind: 'drop', type, ...where, oneWay: random.chance(0.5) });
  }
  return { faults, ...(random.chance(0.1) ? { loud: true } : {}) };
}
