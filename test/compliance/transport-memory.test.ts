import { PeerError } from '../../src/base/errors.ts';
import { systemClock } from '../../src/base/system.ts';
import { MEMORY_LIMITS, MemoryHub } from '../../src/transport/index.ts';
import { transportSuite } from './transport-suite.ts';

transportSuite('memory', async () => {
  const hub = new MemoryHub({ clock: systemClock });
  const [alice, bob, mallory] = ['alice', 'bob', 'mallory'].map((name) => hub.transport(name));
  if (alice === undefined || bob === undefined || mallory === undefined) throw new Error('three transports');
  hub.refuse(
    'mallory',
    'bob',
    new PeerError('PRIVITY_PEER_REFUSED_US', 'bob refused this party', { party: 'bob' }),
  );
  return {
    alice,
    bob,
    mallory,
    breakConnections: () => hub.break('alice', 'bob'),
    // The window and the frame that went over it.
    inFlightBytesMax: MEMORY_LIMITS.windowBytes + 2_000_000,
    close: async () => {
      for (const transport of [alice, bob, mallory]) await transport.close();
    },
  };
});
