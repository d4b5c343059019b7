/** Runs seeded schedules of the coordination core one after the other, checks each, and counts. */
import { step } from '../../src/coordination/machine.ts';
import type { CoreState } from '../../src/coordination/types.ts';
import { compareAbsences } from './absence-fuzz.ts';
import { planOf } from './plan.ts';
import type { FaultKind, Plan } from './plan-types.ts';
import { Schedule } from './schedule.ts';
import { checkers, factsOf } from './schedule-checks.ts';
import type { PartyRecord, ScheduleOptions } from './schedule-record.ts';
import { hashInto, type SeenSet } from './seen-set.ts';
import { checkStep } from './step-checks.ts';
import { terminationBound } from './termination.ts';
import { compareVerdicts } from './verdict-fuzz.ts';

/** Random boards for each seed. */
const BOARDS = 10;

export interface Breach {
  readonly checker: string;
  readonly says: string;
}

export interface Checked {
  readonly schedule: Schedule;
  readonly breach: Breach | null;
}

/** Runs one plan and applies all checkers; those on single steps come first, because they are closest to the defect. */
export function check(plan: Plan, options: Omit<ScheduleOptions, 'watch'> = {}): Checked {
  let first: string | null = null;
  const schedule = new Schedule(plan, {
    ...options,
    watch: (before, event, after, effects, wakeAt, now) => {
      const name = after.config.parties[after.config.self] ?? '?';
      first ??= checkStep({ name, before, event, after, effects, wakeAt, now });
      if (after.left && !before.left) first ??= sleeps(name, after);
      for (const effect of effects) {
        if (effect.type === 'peer' && effect.state === 'lost' && !after.left)
          first ??= isDeaf(name, after, effect.peer, now);
      }
    },
  });
  try {
    schedule.run();
  } catch (error) {
    return { schedule, breach: { checker: 'no crash', says: (error as Error).message } };
  }
  if (first !== null) {
    const [checker = '', ...says] = (first as string).split(': ');
    return { schedule, breach: { checker, says: says.join(': ') } };
  }
  for (const [checker, holds] of Object.entries(checkers)) {
    const says = holds(schedule);
    if (says !== null) return { schedule, breach: { checker, says } };
  }
  return { schedule, breach: null };
}

/** A party that has left does nothing more, whatever comes. */
function sleeps(name: string, core: CoreState): string | null {
  const late = step(core, { type: 'tick' }, core.startedAt + 2 * core.config.bounds.runDeadlineMs);
  return late.effects.length > 0 || late.wakeAt !== null
    ? `nothing left: ${name} acts after it has left`
    : null;
}

/** What a peer that was given up has sent before may still be under way: it changes nothing any more. */
function isDeaf(name: string, core: CoreState, peer: number, now: number): string | null {
  const { state, effects } = step(
    core,
    { type: 'received', peer, message: { type: 'fin', fin: { steps: 0, digest: 'late' } } },
    now,
  );
  const heard = state.peers[peer]?.fin !== core.peers[peer]?.fin || effects.length > 0;
  return heard ? `agreement: ${name} still hears party ${peer}, which it has given up` : null;
}

export interface Tally {
  schedules: number;
  events: number;
  faults: Partial<Record<FaultKind, number>>;
  verdicts: Record<string, number>;
  /** The largest part of its bound that a schedule took, and the most boards for each fact and pair. */
  slowest: number;
  mostBoards: number;
}

export function newTally(): Tally {
  return { schedules: 0, events: 0, faults: {}, verdicts: {}, slowest: 0, mostBoards: 0 };
}

export function mergeTally(into: Tally, from: Tally): void {
  into.schedules += from.schedules;
  into.events += from.events;
  for (const kind of Object.keys(from.faults) as FaultKind[]) {
    into.faults[kind] = (into.faults[kind] ?? 0) + (from.faults[kind] ?? 0);
  }
  for (const [code, count] of Object.entries(from.verdicts))
    into.verdicts[code] = (into.verdicts[code] ?? 0) + count;
  into.slowest = Math.max(into.slowest, from.slowest);
  into.mostBoards = Math.max(into.mostBoards, from.mostBoards);
}

export interface Found extends Breach {
  readonly seed: number;
}

/** Runs the seeds from `first` on; stops at the first breach. `states` takes the distinct states of the whole. */
export function exploreSeeds(first: number, count: number, tally: Tally, states?: SeenSet): Found | null {
  const onStep = states ? (parties: readonly PartyRecord[]) => note(parties, states) : undefined;
  for (let seed = first; seed < first + count; seed++) {
    const wrong = compareVerdicts(seed, BOARDS);
    if (wrong !== null)
      return { seed, checker: 'cause before symptom', says: `over a random board, ${wrong}` };
    const absences = compareAbsences(seed, BOARDS);
    if (absences !== null) return { seed, checker: 'agreement', says: `over a random board, ${absences}` };
    const { schedule, breach } = check(planOf(seed), onStep ? { onStep } : {});
    if (breach) return { seed, ...breach };
    countSchedule(schedule, tally);
  }
  return null;
}

function countSchedule(schedule: Schedule, tally: Tally): void {
  const { plan, parties, network } = schedule;
  tally.schedules += 1;
  tally.events += schedule.events;
  for (const { fault } of schedule.happened) tally.faults[fault.kind] = (tally.faults[fault.kind] ?? 0) + 1;
  const bound = terminationBound(schedule);
  for (const { core, leftAt } of parties) {
    const how = core.outcome?.unconfirmed ? ', unconfirmed' : '';
    const code = core.outcome ? (core.outcome.failure?.code ?? 'completed') + how : 'crashed or never there';
    tally.verdicts[code] = (tally.verdicts[code] ?? 0) + 1;
    tally.slowest = Math.max(tally.slowest, (leftAt ?? 0) / bound);
  }
  const facts = factsOf(parties);
  tally.mostBoards = Math.max(tally.mostBoards, network.sent.board / (plan.parties ** 2 * (facts + 1)));
}

const words = new Int32Array(7 * 8);
const hash = new Uint32Array(2);
const known = new WeakMap<CoreState, number>();

/** What counts as a state here: phases, boards, who has decided and confirmed; not times, counters or trails. */
function note(parties: readonly PartyRecord[], states: SeenSet): void {
  for (const [i, { core }] of parties.entries()) {
    let word = known.get(core);
    if (word === undefined) {
      word = wordOf(core);
      known.set(core, word);
    }
    words[i] = word;
  }
  hashInto(hash, words, 0, parties.length);
  states.add(hash[0] ?? 0, hash[1] ?? 0);
}

const scratch = new Int32Array(64);

function wordOf(core: CoreState): number {
  let at = 0;
  const put = (value: number): void => {
    scratch[at++] = value;
  };
  put(core.phase.length * 2 + Number(core.ready));
  put(core.outcome === null ? 0 : 1 + (core.outcome.failure?.code.length ?? 0));
  put(core.scopes.size * 2 + Number(core.divergence !== null || core.mismatchAt !== null));
  for (const [i, view] of core.peers.entries()) {
    const row = core.board.cuts[i]?.reduce((sum, is, to) => sum | (is ? 1 << to : 0), 0) ?? 0;
    const bits = [
      view.linkUp,
      view.suspect,
      view.hello,
      view.fin,
      view.ready,
      view.closed,
      view.gone,
      core.reports[i]?.decided,
    ];
    const sealed = core.board.contributions[i];
    put(bits.reduce<number>((sum, is, bit) => sum | (is ? 1 << bit : 0), row << 8));
    put(sealed ? 1 + (sealed.failure?.code.length ?? 0) * 2 + Number(sealed.ready) : 0);
  }
  hashInto(hash, scratch, 0, at);
  return (hash[0] ?? 0) ^ Math.imul(hash[1] ?? 0, 31);
}
