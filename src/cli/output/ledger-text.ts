/** The disclosure ledgers of some parties, for people: what left each, and what was declared and did not. */
import type { PartyLedger } from '../../observe/ledger.ts';
import { type Disclosure, WITHHELD_WORDS, type Withheld } from '../../observe/report.ts';
import { alignColumns } from './columns.ts';
import { listed } from './plain-lines.ts';
import { printable } from './printable.ts';
import { size } from './quantity.ts';
import type { Style } from './style.ts';

/** Lines of each list; the rest is in the reports. */
const LINES_SHOWN_MAX = 30;

/** @param all whether these are the ledgers of everybody whom the heading speaks of */
export function ledgerBlocks(ledgers: readonly PartyLedger[], all: boolean, style: Style): string[][] {
  const left = ledgers.flatMap(({ party, disclosures }) => disclosures.map((one) => leftRow(party, one)));
  const kept = ledgers.flatMap(({ party, withheld }) => withheld.map((one) => keptRow(party, one)));
  // Only a complete ledger may claim to be one: a supervisor that was killed has left none.
  const complete = all && ledgers.every(({ disclosuresNotListed }) => disclosuresNotListed === 0);
  const masked = ledgers.some(({ onPlaintext }) => onPlaintext)
    ? 'but the numbers of secure computation, on plaintext'
    : ledgers.some(({ hasSentMasked }) => hasSentMasked)
      ? 'but the masked numbers of secure computation'
      : '';
  const head = `What left ${ledgers.length === 1 ? ledgers[0]?.party : 'each party'}`;
  const blocks: string[][] = [];
  if (left.length > 0) {
    const rest = style.dim(` (nothing else did${masked && `, ${masked}`})`);
    blocks.push([`${style.bold(head)}${complete ? rest : ''}`, ...lines(left, [3])]);
  } else if (kept.length > 0 && complete) {
    blocks.push([`${style.bold(`${head}: nothing`)}${masked && style.dim(` (${masked})`)}`]);
  }
  if (kept.length > 0) blocks.push([style.bold('Declared, and did not leave'), ...lines(kept)]);
  return blocks;
}

function lines(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const shown = alignColumns(rows.slice(0, LINES_SHOWN_MAX), { indent: '  ', right });
  const more = rows.length - LINES_SHOWN_MAX;
  return more > 0 ? [...shown, `  … and ${more} more, in the reports`] : shown;
}

function leftRow(party: string, { to, name, type, shape, bytes, partial }: Disclosure): string[] {
  const row = [way(party, to), printable(name), whatText(type, shape), size(bytes)];
  return partial ? [...row, 'perhaps not all of it'] : row;
}

function keptRow(party: string, { to, name, type, shape, reason }: Withheld): string[] {
  return [way(party, to), printable(name), whatText(type, shape), WITHHELD_WORDS[reason]];
}

const way = (party: string, to: readonly string[]): string => printable(`${party} → ${listed(to)}`);

function whatText(type = '', shape: readonly number[] = []): string {
  return `${printable(type)}${shape.length === 0 ? '' : ` ${shape.join(' × ')}`}`;
}
