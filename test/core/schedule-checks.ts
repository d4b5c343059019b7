/**
 * What has to hold after a schedule (docs/failure-model.md). A checker gets the schedule as it happened and returns
 * what is wrong in words, or null. The names of the checkers are those of the guarantees.
 */
import type { Failure } from '../../src/coordination/failure.ts';
import { isLossReport } from './oracle.ts';
import { scheduleBounds as bounds, firstDifferenceOf, firstStrayOf, NAMES } from './plan.ts';
import { loses, MESSAGE_TYPES } from './plan-losses.ts';
import type { Fault } from './plan-types.ts';
import { FORGED } from './planted.ts';
import type { Schedule } from './schedule.ts';
import type { PartyRecord } from './schedule-record.ts';
import { disturbedMs, HAIR_MS, termination } from './termination.ts';

export type Checker = (schedule: Schedule) => string | null;

/**
 * Parties that still reach each other, over the living and over links that neither the network nor anybody has given
 * up.
 */
function reachEachOther(schedule: Schedule, a: number, b: number): boolean {
  const { parties, happened } = schedule;
  const reached = new Set([a]);
  for (const at of reached) {
    for (let to = 0; to < parties.length; to++) {
      if (reached.has(to) || parties[to]?.crashedAt !== null || parties[to]?.startedAt === null) continue;
      const severed = happened.some(
        ({ fault }) => fault.kind === 'cut' && fault.ms === null && isPair(fault, at, to),
      );
      const given = parties.some(({ core }) => core.board.cuts[at]?.[to] || core.board.cuts[to]?.[at]);
      if (!severed && !given) reached.add(to);
    }
  }
  return reached.has(b);
}

const isPair = (fault: { readonly a: number; readonly b: number }, a: number, b: number): boolean =>
  (fault.a === a && fault.b === b) || (fault.a === b && fault.b === a);

/** Parties that reach each other share the verdict, and every scope has one outcome. */
export const agreement: Checker = (schedule) => {
  const { parties } = schedule;
  for (const [a, left] of parties.entries()) {
    for (const [b, right] of parties.entries()) {
      const [one, other] = [left.core.outcome, right.core.outcome];
      if (a >= b || !one || !other || one.digest === other.digest) continue;
      // It says itself that the others may have ended otherwise.
      if (one.unconfirmed || other.unconfirmed) continue;
      if (left.crashedAt !== null || right.crashedAt !== null) continue;
      const words = `${left.name} (${one.failure?.code ?? 'completed'}) and ${right.name} (${other.failure?.code ?? 'completed'})`;
      if (reachEachOther(schedule, a, b)) return `${words} reach each other and disagree`;
    }
  }
  const inRun = parties.filter((party, i) => !isOut(parties, party, i));
  const outcomes = new Map<string, string>();
  for (const { scope, outcome } of inRun.flatMap(({ program }) => program.scopeOutcomes)) {
    if ((outcomes.get(scope) ?? outcome) !== outcome) return `scope ${scope} has two outcomes`;
    outcomes.set(scope, outcome);
  }
  return null;
};

/** Whether a party is out of the run: others go on without it, or it has failed. */
function isOut(parties: readonly PartyRecord[], { core }: PartyRecord, party: number): boolean {
  return core.outcome?.result === 'failed' || parties.some((other) => misses(other, party));
}

const misses = ({ core }: PartyRecord, party: number): boolean =>
  core.absent.some((absence) => absence.party === party);

/**
 * No party reports success while another is certain of a failure, alive or not, unless all who succeed go on without
 * it.
 */
export const noSuccessBesideFailure: Checker = ({ parties }) => {
  const completed = parties.find((party) => party.core.outcome?.result === 'completed');
  const failed = parties.find(
    ({ core }, i) =>
      core.outcome?.result === 'failed' &&
      core.outcome.failure?.code !== 'IN_DOUBT' &&
      !(completed && misses(completed, i)),
  );
  return completed && failed
    ? `${completed.name} completed, ${failed.name} reports ${failed.core.outcome?.failure?.code}`
    : null;
};

/** Nobody decides twice. */
export const oneVerdict: Checker = ({ parties }) => {
  const twice = parties.find(({ ends, program: { scopeOutcomes } }) => {
    return ends > 1 || new Set(scopeOutcomes.map(({ scope }) => scope)).size < scopeOutcomes.length;
  });
  return twice ? `${twice.name} is told twice how it ended` : null;
};

/** What every verdict and every scope names has happened, where it says; a run that nothing ends completes. */
export const validity: Checker = (schedule) => {
  for (const party of schedule.parties) {
    const { outcome, board } = party.core;
    if (outcome?.unconfirmed && !mayBeUnconfirmed(schedule))
      return `${party.name} is not confirmed, and nothing kept the parties from agreeing`;
    if (outcome?.result === 'completed') {
      const early = schedule.parties.find(({ program }, i) => !program.finished && !misses(party, i));
      if (early) return `${party.name} completed before ${early.name} was through`;
      if (schedule.happened.some(({ fault }) => fault.kind === 'mismatch'))
        return `${party.name} completed with another's job`;
      const inRun = schedule.parties.filter((_, i) => !misses(party, i));
      const digests = new Set(inRun.map(({ core }) => JSON.stringify(core.fin)));
      if (digests.size > 1) return `${party.name} completed, and the programs took different steps`;
      if (differInConclave(schedule, inRun))
        return `${party.name} completed, and the steps within the conclave differ`;
    }
    for (const contribution of board.contributions) {
      const failure = contribution?.failure;
      const why = failure ? unfounded(schedule, failure) : null;
      if (why) return `${party.name} believes ${failure?.code} at ${failure?.origin}: ${why}`;
    }
  }
  return endsAsItMust(schedule);
};

/**
 * Whether members that are through with the conclave came through in different ways; one in a scope that failed may be
 * cut short.
 */
function differInConclave({ plan: { conclave, scopeAt } }: Schedule, inRun: readonly PartyRecord[]): boolean {
  const around = conclave?.at === scopeAt ? `${scopeAt}` : null;
  const failed = inRun.some(({ program }) =>
    program.scopeOutcomes.some(({ scope, outcome }) => scope === around && !outcome.startsWith('[null')),
  );
  const fins = new Set(inRun.flatMap(({ program }) => program.conclaveFin?.digest ?? []));
  return !failed && fins.size > 1;
}

function endsAsItMust(schedule: Schedule): string | null {
  const harmless = schedule.happened.every(({ fault }) => isHarmless(fault)) && isShort(schedule);
  const failed = schedule.parties.find(({ core }) => core.outcome?.result !== 'completed');
  if (!harmless || !failed) return null;
  return `nothing happened that ends a run, and ${failed.name} reports ${failed.core.outcome?.failure?.code ?? 'nothing'}`;
}

/** Disturbances together stay below the silence after which a peer is lost. */
function isShort(schedule: Schedule): boolean {
  const faults = schedule.happened.map(({ fault }) => fault);
  const busy = faults.some((fault) => fault.kind === 'busy') ? bounds.heartbeatMs : 0;
  const latest = Math.max(0, ...faults.map((fault) => (fault.kind === 'late' ? (fault.ms ?? 0) : 0)));
  if (latest + disturbedMs(faults) > 0.9 * bounds.joinTimeoutMs) return false;
  return (
    disturbedMs(faults) + busy + bounds.heartbeatMs + 2 * schedule.plan.delayMs + 50 < bounds.lostAfterMs
  );
}

function isHarmless(fault: Fault): boolean {
  switch (fault.kind) {
    case 'fail scope':
    case 'fail inside':
    case 'freeze':
    case 'jump':
    case 'drift':
    case 'busy':
    case 'break':
    case 'slow':
      return true;
    case 'cut':
      return fault.ms !== null;
    case 'late':
      return fault.ms !== null;
    case 'drop':
      return TEXTS.has(fault.type);
    default:
      return false;
  }
}

/** Messages that no verdict waits for. */
const TEXTS: ReadonlySet<string> = new Set(['text', 'textWanted']);

/** Messages are lost for ever, or disturbances keep them for longer than parties have to agree. */
function mayBeUnconfirmed({ happened, plan }: Schedule): boolean {
  const faults = happened.map(({ fault }) => fault);
  if (faults.some((fault) => fault.kind === 'drop' && !TEXTS.has(fault.type))) return true;
  return disturbedMs(faults) + 2 * plan.parties * plan.delayMs > bounds.agreeMs;
}

/** Why a failure that somebody believes has not happened; null when it has. */
function unfounded(schedule: Schedule, failure: Failure): string | null {
  const origin = NAMES.indexOf(failure.origin);
  const reporter = NAMES.indexOf(failure.reporter);
  const has = (kind: Fault['kind'], at: (fault: Fault) => boolean = () => true): boolean =>
    schedule.happened.some(({ fault }) => fault.kind === kind && at(fault));
  switch (failure.code) {
    case 'PROGRAM_MISMATCH':
      return has('mismatch') ? null : 'all jobs are the same';
    case 'DIVERGENCE':
      return differs(schedule, failure);
    case 'AUTH_FAILED':
      return has('refuse', (f) => 'peer' in f && f.peer === origin && f.party === reporter)
        ? null
        : 'nobody was refused';
    case 'PROTOCOL_VIOLATION':
      return has('forge', (f) => 'party' in f && f.party === origin) ? null : 'the protocol was kept';
    case 'PEER_CRASHED':
      return has('crash', (f) => 'party' in f && f.party === origin) ? null : 'it runs';
    case 'JOIN_TIMEOUT':
    case 'PEER_UNREACHABLE':
      return failure.code === 'JOIN_TIMEOUT' || isLossReport(failure)
        ? lossUnfounded(schedule, origin, reporter)
        : 'nobody lost it';
    default: {
      if (failure.code === 'DEADLINE_EXCEEDED' && !failure.incident.startsWith('planted')) {
        const { core } = schedule.parties[origin] as PartyRecord;
        const end = core.startedAt + bounds.runDeadlineMs;
        const closing =
          (core.readySince ?? Number.POSITIVE_INFINITY) + 2 * bounds.lostAfterMs + bounds.confirmMs;
        return core.lastTickAt >= Math.min(end, closing) ? null : 'the run is not that old';
      }
      const lossy = schedule.happened.some(({ fault }) =>
        MESSAGE_TYPES.some((type) => type !== 'heartbeat' && loses(fault, type, origin, reporter)),
      );
      if (failure.code === 'LINK_DOWN' && origin !== reporter) return lossy ? null : 'nothing was lost on it';
      const own = schedule.parties[reporter]?.failures.some((f) => f.incident === failure.incident);
      const silent =
        failure.code === 'LINK_DOWN' && has('silence', (f) => 'party' in f && f.party === reporter);
      return (own && origin === reporter) || silent ? null : 'it did not fail so';
    }
  }
}

/** The first step that differs is the one that a divergence names, where it names one. */
function differs({ plan }: Schedule, { facts = '', stepId }: Failure): string | null {
  const pair = NAMES.flatMap((name, party) =>
    facts.startsWith(`${name}: `) || facts.includes(`; ${name}: `) ? [party] : [],
  );
  const [a, b] = pair;
  if (a === undefined || b === undefined) return 'it does not say between whom';
  const outer = firstDifferenceOf(plan, a, b);
  const inner = firstStrayOf(plan, a, b);
  if (outer === null && inner === null) return `${NAMES[a]} and ${NAMES[b]} take the same steps`;
  return stepId === undefined || stepId === `${outer}` || stepId === inner
    ? null
    : `the steps differ at ${outer ?? inner}, not at ${stepId}`;
}

/** A party may be given up only if something kept it from being heard, and only after it was silent for long enough. */
function lossUnfounded(schedule: Schedule, origin: number, reporter: number): string | null {
  const [lost, by] = [schedule.parties[origin], schedule.parties[reporter]];
  if (!lost || !by) return 'there is no such party';
  const loss = by.lost.find(({ peer }) => peer === origin);
  if (loss === undefined) return 'nobody gave up on it';
  const touched = schedule.happened.some(({ fault }) => touches(fault, origin, reporter));
  const withdrew =
    lost.core.left ||
    lost.core.board.cuts[origin]?.[reporter] === true ||
    lost.startedAt === null ||
    lost.startedAt > loss.at;
  if (!touched && !withdrew && lost.crashedAt === null) return 'nothing kept it from being heard';
  if (loss.code !== 'PEER_UNREACHABLE') return null;
  // It has itself given up on the observer, who had to lose it anew when the run went on without somebody else.
  if (by.core.epoch > 0 && lost.core.board.cuts[origin]?.[reporter] === true) return null;
  // Time in which the observer itself did not run, or that its clock skipped, proves nothing.
  const deaf = by.stalls.reduce((sum, { from, to }) => {
    const overlap = Math.min(to, loss.at) - Math.max(from, loss.at - loss.silentForMs);
    return sum + Math.max(0, overlap);
  }, 0);
  const tolerated = by.stalls.length * 2 * bounds.heartbeatMs;
  return 1.02 * (loss.silentForMs - deaf) + tolerated + HAIR_MS >= bounds.lostAfterMs
    ? null
    : `it was silent for ${Math.round(loss.silentForMs)} ms, of which the observer did not run for ${Math.round(deaf)} ms`;
}

function touches(fault: Fault, origin: number, reporter: number): boolean {
  if (fault.kind === 'cut' || fault.kind === 'break' || fault.kind === 'slow')
    return isPair(fault, origin, reporter);
  if (fault.kind === 'drop') return loses(fault, 'heartbeat', origin, reporter);
  if (fault.kind === 'freeze' || fault.kind === 'busy' || fault.kind === 'late' || fault.kind === 'crash')
    return fault.party === origin;
  return false;
}

/**
 * A verdict does not blame a party for being silent if that party's own failure is known to a living party on the same
 * side.
 */
export const causeBeforeSymptom: Checker = (schedule) => {
  const { parties } = schedule;
  for (const [a, party] of parties.entries()) {
    const failure = party.core.outcome?.failure;
    if (!failure || party.crashedAt !== null || !isLossReport(failure)) continue;
    // It has heard less than the others; that its verdict follows from what it has heard is checked where it ends.
    if (party.core.outcome?.unconfirmed) continue;
    const origin = NAMES.indexOf(failure.origin);
    for (const [b, other] of parties.entries()) {
      const own = other.core.board.contributions[origin]?.failure;
      if (
        other.core.outcome?.unconfirmed ||
        other.crashedAt !== null ||
        !own ||
        isLossReport(own) ||
        own.code === 'CANCELLED'
      )
        continue;
      if (reachEachOther(schedule, a, b))
        return `${party.name} misses ${failure.origin}, whose ${own.code} ${other.name} knows`;
    }
  }
  return null;
};

/** Boards on the wire for each pair of parties and each thing that becomes known: see docs/simulation-core.md. */
export const BOARDS_FACTOR = 8;

/**
 * Control messages stay below c·n² for each thing that becomes known; all others have a number that does not depend on
 * faults.
 */
export const bounded: Checker = ({ parties, network, plan, happened }) => {
  const pairs = plan.parties * (plan.parties - 1);
  const { hello, board, text, diverged, vote, conclaveEnd, fin, ready, closed } = network.sent;
  const facts = factsOf(parties);
  const forged = happened.filter(({ fault }) => fault.kind === 'forge').length;
  if (board > BOARDS_FACTOR * plan.parties ** 2 * (facts + 1) + forged)
    return `${board} boards for ${facts} facts`;
  if (hello > pairs || fin > pairs || ready > pairs) return 'a word that is said once was said twice';
  const scopes = Number(plan.scopeAt !== null) + Number(plan.conclave?.scope === true);
  if (vote > pairs * scopes) return `${vote} votes for ${scopes} scopes`;
  if (conclaveEnd > pairs) return `${conclaveEnd} ends of one conclave`;
  if (closed > pairs + board) return `${closed} farewells`;
  if (diverged > 2 * pairs) return `${diverged} trails`;
  const epochs = 1 + Math.max(...parties.map(({ core }) => core.epoch));
  return text > pairs * plan.parties * epochs ? `${text} texts` : null;
};

/**
 * Of a failure that is in a verdict everybody knows what its origin let cross, where nothing was in the way; and never
 * anything else.
 */
export const told: Checker = ({ parties, happened }) => {
  const isCalm = happened.every(({ fault }) => CALM.has(fault.kind));
  for (const { name, core } of parties) {
    for (const [party, sealed] of core.board.contributions.entries()) {
      if (sealed?.failure?.said === undefined) continue;
      const text = core.texts[party];
      if (text?.message === FORGED) return `${name} believes a text that nobody signed`;
      if (isCalm && core.outcome?.result === 'failed' && !text)
        return `${name} does not know what ${NAMES[party]} has said`;
    }
  }
  return null;
};

/** Faults after which all links and all parties are still there. */
const CALM: ReadonlySet<Fault['kind']> = new Set<Fault['kind']>([
  ...(['fail', 'fail scope', 'fail inside', 'throw all', 'diverge', 'stray', 'stop short', 'drift'] as const),
]);

/** What a party says, a link carries. */
export const carried: Checker = ({ refusals }) => refusals[0] ?? null;

/** Contributions and cuts that anybody knows of. */
export function factsOf(parties: readonly PartyRecord[]): number {
  const known = new Set<string>();
  for (const { core } of parties) {
    for (const [party, sealed] of core.board.contributions.entries()) if (sealed) known.add(`${party}`);
    for (const [from, row] of core.board.cuts.entries()) {
      for (const [to, isCut] of row.entries()) if (isCut) known.add(`${from} ${to}`);
    }
  }
  return known.size;
}

/** A party that has left wants no timer and says nothing more; no scope is open where the run completed. */
export const nothingLeft: Checker = (schedule) => {
  for (const party of schedule.parties) {
    if (party.core.outcome?.result === 'completed' && party.core.scopes.size > 0)
      return `${party.name} keeps a scope`;
    // A party that is told of the end while it aborts has not taken in all that was said before.
    const { outcome, abortingSince, conclaves } = party.core;
    if (outcome?.result === 'completed' && abortingSince === null && conclaves.size > 0)
      return `${party.name} keeps a conclave`;
  }
  return null;
};

export const checkers: Readonly<Record<string, Checker>> = {
  termination,
  agreement,
  validity,
  'cause before symptom': causeBeforeSymptom,
  'one verdict': oneVerdict,
  'no success beside failure': noSuccessBesideFailure,
  bounded,
  carried,
  told,
  'nothing left': nothingLeft,
};
