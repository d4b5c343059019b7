/**
 * Turns a scenario into real processes, makes the fault happen, waits for the end and says what was not as it has to
 * be.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureCodes } from '../../src/base/failure-codes.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { inject } from './inject.ts';
import { until } from './moments.ts';
import { jobFile, Parties, type Party, type PartySpec, type Setup } from './parties.ts';
import type { End, PartyName, Scenario } from './scenario.ts';
import { PARTY_NAMES } from './scenario.ts';

/** How long a task goes on after the certificates have expired: a few heartbeats. */
const OUTLAST_MS = 2_000;

/**
 * What a run consists of: making files and starting processes, waiting for the moment, the fault and what follows,
 * looking for leftovers.
 */
export const PHASES = ['set-up', 'until the fault', 'until the end', 'looking for leftovers'] as const;
export type Phase = (typeof PHASES)[number];

export interface ScenarioResult {
  /** What was wrong; empty when everything was as expected. */
  readonly complaints: readonly string[];
  /**
   * From the fault to the last verdict of a party that was to be told, in milliseconds; null where that is not
   * measured.
   */
  readonly detectionMs: number | null;
  /** What was still there at the end. */
  readonly leftovers: readonly string[];
  readonly phasesMs: Readonly<Partial<Record<Phase, number>>>;
  /** What every party said, for whoever has to find out. */
  readonly story: string;
}

/** @param random for the network of the scenario: jitter */
export async function runScenario(scenario: Scenario, random: () => number): Promise<ScenarioResult> {
  const phasesMs: Partial<Record<Phase, number>> = {};
  let from = performance.now();
  const spent = (phase: Phase): void => {
    phasesMs[phase] = performance.now() - from;
    from = performance.now();
  };
  const parties = await Parties.start(setupOf(scenario, random));
  spent('set-up');
  const complaints: string[] = [];
  let detectionMs: number | null = null;
  let leftovers: string[] = [];
  try {
    const faultAt = await happen(parties, scenario, () => spent('until the fault'));
    await parties.ended();
    spent('until the end');
    if (
      scenario.fault.what === 'lossy link' &&
      !scenario.fault.whom.some((host) => parties.hosts?.dropped(host))
    )
      complaints.push('no packet was lost');
    leftovers = await parties.leftovers(undefined, (what) => mayStay(what, scenario));
    complaints.push(...leftovers.map((what) => `left behind: ${what}`));
    spent('looking for leftovers');
    for (const party of parties.all) complaints.push(...(await complaintsOf(parties, party, scenario)));
    complaints.push(...disagreements(parties, scenario));
    detectionMs = detection(parties, scenario, faultAt);
    if (scenario.detectionMs !== null && detectionMs === null)
      complaints.push('the detection was not measured');
    if (detectionMs !== null && detectionMs > (scenario.detectionMs ?? Number.POSITIVE_INFINITY))
      complaints.push(`the last party knew after ${detectionMs} ms, allowed are ${scenario.detectionMs} ms`);
  } catch (error) {
    complaints.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    parties.dispose();
  }
  const story = parties.all.map((party) => `── ${party.name}\n${party.story()}`).join('\n');
  return { complaints, detectionMs, leftovers, story, phasesMs };
}

function setupOf(scenario: Scenario, random: () => number): Setup {
  const names = PARTY_NAMES.slice(0, scenario.parties);
  const { expiresAfterMs, patienceMs } = scenario;
  // Some time after the certificates have expired.
  const until = String(Date.now() + (expiresAfterMs ?? 0) + OUTLAST_MS);
  const parties: Record<string, PartySpec> = {};
  for (const name of names) {
    const { env, ...spec } = scenario.specs?.[name] ?? {};
    const common = { MATRIX_PARTIES: names.join(), MATRIX_PARTY: name, MATRIX_UNTIL: until };
    parties[name] = { job: jobFile('matrix.ts'), ...spec, env: { ...common, ...env } };
  }
  const { args, bounds = {}, bytesPerSecond, hosts = false } = scenario;
  return {
    parties,
    args,
    bounds,
    hosts,
    ...(expiresAfterMs === undefined ? {} : { expiresAfterMs }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(bytesPerSecond === undefined ? {} : { network: random }),
  };
}

/** Waits for the moment and makes the fault happen; resolves with its time, where the test itself has made it. */
async function happen(parties: Parties, scenario: Scenario, isTime: () => void): Promise<number | null> {
  const { bytesPerSecond, delayMs = 0, fault } = scenario;
  for (const path of parties.network?.around([]) ?? []) {
    if (bytesPerSecond !== undefined) path.set({ bytesPerSecond }, ['data']);
    path.set({ delayMs });
  }
  await until(parties, fault);
  isTime();
  const at = Date.now();
  await inject(parties, fault);
  return fault.what === 'job' || fault.what === 'setup' ? null : at;
}

/** Whether this party has ended as it should have, by itself. */
async function complaintsOf(parties: Parties, party: Party, { expected }: Scenario): Promise<string[]> {
  const name = party.name as PartyName;
  if (expected.silent?.includes(name)) return [];
  const complaints: string[] = [];
  const end: End = expected.apart?.[name] ?? expected;
  const verdict = party.events.find((event) => event.event === 'verdict');
  const exit = (await party.exited).code;
  if (verdict === undefined) return [`${name} exited with ${exit} and without a verdict`];
  const said = `${name} says ${verdict.code ?? 'completed'} of ${verdict.origin ?? 'nobody'}`;
  if (!fits(verdict.code, end.code)) complaints.push(`${said}; expected ${listed(end.code)}`);
  if (end.origin !== undefined && !fits(verdict.origin, end.origin))
    complaints.push(`${said}; expected of ${listed(end.origin)}`);
  const due = end.exit ?? (verdict.code === null ? 0 : failureCodes[verdict.code].exit);
  if (exit !== due) complaints.push(`${name} exited with ${exit}; expected ${due}`);
  const report = readReport(parties, name);
  if (report === null) return [...complaints, `${name} has written no report`];
  if (report.verdict.digest !== verdict.digest) complaints.push(`${name}: the report has another digest`);
  for (const leftover of report.leftovers) complaints.push(`${name} reports as left over: ${leftover}`);
  const canary = name === report.verdict.failure?.origin ? null : /canary[a-z-]*/.exec(party.story());
  const victims = party.events.some((event) => event.event === 'failure' && event.stack !== undefined);
  if (canary && !victims) complaints.push(`${name} has heard ${canary[0]}`);
  return complaints;
}

/** Parties that can reach each other have one verdict: the same digest. */
function disagreements(parties: Parties, { expected }: Scenario): string[] {
  const digests = new Map<string, string[]>();
  const sides = (expected.together ?? []).flatMap((side) => {
    const said = side.map(
      (name) => parties.get(name).events.find((event) => event.event === 'verdict')?.digest,
    );
    return new Set(said).size > 1 ? [`the verdicts differ among ${side.join(' and ')}`] : [];
  });
  for (const party of parties.all) {
    const name = party.name as PartyName;
    // Somebody whose exit code alone differs agrees with the others.
    const end = expected.apart?.[name];
    if (expected.silent?.includes(name) || (end && end.exit === undefined)) continue;
    for (const event of party.events) {
      if (event.event !== 'verdict') continue;
      digests.set(event.digest, [...(digests.get(event.digest) ?? []), name]);
    }
  }
  const groups = [...digests.values()].map((group) => group.join(', '));
  const results = new Set(
    parties.all.flatMap((party) =>
      party.events.flatMap((event) => (event.event === 'result' ? [JSON.stringify(event.value)] : [])),
    ),
  );
  // Where silence has parted them, both sides name the same cut.
  const cuts = new Set(
    parties.all.flatMap((party) =>
      party.events.flatMap((event) =>
        event.event === 'verdict' && event.message?.startsWith('cut: ') ? [event.message] : [],
      ),
    ),
  );
  return [
    ...sides,
    ...(cuts.size > 1 ? [`the cuts differ: ${[...cuts].join(' / ')}`] : []),
    ...(digests.size > 1 ? [`the verdicts differ: ${groups.join(' | ')}`] : []),
    ...(results.size > 1 ? [`the results differ: ${[...results].join(' | ')}`] : []),
  ];
}

function detection(
  parties: Parties,
  { expected, detectionMs, fault }: Scenario,
  at: number | null,
): number | null {
  if (detectionMs === null) return null;
  const faultAt = at ?? toldTime(parties, fault.whom);
  const verdicts = parties.all.flatMap((party) =>
    // A party that was frozen decides when it thaws.
    expected.apart?.[party.name as PartyName] && (fault.what.startsWith('stop') || fault.what === 'host gone')
      ? []
      : party.events.flatMap((event) => (event.event === 'verdict' ? [Date.parse(event.time)] : [])),
  );
  return faultAt === null || verdicts.length === 0 ? null : Math.max(...verdicts) - faultAt;
}

/** When the job says that it did it. */
function toldTime(parties: Parties, whom: readonly PartyName[]): number | null {
  const times = whom.flatMap((name) =>
    parties.get(name).events.flatMap((event) => {
      const told = event.event === 'log' ? /^fault at (\d+)$/.exec(event.message) : null;
      return told ? [Number(told[1])] : [];
    }),
  );
  return times.length === 0 ? null : Math.min(...times);
}

function mayStay(what: string, { expected }: Scenario): boolean {
  return expected.leaves?.some((name) => what.startsWith(`${name}: privity-`)) === true;
}

function readReport(parties: Parties, name: string): RunReport | null {
  try {
    return JSON.parse(readFileSync(join(parties.dir, 'reports', `${name}.json`), 'utf8')) as RunReport;
  } catch {
    return null;
  }
}

function fits<T>(value: T, due: T | readonly T[]): boolean {
  return Array.isArray(due) ? (due as readonly T[]).includes(value) : value === due;
}

const listed = (due: unknown): string => (Array.isArray(due) ? due.join(' or ') : String(due ?? 'completed'));
