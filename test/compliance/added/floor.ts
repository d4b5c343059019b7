/** An operation that is not there, as src/secure/ops would have it: added-operation.long.test.ts adds it to a copy. */
import { shifted, times } from '../../../src/secure/bounds/interval.ts';
import { one, rule } from '../../../src/secure/bounds/rule.ts';
import { cast } from '../../../src/secure/ops/cast.ts';
import { each } from '../../../src/secure/ops/costs.ts';
import { alone, fixed, same } from '../../../src/secure/ops/forms.ts';
import type { Operation } from '../../../src/secure/ops/operation.ts';
import { unaryPlain } from '../../../src/secure/ops/plain.ts';
import { aFixed, WIDE, way } from '../../../src/secure/ops/samples.ts';

export const floor: Operation = {
  name: 'floor',
  takes: alone(fixed),
  result: same,
  bounds: rule('below 2^(62-f)', "the operand's, rounded down", (input) =>
    times(shifted(one(input).bound, input.fracBits), 2n ** BigInt(input.fracBits)),
  ),
  cost: each((c, n, f) => c.truncExactS(n, f)),
  run: async (on, { x }) => cast(on, await cast(on, x, 'integer'), 'fixed'),
  plain: unaryPlain(Math.floor),
  samples: ({ count }) => [way([aFixed(count)], { what: 'to a whole number', over: [[[-WIDE, WIDE]]] })],
};
