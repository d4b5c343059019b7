/** Correlated bits for a whole circuit, made at once: one request instead of one for each of its rounds. */
import { invariant } from '../../../base/errors.ts';
import type { BitCrosses, Triples } from '../../correlation/source.ts';
import type { Fiber } from '../../fiber.ts';
import type { BitProtocol } from '../circuits.ts';
import { crossWith } from './bit-products.ts';
import { andWith, andWords } from './multiply.ts';
import type { Semi2kState } from './state.ts';

/**
 * For the circuit's ands of `words` words. With two members, the first `crossed` of them are between bits that member 0
 * knows and bits that member 1 knows, and cost half. Gives out everything once, in order, and has nothing left when the
 * circuit is done.
 */
export async function bitStock(
  state: Semi2kState,
  fiber: Fiber,
  words: number,
  crossed: number,
): Promise<BitProtocol> {
  const { source } = state;
  const crossWords = source.kind === 'pair' ? crossed : 0;
  const [triples, crosses] = await stockOf(state, fiber, words - crossWords, crossWords);
  let used = 0;
  return {
    kernels: state.kernels,
    andSS(on, pairs) {
      const from = used;
      used += andWords(pairs);
      invariant(used <= words, 'a circuit took more correlated bits than it had declared');
      invariant(from >= crossWords || used <= crossWords, 'a circuit does not begin with the declared ands');
      if (used <= crossWords) return crossWith(state, on, pairs, crosses);
      const { a, b, c } = triples;
      const [first, last] = [from - crossWords, used - crossWords];
      return andWith(state, on, pairs, {
        a: a.subarray(first, last),
        b: b.subarray(first, last),
        c: c.subarray(first, last),
      });
    },
  };
}

async function stockOf(
  { source }: Semi2kState,
  fiber: Fiber,
  words: number,
  crossed: number,
): Promise<readonly [Triples, BitCrosses]> {
  let triples: Triples = { a: new BigUint64Array(), b: new BigUint64Array(), c: new BigUint64Array() };
  let crosses: BitCrosses = { bits: new BigUint64Array(), products: new BigUint64Array() };
  const makings: ((fiber: Fiber) => Promise<void>)[] = [];
  if (words > 0) {
    makings.push(async (own) => {
      triples = await source.bitTriples(own, words);
    });
  }
  if (crossed > 0 && source.kind === 'pair') {
    makings.push(async (own) => {
      crosses = await source.bitCrosses(own, crossed);
    });
  }
  await fiber.all(makings);
  return [triples, crosses];
}
