import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { psiProtocols } from '../../src/psi/protocols/index.ts';
import type { PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { cleanUp } from '../parts/psi-parties.ts';
import { salted } from '../parts/salted-psi.ts';
import { checkCost, checkOneReceiver, psiSuite } from './psi-suite.ts';

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

describe('what a party learns that receives nothing', () => {
  it('is found out where it is that something matches', async () => {
    const telling: PsiProtocol = {
      ...salted,
      async run(line, setting) {
        const found = await salted.run(line, setting);
        if (found !== undefined && !setting.peerReceives && found.places.length > 0)
          await line.send({ kind: 'part', part: 9, index: 0, body: new Uint8Array() });
        return found;
      },
    };
    await assert.rejects(checkOneReceiver(telling), { code: 'ERR_ASSERTION' });
  });

  it('is found out where it is sent as much as a receiver', async () => {
    const generous: PsiProtocol = {
      ...salted,
      run: (line, setting) => salted.run(line, { ...setting, receives: true, peerReceives: true }),
    };
    await assert.rejects(checkCost(generous, 30, 20), { code: 'ERR_ASSERTION' });
  });
});
