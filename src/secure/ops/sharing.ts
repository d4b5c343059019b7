/** Into and out of the device. */
import { invariant } from '../../base/errors.ts';
import type { Cost } from '../cost.ts';
import type { ProtocolCosts } from '../protocols/protocol.ts';
import { type Dtype, encode } from '../ring/fixed-point.ts';
import { checkShape, elementCount, type Shape, shapeMismatch } from '../ring/shape.ts';
import { dtypeMismatch, type Numbers, type PublicTensor } from '../ring/tensor.ts';
import type { SecretTensor } from '../secret.ts';
import type { Evaluator } from '../session.ts';
import { planeWords, type Words } from '../sharing/shares.ts';
import { checkOwn, secret } from './operands.ts';

export interface ShareOptions {
  /** Rank of the member that has the values. */
  readonly owner: number;
  readonly dtype: Dtype;
  /** Public: the same at all members. */
  readonly shape: Shape;
}

/** Shares a tensor of one member. Only the owner gives `values`, which are checked there; shape and type are public. */
export async function share(
  on: Evaluator,
  { owner, dtype, shape }: ShareOptions,
  values?: Numbers,
): Promise<SecretTensor> {
  const { protocol, fiber } = on;
  checkShape(shape, 'share');
  const length = elementCount(shape);
  const own = protocol.rank === owner;
  invariant(own === (values !== undefined), 'a tensor is shared by its owner, and only there it has values');
  if (values !== undefined && values.length !== length) {
    throw shapeMismatch(`share: ${values.length} values do not have the shape [${shape}]`);
  }
  const words = values && encode(values, dtype, on.fracBits, shape);
  return fiber.as('share', async () => {
    if (dtype !== 'boolean')
      return secret(on, dtype, shape, await protocol.shareA(fiber, owner, length, words));
    return secret(
      on,
      dtype,
      shape,
      await protocol.shareB(fiber, owner, length, 1, words && planeOf(on, words)),
    );
  });
}

/** A public tensor as a secret: for what must be secret in form only. */
export function fromPublic(on: Evaluator, x: PublicTensor): SecretTensor {
  const { protocol } = on;
  if (x.dtype === 'fixed' && x.fracBits !== on.fracBits) {
    throw dtypeMismatch(`a public tensor with ${x.fracBits} fractional bits on a device with ${on.fracBits}`);
  }
  return x.dtype === 'boolean'
    ? secret(on, x.dtype, x.shape, protocol.publicB(x.words.length, 1, planeOf(on, x.words)))
    : secret(on, x.dtype, x.shape, protocol.publicA(x.words));
}

/**
 * Opens a tensor to all members, or to one: the others get undefined then.
 * @throws {PeerError} PRIVITY_SECURE_CHECK
 */
export async function reveal(on: Evaluator, x: SecretTensor, to?: number): Promise<PublicTensor | undefined> {
  const { protocol, fiber } = on;
  checkOwn(on, x, 'reveal');
  const { shares, dtype, shape } = x;
  const words = await fiber.as('reveal', async (): Promise<Words | undefined> => {
    if (shares.kind === 'arith') return protocol.openA(fiber, shares, to);
    const plane = await protocol.openB(fiber, shares, to);
    if (plane === undefined) return undefined;
    const out = new BigUint64Array(shares.length);
    on.kernels.fromPlanes(out, plane, 1);
    return out;
  });
  if (words === undefined) return undefined;
  return { kind: 'public', dtype, shape, fracBits: dtype === 'fixed' ? on.fracBits : 0, words };
}

function planeOf(on: Evaluator, words: Words): Words {
  const plane = new BigUint64Array(planeWords(words.length));
  on.kernels.toPlanes(plane, words, Uint8Array.of(0));
  return plane;
}

export const shareCost = (c: ProtocolCosts, owner: number, length: number, dtype: Dtype): Cost =>
  dtype === 'boolean' ? c.shareB(owner, length, 1) : c.shareA(owner, length);

export const revealCost = (c: ProtocolCosts, length: number, dtype: Dtype, to?: number): Cost =>
  dtype === 'boolean' ? c.openB(length, 1, to) : c.openA(length, to);
