/** Every operation of a secure device that is a method of secrets: what is not here does not exist. */
import { invariant } from '../../base/errors.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { casts } from './cast.ts';
import { comparisons } from './compare.ts';
import { quotients } from './divide.ts';
import { exponentials } from './exponential.ts';
import { groupSums } from './group-sum.ts';
import { solutions } from './linear-solve.ts';
import { logic } from './logic.ts';
import { matrixProducts } from './matrix-products.ts';
import { oneHots } from './one-hot.ts';
import type { Call, Operation } from './operation.ts';
import { permutations } from './permute.ts';
import { products } from './products.ts';
import { reductions } from './reduce.ts';
import { roots } from './roots.ts';
import { segments } from './segments.ts';
import { rearrangements } from './shape.ts';
import { smallCounts } from './small-counts.ts';
import { orders } from './sort.ts';
import { sums } from './sums.ts';
import { limits } from './within.ts';

/** In the order in which the documentation lists them. */
export const catalogue: readonly Operation[] = [
  ...sums,
  ...products,
  ...matrixProducts,
  ...quotients,
  ...reductions,
  ...oneHots,
  ...solutions,
  ...roots,
  ...exponentials,
  ...comparisons,
  ...logic,
  ...limits,
  ...smallCounts,
  ...orders,
  ...permutations,
  ...groupSums,
  ...segments,
  ...rearrangements,
  ...casts,
];

const byName: ReadonlyMap<string, Operation> = new Map(catalogue.map((one) => [one.name, one]));

/** @throws {InternalError} if there is none */
export function operationNamed(name: string): Operation {
  const found = byName.get(name);
  invariant(found, `there is no operation ${name}`);
  return found;
}

/** Whatever is asked of it takes a round. */
const anyProtocol = new Proxy({}, { get: () => () => ({ rounds: 1, bytes: [] }) }) as ProtocolCosts;

/** Whether members need nobody for a call. */
export const isLocal = ({ cost }: Operation, call: Call): boolean =>
  // How many comparisons an order makes on average is not asked, and takes its time.
  cost(anyProtocol, { ...call, comparisons: [] }).rounds === 0;
