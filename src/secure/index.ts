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
