import type { ProtocolEntry } from '../entry.ts';

export const rep3 = {
  name: 'rep3',
  version: 3,
  members: [3, 3],
  adversary: 'semi-honest, one member',
  sharing: 'replicated, Z_2^64',
  opens: 'in a truncation the value under a mask that only the third member knows, to the other two',
  from: 'Araki et al., CCS 2016; ABY3 (Mohassel, Rindal), CCS 2018',
  open: async (setting) => (await import('./protocol.ts')).openRep3(setting),
  costs: async () => ({ rep3: (await import('./costs.ts')).rep3Costs }),
} as const satisfies ProtocolEntry;
