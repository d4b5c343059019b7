import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type ProtocolName, protocols } from '../../src/secure/protocols/table.ts';
import { oneOfEach, shareOf } from '../effort.ts';
import type { SecureRun } from '../parts/secure-parties.ts';
import { secureSuite } from './secure-suite.ts';

const settings: readonly (readonly [ProtocolName, number, SecureRun?])[] = [
  ['ref', 2],
  ['ref', 3],
  ['ref', 5],
  ['rep3', 3],
  ['semi2k', 2, { dealer: true }],
  ['semi2k', 2],
  ['semi2k', 3, { dealer: true }],
  ['semi2k', 5, { dealer: true }],
];

for (const [place, [protocol, size, setting]] of oneOfEach(
  [...settings.entries()],
  ([, [protocol]]) => protocol,
))
  secureSuite(protocol, size, setting, (ways) => shareOf(ways, place));

it('every protocol of the table stands here, without a dealer as far as it can, and with one where it takes one', () => {
  for (const { name, members, dealerFrom } of Object.values(protocols)) {
    const has = (size: number, dealer: boolean): boolean =>
      settings.some(
        ([protocol, count, run]) => protocol === name && count === size && (run?.dealer ?? false) === dealer,
      );
    const [min, max] = members;
    assert.ok(has(min, false), `${name} of ${min}`);
    if (dealerFrom !== undefined) assert.ok(has(max, true), `${name} of ${max} and a dealer`);
  }
});
