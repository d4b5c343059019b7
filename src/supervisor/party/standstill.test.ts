/** A supervisor that did not run for a while says so before it says anything of the others or the network. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '../../../test/parts/program-world.ts';
import type { Failure } from '../../coordination/failure.ts';
import { Chronicle } from '../record/chronicle.ts';
import { DEFAULT_BOUNDS } from '../seam/bounds.ts';
import { Contacts } from './contacts.ts';
import { Coordinator } from './coordinator.ts';

const PARTIES = ['alice', 'bob', 'carol'];

function supervisor() {
  const clock = new ManualClock();
  const said: string[] = [];
  const config = {
    ...{ self: 0, parties: PARTIES, bounds: DEFAULT_BOUNDS, nonce: 'n' },
    signer: { sign: () => '', accepts: () => true },
  };
  const coordinator = new Coordinator(
    config,
    clock,
    (effect) => {
      if (effect.type === 'peer' || effect.type === 'learned') said.push(effect.type);
    },
    (forMs) => said.push(`stood still for ${forMs}`),
  );
  coordinator.start();
  for (const peer of [1, 2]) coordinator.dispatch({ type: 'link', peer, up: true });
  said.length = 0;
  return { clock, coordinator, said };
}

describe('a supervisor that stood still', () => {
  it('says so before what has happened meanwhile, once, whatever it hears of first', () => {
    for (const first of [
      { type: 'tick' },
      { type: 'lost', peer: 1, code: 'PEER_UNREACHABLE' },
      { type: 'link', peer: 1, up: false },
    ] as const) {
      const { clock, coordinator, said } = supervisor();
      // A heartbeat was due after a quarter of a second.
      clock.move(DEFAULT_BOUNDS.heartbeatMs + 30_000);
      coordinator.dispatch(first);
      coordinator.dispatch({ type: 'lost', peer: 1, code: 'PEER_UNREACHABLE' });
      coordinator.dispatch({ type: 'tick' });
      assert.deepEqual([said[0], said[1]], ['stood still for 30000', 'peer'], first.type);
      assert.equal(said.filter((text) => text.startsWith('stood')).length, 1, first.type);
    }
  });

  it('is not one that was as late as any busy machine makes it', () => {
    const { clock, coordinator, said } = supervisor();
    // The last heartbeat has just been sent: peers hear the silence of as long.
    clock.move(DEFAULT_BOUNDS.lostAfterMs);
    coordinator.dispatch({ type: 'tick' });
    assert.deepEqual(said, []);
  });

  it('is one as soon as its peers can have given it up', () => {
    const { clock, coordinator, said } = supervisor();
    clock.move(DEFAULT_BOUNDS.lostAfterMs + 1);
    coordinator.dispatch({ type: 'tick' });
    assert.match(said[0] ?? '', /^stood still for/);
  });

  it('has it in what it saw of a party that it lost, as long as that can be the cause', () => {
    const clock = new ManualClock();
    const addresses = PARTIES.map((name) => ({ name, host: name, port: 1, fingerprint: '' }));
    const listen = { host: 'alice', port: 7 };
    const contacts = new Contacts({ party: 'alice', federation: addresses, listen, jobFile: '' }, clock);
    const lost = (code: Failure['code']) =>
      contacts.seen({ code, origin: 'bob', reporter: 'alice', incident: 'i' }) ?? '';
    assert.doesNotMatch(lost('PARTITION'), /stood still/);
    clock.move(40_000);
    contacts.stoodStill(30_000);
    clock.move(3_000);
    assert.match(
      lost('PARTITION'),
      /^this party itself stood still for 30\.0 s until 00:00:40 UTC, in which it heard nobody and nobody heard it; /,
    );
    assert.doesNotMatch(lost('AUTH_FAILED'), /stood still/);
    clock.move(600_000);
    assert.doesNotMatch(lost('PARTITION'), /stood still/);
  });

  it('has the last ones in its report, each by when it began', () => {
    const clock = new ManualClock();
    const chronicle = new Chronicle(
      () => clock.now(),
      () => clock.wallTime(),
    );
    for (let n = 1; n <= 150; n += 1) {
      clock.move(10_000);
      chronicle.stoodStill(4_000);
    }
    assert.equal(chronicle.standstills.length, 100);
    assert.deepEqual(chronicle.standstills.at(-1), { atMs: 1_496_000, forMs: 4_000 });
  });
});
