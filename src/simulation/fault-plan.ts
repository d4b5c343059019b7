/**
 * What goes wrong in a simulated run: plain data, made from a seed (fault-maker.ts) or written by hand. Times are in
 * milliseconds of the world since the first party began; parties are named.
 */
import { UsageError } from '../base/errors.ts';

/** Which of a party's processes. */
export type Target = 'program' | 'supervisor' | 'both';

/** One thing that goes wrong. */
export type Fault =
  /** The code of the party's `nth` task (from 0) throws, instead of running. */
  | { readonly kind: 'throw'; readonly party: string; readonly nth: number }
  /** SIGKILL. With `powerOff` the whole machine is gone, so that nobody is told by a closed connection. */
  | { readonly kind: 'crash'; readonly party: string; readonly at: number; readonly target: Target }
  | { readonly kind: 'power-off'; readonly party: string; readonly at: number }
  /** SIGSTOP, and SIGCONT after `forMs`; null: never. A short freeze of the program is a blocked event loop. */
  | {
      readonly kind: 'freeze';
      readonly party: string;
      readonly at: number;
      readonly target: Target;
      readonly forMs: number | null;
    }
  /** Ctrl-C at one party. */
  | { readonly kind: 'cancel'; readonly party: string; readonly at: number }
  /**
   * Nothing passes from any of `from` to any of `to`, nor back unless `oneWay`. After `forMs` the path heals; null:
   * never.
   */
  | {
      readonly kind: 'partition';
      readonly from: readonly string[];
      readonly to: readonly string[];
      readonly oneWay: boolean;
      readonly at: number;
      readonly forMs: number | null;
    }
  /** All connections between two parties break; they dial again. */
  | { readonly kind: 'drop'; readonly between: readonly [string, string]; readonly at: number }
  /** Everything between two parties takes longer by `byMs`, both ways, for a while. */
  | {
      readonly kind: 'slow';
      readonly between: readonly [string, string];
      readonly at: number;
      readonly byMs: number;
      readonly forMs: number;
    }
  /** The clocks of the party run at `rate` times the speed of time, from 0.9 to 1.1. */
  | { readonly kind: 'clock-drift'; readonly party: string; readonly rate: number }
  /** Somebody sets the party's time of day. */
  | { readonly kind: 'clock-jump'; readonly party: string; readonly at: number; readonly byMs: number }
  /** From then on nothing more can be written to the party's disk. */
  | { readonly kind: 'disk-full'; readonly party: string; readonly at: number }
  /** The party's mailbox has this much memory; what does not fit goes to disk. */
  | { readonly kind: 'tight-memory'; readonly party: string; readonly bytes: number };

/** A kind of fault. */
export type FaultKind = Fault['kind'];

/** All kinds of faults. */
export const FAULT_KINDS: readonly FaultKind[] = [
  ...(['throw', 'crash', 'power-off', 'freeze', 'cancel', 'partition', 'drop', 'slow'] as const),
  ...(['clock-drift', 'clock-jump', 'disk-full', 'tight-memory'] as const),
];

/** Faults of one plan; more tell nobody anything. */
export const FAULTS_MAX = 64;
/** Latest time in a plan: a day, the deadline of a run. */
const TIME_MS_MAX = 86_400_000;

type Check = (value: unknown, parties: readonly string[]) => boolean;

const isTime: Check = (value) => typeof value === 'number' && value >= 0 && value <= TIME_MS_MAX;
const isSpan: Check = (value, parties) => value === null || isTime(value, parties);
const isParty: Check = (value, parties) => parties.includes(value as string);
const isParties: Check = (value, parties) =>
  Array.isArray(value) && value.length > 0 && value.every((name) => parties.includes(name));
const isPair: Check = (value, parties) =>
  isParties(value, parties) && new Set(value as string[]).size === 2 && (value as string[]).length === 2;
const isTarget: Check = (value) => value === 'program' || value === 'supervisor' || value === 'both';
const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0;

const FIELDS: Readonly<Record<FaultKind, Readonly<Record<string, Check>>>> = {
  throw: { party: isParty, nth: isCount },
  crash: { party: isParty, at: isTime, target: isTarget },
  'power-off': { party: isParty, at: isTime },
  freeze: { party: isParty, at: isTime, target: isTarget, forMs: isSpan },
  cancel: { party: isParty, at: isTime },
  partition: {
    from: isParties,
    to: isParties,
    oneWay: (value) => typeof value === 'boolean',
    at: isTime,
    forMs: isSpan,
  },
  drop: { between: isPair, at: isTime },
  slow: { between: isPair, at: isTime, byMs: isTime, forMs: isTime },
  'clock-drift': {
    party: isParty,
    rate: (value) => typeof value === 'number' && value >= 0.9 && value <= 1.1,
  },
  'clock-jump': {
    party: isParty,
    at: isTime,
    byMs: (value) => typeof value === 'number' && Math.abs(value) <= TIME_MS_MAX,
  },
  'disk-full': { party: isParty, at: isTime },
  'tight-memory': { party: isParty, bytes: isCount },
};

/**
 * Checks a plan that somebody wrote.
 * @throws {UsageError} PRIVITY_FAULT_PLAN: an unknown kind or key, a missing key, a value that does not fit
 */
export function checkPlan(plan: unknown, parties: readonly string[]): asserts plan is readonly Fault[] {
  if (!Array.isArray(plan)) throw wrong('it is not a list of faults');
  if (plan.length > FAULTS_MAX) throw wrong(`it has ${plan.length} faults; the limit is ${FAULTS_MAX}`);
  for (const [index, fault] of plan.entries()) checkFault(fault, index, parties);
}

function checkFault(fault: unknown, index: number, parties: readonly string[]): void {
  const given = typeof fault === 'object' && fault !== null ? (fault as Record<string, unknown>) : {};
  const fields = FIELDS[given.kind as FaultKind];
  if (!Object.hasOwn(FIELDS, String(given.kind)))
    throw wrong(`fault ${index} is of none of the kinds ${FAULT_KINDS.join(', ')}`);
  for (const key of Object.keys(given))
    if (key !== 'kind' && !Object.hasOwn(fields, key))
      throw wrong(`fault ${index} (${given.kind}) has an unknown key "${key}"`);
  for (const [key, fits] of Object.entries(fields))
    if (!fits(given[key], parties))
      throw wrong(`fault ${index} (${given.kind}): "${key}" is missing or does not fit`);
  if (
    given.kind === 'partition' &&
    (given.from as string[]).some((name) => (given.to as string[]).includes(name))
  )
    throw wrong(`fault ${index} (partition) cuts a party off from itself`);
}

const wrong = (why: string): UsageError =>
  new UsageError('PRIVITY_FAULT_PLAN', `The fault plan is wrong: ${why}.`);

/** One fault in words. */
export function describeFault(fault: Fault): string {
  const at = 'at' in fault ? ` at ${round(fault.at)} ms` : '';
  const span = (forMs: number | null): string => (forMs === null ? ', for good' : `, for ${round(forMs)} ms`);
  switch (fault.kind) {
    case 'throw':
      return `task ${fault.nth + 1} of ${fault.party} throws`;
    case 'crash':
      return `${partsOf(fault.target)} of ${fault.party} killed${at}`;
    case 'power-off':
      return `${fault.party} loses power${at}`;
    case 'freeze':
      return `${partsOf(fault.target)} of ${fault.party} frozen${at}${span(fault.forMs)}`;
    case 'cancel':
      return `Ctrl-C at ${fault.party}${at}`;
    case 'partition': {
      const way = fault.oneWay ? 'to' : 'and';
      return `nothing passes from ${fault.from.join(', ')} ${way} ${fault.to.join(', ')}${at}${span(fault.forMs)}`;
    }
    case 'drop':
      return `connections between ${fault.between.join(' and ')} break${at}`;
    case 'slow':
      return `${round(fault.byMs)} ms slower between ${fault.between.join(' and ')}${at}${span(fault.forMs)}`;
    case 'clock-drift':
      return `${fault.party}'s clock runs at ${fault.rate.toFixed(3)} of true time`;
    case 'clock-jump':
      return `${fault.party}'s time of day is set by ${round(fault.byMs)} ms${at}`;
    case 'disk-full':
      return `${fault.party}'s disk is full${at.replace(' at', ' from')}`;
    case 'tight-memory':
      return `${fault.party}'s mailbox has ${fault.bytes} bytes of memory`;
  }
}

const partsOf = (target: Target): string => (target === 'both' ? 'program and supervisor' : `the ${target}`);

const round = (ms: number): string => String(Math.round(ms * 10) / 10);
