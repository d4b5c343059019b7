/** What programs have of the client. */
export { ANSWERS } from '../model/proposal.ts';
export { PROPOSAL_STATES, ROLES, RUN_STATES, type RunState } from '../model/records.ts';
export type * from './answers.ts';
export type { Answering, Asking, Question } from './asking.ts';
export type { ChangesOptions, FollowOptions, NodeChange } from './changes.ts';
export type { NodeClient } from './client.ts';
export { type NodeOptions, node } from './find-node.ts';
export type { NodeAddress } from './http.ts';
export type { DatasetCalls, DatasetOptions, GrantCalls, GrantQuery } from './of-data.ts';
export type { AuditCalls, AuditPage, AuditQuery, TokenCalls, TokenOptions } from './of-house.ts';
export type { PackedJob, ProposalCalls, ProposalQuery, ProposeOptions } from './of-proposals.ts';
export type { RuleCalls } from './of-rules.ts';
export type { PurgeRule, RunCalls, RunQuery } from './of-runs.ts';
export { packJob } from './pack-job.ts';
