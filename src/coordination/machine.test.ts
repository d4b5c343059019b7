import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  crash,
  cutLink,
  deliver,
  deliverAll,
  deliveries,
  failed,
  happen,
  newWorld,
  outcomes,
  runningWorld,
  testHello,
  type World,
} from '../../test/core/core-world.ts';
import type { TrailEntry } from './failure.ts';
import { step } from './machine.ts';
import type { Outcome } from './types.ts';

const fin = { steps: 2, digest: 'd' };

function entry(position: number, digest: string, name = `step ${position}`): TrailEntry {
  return { branch: '', position, digest, stepId: `${position + 1}`, kind: 'task', name, places: ['alice'] };
}

function finishAll(world: World): World {
  return world.cores.reduce((at, _, party) => happen(at, party, { type: 'finished', fin }), world);
}

/** All outcomes of the parties that live, which must be one. */
function verdict(world: World): Outcome {
  const living = outcomes(world).filter((_, party) => !world.crashed[party]);
  const [first] = living;
  assert.ok(first, 'no outcome');
  for (const outcome of living) assert.equal(outcome?.digest, first.digest);
  return first;
}

/** Lets time pass in steps of 50 ms, ticking every living party and delivering everything in between. */
function pass(world: World, ms: number): World {
  let at = world;
  for (const end = world.now + ms; at.now < end; ) {
    at = { ...at, now: at.now + 50 };
    for (const party of at.cores.keys()) at = happen(at, party, { type: 'tick' });
    at = deliverAll(at);
  }
  return at;
}

describe('handshake', () => {
  it('starts when all hellos are equal, with one run id', () => {
    const world = runningWorld(3);
    const ids = new Set(world.cores.map((core) => core.runId));
    assert.equal(ids.size, 1);
    assert.notEqual([...ids][0], '');
    assert.ok(world.cores.every((core) => core.phase === 'running'));
  });

  it('uses the run id that everybody gave', () => {
    let world = newWorld(2);
    for (const party of [0, 1])
      world = happen(world, party, { type: 'loaded', hello: testHello(party, { runId: 'r-7' }) });
    assert.deepEqual(
      deliverAll(world).cores.map((core) => core.runId),
      ['r-7', 'r-7'],
    );
  });

  for (const field of ['protocol', 'federation', 'job', 'args', 'runId'] as const) {
    it(`names a difference in ${field} before any step`, () => {
      let world = newWorld(3);
      for (const party of [0, 1, 2]) {
        const hello = testHello(party, party === 1 ? { [field]: 'other' } : {});
        world = happen(world, party, { type: 'loaded', hello });
      }
      world = deliverAll(world);
      const { failure, attached } = verdict(world);
      assert.equal(failure?.code, 'PROGRAM_MISMATCH');
      assert.match(failure?.facts ?? '', /has .*other/);
      assert.ok(world.cores.every((core) => core.runId === ''));
      // What the other version says behind its hello may not be understood, so nobody waits for a third party.
      if (field === 'protocol') return;
      assert.match(
        failure?.facts ?? '',
        /alice and carol have .*, bob has other; bob differs from the others$/,
      );
      assert.equal(failure?.origin, 'bob');
      assert.deepEqual([...new Set(attached.map(({ incident }) => incident))], [failure?.incident]);
    });
  }

  it('does not wait for a party that never comes to tell a difference, beyond a moment', () => {
    let world = crash(newWorld(3), 2);
    for (const party of [0, 1])
      world = happen(world, party, { type: 'loaded', hello: testHello(party, { job: `job ${party}` }) });
    world = deliverAll(world);
    assert.deepEqual(outcomes(world), [null, null, null]);
    world = pass(world, 1_100);
    assert.ok(world.cores.slice(0, 2).every((core) => core.phase !== 'joining'));
    const told = world.cores[0]?.board.contributions.slice(0, 2).map((c) => c?.failure?.incident);
    assert.equal(new Set(told).size, 1);
    assert.equal(verdict(pass(world, 5_000)).failure?.code, 'PROGRAM_MISMATCH');
  });

  it('starts with another version of Privity, as long as the protocol is the same', () => {
    let world = newWorld(2);
    for (const party of [0, 1])
      world = happen(world, party, { type: 'loaded', hello: testHello(party, { version: `0.${party}` }) });
    assert.ok(deliverAll(world).cores.every((core) => core.phase === 'running'));
  });

  it('takes what a peer of another protocol says behind its hello for no violation', () => {
    let world = newWorld(3);
    world = happen(world, 1, { type: 'loaded', hello: testHello(1, { protocol: 'old' }) });
    world = deliver(world, 1, 0);
    // Alice has not loaded the job yet, and cannot read what follows.
    world = happen(world, 0, { type: 'lost', peer: 1, code: 'PROTOCOL_VIOLATION' });
    assert.equal(world.cores[0]?.board.contributions[0]?.failure?.code, 'PROGRAM_MISMATCH');
  });

  it('gives up on a party that never joins, with the same verdict at the others', () => {
    let world = crash(newWorld(3), 2);
    for (const party of [0, 1]) world = happen(world, party, { type: 'loaded', hello: testHello(party) });
    world = pass(deliverAll(world), 12_000);
    assert.equal(verdict(world).failure?.code, 'JOIN_TIMEOUT');
    assert.equal(verdict(world).failure?.origin, 'carol');
  });

  it('tells a failure before the start to those who have joined', () => {
    const world = deliverAll(failed(newWorld(3), 0, 'SETUP_FAILED'));
    assert.equal(verdict(world).failure?.code, 'SETUP_FAILED');
  });
});

describe('failure', () => {
  it('ends the run everywhere with the origin and step', () => {
    const world = deliverAll(failed(runningWorld(3), 1));
    const { failure, result } = verdict(world);
    assert.equal(result, 'failed');
    assert.deepEqual([failure?.code, failure?.origin, failure?.stepId], ['TASK_FAILED', 'bob', '1']);
  });

  it('is decided after two delays of a message when it is the only one, and not so soon when there are two', () => {
    /** What is under way now arrives; what that brings about is under way until the next delay. */
    const afterOne = (world: World): World => {
      const arriving = world.queues.flatMap((row, peer) =>
        row.flatMap((queue, to) => queue.map((message) => ({ peer, to, message }))),
      );
      const emptied = { ...world, queues: world.queues.map((row) => row.map(() => [])) };
      return arriving.reduce<World>(
        (at, { peer, to, message }) => happen(at, to, { type: 'received', peer, message }),
        emptied,
      );
    };
    const after = (world: World, delays: number): World =>
      delays === 0 ? world : after(afterOne(world), delays - 1);
    const one = failed(runningWorld(3), 1);
    assert.ok(outcomes(after(one, 1)).every((outcome) => outcome === null));
    assert.equal(verdict(after(one, 2)).failure?.origin, 'bob');
    const two = failed(one, 2);
    assert.ok(outcomes(after(two, 2)).some((outcome) => outcome === null));
    assert.equal(verdict(after(two, 3)).failure?.origin, 'bob');
  });

  it('costs two boards from each party to each other one', () => {
    const size = 5;
    let world = failed(runningWorld(size), 1);
    let boards = 0;
    for (let next = deliveries(world)[0]; next; next = deliveries(world)[0]) {
      if (world.queues[next.from]?.[next.to]?.[0]?.type === 'board') boards += 1;
      world = deliver(world, next.from, next.to);
    }
    verdict(world);
    assert.ok(boards <= 2 * size * (size - 1), `${boards} boards`);
  });

  it('reaches a party that the origin cannot reach', () => {
    let world = cutLink(runningWorld(3), 0, 2);
    world = pass(deliverAll(failed(world, 0)), 3_000);
    assert.equal(verdict(world).failure?.code, 'TASK_FAILED');
  });

  it('puts causes before symptoms and earlier steps before later ones', () => {
    let world = runningWorld(3);
    world = failed(world, 2, 'TASK_FAILED', '4/0');
    world = failed(world, 1, 'TASK_FAILED', '4/1');
    world = failed(world, 0, 'CANCELLED');
    const { failure, attached } = verdict(deliverAll(world));
    assert.equal(failure?.origin, 'carol');
    assert.deepEqual(
      attached.map((f) => f.origin),
      ['bob', 'alice'],
    );
  });

  it('names a crashed peer', () => {
    const world = pass(crash(runningWorld(3), 2), 3_000);
    const { failure } = verdict(world);
    assert.deepEqual([failure?.code, failure?.origin], ['PEER_UNREACHABLE', 'carol']);
  });

  it('takes evidence of a crash over silence', () => {
    let world = crash(runningWorld(3), 2);
    for (const party of [0, 1]) world = happen(world, party, { type: 'lost', peer: 2, code: 'PEER_CRASHED' });
    assert.equal(verdict(deliverAll(world)).failure?.code, 'PEER_CRASHED');
    const [core] = runningWorld(2).cores;
    assert.ok(core);
    for (const [code, reason] of [
      ['PEER_CRASHED', 'its supervisor has ended'],
      ['PROTOCOL_VIOLATION', 'it cannot be talked to'],
    ] as const)
      assert.deepEqual(
        step(core, { type: 'lost', peer: 1, code }, 0).effects.find(({ type }) => type === 'peer'),
        { type: 'peer', peer: 1, state: 'lost', reason },
      );
  });

  it('names a cut link between two parties that both live', () => {
    const world = pass(cutLink(runningWorld(3), 0, 1), 3_000);
    assert.equal(verdict(world).failure?.code, 'LINK_DOWN');
    assert.equal(verdict(world).failure?.facts, 'alice and bob');
  });

  it('names a partition by its cut, alike on both sides', () => {
    const world = pass(cutLink(cutLink(runningWorld(4), 0, 2), 0, 3), 50);
    const [alice, bob, carol, dave] = outcomes(pass(cutLink(world, 0, 1), 4_000));
    assert.equal(alice?.failure?.code, 'PARTITION');
    for (const outcome of [bob, carol, dave]) assert.equal(outcome?.failure?.code, 'PEER_UNREACHABLE');
    for (const outcome of [alice, bob, carol, dave]) {
      assert.equal(outcome?.failure?.facts, 'cut: alice | bob, carol, dave');
    }
  });

  it('ends by its deadline', () => {
    const world = pass(runningWorld(2), 61_000);
    assert.equal(verdict(world).failure?.code, 'DEADLINE_EXCEEDED');
  });

  it('does not believe what a party is said to have said without its signature', () => {
    const world = failed(runningWorld(3), 0);
    const message = world.queues[0]?.[2]?.[0];
    assert.ok(message?.type === 'board');
    const [sealed] = message.board.contributions;
    assert.ok(sealed);
    // Carol passes on what alice sealed, in bob's name.
    const contributions = [null, sealed, null];
    const forged = { ...message, board: { ...message.board, contributions }, reports: [null, null, null] };
    const bob = happen(runningWorld(3), 0, { type: 'received', peer: 2, message: forged }).cores[0];
    assert.equal(bob?.board.contributions[1], null);
    assert.equal(bob?.board.contributions[0]?.failure?.code, 'PROTOCOL_VIOLATION');
  });

  it('accuses nobody of a signature that another federation file would accept', () => {
    // Carol's file lists an old key of bob, so the two never meet, and bob's word comes to carol by alice.
    const [alice, bob, carol] = [0, 1, 2];
    const start = cutLink(newWorld(3), bob, carol);
    const core = start.cores[carol];
    assert.ok(core);
    const { signer } = core.config;
    const accepts: typeof signer.accepts = (party, ...rest) =>
      party !== bob && signer.accepts(party, ...rest);
    const old = { ...core, config: { ...core.config, signer: { ...signer, accepts } } };
    let world: World = { ...start, cores: start.cores.with(carol, old) };
    for (const [party, peer] of [
      [alice, bob],
      [bob, alice],
      [alice, carol],
      [carol, alice],
    ] as const)
      world = happen(world, party, { type: 'link', peer, up: true });
    world = happen(world, bob, { type: 'lost', peer: carol, code: 'AUTH_FAILED' });
    world = pass(deliverAll(world), 5_000);
    const { failure, attached } = verdict(world);
    const all = [failure, ...attached];
    assert.ok(
      all.every((one) => one?.code !== 'PROTOCOL_VIOLATION' && one?.origin !== 'alice'),
      JSON.stringify(all),
    );
    assert.equal(failure?.code, 'AUTH_FAILED');
    assert.equal(failure?.facts, 'bob and carol: one does not accept the key of the other');
    const mismatch = all.find((one) => one?.code === 'PROGRAM_MISMATCH');
    assert.equal(mismatch?.facts, 'federation: the files of alice and carol list different keys of bob');
    assert.deepEqual([mismatch?.origin, mismatch?.reporter], ['carol', 'carol']);
  });

  it('keeps the first of two failures of one party', () => {
    let world = failed(runningWorld(2), 0, 'TASK_FAILED', '7');
    world = failed(world, 0, 'INTERNAL', '1');
    assert.equal(verdict(deliverAll(world)).failure?.stepId, '7');
  });
});

describe('liveness', () => {
  it('loses nobody while heartbeats pass', () => {
    const world = pass(runningWorld(3), 20_000);
    assert.ok(world.cores.every((core) => core.phase === 'running'));
  });

  it('does not blame peers for its own silence', () => {
    let world = pass(runningWorld(2), 1_000);
    world = { ...world, now: world.now + 5_000 };
    for (const party of [0, 1]) world = happen(world, party, { type: 'tick' });
    world = pass(deliverAll(world), 2_000);
    assert.ok(world.cores.every((core) => core.phase === 'running'));
  });

  it('ends the run when a program that answers its supervisor sends nothing, and not while it is busy', () => {
    const failure = { code: 'LINK_DOWN', origin: 'alice', reporter: 'alice', incident: 'i' } as const;
    let world = happen(runningWorld(2), 1, { type: 'answering', answers: false });
    world = happen(pass(world, 500), 0, { type: 'silent', peer: 1, failure });
    assert.equal(world.cores[0]?.phase, 'running');
    world = pass(happen(world, 1, { type: 'answering', answers: true }), 500);
    world = deliverAll(happen(world, 0, { type: 'silent', peer: 1, failure }));
    assert.equal(verdict(world).failure?.code, 'LINK_DOWN');
  });

  it('tells of a program that is busy, and of its step only those who execute the branch', () => {
    const entry = { position: 0, digest: 'd', kind: 'task', name: 'score', places: ['bob'] } as const;
    const main = { ...entry, branch: '', stepId: '0' };
    const inner = { ...entry, branch: '1/0', stepId: '1/0/0', parties: ['alice', 'bob'] };
    const busyIn = (stepId: string): World => {
      const begun = happen(runningWorld(3), 1, { type: 'steps', entries: [main, inner] });
      const busy = { stepId, since: begun.now - 4_000 };
      return pass(happen(begun, 1, { type: 'answering', answers: false, busy }), 500);
    };
    const known = (world: World, party: number) => world.cores[party]?.peers[1]?.busy;
    for (const party of [0, 2]) {
      const told = known(busyIn('0'), party);
      assert.equal(told?.stepId, '0');
      assert.ok(busyIn('0').now - told.since >= 4_000);
    }
    assert.equal(known(busyIn('1/0/0'), 0)?.stepId, '1/0/0');
    assert.equal(known(busyIn('1/0/0'), 2)?.stepId, null);
    const over = pass(happen(busyIn('0'), 1, { type: 'answering', answers: true }), 500);
    assert.equal(known(over, 0), null);
  });

  it('suspects before it gives up, and takes it back', () => {
    const quiet = runningWorld(2);
    const core = quiet.cores[0];
    assert.ok(core);
    const suspicious = step({ ...core, lastTickAt: 700, heartbeatAt: 700 }, { type: 'tick' }, 700);
    assert.ok(suspicious.effects.some((effect) => effect.type === 'peer' && effect.state === 'suspect'));
    const message = { type: 'heartbeat', heads: [], answering: true } as const;
    const relieved = step(suspicious.state, { type: 'received', peer: 1, message }, 800);
    assert.ok(relieved.effects.some((effect) => effect.type === 'peer' && effect.state === 'up'));
  });
});

describe('closing', () => {
  it('completes at all parties with one digest', () => {
    const world = deliverAll(finishAll(runningWorld(3)));
    assert.equal(verdict(world).result, 'completed');
    assert.ok(world.cores.every((core) => core.left));
  });

  it('is not complete before everybody has finished', () => {
    let world = happen(runningWorld(2), 0, { type: 'finished', fin });
    world = pass(deliverAll(world), 5_000);
    assert.equal(world.cores[0]?.phase, 'closing');
  });

  it('is in doubt when a party that may have completed cannot be asked', () => {
    let world = runningWorld(2);
    world = happen(world, 0, { type: 'finished', fin });
    world = happen(world, 1, { type: 'finished', fin });
    world = pass(cutLink(deliverOnlyFin(world), 0, 1), 3_000);
    assert.ok(outcomes(world).every((outcome) => outcome?.failure?.code === 'IN_DOUBT'));
  });

  it('calls a failure after the program was through by its own name', () => {
    let world = happen(runningWorld(2), 0, { type: 'finished', fin });
    world = deliverAll(failed(world, 0));
    assert.equal(verdict(world).failure?.code, 'FINALIZE_FAILED');
  });

  it('fails, without doubt, while somebody has not finished', () => {
    let world = happen(runningWorld(2), 0, { type: 'finished', fin });
    world = pass(crash(deliverAll(world), 1), 3_000);
    assert.equal(verdict(world).failure?.code, 'PEER_UNREACHABLE');
  });
});

/** Delivers both FIN messages; the READY messages stay under way. */
function deliverOnlyFin(world: World): World {
  let at = world;
  for (const [from, to] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const message = at.queues[from]?.[to]?.[0];
    assert.equal(message?.type, 'fin');
    const row = at.queues[from] ?? [];
    at = { ...at, queues: at.queues.with(from, row.with(to, row[to]?.slice(1) ?? [])) };
    at = happen(at, to, { type: 'received', peer: from, message });
  }
  return at;
}

describe('lockstep', () => {
  it('names both steps at the first difference, found by heartbeats', () => {
    let world = runningWorld(3);
    const common = [entry(0, 'a')];
    world = happen(world, 0, { type: 'steps', entries: [...common, entry(1, 'b', 'clean'), entry(2, 'c')] });
    world = happen(world, 2, { type: 'steps', entries: [...common, entry(1, 'b', 'clean'), entry(2, 'c')] });
    world = happen(world, 1, { type: 'steps', entries: [...common, entry(1, 'x', 'load'), entry(2, 'y')] });
    const { failure } = verdict(pass(world, 2_000));
    assert.equal(failure?.code, 'DIVERGENCE');
    assert.equal(failure?.stepId, '2');
    assert.match(failure?.facts ?? '', /step 2 "clean" .*step 2 "load"/);
  });

  it('says so when two different steps have the same name', () => {
    let world = runningWorld(2);
    world = happen(world, 0, { type: 'steps', entries: [entry(0, 'a', 'clean')] });
    world = happen(world, 1, { type: 'steps', entries: [entry(0, 'b', 'clean')] });
    assert.match(
      verdict(pass(world, 2_000)).failure?.facts ?? '',
      /the code, the inputs or the parameters differ/,
    );
  });

  it('notices a program that goes on after its peer has finished', () => {
    let world = runningWorld(2);
    for (const party of [0, 1])
      world = happen(world, party, { type: 'steps', entries: [entry(0, 'a'), entry(1, 'b')] });
    world = happen(world, 0, { type: 'finished', fin });
    world = happen(deliverAll(world), 1, { type: 'steps', entries: [entry(2, 'c', 'extra')] });
    const { failure } = verdict(deliverAll(world));
    assert.equal(failure?.code, 'DIVERGENCE');
    assert.match(failure?.facts ?? '', /alice: end of the program; bob: step 3 "extra"/);
  });

  it('does not take the place up to which it was told of a difference for the end of a program', () => {
    let world = runningWorld(2);
    const steps = [entry(0, 'a'), entry(1, 'b'), entry(2, 'c')];
    for (const party of [0, 1]) world = happen(world, party, { type: 'steps', entries: steps });
    world = happen(world, 0, { type: 'finished', fin: { steps: 3, digest: 'c' } });
    // Bob's value was another, and all steps are the same: no step can be named.
    world = deliverAll(happen(world, 0, { type: 'diverged', peer: 1, branch: '', position: 0 }));
    const { failure } = verdict(pass(world, 2_000));
    assert.equal(failure?.code, 'DIVERGENCE');
    assert.equal(failure?.stepId, undefined);
  });

  it('does not take a slower party for a different one', () => {
    let world = runningWorld(2);
    world = happen(world, 0, { type: 'steps', entries: [entry(0, 'a'), entry(1, 'b')] });
    world = pass(world, 2_000);
    world = happen(world, 1, { type: 'steps', entries: [entry(0, 'a'), entry(1, 'b')] });
    assert.ok(pass(world, 2_000).cores.every((core) => core.phase === 'running'));
  });

  it('speaks for itself when the peer never names the difference', () => {
    let world = runningWorld(2);
    world = happen(world, 0, { type: 'steps', entries: [entry(0, 'a')] });
    world = happen(world, 0, { type: 'diverged', peer: 1, branch: '', position: 0 });
    const { failure } = verdict(pass(world, 2_000));
    assert.equal(failure?.code, 'DIVERGENCE');
  });
});
