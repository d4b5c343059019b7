/**
 * What has to hold after every simulated run, whatever went wrong in it: docs/failure-model.md as code. Each checker
 * looks at the run from outside: at reports, events, frames and processes, not at the state of what it checks.
 */
import { isDeepStrictEqual } from 'node:util';
import type { RunReport } from '../observe/report.ts';
import { boundOf, messageBoundOf } from './bound.ts';
import type { CheckContext } from './check-context.ts';
import { isExplained } from './explained.ts';
import { ledgerProblems } from './ledger-check.ts';
import type { TappedFlow } from './message-tap.ts';
import { INJECTED_SECRET, type SimulatedParty, type SimulatedRun } from './world.ts';

/** What is checked after every simulated run (docs/simulation.md). */
export type CheckerName =
  | 'termination'
  | 'agreement'
  | 'validity'
  | 'cause-before-symptom'
  | 'integrity'
  | 'nothing-left'
  | 'privacy'
  | 'ledger'
  | 'bounded';

/** Something that did not hold. */
export interface Violation {
  /** What did not. */
  readonly checker: CheckerName;
  /** The parties at which it shows. */
  readonly parties: readonly string[];
  /** What was seen instead. */
  readonly words: string;
}

/** In the order in which people want to know of them. */
export const CHECKERS: Readonly<
  Record<CheckerName, (run: SimulatedRun, context: CheckContext) => readonly Violation[]>
> = {
  termination: checkTermination,
  agreement: checkAgreement,
  validity: checkValidity,
  'cause-before-symptom': checkCauses,
  integrity: checkIntegrity,
  'nothing-left': checkNothingLeft,
  privacy: checkPrivacy,
  ledger: checkLedgers,
  bounded: checkBounded,
};

/** One line for each checker, for people. */
export const CHECKER_WORDS: Readonly<Record<CheckerName, string>> = {
  termination: 'every party that was alive ended within its bound',
  agreement: 'parties that could reach each other reported the same verdict',
  validity: 'every verdict names a fault that happened, at the party where it happened',
  'cause-before-symptom': 'no lost peer was reported where its own failure was known',
  integrity: 'values arrived whole, once, in order, and results were the same at all parties',
  'nothing-left': 'no process, timer, connection or file was left',
  privacy: 'no secret left its party in a failure, a log or a control message',
  ledger: 'every ledger had what left its party, in that order, and nothing else',
  bounded: 'control messages stayed under the stated number',
};

export function checkRun(run: SimulatedRun, context: CheckContext): readonly Violation[] {
  return Object.values(CHECKERS).flatMap((check) => check(run, context));
}

function checkTermination(run: SimulatedRun, context: CheckContext): readonly Violation[] {
  const bound = boundOf(run.plan, context, run.parties.length);
  return run.parties.flatMap((party) => {
    if (party.fate !== 'lives' || (party.endedAt !== null && party.endedAt <= bound)) return [];
    const words =
      party.endedAt === null
        ? `${party.name} had not ended after ${seconds(bound)}`
        : `${party.name} ended after ${seconds(party.endedAt)}; the bound is ${seconds(bound)}`;
    return [{ checker: 'termination' as const, parties: [party.name], words }];
  });
}

interface Ended extends SimulatedParty {
  readonly report: RunReport;
}

function ended(run: SimulatedRun): readonly Ended[] {
  return run.parties.filter((party): party is Ended => party.report !== null);
}

/** The peers that a party has given up or gone on without, by its own events; they close the links between them. */
function givenUp(party: SimulatedParty): ReadonlySet<string> {
  return new Set(
    party.events.flatMap((event) => {
      const isOver =
        event.event === 'party.absent' || (event.event === 'peer.state' && event.state === 'lost');
      return isOver ? [event.peer] : [];
    }),
  );
}

/** Groups of parties that ended, connected by links that neither end has given up. */
function components(run: SimulatedRun): readonly (readonly Ended[])[] {
  const left = new Set(ended(run));
  const groups: Ended[][] = [];
  for (const first of left) {
    const group = [first];
    left.delete(first);
    for (const at of group) {
      for (const other of left) {
        if (givenUp(at).has(other.name) || givenUp(other).has(at.name)) continue;
        group.push(other);
        left.delete(other);
      }
    }
    groups.push(group);
  }
  return groups;
}

const isCompleted = ({ report }: Ended): boolean => report.outcome === 'completed';
const isInDoubt = ({ report }: Ended): boolean => report.code === 'IN_DOUBT';

/**
 * In a component all have one digest. Between any two parties, none reports success beside the other's failure; doubt
 * is not failure, and is what remains when contact is lost with the last message. Whom a run has gone on without fails,
 * and the others know of it (docs/failure-model.md).
 */
function checkAgreement(run: SimulatedRun): readonly Violation[] {
  const found: Violation[] = [];
  for (const group of components(run)) {
    const verdicts = new Map(group.map((party) => [party.report.verdict.digest, party]));
    const doubtful = group.every((party) => isCompleted(party) || isInDoubt(party));
    if (verdicts.size <= 1 || doubtful) continue;
    const words = [...verdicts.values()].map(
      ({ name, report }) => `${name} says ${report.code ?? 'completed'}`,
    );
    found.push({ checker: 'agreement', parties: group.map(({ name }) => name), words: words.join(', ') });
  }
  const completed = ended(run).filter(isCompleted);
  const absent = completed.flatMap(({ report }) => report.absent.map(({ origin }) => origin));
  const failed = ended(run).filter(
    (party) => !isCompleted(party) && !isInDoubt(party) && !absent.includes(party.name),
  );
  if (completed.length > 0 && failed.length > 0) {
    const words = `${names(completed)} completed while ${names(failed)} reported ${failed[0]?.report.code}`;
    found.push({ checker: 'agreement', parties: [...completed, ...failed].map(({ name }) => name), words });
  }
  return found;
}

function checkValidity(run: SimulatedRun, context: CheckContext): readonly Violation[] {
  return run.parties.flatMap((party) => {
    if (party.error !== undefined)
      return [
        { checker: 'validity' as const, parties: [party.name], words: `${party.name} could not start` },
      ];
    const failure = party.report?.verdict.failure;
    if (!failure || isExplained(failure, run, context)) return [];
    const words = `${party.name} reports ${failure.code} at ${failure.origin}, which nothing that happened explains`;
    return [{ checker: 'validity' as const, parties: [party.name], words }];
  });
}

/** A party's own word on its failure goes before anybody's loss of it. */
function checkCauses(run: SimulatedRun): readonly Violation[] {
  return components(run).flatMap((group) => {
    const own = new Map(
      group.flatMap(({ report }) =>
        report.verdict.contributions.flatMap(({ party, failure }) =>
          failure && failure.origin === party && failure.code !== 'CANCELLED'
            ? [[party, failure] as const]
            : [],
        ),
      ),
    );
    return group.flatMap(({ name, report }) => {
      const { failure } = report.verdict;
      if (!failure || failure.code === 'IN_DOUBT' || failure.reporter === failure.origin) return [];
      const cause = own.get(failure.origin);
      if (!cause || LOSS_CODES.has(failure.code) === false) return [];
      const words = `${name} reports ${failure.code} at ${failure.origin}, whose own ${cause.code} was known`;
      return [{ checker: 'cause-before-symptom' as const, parties: [name], words }];
    });
  });
}

const LOSS_CODES: ReadonlySet<string> = new Set([
  ...['PEER_UNREACHABLE', 'PEER_CRASHED', 'PARTITION', 'LINK_DOWN', 'JOIN_TIMEOUT'],
]);

function checkIntegrity(run: SimulatedRun): readonly Violation[] {
  const found = run.flows.flatMap((flow) => checkFlow(flow));
  const results = ended(run)
    .filter(isCompleted)
    .flatMap(({ name, events }) =>
      events.flatMap((event) => (event.event === 'result' ? [{ name, value: event.value }] : [])),
    );
  const [first, ...others] = results;
  for (const other of others) {
    if (isDeepStrictEqual(first?.value, other.value)) continue;
    const words = `${first?.name} and ${other.name} completed with different results`;
    found.push({ checker: 'integrity', parties: [first?.name ?? '', other.name], words });
  }
  return found;
}

/** What arrived is a beginning of what was sent: the same messages in the same order, each once, each whole. */
function checkFlow({ from, to, sent, arrived }: TappedFlow): Violation[] {
  for (const [index, message] of arrived.entries()) {
    const original = sent[index];
    const same = original?.header === message.header;
    const whole = !message.complete || (original?.bytes === message.bytes && original.crc === message.crc);
    if (same && whole) continue;
    const what = same ? 'is not what was sent' : 'is another than the one that was sent at its place';
    const words = `message ${index + 1} from ${from} to ${to} ${what}`;
    return [{ checker: 'integrity', parties: [from, to], words }];
  }
  return [];
}

function checkNothingLeft(run: SimulatedRun): readonly Violation[] {
  return run.parties.flatMap((party) => {
    const left = [...party.leftovers, ...(party.programLeft ? ['the program process'] : [])];
    if (left.length === 0) return [];
    return [
      {
        checker: 'nothing-left' as const,
        parties: [party.name],
        words: `${party.name} left ${left.join(', ')}`,
      },
    ];
  });
}

function checkPrivacy(run: SimulatedRun): readonly Violation[] {
  const found: Violation[] = run.leaks.map(({ of, where }) => ({
    checker: 'privacy',
    parties: [of],
    words: `a secret of ${of} was found in ${where}`,
  }));
  if (!run.plan.some(({ kind }) => kind === 'throw')) return found;
  for (const party of run.parties) {
    const own = new RegExp(`${INJECTED_SECRET} of (?!${party.name}\\b)`);
    for (const [what, text] of [
      ['report', JSON.stringify(party.report)],
      ['log', JSON.stringify(party.events)],
    ] as const) {
      if (!own.test(text)) continue;
      const words = `the text of another party's error is in the ${what} of ${party.name}`;
      found.push({ checker: 'privacy', parties: [party.name], words });
    }
  }
  return found;
}

/** Of parties that have written one. */
function checkLedgers(run: SimulatedRun): readonly Violation[] {
  return ended(run).flatMap(({ name, report }) =>
    ledgerProblems(report, run.wire).map((problem) => ({
      checker: 'ledger' as const,
      parties: [name],
      words: `${name}: ${problem}`,
    })),
  );
}

function checkBounded(run: SimulatedRun): readonly Violation[] {
  const bound = messageBoundOf(run);
  const sent = run.parties.reduce((sum, party) => sum + party.controlMessages, 0);
  if (sent <= bound) return [];
  const words = `${sent} control messages were sent; the bound is ${bound}`;
  return [{ checker: 'bounded', parties: run.parties.map(({ name }) => name), words }];
}

const names = (parties: readonly SimulatedParty[]): string => parties.map(({ name }) => name).join(', ');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
