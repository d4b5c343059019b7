/** One run of one system: both parties from start to end, with all that it took, and whether its result was right. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ObservedParty } from '../failures/observed-party.ts';
import { freePorts } from '../failures/ports.ts';
import { type Planted, SIDES, type Side, wrongIn } from './data.ts';
import { endedChildrenS, Meter } from './meter.ts';
import type { Counts } from './relay.ts';
import type { Contestant, Place } from './systems.ts';

/** What one run took. */
export interface Taken {
  /** From the start of both commands to the end of both: start of the interpreter, imports, keys and links included. */
  readonly wallS: number;
  /** From the first party with a link to the last written result; NaN where a party does not say. */
  readonly insideS: number;
  /** Both ways together, above TCP. */
  readonly bytes: number;
  /** Of the party that took more. */
  readonly peakBytes: number;
  /** Of both parties together. */
  readonly cpuS: number;
}

export interface Circumstances {
  /** Holds alice.csv and bob.csv. */
  readonly folder: string;
  readonly planted: Planted;
  /** As `taskset --cpu-list` takes them. */
  readonly cores: string;
  /** A run that takes longer is ended. */
  readonly limitS: number;
  /** Once one party has failed, what the other has to end by itself. */
  readonly graceS: number;
  readonly progress: (seconds: number) => void;
}

/** A run that did not give the planted intersection: there is no figure of it. */
export class Refused extends Error {}

/** For the other party of one that has failed: both may have something to say. */
export const GRACE_S = 10;
/** How often a run that takes long says so. */
const PROGRESS_MS = 10_000;
/** What a process that was killed may take to be gone. */
const KILL_MS_MAX = 5_000;
const KILL_INTERVAL_MS = 20;
/** What a process of ours may take to start or to answer. */
const RELAY_MS_MAX = 30_000;
/** What is told of the output of a party that failed. */
const WORDS_MAX = 1_500;

const open = new Set<ObservedParty | ChildProcess>();
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Ends all that runs; at once, for the end of this process. */
export function endAll(): void {
  for (const one of open) {
    if (!(one instanceof ObservedParty)) {
      one.kill('SIGKILL');
      continue;
    }
    for (let waited = 0; waited < KILL_MS_MAX && one.family.alive().length > 0; waited += KILL_INTERVAL_MS) {
      one.family.signal('SIGKILL');
      Atomics.wait(pause, 0, 0, KILL_INTERVAL_MS);
    }
  }
  open.clear();
}

/** @throws {Refused} where its result is wrong, there is none, or it takes too long */
export async function measure(contestant: Contestant, about: Circumstances): Promise<Taken> {
  const folder = mkdtempSync(join(about.folder, 'run-'));
  try {
    const [aliceOwn = 0, aliceSeen = 0, bobOwn = 0, bobSeen = 0] = await freePorts(4);
    const both = (make: (side: Side) => string) => ({ alice: make('alice'), bob: make('bob') });
    const place: Place = {
      folder,
      tables: both((side) => join(about.folder, `${side}.csv`)),
      results: both((side) => join(folder, `${side}-result.csv`)),
      ports: { alice: { own: aliceOwn, seen: aliceSeen }, bob: { own: bobOwn, seen: bobSeen } },
    };
    const relay = await startRelay([
      [aliceSeen, aliceOwn],
      [bobSeen, bobOwn],
    ]);
    const taken = await run(contestant, place, about, relay);
    endAll();
    const wrong = await wrongIn(folder, about.planted, place.results).catch(
      (error) => `the result cannot be read (${error instanceof Error ? error.message : error})`,
    );
    if (wrong !== null) throw new Refused(`wrong result: ${wrong}`);
    return taken;
  } finally {
    endAll();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    removeNotes(about.folder);
  }
}

async function startRelay(ports: readonly (readonly [number, number])[]): Promise<ChildProcess> {
  const relay = fork(fileURLToPath(new URL('./relay.js', import.meta.url)), { stdio: 'inherit' });
  open.add(relay);
  relay.send({ ports });
  await answerOf(relay);
  return relay;
}

async function answerOf(relay: ChildProcess): Promise<unknown> {
  const [answer] = await once(relay, 'message', { signal: AbortSignal.timeout(RELAY_MS_MAX) });
  return answer;
}

async function run(
  contestant: Contestant,
  place: Place,
  { cores, limitS, graceS, progress }: Circumstances,
  relay: ChildProcess,
): Promise<Taken> {
  const commands = await contestant.commands(place);
  const cpuBefore = endedChildrenS();
  const started = Date.now();
  const parties = SIDES.map((side) => {
    const { argv, env = {} } = commands[side];
    const temp = join(place.folder, `tmp-${side}`);
    mkdirSync(temp);
    const pinned = ['taskset', '--cpu-list', cores, ...argv];
    const party = new ObservedParty(side, pinned, { ...env, TMPDIR: temp }, place.folder);
    open.add(party);
    return party;
  });
  const meter = new Meter(parties.map(({ family }) => family));
  const telling = setInterval(() => progress((Date.now() - started) / 1_000), PROGRESS_MS);
  try {
    await endOf(parties, limitS, graceS);
    const seconds = (Math.max(...parties.map(({ ending }) => ending?.at ?? 0)) - started) / 1_000;
    relay.send({ count: true });
    const { toward, back } = (await answerOf(relay)) as Counts;
    const cpuEnded = endedChildrenS() - cpuBefore;
    const inside = parties.map(({ lines }) => contestant.insideOf(lines));
    const begin = Math.min(...inside.map((one) => one?.begin ?? Number.NaN));
    const end = Math.max(...inside.map((one) => one?.end ?? Number.NaN));
    return {
      wallS: seconds,
      insideS: (end - begin) / 1_000,
      bytes: [...toward, ...back].reduce((sum, bytes) => sum + bytes, 0),
      peakBytes: meter.peakBytes,
      // Looks miss the last moments of a process, the kernel's sum those that nobody waited for: neither is too much.
      cpuS: Math.max(cpuEnded, meter.cpuS),
    };
  } finally {
    clearInterval(telling);
    meter.stop();
    for (const { lines } of parties) removeTraces(lines.map(({ text }) => text));
  }
}

async function endOf(parties: readonly ObservedParty[], limitS: number, graceS: number): Promise<void> {
  const cancel = new AbortController();
  const after = (seconds: number) =>
    delay(seconds * 1_000, 'late', { signal: cancel.signal }).catch(() => 'late');
  const ends = parties.map(async (party) => {
    const { code, signal } = await party.ended;
    if (code !== 0) throw new Refused(`${party.name} ended with ${code ?? signal}: ${wordsOf(party)}`);
  });
  try {
    const all = Promise.all(ends).catch(async (error) => {
      await Promise.race([Promise.allSettled(ends), after(graceS)]);
      throw error;
    });
    if ((await Promise.race([all, after(limitS)])) === 'late')
      throw new Refused(`took longer than ${limitS} s`);
  } finally {
    cancel.abort();
  }
}

const wordsOf = ({ lines }: ObservedParty): string =>
  lines
    .map(({ text }) => text)
    .join('\n')
    .slice(-WORDS_MAX);

/** SPU notes beside a table what it has counted in it; the next run shall count again. */
function removeNotes(folder: string): void {
  for (const side of SIDES) rmSync(join(folder, `${side}.csv.meta`), { force: true });
}

/** SPU leaves a trace of each run in /tmp, wherever its temporary files are. */
function removeTraces(lines: readonly string[]): void {
  for (const line of lines) {
    const path = /Trace has been written to (\/tmp\/psi_[\w-]+\.trace)/.exec(line)?.[1];
    if (path !== undefined) rmSync(path, { force: true });
  }
}
