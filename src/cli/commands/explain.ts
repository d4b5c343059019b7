import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, PeerError, UsageError } from '../../base/errors.ts';
import { ignored } from '../../base/ignored.ts';
import { jsonLine } from '../../base/steering.ts';
import { type Federation, readFederationFile } from '../../config/federation-file.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { signedText } from '../../coordination/board.ts';
import { mergeReports, mixed } from '../../observe/merged-run.ts';
import { REPORT_VERSION, type RunReport } from '../../observe/report.ts';
import { REPORT_BYTES_MAX, readReportText } from '../../observe/report-schema.ts';
import { isSignedBy } from '../../supervisor/party/signer.ts';
import { mergedText, whatToDo } from '../output/merged-text.ts';
import { printableData } from '../output/printable.ts';
import type { Shell } from '../shell.ts';
import { explainCode, isCode } from './explain-code.ts';

export interface ExplainFlags {
  readonly federation?: string;
  readonly json?: boolean;
}

/** Of all reports together, as text: three of the longest, or 64 of what a run usually has. */
const REPORTS_BYTES_MAX = 3 * REPORT_BYTES_MAX;
/** Everyone keeps a link to everyone, so there are no more parties than this. */
const REPORTS_MAX = 64;

/**
 * `privity explain CODE` says what a code means; `privity explain REPORT…` what happened in a run. Resolves to the exit
 * code.
 */
export async function explainCommand(
  shell: Shell,
  what: readonly string[],
  flags: ExplainFlags,
): Promise<number> {
  const [first = ''] = what;
  if (what.length === 1 && flags.federation === undefined && (isCode(first) || !(await isThere(first))))
    return explainCode(shell, first, flags);
  const reports = await readReports(what);
  const problem = mixed(reports);
  if (problem !== undefined) throw new UsageError('PRIVITY_REPORT_RUNS_MIXED', problem);
  const verified =
    flags.federation === undefined ? null : verify(reports, await readFederationFile(flags.federation));
  const run = mergeReports(reports);
  const toDo = whatToDo(run);
  if (flags.json) shell.out.write(jsonLine({ ...run, signaturesVerified: verified, toDo }));
  else shell.out.write(mergedText(printableData(run), verified, shell.colour.out));
  return 0;
}

/** Something that looks like a path is one, whether it exists or not: the error is then about a file. */
async function isThere(path: string): Promise<boolean> {
  return (
    path.includes('/') ||
    path.endsWith('.json') ||
    (await ignored(stat(path), 'then it is not there')) !== undefined
  );
}

/** The reports in files, and in folders of them. */
async function readReports(paths: readonly string[]): Promise<readonly RunReport[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = (await ignored(stat(path), 'then it is not there'))?.isDirectory() ?? false;
    if (!isFolder) files.push(path);
    else
      for (const name of (await readdir(path)).sort())
        if (name.endsWith('.json')) files.push(join(path, name));
  }
  if (files.length === 0 || files.length > REPORTS_MAX) {
    const found = files.length === 0 ? 'there is no report' : `${files.length} files are too many`;
    throw new UsageError(
      'PRIVITY_COMMAND_LINE',
      `explain: ${found}; give the reports of one run, DIR/PARTY.json of --report DIR, or that folder`,
    );
  }
  const reports: RunReport[] = [];
  let bytesLeft = REPORTS_BYTES_MAX;
  // One after the other: a partner's may be as long as a report can be.
  for (const file of files) {
    const text = await readTextFile(file, 'report', Math.min(REPORT_BYTES_MAX, bytesLeft));
    bytesLeft -= Buffer.byteLength(text);
    reports.push(reportIn(file, text));
  }
  return reports;
}

function reportIn(file: string, text: string): RunReport {
  const read = readReportText(text);
  if (read.kind === 'report') return read.report;
  if (read.kind === 'no-report')
    throw new DataError('PRIVITY_REPORT_INVALID', `${file}: not a report: ${read.why}`);
  const version = typeof read.version === 'number' ? `version ${read.version}` : 'no version';
  throw new DataError(
    'PRIVITY_REPORT_VERSION',
    `${file}: a report of ${version}; this Privity reads version ${REPORT_VERSION}`,
  );
}

/** @returns how many contributions were signed by the parties that they are said to be of: all of them. */
function verify(reports: readonly RunReport[], federation: Federation): number {
  let verified = 0;
  for (const { party: reporter, verdict } of reports) {
    for (const { party, signature, ...said } of verdict.contributions) {
      const member = federation.parties.find(({ name }) => name === party);
      if (member === undefined) {
        throw new UsageError(
          'PRIVITY_CONFIG_PARTY_UNKNOWN',
          `the report of ${reporter} has a contribution of ${party}, which the federation ${federation.name} does not list`,
        );
      }
      if (!isSignedBy(member.fingerprint, signedText(party, said), signature)) {
        throw new PeerError(
          'PRIVITY_REPORT_SIGNATURE',
          `in the report of ${reporter}, what ${party} is said to have contributed was not signed with the key that ${federation.name} lists for ${party}: either this is not the federation file of the run, or the report was changed`,
          { party },
        );
      }
      verified += 1;
    }
  }
  return verified;
}
