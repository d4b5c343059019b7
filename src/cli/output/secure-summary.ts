/** What secure devices have cost, for people. */
import type { SecureReport } from '../../observe/report.ts';
import { alignColumns } from './columns.ts';
import { plaintextLines } from './plaintext-summary.ts';
import { printable } from './printable.ts';
import { count, size } from './quantity.ts';
import type { Style } from './style.ts';
import type { SummaryInput } from './summary-input.ts';

/** Operations listed one by one, the dearest; the rest is added up. */
const OPERATIONS_SHOWN_MAX = 12;

/** One block for each device, with the figures of the first party here that took part; bytes of all of them. */
export function secureBlocks(input: SummaryInput, style: Style): string[][] {
  const byDevice = new Map<string, SecureReport[]>();
  for (const party of input.own) {
    for (const report of input.reports.get(party)?.secure ?? []) {
      byDevice.set(report.device, [...(byDevice.get(report.device) ?? []), report]);
    }
  }
  return [...byDevice].map(([device, reports]) => block(device, reports, style));
}

function block(device: string, reports: readonly SecureReport[], style: Style): string[] {
  const [first] = reports;
  if (first === undefined) return [];
  const sent = reports.reduce((sum, { bytes }) => sum + bytes, 0);
  const exchanges = count(first.exchanges, 'exchange');
  const head = `${style.bold('Secure computation')}, ${printable(device)}`;
  const totals = `  ${count(first.rounds, 'round')} in ${exchanges}, ${size(sent)} sent by ${count(reports.length, 'party', 'parties')} here`;
  const rows = first.operations.map(({ operation, count: times, elements }) => ({
    operation,
    times,
    elements,
    bytes: reports.reduce((sum, { operations }) => sum + bytesOf(operations, operation), 0),
  }));
  rows.sort((a, b) => b.bytes - a.bytes || b.times - a.times);
  const [shown, rest] = [rows.slice(0, OPERATIONS_SHOWN_MAX), rows.slice(OPERATIONS_SHOWN_MAX)];
  const cells = shown.map(({ operation, times, elements, bytes }) => [
    printable(operation),
    times === 0 ? '' : `${times} ×`,
    elements === 0 ? '' : count(elements, 'number'),
    size(bytes),
  ]);
  if (rest.length > 0) {
    const bytes = rest.reduce((sum, row) => sum + row.bytes, 0);
    const times = rest.reduce((sum, row) => sum + row.times, 0);
    cells.push([`${rest.length} others`, `${times} ×`, '', size(bytes)]);
  }
  return [
    head,
    style.dim(totals),
    ...alignColumns(cells, { indent: '  ', right: [1, 2, 3] }),
    ...assumptions(first, style),
    ...plaintextLines(reports, style),
  ];
}

/** What results rest on that nobody has checked. */
function assumptions({ assumptions, assumptionsNotListed }: SecureReport, style: Style): string[] {
  if (assumptions.length === 0) return [];
  const lines = assumptions.map(({ of, shape, min, max, count: times }) => {
    const often = times === 1 ? '' : ` (${times} ×)`;
    return `  "${printable(of)}" [${shape}] lies in ${min} to ${max}${often}`;
  });
  const more = assumptionsNotListed === 0 ? [] : [`  and ${assumptionsNotListed} others`];
  return [style.bold('Assumed, and not checked'), ...lines, ...more];
}

const bytesOf = (operations: SecureReport['operations'], name: string): number =>
  operations.find(({ operation }) => operation === name)?.bytes ?? 0;
