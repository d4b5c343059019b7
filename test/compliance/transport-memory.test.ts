/** The network of the simulated world: what is explored on it holds for every transport. */
import { MemoryNetwork } from '../parts/memory-network.ts';
import { transportSuite } from './transport-suite.ts';

transportSuite('memory', async () => {
  const network = new MemoryNetwork();
  const [alice, bob] = [network.transport('alice'), network.transport('bob')];
  return {
    alice,
    bob,
    breakConnections: () => network.break('alice', 'bob'),
    // The window and the frame that went over it.
    inFlightBytesMax: MemoryNetwork.windowBytes + 2_000_000,
    close: async () => {
      for (const transport of [alice, bob]) await transport.close();
    },
  };
});
