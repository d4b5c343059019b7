import { failureCodes } from '../base/failure-codes.ts';
import { padStart, wrapText } from './output/columns.ts';

const COLUMNS = 78;

/** The exit codes of a run, each with the failure codes that it stands for. */
export function exitCodesText(): string {
  const byExit = new Map<number, string[]>([[0, ['completed']]]);
  for (const [code, { exit }] of Object.entries(failureCodes))
    byExit.set(exit, [...(byExit.get(exit) ?? []), code]);
  const rows = [...byExit].sort(([a], [b]) => a - b);
  const lines = rows.flatMap(([exit, codes]) => {
    const names =
      exit === failureCodes.CANCELLED.exit
        ? [...codes, '(143 where SIGTERM asked for it, 129 where SIGHUP did)']
        : codes;
    const [first = '', ...more] = wrapText(names.join(', '), COLUMNS - 8);
    return [`  ${padStart(String(exit), 3)}  ${first}`, ...more.map((line) => `       ${line}`)];
  });
  return `\nExit codes (privity explain CODE says more):\n${lines.join('\n')}\n`;
}

/** For commands that either work or report an error. */
export function plainExitCodesText(): string {
  return '\nExit codes: 0 done, 64 wrong use, 66 a file is missing, 74 a file could not be written,\n  77 or 78 a check failed.\n';
}

export function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((line) => `  $ ${line}`).join('\n')}\n`;
}
