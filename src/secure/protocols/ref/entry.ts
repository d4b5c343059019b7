import type { ProtocolEntry } from '../entry.ts';

export const ref = {
  name: 'ref',
  version: 2,
  members: [2, 16],
  adversary: 'none: nothing is hidden',
  sharing: 'the value itself',
  opens: 'everything, to all members',
  from: 'the specification in code; for tests',
  open: async (setting) => (await import('./protocol.ts')).openRef(setting),
  costs: () => Promise.resolve({}),
} as const satisfies ProtocolEntry;
