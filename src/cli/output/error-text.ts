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
