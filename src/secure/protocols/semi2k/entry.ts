import type { ProtocolEntry } from '../entry.ts';

export const semi2k = {
  name: 'semi2k',
  version: 1,
  members: [2, 5],
  // Oblivious transfer is between two.
  dealerFrom: 3,
  adversary: 'semi-honest, all members but one',
  sharing: 'additive, Z_2^64',
  opens: 'operands under random masks that no member knows, to all members',
  from: 'Beaver, CRYPTO 1991; ABY (Demmler et al.), NDSS 2015',
  open: async (setting) => (await import('./protocol.ts')).openSemi2k(setting),
  async costs() {
    const [{ semi2kCosts }, { otCosts }, { dealerCosts }] = await Promise.all([
      import('./costs.ts'),
      import('../../correlation/ot-costs.ts'),
      import('../../correlation/dealer-source.ts'),
    ]);
    return {
      'semi2k, two members without a dealer': semi2kCosts(2, { kind: 'pair', costs: otCosts(4) }),
      'semi2k, two members and a dealer': semi2kCosts(2, { kind: 'pair', costs: dealerCosts(2) }),
      'semi2k, three members and a dealer': semi2kCosts(3, { kind: 'group', costs: dealerCosts(3) }),
    };
  },
} as const satisfies ProtocolEntry;
