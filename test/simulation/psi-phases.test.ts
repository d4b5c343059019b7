/** Intersections by every protocol in the simulated world, with a failure at each of their messages. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PeerError } from '../../src/base/errors.ts';
import type { PsiProtocolName } from '../../src/base/psi-protocols.ts';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import type { PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { parts } from '../../src/psi/protocols/rr22/messages.ts';
import { rr22Of } from '../../src/psi/protocols/rr22/protocol.ts';
import type { Fault } from '../../src/simulation/fault-plan.ts';
import { Workshop } from '../../src/simulation/workshop.ts';
import { explore, FAULT_KINDS, type SimulatedRun } from '../../src/testing/index.ts';
import { itLong, oneOfEach } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';

const job = join(projectRoot, 'test/simulation/jobs/psi-phases.ts');
const parties = ['alice', 'bob'] as const;
type Party = (typeof parties)[number];

/** In every id of the job. */
const CANARY = 'canary-in-an-id-';
const settings = { alice: { idsBeginWith: CANARY }, bob: { idsBeginWith: CANARY } };
const RESULT = [40, 40];

/** So that a hundred rows are in four buckets: three are under way at first, and both parties receive in two. */
const BUCKET_ROWS = 30;
const SEED = 7;
/** When intersections of these runs are under way. */
const DURING_MS = 38;
/** What a frame has left behind it by then, and not yet arrived. */
const UNDER_WAY_MS = 0.01;

/** The parts of each protocol, by their kind. */
const partNames: Readonly<Record<PsiProtocolName, Readonly<Record<number, string>>>> = {
  dh: { 2: 'points', 3: 'tags' },
  rr22: Object.fromEntries(Object.entries(parts).map(([name, kind]) => [kind, name])),
};
/** All messages of each, with what comes before and after them. */
const phases: Readonly<Record<PsiProtocolName, readonly string[]>> = {
  dh: ['keys', 'hello', 'points', 'tags', 'done'],
  rr22: [
    ...['keys', 'hello', 'setup 0', 'setup 1', 'setup 2'],
    ...['first', 'second', 'vector', 'tags', 'result', 'done'],
  ],
};

/** What goes wrong when a message is sent: at its sender, and with the path to its receiver. */
const troubles: Readonly<Record<string, (party: Party, peer: Party, at: number) => readonly Fault[]>> = {
  'its program is killed': (party, _, at) => [{ kind: 'crash', party, at, target: 'program' }],
  'all of it is killed': (party, _, at) => [{ kind: 'crash', party, at, target: 'both' }],
  'its machine loses power': (party, _, at) => [{ kind: 'power-off', party, at }],
  'its program stands still': (party, _, at) => [
    { kind: 'freeze', party, at, target: 'program', forMs: null },
  ],
  'somebody cancels it': (party, _, at) => [{ kind: 'cancel', party, at }],
  'its disk is full': (party, _, at) => [
    { kind: 'tight-memory', party, bytes: 0 },
    { kind: 'disk-full', party, at },
  ],
  'nothing gets through any more': (party, peer, at) => [
    { kind: 'partition', from: [party], to: [peer], oneWay: false, at, forMs: null },
  ],
  'nothing gets to the peer any more': (party, peer, at) => [
    { kind: 'partition', from: [party], to: [peer], oneWay: true, at, forMs: null },
  ],
};
/** What a run gets over. */
const nuisances: typeof troubles = {
  'nothing gets through for a while': (party, peer, at) => [
    { kind: 'partition', from: [party], to: [peer], oneWay: false, at, forMs: 300 },
  ],
  'its connections break': (party, peer, at) => [{ kind: 'drop', between: [party, peer], at }],
  'the path is slow for a second': (party, peer, at) => [
    { kind: 'slow', between: [party, peer], at, byMs: 150, forMs: 1_000 },
  ],
  'its program pauses': (party, _, at) => [{ kind: 'freeze', party, at, target: 'program', forMs: 400 }],
};

interface Case {
  readonly phase: string;
  readonly party: Party;
  readonly what: string;
  readonly isOver: boolean;
  readonly faults: (at: number) => readonly Fault[];
  /** Of the messages of this phase, and when. */
  readonly isLast: boolean;
  readonly isUnderWay: boolean;
}

/** Every phase with everything; the first of each phase are of another party and kind from phase to phase. */
function casesOf(protocol: PsiProtocolName): readonly Case[] {
  const kinds = [
    ...Object.entries(troubles).map(([what, faults]) => ({ what, faults, isOver: true })),
    ...Object.entries(nuisances).map(([what, faults]) => ({ what, faults, isOver: false })),
  ];
  return phases[protocol].flatMap((phase, index) =>
    kinds.flatMap((_, offset) => {
      const { what, faults, isOver } = kinds[(5 * index + offset) % kinds.length] ?? assert.fail();
      return [0, 1].map((turn): Case => {
        const [party, peer] = (turn + index) % 2 === 0 ? parties : (['bob', 'alice'] as const);
        return {
          ...{ phase, party, what, isOver, faults: (at) => faults(party, peer, at) },
          isLast: (turn + offset + index) % 2 === 1,
          isUnderWay: Math.floor((turn + offset + index) / 2) % 2 === 1,
        };
      });
    }),
  );
}

/** Tells the name of every message that the protocol sends, and of what is sent on its line after it. */
function watched(protocol: PsiProtocol, tell: (rank: number, name: string) => void): PsiProtocol {
  const names = partNames[protocol.name as PsiProtocolName];
  return {
    ...protocol,
    run(line, setting) {
      const send = line.send.bind(line);
      line.send = (message) => {
        const name = message.kind === 'part' ? (names[message.part] ?? '?') : message.kind;
        tell(line.rank, name === 'setup' && message.kind === 'part' ? `setup ${message.index}` : name);
        return send(message);
      };
      return protocol.run(line, setting);
    },
  };
}

const list = psiProtocols as Record<string, PsiProtocol>;

/** In the simulated world, with the protocol in place of the one of its name. */
async function open(protocol: PsiProtocol, prints = false): Promise<Workshop> {
  list[protocol.name] = protocol;
  const args = { protocol: protocol.name, prints };
  const options = { job, args, settings, bounds: {}, kinds: FAULT_KINDS, errorDetail: 'redacted' } as const;
  // Whoever does not measure how long runs take needs the run before the first one once.
  return Workshop.open(options, AbortSignal.abort());
}

/** Where an id of a party is in what the run has left behind. */
function idsInRecords({ parties: all }: SimulatedRun): readonly string[] {
  return all.flatMap(({ name, report, events }) => [
    ...(JSON.stringify(report).includes(CANARY) ? [`report of ${name}`] : []),
    ...(JSON.stringify(events).includes(CANARY) ? [`log of ${name}`] : []),
  ]);
}

function resultsOf({ parties: all }: SimulatedRun): readonly unknown[] {
  return all.flatMap(({ events }) =>
    events.flatMap((event) => (event.event === 'result' ? [event.value] : [])),
  );
}

const protocols = { dh: psiProtocols.dh, rr22: rr22Of(BUCKET_ROWS) };
const original = { ...psiProtocols };

for (const protocol of Object.values<PsiProtocol>(protocols)) {
  const name = protocol.name as PsiProtocolName;
  describe(`${name} in the simulated world`, () => {
    let workshop: Workshop | undefined;
    /** When each party sends its messages of each phase. */
    const sent = new Map<string, number[]>();

    before(async () => {
      const names: Record<Party, string[]> = { alice: [], bob: [] };
      let isTold = false;
      const telling = watched(protocol, (rank, phase) => {
        if (isTold) names[rank === 0 ? 'alice' : 'bob'].push(phase);
      });
      workshop = await open(telling);
      isTold = true;
      const { run, violations } = await workshop.run(SEED, [], true);
      isTold = false;
      assert.deepEqual(violations, []);
      assert.deepEqual(resultsOf(run), [RESULT, RESULT]);
      for (const { at, party, text } of run.timeline) {
        const number = Number(/message (\d+) of step/.exec(text)?.[1]);
        if (!(number > 0)) continue;
        const phase = ['keys', 'hello', ...names[party as Party]][number - 1];
        const key = `${party} ${phase}`;
        sent.set(key, [...(sent.get(key) ?? []), at]);
      }
    });
    after(async () => {
      Object.assign(list, original);
      await workshop?.close();
    });

    it('has both parties send every message', () => {
      const all = parties.flatMap((party) => phases[name].map((phase) => `${party} ${phase}`));
      assert.deepEqual([...sent.keys()].sort(), all.sort());
    });

    for (const one of oneOfEach(casesOf(name), ({ phase }) => phase)) {
      const { phase, party, what, isLast, isUnderWay, isOver, faults } = one;
      const when = `${isLast ? 'last' : 'first'} ${phase} ${isUnderWay ? 'is under way' : 'is about to leave'}`;
      it(`${party}'s ${when}: ${what}`, async () => {
        const times = sent.get(`${party} ${phase}`);
        const at = (times?.at(isLast ? -1 : 0) ?? assert.fail()) + (isUnderWay ? UNDER_WAY_MS : 0);
        assert.ok(workshop);
        const { run, violations } = await workshop.run(SEED, faults(at));
        assert.deepEqual(violations, []);
        assert.ok(run.happened.every(Boolean));
        assert.deepEqual(idsInRecords(run), []);
        if (!isOver) return assert.deepEqual(resultsOf(run), [RESULT, RESULT]);
        assert.deepEqual(resultsOf(run), [], 'nobody has a result');
        for (const { report } of run.parties) assert.notEqual(report?.outcome, 'completed');
      });
    }

    itLong('keeps what is promised of a run, under seeded faults', async () => {
      list[name] = protocol;
      const { breaks, runs, deterministic } = await explore({
        ...{ job, args: { protocol: name }, settings },
        ...{ runs: 60, forMs: 30_000 },
      });
      assert.deepEqual(breaks, []);
      assert.ok(runs > 0);
      assert.equal(deterministic, true);
    });
  });
}

describe('what these tests would find', () => {
  after(() => Object.assign(list, original));

  it('an id that a task prints', async () => {
    const workshop = await open(protocols.dh, true);
    try {
      const { run } = await workshop.run(SEED, []);
      assert.deepEqual(idsInRecords(run), ['log of alice', 'log of bob']);
    } finally {
      await workshop.close();
    }
  });

  it('a protocol that blames its peer for a connection that breaks', async () => {
    let isBroken = false;
    const blames: PsiProtocol = {
      ...protocols.dh,
      async run(line, setting) {
        const matches = await protocols.dh.run(line, setting);
        if (isBroken && line.rank === 0)
          throw new PeerError('PRIVITY_PSI_CHECK', 'the peer found another result');
        return matches;
      },
    };
    const workshop = await open(blames);
    try {
      isBroken = true;
      const { run, violations } = await workshop.run(SEED, [
        { kind: 'drop', between: parties, at: DURING_MS },
      ]);
      assert.deepEqual([...new Set(violations.map(({ checker }) => checker))], ['validity']);
      assert.deepEqual(resultsOf(run), []);
    } finally {
      await workshop.close();
    }
  });
});
