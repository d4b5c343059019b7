/** Whether an evidence file proves what it says, by the keys that a federation file lists. Pure. */
import { z } from 'zod';
import { DataError } from '../../base/errors.ts';
import { signedText } from '../../coordination/board.ts';
import { contractDigest, tryContract } from '../../observe/contract/contract.ts';
import type { RunReport } from '../../observe/report.ts';
import { isSignedByMember } from '../../supervisor/party/signer.ts';
import type { FederationMember } from '../../supervisor/seam/options.ts';
import { decisionDocument, proposalDocument, proposalId, signedOf } from '../model/proposal.ts';
import { runIdOf } from '../model/run-id.ts';

const signed = <T extends z.ZodType>(document: T) => z.looseObject({ document, signature: z.string() });

/** What is read of a report: those of other versions may have more. */
const ofReport = z.looseObject({
  runId: z.string(),
  party: z.string(),
  outcome: z.string(),
  code: z.string().nullable(),
  job: z.looseObject({ hash: z.string().nullable() }),
  verdict: z.looseObject({
    digest: z.string(),
    failure: z.looseObject({ origin: z.string() }).nullable(),
    contributions: z.array(z.looseObject({ party: z.string(), signature: z.string() })),
  }),
  disclosures: z.array(z.unknown()),
});

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
    report: ofReport.nullable(),
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

/** What an evidence file says, as it stands there: signatures are of that text. */
export type Evidence = z.output<typeof evidence>;

/** @throws {DataError} PRIVITY_EVIDENCE_INVALID: it is no evidence file */
export function evidenceOf(name: string, words: unknown): Evidence {
  const read = evidence.safeParse(words);
  if (read.success) return words as Evidence;
  throw new DataError(
    'PRIVITY_EVIDENCE_INVALID',
    `${name}: this is no evidence file of this version: ${read.error.issues[0]?.path.join('.') || 'not a record'}`,
  );
}

export function checkEvidence(
  { document, signature }: Evidence,
  federation: Keys,
): readonly EvidenceFinding[] {
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
    ...(report.unconfirmed
      ? [{ holds: true, says: `${report.party} could not find out what the others had agreed on` }]
      : []),
    ...sealed,
    {
      holds: true,
      says: `${report.party} has told ${disclosures.length === 1 ? 'one value, which is' : `${disclosures.length} values, which are`} in the ledger`,
    },
  ];
}

export interface NamedEvidence {
  readonly name: string;
  readonly evidence: Evidence;
}

/** Files of one run that say different things of its end: at least one of them is not to be relied on. */
export interface Contradiction {
  readonly files: readonly string[];
  readonly says: string;
}

/** A party that could not find out what the others had agreed on says so itself, and contradicts nobody. */
export function contradictions(files: readonly NamedEvidence[]): readonly Contradiction[] {
  const runs = new Map<string, Map<string, string[]>>();
  for (const { name, evidence: file } of files) {
    const { run, report } = file.document;
    if (report === null || (report.outcome !== 'completed' && report.unconfirmed === true)) continue;
    const verdicts = runs.get(run.runId) ?? new Map<string, string[]>();
    const verdict = verdictText(report);
    verdicts.set(verdict, [...(verdicts.get(verdict) ?? []), name]);
    runs.set(run.runId, verdicts);
  }
  return [...runs].flatMap(([runId, verdicts]) => {
    if (verdicts.size < 2) return [];
    const names = [...verdicts.values()].flat();
    const told = [...verdicts].map(([verdict, by]) => `${by.join(', ')}: ${verdict}`).join('; ');
    const number = verdicts.size === 2 ? 'two' : String(verdicts.size);
    const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
    return [{ files: names, says: `${who} tell of one run, ${runId}, with ${number} verdicts: ${told}` }];
  });
}

function verdictText({ outcome, code, verdict }: z.output<typeof ofReport>): string {
  const origin = verdict.failure === null ? '' : ` at ${verdict.failure.origin}`;
  const end = outcome === 'completed' ? 'completed' : `failed: ${code}${origin}`;
  return `${end} (verdict ${verdict.digest.slice(0, 16)})`;
}
