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
export type { PsiProtocolName } from '../psi/protocols/index.ts';
export type { SecureProtocol } from '../secure/protocols/table.ts';
export type { Tensor, TypedArray } from '../wire/value-kinds.ts';
export { type PsiOptions, psi } from './devices/psi.ts';
export { type SecureOptions, secure } from './devices/secure/device.ts';
export { RunAbortedError, ScopeCancelledError, ScopeFailedError, type VerdictInfo } from './model/abort.ts';
export type {
  AnyDevice,
  At,
  BoundOptions,
  Dtype,
  ProductOptions,
  PublicOperand,
  Secret,
  SecureDevice,
  ShareOptions,
} from './model/at.ts';
export type { JobContext, Party, Reveal, TaskContext } from './model/context.ts';
export { type Job, type JobOptions, job } from './model/job.ts';
export type { AgreedFailure, Attempted, QuorumResult, RetryPolicy } from './model/outcomes.ts';
export { PublicError } from './model/public-error.ts';
export type { Schema, SettingsDeclaration } from './model/schema-types.ts';
export { tensor } from './model/tensor.ts';
