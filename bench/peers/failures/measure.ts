/** One scenario on one system, once: start, wait, bring the fault, watch, count what is left, end everything. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ObservedParty } from './observed-party.ts';
import type { Scenario } from './scenarios.ts';
import type { StartedParties, System } from './system.ts';

/** Longest wait for all parties to be at work: two local Ray clusters on two busy cores need most of a minute. */
const START_LIMIT_MS = 150_000;
/** What the others are given to settle in their wait before a deed is done. */
const SETTLE_MS = 700;
/** How often the processes of the parties are looked at, to know their children before they lose their parents. */
const LOOK_INTERVAL_MS = 250;
/** What is still there so long after a party has ended counts as left behind. */
const LEFTOVER_GRACE_MS = 5_000;

export interface PartyOutcome {
  readonly party: string;
  readonly origin: boolean;
  /**
   * `told`: its program or its operator heard of the failure. `log`: nothing but a line in a log. `unaware`: nothing.
   * `completed`: it ended as if nothing had happened. `wrong`: the same, with a wrong result.
   */
  readonly heard: 'told' | 'log' | 'unaware' | 'completed' | 'wrong';
  /** From the fault until it was told. */
  readonly toldMs: number | null;
  readonly says: string;
  /** Exit code or signal; `hangs` when it still ran at the time limit. */
  readonly exit: string;
  readonly exitMs: number | null;
  /**
   * Names of the processes of a party that has ended, which were still there after the grace; null when it has not
   * ended.
   */
  readonly leftBehind: readonly string[] | null;
}

export interface Outcome {
  readonly scenario: string;
  readonly system: string;
  readonly parties: readonly PartyOutcome[];
  /** Why there is no measurement: the fault never happened. */
  readonly broken?: string;
}

export async function measure(system: System, scenario: Scenario, limitMs: number): Promise<Outcome> {
  const started = await system.start(scenario);
  const looking = setInterval(() => {
    for (const party of started.parties) party.family.look();
  }, LOOK_INTERVAL_MS);
  try {
    const faultAt = await bringFault(system, scenario, started);
    if (faultAt === null) {
      const broken = `the fault did not happen:\n${started.parties.map(story).join('\n')}`;
      return { scenario: scenario.name, system: system.name, parties: [], broken };
    }
    const others = started.parties.filter((party) => party.name !== scenario.origin);
    const frozen = scenario.deed?.signal === 'SIGSTOP';
    const awaited = frozen ? others : started.parties;
    const left = new Map<string, Promise<string[]>>();
    for (const party of started.parties) {
      left.set(
        party.name,
        party.ended.then(() => stillThere(party)),
      );
    }
    const limit = new AbortController();
    const enough = Promise.all(awaited.map((party) => left.get(party.name)));
    await Promise.race([
      enough,
      delay(faultAt + limitMs - Date.now(), undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
    const parties: PartyOutcome[] = [];
    for (const party of started.parties) {
      // Whoever ended just before the limit is still given its grace.
      const leftBehind = party.ending ? ((await left.get(party.name)) ?? []) : null;
      parties.push(outcomeOf(system, scenario, party, faultAt, leftBehind));
    }
    return { scenario: scenario.name, system: system.name, parties };
  } finally {
    clearInterval(looking);
    await endAll(started);
    started.dispose();
  }
}

/** The moment of the fault, by the wall clock of this machine, which all parties share. */
async function bringFault(
  system: System,
  scenario: Scenario,
  started: StartedParties,
): Promise<number | null> {
  const deadline = Date.now() + START_LIMIT_MS;
  const { deed } = scenario;
  if (deed) {
    for (const party of started.parties) {
      if (!(await party.until((one) => system.atWork(one), deadline - Date.now()))) return null;
    }
    await delay(SETTLE_MS);
    const target = started.parties.find((party) => party.name === deed.party);
    if (!target) return null;
    const program = system.programOf(target);
    const at = Date.now();
    if (deed.whom === 'party') target.family.signal(deed.signal);
    else if (deed.whom === 'terminal') target.signalTerminal(deed.signal);
    else if (program !== null) process.kill(program, deed.signal);
    return at;
  }
  for (;;) {
    const at = system.faultAt(scenario, started);
    if (at !== null || Date.now() > deadline) return at;
    if (started.parties.every((party) => party.ending)) return system.faultAt(scenario, started);
    await delay(20);
  }
}

function outcomeOf(
  system: System,
  scenario: Scenario,
  party: ObservedParty,
  faultAt: number,
  leftBehind: readonly string[] | null,
): PartyOutcome {
  const told = system.told(party);
  const result = system.result(party);
  const logged = system.logged(party, faultAt);
  const { ending } = party;
  const wrong = scenario.right !== undefined && result !== null && result.value !== scenario.right;
  const shared = {
    party: party.name,
    origin: party.name === scenario.origin,
    exit: ending ? (ending.signal ?? String(ending.code)) : 'hangs',
    exitMs: ending ? ending.at - faultAt : null,
    leftBehind,
  };
  if (told) return { ...shared, heard: 'told', toldMs: told.at - faultAt, says: told.text };
  if (result) {
    const says = `result ${JSON.stringify(result.value)}${wrong ? `, right is ${scenario.right}` : ''}`;
    return { ...shared, heard: wrong ? 'wrong' : 'completed', toldMs: null, says };
  }
  return { ...shared, heard: logged ? 'log' : 'unaware', toldMs: null, says: logged ?? '' };
}

async function stillThere(party: ObservedParty): Promise<string[]> {
  const deadline = Date.now() + LEFTOVER_GRACE_MS;
  for (;;) {
    const names = party.family.alive().map(({ name }) => name);
    if (names.length === 0 || Date.now() > deadline) return names.sort();
    await delay(100);
  }
}

/** Nothing of a scenario may disturb the next one: processes are killed until none is left. */
async function endAll(started: StartedParties): Promise<void> {
  for (let round = 0; round < 50; round++) {
    const alive = started.parties.some((party) => party.family.alive().length > 0);
    if (!alive) return;
    for (const party of started.parties) party.family.signal('SIGKILL');
    await delay(100);
  }
  throw new Error('processes of a scenario could not be killed');
}

function story(party: ObservedParty): string {
  return [`${party.name}:`, ...party.lines.slice(-25).map(({ text }) => `  ${text.slice(0, 300)}`)].join(
    '\n',
  );
}
