/**
 * Secure devices: several members compute on numbers that none of them sees, because each holds only shares. A session
 * is one device while it lives (session.ts), operations on tensors are in ops/, and what members send each other is in
 * protocols/.
 */
export { type DealerReport, serveDealer } from './correlation/dealer.ts';
export type { Cost } from './cost.ts';
export * as ops from './ops/index.ts';
export { checkDealer, checkMembers, type ProtocolName, protocols } from './protocols/table.ts';
export { type Dtype, decode, FRAC_BITS, fixedLimit, INTEGER_LIMIT } from './ring/fixed-point.ts';
export { type Shape, TENSOR_ELEMENTS_MAX } from './ring/shape.ts';
export { type Numbers, type PublicTensor, publicTensor } from './ring/tensor.ts';
export type { RoundsReport } from './rounds.ts';
export type { Operand, SecretTensor } from './secret.ts';
export {
  createSession,
  type Evaluator,
  type Session,
  type SessionOptions,
} from './session.ts';
