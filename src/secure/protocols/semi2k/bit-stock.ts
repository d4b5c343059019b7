/** Bit triples for a whole circuit, made at once: one request instead of one for each of its rounds. */
import { invariant } from '../../../base/errors.ts';
import type { Triples } from '../../correlation/source.ts';
import type { Fiber } from '../../fiber.ts';
import type { BitProtocol } from '../circuits.ts';
import { andWith, andWords } from './multiply.ts';
import type { Semi2kState } from './state.ts';

/** Gives out each triple once, in order, and has none left when the circuit is done. */
export async function bitStock(state: Semi2kState, fiber: Fiber, words: number): Promise<BitProtocol> {
  const { a, b, c } = words === 0 ? none : await state.source.bitTriples(fiber, words);
  let used = 0;
  return {
    kernels: state.kernels,
    andSS(on, pairs) {
      const from = used;
      used += andWords(pairs);
      invariant(used <= words, 'a circuit took more bit triples than it had declared');
      return andWith(state, on, pairs, {
        a: a.subarray(from, used),
        b: b.subarray(from, used),
        c: c.subarray(from, used),
      });
    },
  };
}

const none: Triples = { a: new BigUint64Array(), b: new BigUint64Array(), c: new BigUint64Array() };
