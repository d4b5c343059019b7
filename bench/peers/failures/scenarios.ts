/** What is done to both systems, as data. The programs are rayfed/party.py and privity/*.ts, under the same names. */

/** What the runner does to alice once the others wait for her; without it, the program itself brings the fault. */
export interface Deed {
  readonly signal: 'SIGKILL' | 'SIGSTOP' | 'SIGINT';
  /**
   * `program`: the process that runs the job (RayFed: the driver). `party`: every process of the party, as when its
   * machine is gone. `terminal`: the process group of the command, which is what Ctrl-C reaches.
   */
  readonly whom: 'program' | 'party' | 'terminal';
  readonly party: string;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly parties: readonly string[];
  /** The party at which the fault happens: its own behaviour is shown apart from that of the others. */
  readonly origin: string;
  readonly deed?: Deed;
  /**
   * What a run without the fault returns, where a program could complete all the same: another value is a wrong one.
   */
  readonly right?: number;
  /** There is no fault; everybody shall complete. Shows that the harness itself is sound. */
  readonly healthy?: true;
  /** A system for which this is no fault may complete. */
  readonly mayComplete?: true;
}

const two = ['alice', 'bob'];

export const scenarios: readonly Scenario[] = [
  {
    name: 'completes',
    title: 'no fault',
    parties: two,
    origin: 'alice',
    right: 2,
    healthy: true,
    mayComplete: true,
  },
  {
    name: 'producer-throws',
    title: 'producer throws, peer waits for the value',
    parties: two,
    origin: 'alice',
  },
  {
    name: 'consumer-throws',
    title: 'consumer throws, nobody needs its result',
    parties: two,
    origin: 'bob',
  },
  {
    name: 'chain-of-three',
    title: 'alice → bob → carol, alice throws',
    parties: ['alice', 'bob', 'carol'],
    origin: 'alice',
  },
  { name: 'driver-throws', title: "the job's own code throws at one party", parties: two, origin: 'alice' },
  {
    name: 'killed',
    title: 'SIGKILL of the program while the peer waits',
    parties: two,
    origin: 'alice',
    deed: { signal: 'SIGKILL', whom: 'program', party: 'alice' },
  },
  {
    name: 'host-gone',
    title: 'SIGKILL of everything that a party runs',
    parties: two,
    origin: 'alice',
    deed: { signal: 'SIGKILL', whom: 'party', party: 'alice' },
  },
  {
    name: 'frozen-producer',
    title: 'a party freezes (SIGSTOP), peer waits for its value',
    parties: two,
    origin: 'alice',
    deed: { signal: 'SIGSTOP', whom: 'party', party: 'alice' },
  },
  {
    name: 'frozen-consumer',
    title: 'a party freezes (SIGSTOP), peer sends to it',
    parties: two,
    origin: 'bob',
    deed: { signal: 'SIGSTOP', whom: 'party', party: 'bob' },
  },
  { name: 'extra-step', title: 'one extra step at one party', parties: two, origin: 'alice', right: 2 },
  { name: 'swapped-steps', title: 'two steps swapped at one party', parties: two, origin: 'alice', right: 9 },
  { name: 'unsendable-value', title: 'value that cannot be serialised', parties: two, origin: 'alice' },
  {
    name: 'oversized-value',
    title: "a value over RayFed's message limit (500 MB; here 8 MiB)",
    parties: two,
    origin: 'alice',
    right: 9 * 1024 * 1024,
    mayComplete: true,
  },
  { name: 'names-differ', title: 'names of the job (ids of the run) differ', parties: two, origin: 'alice' },
  {
    name: 'ctrl-c',
    title: 'Ctrl-C at one party',
    parties: two,
    origin: 'alice',
    deed: { signal: 'SIGINT', whom: 'terminal', party: 'alice' },
  },
];
