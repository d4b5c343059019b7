/**
 * What proves a run to somebody who was not there and has the federation file: one file with what was proposed, what
 * each party has decided, what left this party, and how all agreed that it ended, with their signatures.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ignored } from '../../base/ignored.ts';
import { PRIVITY_VERSION } from '../../base/version.ts';
import type { RunReport } from '../../observe/report.ts';
import { publicReport } from '../../record/bundle.ts';
import { REPORT_FILE } from '../../record/record-file.ts';
import type { Decision, Proposal, Signed, Withdrawal } from '../model/proposal.ts';
import type { AuditHead, RunRow } from '../model/records.ts';
import type { PrivityNode } from '../node.ts';

export const EVIDENCE_VERSION = 1;

export interface EvidenceDocument {
  readonly evidenceVersion: typeof EVIDENCE_VERSION;
  /** The party whose node has made it. */
  readonly party: string;
  readonly privityVersion: string;
  readonly proposal: Proposal;
  readonly decisions: readonly Decision[];
  readonly withdrawal: Withdrawal | null;
  readonly run: RunRow;
  /** This party's: its ledger, and what all have sealed. Null: it has none. */
  readonly report: Readonly<Record<string, unknown>> | null;
  /** Where the audit log of this node ended. */
  readonly audit: AuditHead;
}
export type Evidence = Signed<EvidenceDocument>;

export async function evidenceOf(node: PrivityNode, run: RunRow): Promise<Evidence> {
  const { store, config, folders } = node;
  const { party } = config.party;
  const record = await store.proposals.get(run.proposal);
  if (record === undefined) throw new Error(`the proposal of ${run.runId} is not in the store`);
  const { decisions, withdrawal } = await store.proposals.answers(run.proposal);
  const file = join(folders.record(run.runId), party, REPORT_FILE);
  const text = await ignored(readFile(file, 'utf8'), 'a run that was killed has none');
  return node.signing.sign('evidence', {
    evidenceVersion: EVIDENCE_VERSION,
    party,
    privityVersion: PRIVITY_VERSION,
    proposal: record.proposal,
    decisions,
    withdrawal,
    run,
    report: text === undefined ? null : publicReport(JSON.parse(text) as RunReport),
    audit: await store.audit.head(),
  });
}
