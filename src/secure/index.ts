/**
 * Secure devices: several members compute on numbers that none of them sees, because each holds only shares. A session is one device
 * while it lives (session.ts), operations on tensors are in ops/, and what members send each other is in protocols/.
 */
export { checkDealer } from './correlation/check-dealer.ts';
export { type DealerReport, serveDealer } from './correlation/dealer.ts';
export type { Cost } from './cost.ts';
export * as ops from './ops/index.ts';
export type { ProtocolName } from './protocols/protocol.ts';
export { type Dtype, decode, FRAC_BITS, fixedLimit, INTEGER_LIMIT } from './ring/fixed-point.ts';
export { type Shape, TENSOR_ELEMENTS_MAX } from './ring/shape.ts';
export { type Numbers, type PublicTensor, publicTensor } from './ring/tensor.ts';
export type { RoundsReport } from './rounds.ts';
export type { Operand, SecretTensor } from './secret.ts';
export {
  checkParties,
  createSession,
  type Evaluator,
  protocols,
  type Session,
  type SessionOptions,
} from './session.ts';
