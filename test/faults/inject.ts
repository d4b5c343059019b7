/** Faults, made by the means that nature has: signals to processes, and what a network does to bytes. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessRole } from '../../src/observe/events.ts';
import type { Hosts } from './namespaces.ts';
import type { Parties } from './parties.ts';
import type { Path } from './proxy.ts';
import type { Fault, PartyName, What } from './scenario.ts';

const STORM_MS = 5_000;
const STORM_INTERVAL_MS = 200;
const RESTART_MS = 500;
const JITTER_MS = 200;
/** Twice what a supervisor may be silent: a program may be. */
const STOPPED_MS = 2_500;

/**
 * A queue of a few packets: whoever sends faster than the rate loses some of them. (The usual tool, netem, is not in
 * every kernel; where it is missing, nobody can ask for a share of packets to be lost.)
 */
const LOSSY = { bitsPerSecond: 100_000_000, queueBytes: 9_000 };

/** Less than `lostAfterMs`, more than it takes TCP to send something again. */
const SHORT_MS = 600;

type Injection = (parties: Parties, whom: readonly PartyName[]) => Promise<void> | void;

/** All processes first, then the signals one right after the other. */
async function signal(
  parties: Parties,
  whom: readonly PartyName[],
  roles: readonly ProcessRole[],
  name: NodeJS.Signals,
) {
  const pids = await Promise.all(whom.flatMap((party) => roles.map((role) => parties.get(party).pid(role))));
  for (const pid of pids) process.kill(pid, name);
}

const send =
  (name: NodeJS.Signals, ...roles: readonly ProcessRole[]): Injection =>
  (parties, whom) =>
    signal(parties, whom, roles, name);

/** Stopped until all others have ended; then they go on, and have to end by themselves, too. */
const freeze =
  (...roles: readonly ProcessRole[]): Injection =>
  async (parties, whom) => {
    await signal(parties, whom, roles, 'SIGSTOP');
    const rest = parties.all.filter((party) => !whom.includes(party.name as PartyName));
    await parties.ended(rest);
    await signal(parties, whom, roles, 'SIGCONT').catch(() => undefined);
  };

/** The paths of the first party of the two with the second, or with everyone. */
function pathsOf(parties: Parties, [from, to]: readonly PartyName[]): readonly Path[] {
  if (!parties.network || from === undefined) throw new Error('this fault needs a network');
  return to === undefined ? parties.network.around([from]) : [parties.network.path(from, to).path];
}

const onPaths =
  (change: (path: Path) => Promise<void> | void): Injection =>
  async (parties, whom) => {
    await Promise.all(pathsOf(parties, whom).map(change));
  };

const hold = onPaths((path) => path.set({ held: true }));

function hostsOf(parties: Parties): Hosts {
  if (!parties.hosts) throw new Error('this fault needs hosts');
  return parties.hosts;
}

const part: Injection = (parties, whom) => hostsOf(parties).part(whom);

function loseBoth(hosts: Hosts, one: string, other: string): void {
  hosts.lose(one, other);
  hosts.lose(other, one);
}

/** As a host that has lost its power: frozen and unplugged, until all others have ended. */
const unplug: Injection = async (parties, whom) => {
  const hosts = hostsOf(parties);
  const gone = freeze('supervisor', 'program')(parties, whom);
  for (const name of whom) hosts.plug(name, false);
  await gone;
  for (const name of whom) hosts.plug(name, true);
};

const injections: Readonly<Record<What, Injection>> = {
  job: () => undefined,
  setup: () => undefined,
  nothing: () => undefined,
  'kill program': send('SIGKILL', 'program'),
  'kill supervisor': send('SIGKILL', 'supervisor'),
  'kill all': send('SIGKILL', 'supervisor', 'program', 'stand-in'),
  // For good: the supervisor has to end it.
  'stop program': send('SIGSTOP', 'program'),
  'stop program for a while': async (parties, whom) => {
    await signal(parties, whom, ['program'], 'SIGSTOP');
    await delay(STOPPED_MS);
    await signal(parties, whom, ['program'], 'SIGCONT');
  },
  'stop supervisor': freeze('supervisor'),
  'stop both': freeze('supervisor', 'program'),
  interrupt: send('SIGINT', 'supervisor'),
  'interrupt twice': async (parties, whom) => {
    await signal(parties, whom, ['supervisor'], 'SIGINT');
    // The second one is the answer to having seen what the first does.
    await Promise.all(whom.map((name) => parties.get(name).event('failure')));
    await signal(parties, whom, ['supervisor'], 'SIGINT');
  },
  terminate: send('SIGTERM', 'supervisor'),
  'black hole': (parties, whom) => (parties.hosts ? part(parties, whom) : hold(parties, whom)),
  'one-way black hole': (parties, [from, to]) => {
    if (parties.hosts && from && to) return parties.hosts.lose(from, to);
    if (!parties.network || !from || !to) throw new Error('this fault needs a network and two parties');
    const { path, direction } = parties.network.path(from, to);
    path.set({ held: true }, ['control', 'data'], [direction]);
  },
  'cut one link': (parties, whom) => {
    const [one, other] = whom;
    if (parties.hosts && one && other) return loseBoth(parties.hosts, one, other);
    return hold(parties, whom);
  },
  partition: part,
  'host gone': unplug,
  'short black hole': async (parties, whom) => {
    const [one, other] = whom;
    const hosts = hostsOf(parties);
    if (!one || !other) throw new Error('this fault needs two parties');
    loseBoth(hosts, one, other);
    await delay(SHORT_MS);
    hosts.deliver(one, other);
    hosts.deliver(other, one);
  },
  'black hole for data': onPaths((path) => path.set({ held: true }, ['data'])),
  'refuse data': onPaths((path) => {
    path.refusing = ['data'];
    path.reset(['data']);
  }),
  'break once': onPaths((path) => path.reset()),
  'lossy link': (parties, whom) => {
    for (const host of whom) hostsOf(parties).squeeze(host, LOSSY);
  },
  'break data once': onPaths((path) => path.reset(['data'])),
  'reset storm': onPaths(async (path) => {
    for (let passed = 0; passed < STORM_MS; passed += STORM_INTERVAL_MS) {
      path.reset();
      await delay(STORM_INTERVAL_MS);
    }
  }),
  'gateway restart': onPaths(async (path) => {
    path.refusing = ['control', 'data'];
    path.reset();
    await delay(RESTART_MS);
    path.refusing = [];
  }),
  jitter: onPaths((path) => path.set({ jitterMs: JITTER_MS })),
};

/** Makes the fault happen; resolves when it is over, or cannot be over. */
export async function inject(parties: Parties, fault: Fault): Promise<void> {
  await injections[fault.what](parties, fault.whom);
}
