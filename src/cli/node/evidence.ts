/** `privity evidence verify`: what proves a run, checked by somebody who was not there. */
import { resolve } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { jsonLine } from '../../base/steering.ts';
import { readFederationFile } from '../../config/federation-file.ts';
import { readTextFile } from '../../config/yaml-file.ts';
import { checkEvidence, type EvidenceFinding } from '../../node/core/check-evidence.ts';
import { printable } from '../output/printable.ts';
import { createStyle } from '../output/style.ts';
import type { Shell } from '../shell.ts';

/** An evidence file has a proposal with its contract, and a report. */
const EVIDENCE_BYTES_MAX = 256 * 1024 * 1024;

export async function verifyEvidenceCommand(
  shell: Shell,
  files: readonly string[],
  flags: { readonly federation: string; readonly json?: boolean },
): Promise<number> {
  const federation = await readFederationFile(resolve(shell.cwd, flags.federation));
  let good = 0;
  for (const file of files) {
    const text = await readTextFile(resolve(shell.cwd, file), 'evidence file', EVIDENCE_BYTES_MAX);
    const findings = checkEvidence(parsed(file, text), federation);
    const isGood = findings.every(({ holds }) => holds);
    if (isGood) good += 1;
    if (flags.json) shell.out.write(jsonLine({ file, holds: isGood, findings }));
    else shell.out.write(findingsText(file, findings, shell.colour.out));
  }
  if (!flags.json) shell.out.write(conclusion(good, files.length));
  return good === files.length ? 0 : 1;
}

const conclusion = (good: number, all: number): string =>
  all === 1
    ? `${good === 1 ? 'All of it holds.' : 'It does not hold: do not rely on this file.'}\n`
    : `${good} of ${all} files hold.${good === all ? '' : ' Do not rely on the others.'}\n`;

function parsed(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DataError('PRIVITY_EVIDENCE_INVALID', `${file}: this is no evidence file: it is not JSON`);
  }
}

function findingsText(file: string, findings: readonly EvidenceFinding[], colour: boolean): string {
  const style = createStyle(colour);
  const lines = findings.map(
    ({ holds, says }) => `${holds ? style.green('✔') : style.red('✖')} ${printable(says)}`,
  );
  return `${[style.bold(printable(file)), ...lines].join('\n')}\n`;
}
