/** From a step of the program to the computation in src/secure, which is loaded with the first exchange. */
import { invariant } from '../../../base/errors.ts';
import { checkBound, type Declared } from '../../../secure/bounds/check.ts';
import type { Interval } from '../../../secure/bounds/interval.ts';
import type { BoundedOperation } from '../../../secure/ops/bounds.ts';
import type { Assumed } from '../../../secure/ops/within.ts';
import { decode } from '../../../secure/ring/fixed-point.ts';
import { elementCount, type Shape } from '../../../secure/ring/shape.ts';
import { type PublicTensor, singleNumber } from '../../../secure/ring/tensor.ts';
import type { Operand, SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import { tensor } from '../../model/tensor.ts';
import { truncationOf } from './operations.ts';
import type { DeviceRecord, SecretRecord, SecurePlan } from './records.ts';
import { ledgerType, valuesToShare } from './values.ts';

type Part = Pick<SecurePlan, 'execute' | 'discloses'>;
type Ops = typeof import('../../../secure/ops/index.ts');

const loadOps = (): Promise<Ops> => import('../../../secure/ops/index.ts');

/** What one operation is given: the secret itself, further operands, what is public. */
interface Given {
  readonly x: SecretTensor;
  readonly others: readonly Operand[];
  /** The same, with single public numbers as tensors. */
  readonly rest: readonly (SecretTensor | PublicTensor)[];
  readonly params: readonly unknown[];
  readonly shape: Shape;
  /** What the keys of an order are assumed to lie in, and have to be shown to. */
  readonly keysWithin: Assumed | undefined;
}
type Perform = (ops: Ops, on: Evaluator, given: Given) => SecretTensor | Promise<SecretTensor>;

type Binary = 'add' | 'sub' | 'div' | 'lt' | 'le' | 'eq' | 'minimum' | 'maximum';
type Unary =
  | 'neg'
  | 'abs'
  | 'relu'
  | 'reciprocal'
  | 'sqrt'
  | 'rsqrt'
  | 'exp'
  | 'log'
  | 'sigmoid'
  | 'tanh'
  | 'not';
type Reduction = 'sum' | 'mean' | 'min' | 'max' | 'argmax';

const binary =
  (name: Binary): Perform =>
  (ops, on, { x, others: [y] }) =>
    ops[name](on, x, y as Operand);
const product =
  (name: 'mul' | 'dot' | 'matmul'): Perform =>
  (ops, on, { x, others: [y], params: [options] }) =>
    ops[name](on, x, y as Operand, truncationOf(options, name));
const swapped =
  (name: Binary): Perform =>
  (ops, on, { x, others: [y] }) =>
    ops[name](on, y as SecretTensor, x);
const unary =
  (name: Unary): Perform =>
  (ops, on, { x }) =>
    ops[name](on, x);
const reduction =
  (name: Reduction): Perform =>
  (ops, on, { x, params: [axis, keep] }) =>
    ops[name](on, x, axis as number | undefined, keep as boolean | undefined);
const logic =
  (name: 'and' | 'or' | 'xor'): Perform =>
  (ops, on, { x, others: [y] }) =>
    ops[name](on, x, asSecret(ops, on, y as Operand));

/** By the names of `rules`. */
const performs: Readonly<Record<BoundedOperation, Perform>> = {
  add: binary('add'),
  sub: binary('sub'),
  neg: unary('neg'),
  mul: product('mul'),
  square: (ops, on, { x, params: [options] }) => ops.square(on, x, truncationOf(options, 'square')),
  dot: product('dot'),
  matmul: product('matmul'),
  sum: reduction('sum'),
  mean: reduction('mean'),
  cumulativeSum: (ops, on, { x, params: [axis] }) => ops.cumulativeSum(on, x, axis as number | undefined),
  abs: unary('abs'),
  relu: unary('relu'),
  min: reduction('min'),
  max: reduction('max'),
  argmax: reduction('argmax'),
  minimum: binary('minimum'),
  maximum: binary('maximum'),
  div: binary('div'),
  reciprocal: unary('reciprocal'),
  sqrt: unary('sqrt'),
  rsqrt: unary('rsqrt'),
  exp: unary('exp'),
  log: unary('log'),
  sigmoid: unary('sigmoid'),
  tanh: unary('tanh'),
  softmax: (ops, on, { x, params: [axis] }) => ops.softmax(on, x, axis as number | undefined),
  lt: binary('lt'),
  le: binary('le'),
  gt: swapped('lt'),
  ge: swapped('le'),
  eq: binary('eq'),
  ne: async (ops, on, { x, others: [y] }) => ops.not(on, await ops.eq(on, x, y as Operand)),
  select: (ops, on, { x, rest: [yes, no] }) => {
    const [a, b] = [yes, no] as [SecretTensor | PublicTensor, SecretTensor | PublicTensor];
    // One has to have the form of a secret, and booleans both.
    const both = a.dtype === 'boolean';
    const chosen = both || b.kind === 'public' ? asSecret(ops, on, a) : a;
    return ops.select(on, x, chosen, both ? asSecret(ops, on, b) : b);
  },
  and: logic('and'),
  or: logic('or'),
  xor: logic('xor'),
  not: unary('not'),
  clamp: (ops, on, { x, params: [min, max] }) => ops.clamp(on, x, endsOf(min, max)),
  assume: (_, __, { x }) => x,
  sort: async (ops, on, { x, keysWithin }) => {
    if (keysWithin) await ops.checkWithin(on, x, keysWithin);
    return first(await ops.sort(on, x));
  },
  sortBy: async (ops, on, { x, others: [keys], keysWithin }) => {
    if (keysWithin) await ops.checkWithin(on, keys as SecretTensor, keysWithin);
    return first((await ops.sort(on, keys as SecretTensor, x)).slice(1));
  },
  shuffle: async (ops, on, { x }) => first(await ops.shuffle(on, x)),
  groupSum: (ops, on, { x, others: [secret], params }) =>
    secret === undefined
      ? ops.groupSum(on, x, params[0] as ArrayLike<number>, params[1] as number)
      : ops.groupSum(on, x, secret as SecretTensor, params[0] as number),
  reshape: (ops, on, { x, shape }) => ops.reshape(on, x, shape),
  transpose: (ops, on, { x, params: [axes] }) => ops.transpose(on, x, axes as readonly number[] | undefined),
  slice: (ops, on, { x, params: [from, to, axis] }) =>
    ops.slice(on, x, from as number, to as number, axis as number | undefined),
  concat: (ops, on, { x, others, params: [axis] }) =>
    ops.concat(on, [x, ...(others as readonly SecretTensor[])], axis as number | undefined),
  gather: (ops, on, { x, params: [indices, axis] }) =>
    ops.gather(on, x, indices as ArrayLike<number>, axis as number | undefined),
  cast: (ops, on, { x, params: [dtype] }) => ops.cast(on, x, dtype as SecretTensor['dtype']),
  shift: (ops, on, { x, params: [by] }) => ops.shift(on, x, by as number),
};

function asSecret(ops: Ops, on: Evaluator, operand: Operand): SecretTensor {
  invariant(typeof operand === 'object', 'a public operand has a type');
  return operand.kind === 'secret' ? operand : ops.fromPublic(on, operand);
}

const endsOf = (min: unknown, max: unknown): Interval => ({ min: min as bigint, max: max as bigint });

function first(list: readonly SecretTensor[]): SecretTensor {
  const [found] = list;
  invariant(found, 'an operation gives what it takes');
  return found;
}

/** One operation by its name in `rules`; the first operand is the secret itself. */
export async function perform(
  on: Evaluator,
  name: BoundedOperation,
  operands: readonly (SecretTensor | PublicTensor)[],
  params: readonly unknown[],
  shape: Shape,
  keysWithin?: Assumed,
): Promise<SecretTensor> {
  const run = performs[name];
  const [x, ...rest] = operands;
  invariant(x?.kind === 'secret', `${name} begins with a secret`);
  return run(await loadOps(), on, { x, others: rest.map(plain), rest, params, shape, keysWithin });
}

/** Whole public numbers need no truncation; src/secure knows them by their being plain. */
const plain = (operand: SecretTensor | PublicTensor): Operand =>
  operand.kind === 'secret' ? operand : (singleNumber(operand) ?? operand);

/** The one bit that all members learn of keys that rest on an assumption: whether it holds. */
export function checkedKeys({ members }: DeviceRecord): Required<Pick<SecurePlan, 'discloses'>> {
  return {
    discloses: (member) => ({
      to: members.filter((other) => other !== member),
      type: 'opened bit: whether all keys are as assumed',
      shape: [],
      bytes: ({ protocol: { costs, rank } }) => costs.openB(1, 1).bytes[rank] ?? 0,
    }),
  };
}

export async function constant(on: Evaluator, values: PublicTensor): Promise<SecretTensor> {
  return (await loadOps()).fromPublic(on, values);
}

export function shareOf(device: DeviceRecord, owner: string, declared: Declared, name: string): Part {
  const { shape, dtype, bound } = declared;
  const rank = device.ranks.indexOf(owner);
  const length = elementCount(shape);
  return {
    execute: async (on, _, located, leaving) => {
      const own = on.protocol.rank === rank;
      const values = own ? await valuesToShare(located, shape, name) : undefined;
      if (values && declared.checked) checkBound(values, declared, on.fracBits, name);
      const { share } = await loadOps();
      leaving();
      return share(on, { owner: rank, dtype, shape }, values);
    },
    discloses: (member) => {
      if (member !== owner) return undefined;
      const bytes = ({ protocol: { costs } }: Evaluator): number => {
        const cost = dtype === 'boolean' ? costs.shareB(rank, length, 1) : costs.shareA(rank, length);
        return cost.bytes[rank] ?? 0;
      };
      const to = device.members.filter((other) => other !== owner);
      return { to, type: ledgerType(dtype, bound, device.fracBits), shape, bytes };
    },
  };
}

export function openTo(device: DeviceRecord, { shape, dtype }: SecretRecord, to: readonly string[]): Part {
  const target = to.length === 1 ? device.ranks.indexOf(to[0] ?? '') : undefined;
  const length = elementCount(shape);
  return {
    execute: async (on, [secret], _, leaving) => {
      invariant(secret, 'nothing to open');
      const { reveal } = await loadOps();
      const traces = secret.shares.kind === 'arith' && secret.shares.rounded === true;
      leaving(traces ? `opened ${dtype} tensor, with traces of dropped bits` : undefined);
      const opened = await reveal(on, secret, target);
      return opened && tensor(shape, decode(opened.words, dtype, on.fracBits));
    },
    discloses: (member) => {
      const others = to.filter((party) => party !== member);
      if (others.length === 0) return undefined;
      // Of a replicated share one holder sends it, and the other a hash, which says nothing else.
      const bytes = ({ protocol: { costs, rank } }: Evaluator): number => {
        if (target !== undefined && !costs.tells(rank, target)) return 0;
        const cost = dtype === 'boolean' ? costs.openB(length, 1, target) : costs.openA(length, target);
        return cost.bytes[rank] ?? 0;
      };
      return { to: others, type: `opened ${dtype} tensor`, shape, bytes };
    },
  };
}
