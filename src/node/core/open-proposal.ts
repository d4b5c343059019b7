/** A proposal of which something may still come, as the node holds it while it runs. */
import { Cron } from 'croner';
import type { Timer } from '../../contracts/index.ts';
import { firstLife, IDLE } from '../life/life.ts';
import type { Intent, Life, LifeFacts } from '../life/life-types.ts';
import type { Proposal, ProposalDocument, Schedule } from '../model/proposal.ts';
import type { ProposalRecord, ProposalState } from '../model/records.ts';

export class OpenProposal {
  readonly proposal: Proposal;
  readonly facts: LifeFacts;
  life: Life;
  intent: Intent = IDLE;
  state: ProposalState;
  timer: Timer | undefined;
  /** Work on it, one after the other. Never rejects. */
  turn: Promise<void> = Promise.resolve();

  constructor(record: Pick<ProposalRecord, 'proposal' | 'life' | 'state'>, self: string) {
    this.proposal = record.proposal;
    this.facts = lifeFacts(record.proposal, self);
    this.life = record.life as Life;
    this.state = record.state;
  }

  get id(): string {
    return this.proposal.id;
  }
}

export function lifeFacts({ document }: Proposal, self: string): LifeFacts {
  const { proposer, parties, expiresAt, attemptsMax, schedule } = document;
  const due =
    schedule === undefined ? (nth: number) => (nth === 1 ? 0 : null) : dueBy(schedule, document.createdAt);
  return { self, proposer, parties, expiresAt, attemptsMax, due };
}

/** As it begins. */
export const newLife = (proposal: Proposal, self: string): Life => firstLife(lifeFacts(proposal, self));

function dueBy(schedule: Schedule, createdAt: number): LifeFacts['due'] {
  const cron = cronOf(schedule);
  return (nth, after) => {
    if (nth > schedule.occurrencesMax) return null;
    const next = cron.nextRun(new Date(Math.max(after, createdAt)))?.getTime();
    return next === undefined || next > schedule.until ? null : next;
  };
}

/** Occurrences between which the smallest interval is looked for: one more than fit into a minute, which repeats. */
const LOOKED_AT = 61;

/** Milliseconds between the two occurrences that are nearest to each other; Infinity: there are no two. */
export function smallestInterval({
  schedule,
  createdAt,
}: Pick<ProposalDocument, 'schedule' | 'createdAt'>): number {
  if (schedule === undefined) return Number.POSITIVE_INFINITY;
  const due = dueBy(schedule, createdAt);
  let smallest = Number.POSITIVE_INFINITY;
  let before: number | null = null;
  for (let nth = 1; nth <= LOOKED_AT; nth++) {
    const at: number | null = due(nth, before ?? 0);
    if (at === null) break;
    if (before !== null) smallest = Math.min(smallest, at - before);
    before = at;
  }
  return smallest;
}

/** Why a schedule is none, or has no occurrence before it ends. */
export function scheduleProblem({
  schedule,
  createdAt,
}: Pick<ProposalDocument, 'schedule' | 'createdAt'>): string | undefined {
  if (schedule === undefined) return undefined;
  const { cron, timezone, until } = schedule;
  if (!isTimezone(timezone))
    return `there is no time zone "${timezone}"; one is called such as Europe/Berlin`;
  let first: number | undefined;
  try {
    first = cronOf(schedule).nextRun(new Date(createdAt))?.getTime();
  } catch (error) {
    return `"${cron}" is no cron expression: ${(error as Error).message.replace(/^CronPattern: /, '')}`;
  }
  if (first === undefined) return `"${cron}" never comes`;
  if (first <= until) return undefined;
  return `"${cron}" is first due at ${moment(first)}, and the proposal ends at ${moment(until)}; let it be valid for longer`;
}

const moment = (at: number): string => new Date(at).toISOString();

/** None at all would be that of the machine, another at each party. */
function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

const cronOf = ({ cron, timezone }: Pick<Schedule, 'cron' | 'timezone'>): Cron =>
  new Cron(cron, { paused: true, timezone });
