/** `privity evidence verify`: what proves a run, checked by somebody who was not there. */
import { resolve } from 'node:path';
import { DataError, PrivityError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { type Federation, readFederationFile } from '../../config/federation-file.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import {
  checkEvidence,
  contradictions,
  type Evidence,
  type EvidenceFinding,
  evidenceOf,
} from '../../node/core/check-evidence.ts';
import { printable } from '../output/printable.ts';
import { createStyle, type Style } from '../output/style.ts';
import type { Shell } from '../shell.ts';

/** An evidence file has a proposal with its contract, and a report. */
const EVIDENCE_BYTES_MAX = 256 * 1024 * 1024;

/** A file as it was found; one that cannot be read has no evidence. */
interface Checked {
  readonly file: string;
  readonly holds: boolean;
  readonly findings: readonly EvidenceFinding[];
  readonly evidence?: Evidence;
}

export async function verifyEvidenceCommand(
  shell: Shell,
  files: readonly string[],
  flags: { readonly federation: string; readonly json?: boolean },
): Promise<number> {
  const federation = await readFederationFile(resolve(shell.cwd, flags.federation));
  const style = createStyle(shell.colour.out);
  const all: Checked[] = [];
  for (const file of files) {
    const checked = await check(shell, file, federation).catch((error: unknown) => {
      // Of one file alone the error is the answer; of several it must not hide the others.
      if (files.length === 1 || !(error instanceof PrivityError)) throw error;
      return { file, holds: false, findings: [{ holds: false, says: error.message }] };
    });
    all.push(checked);
    const { holds, findings } = checked;
    shell.out.write(flags.json ? jsonLine({ file, holds, findings }) : findingsText(checked, style));
  }
  const against = contradictions(
    all.flatMap(({ file, evidence }) => (evidence === undefined ? [] : [{ name: file, evidence }])),
  );
  for (const { files: names, says } of against)
    shell.out.write(flags.json ? jsonLine({ files: names, holds: false, says }) : line(false, says, style));
  const good = all.filter(({ holds }) => holds).length;
  if (!flags.json) shell.out.write(conclusion(good, files.length, against.length > 0));
  return good === files.length && against.length === 0 ? 0 : 1;
}

/** @throws {PrivityError} it cannot be read, or is no evidence file */
async function check(shell: Shell, file: string, federation: Federation): Promise<Checked> {
  const text = await readTextFile(resolve(shell.cwd, file), 'evidence file', EVIDENCE_BYTES_MAX);
  const evidence = evidenceOf(file, parsed(file, text));
  const findings = checkEvidence(evidence, federation);
  return { file, holds: findings.every(({ holds }) => holds), findings, evidence };
}

function conclusion(good: number, all: number, isContradicted: boolean): string {
  if (all === 1)
    return `${good === 1 ? 'All of it holds.' : 'It does not hold: do not rely on this file.'}\n`;
  const others = good === all ? '' : ' Do not rely on the others.';
  return `${good} of ${all} files hold.${others}${isContradicted ? ' They contradict each other.' : ''}\n`;
}

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError('PRIVITY_EVIDENCE_INVALID', `${file}: this is no evidence file: it is not JSON`);
  }
}

const line = (holds: boolean, says: string, style: Style): string =>
  `${holds ? style.green('✔') : style.red('✖')} ${printable(says)}\n`;

const findingsText = ({ file, findings }: Checked, style: Style): string =>
  [`${style.bold(printable(file))}\n`, ...findings.map(({ holds, says }) => line(holds, says, style))].join(
    '',
  );
