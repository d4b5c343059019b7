import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import type { PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { cleanUp } from '../parts/psi-parties.ts';
import { salted } from '../parts/salted-psi.ts';
import { checkCost, psiSuite } from './psi-suite.ts';

after(cleanUp);

for (const protocol of [...Object.values<PsiProtocol>(psiProtocols), salted])
  describe(`private set intersection by ${protocol.name}`, () => psiSuite(protocol));

describe('what a protocol declares', () => {
  const lies: readonly (readonly [string, Partial<ReturnType<PsiProtocol['cost']>>])[] = [
    ['a byte too few', { bytes: -1 }],
    ['a message too many', { messages: 1 }],
    ['a round too few', { rounds: -1 }],
  ];
  for (const [what, wrong] of lies) {
    it(`is found out where it is ${what}`, async () => {
      const liar: PsiProtocol = {
        ...salted,
        cost: (...asked) => {
          const { messages, bytes, rounds } = salted.cost(...asked);
          const { messages: more = 0, bytes: further = 0, rounds: extra = 0 } = wrong;
          return { messages: messages + more, bytes: bytes + further, rounds: rounds + extra };
        },
      };
      await assert.rejects(checkCost(liar, 30, 20), { code: 'ERR_ASSERTION' });
    });
  }
});
