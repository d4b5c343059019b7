/** What `import ... from 'privity'` gives to a job: the whole surface of the program model. */

export { z } from 'zod';
export { type ErrorCode, errorCatalogue } from '../base/error-catalogue.ts';
export type { ErrorEntry } from '../base/error-entry.ts';
export {
  DataError,
  EnvironmentError,
  type ErrorContext,
  InternalError,
  PeerError,
  PeerLostError,
  PrivityError,
  UsageError,
} from '../base/errors.ts';
export {
  BLAMES,
  type Blame,
  type FailureCode,
  type FailureCodeInfo,
  failureCodes,
} from '../base/failure-codes.ts';
export type { PsiProtocolName } from '../base/psi-protocols.ts';
export type { Failure } from '../coordination/failure.ts';
export type { ErrorLink, PublicDetails } from '../coordination/public-details.ts';
export {
  type Column,
  type ColumnArrays,
  type ColumnData,
  type ColumnInput,
  type ColumnOptions,
  type ColumnType,
  type NumberArray,
  type ReadTableOptions,
  readTable,
  Table,
  tableOf,
  type WriteTableOptions,
  writeTable,
} from '../data/index.ts';
export type { KeyComparison, KeyProfile, KeySuggestion } from '../psi/profile/comparison.ts';
export type { KeyExample } from '../psi/profile/effects.ts';
export type { KeyTrait } from '../psi/profile/profile.ts';
export type { MemberLists, SecureProtocol } from '../secure/protocols/table.ts';
export type { Tensor, TypedArray } from '../wire/value-kinds.ts';
export { type ProfileKeysOptions, profileKeys } from './devices/profile-keys.ts';
export {
  type NotAtOneParty,
  type NotAtTwoParties,
  type OtherOwner,
  psi,
  type SingleOwner,
} from './devices/psi.ts';
export type {
  IntoDevice,
  IsMember,
  PsiIntoOptions,
  SharedColumnOptions,
  SharedColumns,
  SharedJoin,
  SharedPayload,
  SharedRecord,
} from './devices/psi-into-options.ts';
export type { ColumnNames, NormaliseRule, PsiOptions } from './devices/psi-options.ts';
export {
  type DealerHoldsShares,
  type DealerOf,
  type DeviceMembers,
  type SecureOptions,
  secure,
} from './devices/secure/device.ts';
export { RunAbortedError, ScopeCancelledError, ScopeFailedError, type VerdictInfo } from './model/abort.ts';
export type {
  At,
  Bool,
  Dtype,
  Fixed,
  MembersOf,
  NotTo,
  NumberType,
  NumericOf,
  Operand,
  OrderAt,
  Secret,
  SecureDevice,
  Sharing,
} from './model/at.ts';
export type {
  Conclave,
  HandlerContext,
  InputAt,
  Inputs,
  InputsAt,
  InputValues,
  JobContext,
  NotAHandle,
  NotAt,
  Parallel,
  Party,
  Quorum,
  Reveal,
  TaskContext,
} from './model/context.ts';
export type {
  AnyDevice,
  AnySecret,
  BoundOptions,
  MatmulOptions,
  NoShape,
  NotAMember,
  NotANumber,
  NotAParty,
  NotShareable,
  ProductOptions,
  PublicOperand,
  Shareable,
  SharedDtype,
  ShareOptions,
  SharingOptions,
} from './model/device-types.ts';
export type { AnyParty, Handle, NamedParty, NameOf, OwnedBy } from './model/handle-types.ts';
export { type AnyBody, type Job, type JobOptions, job } from './model/job.ts';
export type { AgreedFailure, Attempted, QuorumResult, RetryPolicy } from './model/outcomes.ts';
export { PublicError } from './model/public-error.ts';
export type {
  OutputOf,
  Schema,
  SchemaIssue,
  SchemaResult,
  SettingsDeclaration,
  SettingsOf,
} from './model/schema-types.ts';
export type { InverseOptions, SecretAlgebra } from './model/secret-algebra.ts';
export type {
  SecretComparisons,
  SecretForms,
  SecretFunctions,
  SecretLogic,
} from './model/secret-methods.ts';
export type { OrderOptions, SecretOrders } from './model/secret-orders.ts';
export type { NotSendable, SendableLeaf, Unsendable } from './model/sendable.ts';
export { tensor } from './model/tensor.ts';
export type { AllAwaited, AwaitedLeaf, NotAwaited, Unawaited } from './model/unawaited.ts';
