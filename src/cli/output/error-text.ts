import { errorCatalogue } from '../../base/error-catalogue.ts';
import { failureCodes } from '../../base/failure-codes.ts';
import { jsonLine } from '../../base/steering.ts';
import type { ErrorReport } from '../../record/error-report.ts';
import { wrapText } from './columns.ts';
import { printableText } from './printable.ts';
import type { Style } from './style.ts';

const TEXT_COLUMNS = 96;

/** For people. */
export function errorText(report: ErrorReport, style: Style): string {
  const lines = printableText(report.message).split('\n');
  const [first, ...others] = lines;
  const out = [`${style.red(style.bold('error'))} ${first}`, ...others.map((line) => `      ${line}`)];
  const [remedy, ...more] = wrapText(report.remedy, TEXT_COLUMNS - 12);
  out.push(`  ${style.dim('to do')}  ${remedy}`, ...more.map((line) => `         ${line}`));
  out.push(`  ${style.dim('code')}   ${report.error}, exit code ${report.exitCode}`);
  if (report.stack !== undefined) out.push('', printableText(report.stack));
  return `${out.join('\n')}\n`;
}

/** For programs: one line of JSON on standard error. */
export function errorLine(report: ErrorReport): string {
  return jsonLine(report);
}

/** Reads a line that {@link errorLine} wrote; undefined if it is any other text. */
export function parseErrorLine(line: string): ErrorReport | undefined {
  if (!line.startsWith('{"error":"PRIVITY_')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    const report = value as ErrorReport;
    const known =
      Object.hasOwn(errorCatalogue, report.error) &&
      Object.hasOwn(failureCodes, report.failure) &&
      typeof report.message === 'string' &&
      typeof report.remedy === 'string' &&
      Number.isInteger(report.exitCode);
    return known ? report : undefined;
  } catch {
    return undefined;
  }
}
