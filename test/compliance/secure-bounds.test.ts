/** No operation that its bounds let through gives another number than plain arithmetic, for any protocol. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { catalogue } from '../../src/secure/ops/catalogue.ts';
import type { ProtocolName } from '../../src/secure/protocols/table.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { runSecure, type SecureRun } from '../parts/secure-parties.ts';
import { type Counts, runExpression } from './random-expressions.ts';

/**
 * Expressions in all; for a longer look `PRIVITY_EXPRESSIONS=10000 node --test
 * dist/test/compliance/secure-bounds.test.js`.
 */
const EXPRESSIONS = Number(process.env.PRIVITY_EXPRESSIONS ?? 400);
const SEED = Number(process.env.PRIVITY_EXPRESSIONS_SEED ?? 1);
/** Expressions of one session: enough that sessions cost little. */
const IN_SESSION = 20;

/** Without a dealer an operation costs a hundred times as much as in the plaintext twin, so it has fewer. */
const settings: readonly (readonly [ProtocolName, number, SecureRun, share: number])[] = [
  ['ref', 2, {}, 0.5],
  ['rep3', 3, {}, 0.25],
  ['semi2k', 2, { dealer: true }, 0.1],
  ['semi2k', 3, { dealer: true }, 0.1],
  ['semi2k', 2, {}, 0.05],
];

describe('a random expression that completes is as accurate as declared', () => {
  const counts: Counts = { ran: new Map(), refused: new Map() };
  for (const [protocol, size, setting, share] of settings) {
    const dealer = setting.dealer === true ? ' and a dealer' : '';
    it(`${protocol}, ${size} members${dealer}`, async (t) => {
      const due = Math.ceil(EXPRESSIONS * share);
      for (let done = 0; done < due; done += IN_SESSION) {
        const seed = SEED * 1_000_003 + done;
        const fracBits = [18, 18, 18, 12, 20][(done / IN_SESSION) % 5] ?? 18;
        await runSecure(
          protocol,
          size,
          async (on, rank) => {
            const random = new SeededRandom(seed, protocol);
            const own: Counts = rank === 0 ? counts : { ran: new Map(), refused: new Map() };
            for (let i = 0; i < Math.min(IN_SESSION, due - done); i++) {
              try {
                await runExpression(on, random, own);
              } catch (error) {
                const where = `seed ${seed}, expression ${i}, ${fracBits} fractional bits`;
                throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
              }
            }
          },
          { ...setting, options: { fracBits } },
        );
      }
      t.diagnostic(`${due} expressions`);
    });
  }

  it('has every operation among them, and refusals', (t) => {
    const total = (of: ReadonlyMap<string, number>): number =>
      [...of.values()].reduce((sum, n) => sum + n, 0);
    t.diagnostic(`${total(counts.ran)} operations ran, ${total(counts.refused)} were refused`);
    assert.deepEqual(
      catalogue.map(({ name }) => name).filter((name) => !counts.ran.has(name)),
      [],
    );
    assert.ok(total(counts.refused) > 0);
  });
});
