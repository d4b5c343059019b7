/** What `import ... from 'privity'` gives to a job: the whole surface of the program model. */
export { z } from 'zod';
export {
  DataError,
  EnvironmentError,
  InternalError,
  PeerError,
  PeerLostError,
  PrivityError,
  UsageError,
} from '../base/errors.ts';
export {
  type Column,
  type ColumnArrays,
  type ColumnData,
  type ColumnInput,
  type ColumnOptions,
  type ColumnType,
  type ReadTableOptions,
  readTable,
  Table,
  tableOf,
  type WriteTableOptions,
  writeTable,
} from '../data/index.ts';
export type { Tensor, TypedArray } from '../wire/value-kinds.ts';
export { RunAbortedError, ScopeCancelledError, ScopeFailedError, type VerdictInfo } from './abort.ts';
export type { At, JobContext, Party, Reveal, TaskContext } from './at.ts';
export type { AgreedFailure, Attempted, RetryPolicy } from './attempt.ts';
export { type Job, type JobOptions, job } from './job.ts';
export { type PsiOptions, psi } from './psi.ts';
export { PublicError } from './public-error.ts';
export type { QuorumResult } from './quorum.ts';
export type { Schema, SettingsDeclaration } from './schema.ts';
export type {
  AnyDevice,
  BoundOptions,
  Dtype,
  ProductOptions,
  PublicOperand,
  Secret,
  SecureDevice,
  ShareOptions,
} from './secret-types.ts';
export { type SecureOptions, type SecureProtocol, secure } from './secure-device.ts';
export { tensor } from './tensor.ts';
