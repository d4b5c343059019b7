import type { Dtype } from './ring/fixed-point.ts';
import type { Shape } from './ring/shape.ts';
import type { PublicTensor } from './ring/tensor.ts';
import type { Session } from './session.ts';
import type { Arith, Bits } from './sharing/shares.ts';

/** A tensor of which this member has only shares. Fixed and integer: arithmetic shares; boolean: bits of width 1. */
export interface SecretTensor {
  readonly kind: 'secret';
  readonly session: Session;
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly shares: Arith | Bits;
}

/** Numbers stand for public tensors of shape [] and of the other operand's type. */
export type Operand = SecretTensor | PublicTensor | number;
