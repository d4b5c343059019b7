/** What a party does when messages never come, and what becomes of the texts of failures on the way. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  deliver,
  deliveries,
  failed,
  happen,
  runningWorld,
  testBounds,
  type World,
} from '../../test/core/core-world.ts';
import { digestOf } from './board.ts';
import { split } from './failure-text.ts';
import { agreementMs, confirmationMs } from './phase-bounds.ts';
import type { CoreEvent, Failure, Message } from './types.ts';

const fin = { steps: 2, digest: 'd' };
type Loses = (message: Message, from: number, to: number) => boolean;

/** Delivers everything but what is lost. */
function deliverSome(world: World, loses: Loses): World {
  for (let at = world; ; ) {
    const [next] = deliveries(at);
    if (next === undefined) return at;
    const { from, to } = next;
    const [message, ...rest] = at.queues[from]?.[to] ?? [];
    if (message && loses(message, from, to)) {
      const row = at.queues[from] ?? [];
      at = { ...at, queues: at.queues.with(from, row.with(to, rest)) };
    } else at = deliver(at, from, to);
  }
}

function pass(world: World, ms: number, loses: Loses): World {
  let at = world;
  for (const end = world.now + ms; at.now < end; ) {
    at = { ...at, now: at.now + 50 };
    for (const party of at.cores.keys()) at = happen(at, party, { type: 'tick' });
    at = deliverSome(at, loses);
  }
  return at;
}

const finish = (world: World, loses: Loses): World =>
  deliverSome(
    world.cores.reduce((at, _, party) => happen(at, party, { type: 'finished', fin }), world),
    loses,
  );

const of =
  (type: Message['type'], from: number, to: number): Loses =>
  (message, a, b) =>
    message.type === type && a === from && b === to;

const outcomeOf = (world: World, party: number) => world.cores[party]?.outcome;

describe('a message that never comes', () => {
  it('is missed by what heartbeats say, and the link is given up', () => {
    const loses: Loses = ({ type }, from) => from === 0 && type !== 'heartbeat' && type !== 'board';
    const world = pass(finish(runningWorld(2), loses), 5_000, loses);
    assert.deepEqual(
      [0, 1].map((party) => outcomeOf(world, party)?.failure?.code),
      // Alice had heard of bob's end, and confirmed it: she cannot know what he has heard.
      ['IN_DOUBT', 'LINK_DOWN'],
    );
  });

  it('is missed by the next one at once, so nobody confirms an end without it', () => {
    const loses = of('conclaveEnd', 0, 1);
    let world = runningWorld(2);
    const left: CoreEvent = { type: 'conclaveLeft', conclave: '1', members: [0, 1], fin };
    world = finish(deliverSome(happen(world, 0, left), loses), loses);
    assert.equal(world.cores[1]?.ready, false);
    assert.equal(outcomeOf(world, 1)?.failure?.code, 'LINK_DOWN');
  });

  it('does not count against a peer as long as the party itself did not run', () => {
    const loses: Loses = ({ type }, from) => from === 0 && type !== 'heartbeat';
    let world = pass(finish(runningWorld(2), loses), 500, loses);
    world = { ...world, now: world.now + 5_000 };
    world = happen(world, 1, { type: 'tick' });
    assert.equal(world.cores[1]?.phase, 'closing');
  });
});

describe('agreeing without boards', () => {
  const loses: Loses = (message) => message.type === 'board';
  const patience = agreementMs(testBounds, 3);

  it('ends with what the party knows, and says that it is not confirmed', () => {
    let world = pass(failed(runningWorld(3), 0), patience - 100, loses);
    assert.equal(outcomeOf(world, 0), null);
    world = pass(world, 200, loses);
    const outcome = outcomeOf(world, 0);
    assert.deepEqual([outcome?.failure?.code, outcome?.unconfirmed], ['TASK_FAILED', true]);
    assert.equal(world.cores[0]?.reports[0]?.decided, false);
    // The others notice that it has left, and end as well.
    world = pass(world, testBounds.lingerMs + 2 * testBounds.lostAfterMs + patience, loses);
    for (const party of [1, 2]) assert.equal(outcomeOf(world, party)?.result, 'failed');
  });

  it('is in doubt where everybody that it knows had confirmed the end', () => {
    const all: Loses = (message, from, to) =>
      message.type === 'board' || message.type === 'closed' || of('ready', 1, 0)(message, from, to);
    const world = pass(finish(runningWorld(2), all), 20_000, all);
    const [alice, bob] = [outcomeOf(world, 0), outcomeOf(world, 1)];
    assert.equal(bob?.result, 'completed');
    assert.equal(alice?.failure?.code, 'IN_DOUBT');
  });

  it('waits the longer for what the party itself did not run', () => {
    let world = pass(failed(runningWorld(3), 0), patience - 500, loses);
    world = happen({ ...world, now: world.now + 3_000 }, 0, { type: 'tick' });
    assert.equal(outcomeOf(world, 0), null);
  });
});

describe('an end that is not confirmed', () => {
  it('fails after its bound, by the name of those who have not confirmed it', () => {
    // A peer that simply does not say so: nothing is missing.
    let world = runningWorld(2);
    world = happen(world, 0, { type: 'finished', fin });
    world = happen(world, 0, { type: 'received', peer: 1, message: { type: 'fin', fin } });
    const quiet: Loses = (message, from) => from === 1 && message.type !== 'heartbeat';
    const bob = { ...world, cores: world.cores.with(1, runningWorld(2).cores[1] ?? assert.fail()) };
    world = pass(bob, confirmationMs(testBounds) - 100, quiet);
    assert.equal(world.cores[0]?.phase, 'closing');
    world = pass(world, 200, quiet);
    const own = world.cores[0]?.board.contributions[0];
    assert.equal(own?.failure?.code, 'DEADLINE_EXCEEDED');
    assert.match(own?.failure?.facts ?? '', /not confirmed by bob/);
    assert.equal(own?.ready, true);
  });
});

describe('the text of a failure', () => {
  const told: Failure = {
    code: 'TASK_FAILED',
    origin: 'alice',
    reporter: 'alice',
    incident: 'i',
    message: 'm'.repeat(300),
    details: { needed: 3 },
  };
  const fail = (world: World): World => happen(world, 0, { type: 'failed', failure: told });
  const none: Loses = () => false;

  it('is there with the verdict, at everybody', () => {
    const world = deliverSome(fail(runningWorld(3)), none);
    for (const party of [0, 1, 2]) assert.deepEqual(outcomeOf(world, party)?.failure, told);
  });

  it('is passed on where a link is down', () => {
    const down: Loses = (_, from, to) => from + to === 1;
    const world = pass(fail(runningWorld(3)), 6_000, down);
    const [alice, bob] = [outcomeOf(world, 0), outcomeOf(world, 1)];
    assert.equal(bob?.digest, alice?.digest);
    assert.deepEqual(world.cores[1]?.texts[0], { message: told.message, details: told.details });
    assert.ok(world.cores.every(({ left }) => left));
  });

  it('is waited for by no verdict, which is the same without it', () => {
    const loses = of('text', 0, 1);
    const world = deliverSome(fail(runningWorld(3)), loses);
    const [, bob, carol] = world.cores.map(({ outcome }) => outcome);
    assert.equal(bob?.digest, carol?.digest);
    assert.equal(bob?.failure?.message, undefined);
    const text = split(told).text ?? assert.fail();
    const late = happen(world, 1, { type: 'received', peer: 0, message: { type: 'text', party: 0, text } });
    assert.deepEqual(late.cores[1]?.texts[0], text);
  });

  it('of another than its party has signed is a violation, or forgotten if it came first', () => {
    const message: Message = { type: 'text', party: 0, text: { message: 'forged' } };
    const early = happen(runningWorld(3), 1, { type: 'received', peer: 2, message });
    const world = deliverSome(fail(early), none);
    assert.deepEqual(outcomeOf(world, 1)?.failure, told);
    const open = happen(fail(runningWorld(3)), 1, { type: 'tick' });
    const sealed = deliverSome(open, (each, from, to) => each.type === 'text' || from !== 0 || to !== 1);
    const late = happen(sealed, 1, { type: 'received', peer: 2, message });
    assert.equal(late.cores[1]?.peers[2]?.lostAs, 'PROTOCOL_VIOLATION');
  });

  it('is covered by the signature of what stands in the board', () => {
    const { head } = split(told);
    assert.notEqual(head.said, undefined);
    assert.notEqual(digestOf(split({ ...told, message: 'other' }).head), digestOf(head));
  });
});
