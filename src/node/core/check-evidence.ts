/** Whether an evidence file proves what it says, by the keys that a federation file lists. Pure. */
import { z } from 'zod';
import { DataError } from '../../base/errors.ts';
import { signedText } from '../../coordination/board.ts';
import { contractDigest, tryContract } from '../../observe/contract/contract.ts';
import type { RunReport } from '../../observe/report.ts';
import { isSignedByMember } from '../../supervisor/party/signer.ts';
import type { FederationMember } from '../../supervisor/seam/options.ts';
import { decisionDocument, proposalDocument, proposalId, runIdOf, signedOf } from '../model/proposal.ts';

const signed = <T extends z.ZodType>(document: T) => z.looseObject({ document, signature: z.string() });

const evidence = signed(
  z.looseObject({
    evidenceVersion: z.literal(1),
    party: z.string(),
    proposal: signed(proposalDocument).extend({ id: z.string() }),
    decisions: z.array(signed(decisionDocument)),
    run: z.looseObject({
      runId: z.string(),
      occurrence: z.int(),
      attempt: z.int(),
      state: z.string(),
      code: z.string().nullable(),
    }),
    report: z.record(z.string(), z.unknown()).nullable(),
  }),
);

export interface EvidenceFinding {
  readonly holds: boolean;
  readonly says: string;
}

interface Keys {
  readonly name: string;
  readonly parties: readonly Pick<FederationMember, 'name' | 'fingerprint' | 'former'>[];
}

/** @throws {DataError} PRIVITY_EVIDENCE_INVALID: it is no evidence file */
export function checkEvidence(file: unknown, federation: Keys): readonly EvidenceFinding[] {
  const read = evidence.safeParse(file);
  if (!read.success)
    throw new DataError(
      'PRIVITY_EVIDENCE_INVALID',
      `this is no evidence file of this version: ${read.error.issues[0]?.path.join('.')}`,
    );
  const raw = file as z.output<typeof evidence>;
  const { document, signature } = raw;
  const { proposal, decisions, run, report, party } = document;
  const isBy = (name: string, text: string, by: string): boolean => {
    const member = federation.parties.find((one) => one.name === name);
    return member !== undefined && isSignedByMember(member, text, by);
  };
  const said: EvidenceFinding[] = [
    { holds: isBy(party, signedOf('evidence', document), signature), says: `the file is signed by ${party}` },
    {
      holds: proposal.document.federation === federation.name,
      says: `it is of the federation ${federation.name}`,
    },
    {
      holds:
        proposalId(proposal.document) === proposal.id &&
        isBy(proposal.document.proposer, signedOf('proposal', proposal.document), proposal.signature),
      says: `the proposal ${proposal.id} is signed by ${proposal.document.proposer}`,
    },
    contractFinding(proposal.document.contract),
    ...proposal.document.parties.map((name) => {
      const own = decisions.filter(
        (decision) => decision.document.party === name && decision.document.proposal === proposal.id,
      );
      const good = own.filter((decision) =>
        isBy(name, signedOf('decision', decision.document), decision.signature),
      );
      const approved = good.find((decision) => decision.document.answer === 'approved');
      return {
        holds: approved !== undefined && good.length === own.length,
        says: `${name} has approved it${approved === undefined ? '' : ` (${approved.document.by})`}, signed`,
      };
    }),
    {
      holds: run.runId === runIdOf(proposal.id, run.occurrence, run.attempt),
      says: `the run ${run.runId} is attempt ${run.attempt} of occurrence ${run.occurrence} of that proposal`,
    },
  ];
  return report === null
    ? [...said, { holds: true, says: `${party} has no report of the run, which is ${run.state}` }]
    : [...said, ...reportFindings(report as unknown as RunReport, run, proposal.document.job.hash, isBy)];
}

function contractFinding(value: unknown): EvidenceFinding {
  const read = tryContract(value);
  return 'contract' in read
    ? { holds: true, says: `its contract has the digest ${contractDigest(read.contract).slice(0, 16)}` }
    : { holds: false, says: 'its contract can be read' };
}

function reportFindings(
  report: RunReport,
  run: { readonly runId: string; readonly state: string; readonly code: string | null },
  hash: string,
  isBy: (name: string, text: string, by: string) => boolean,
): readonly EvidenceFinding[] {
  const { verdict, outcome, code, disclosures, job } = report;
  const sealed = verdict.contributions.map(({ party, signature, ...said }) => ({
    holds: isBy(party, signedText(party, said), signature),
    says: `what ${party} sealed at the end is signed by it`,
  }));
  return [
    {
      holds: report.runId === run.runId && job.hash === hash,
      says: 'the report is of that run and that job',
    },
    {
      holds: (outcome === 'completed') === (run.state === 'completed') && code === run.code,
      says: `the run ${outcome === 'completed' ? 'completed' : `failed: ${code}`}, verdict ${verdict.digest.slice(0, 16)}`,
    },
    ...sealed,
    {
      holds: true,
      says: `${report.party} has told ${disclosures.length === 1 ? 'one value, which is' : `${disclosures.length} values, which are`} in the ledger`,
    },
  ];
}
