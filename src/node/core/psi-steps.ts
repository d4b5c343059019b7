/** What intersections of a contract are expected to cost, at sizes that no rehearsal has. Pure. */
import { type Contract, type ContractEntry, isWhole, timesOf } from '../../observe/contract/contract.ts';
import { parseForm } from '../../observe/contract/form.ts';
import { expectedProtocol, psiCost } from '../../psi/index.ts';
import { type ExpectedSizes, sizeOf } from './expected-sizes.ts';

/** Rows that each side of an intersection brings. */
export function psiRows(contract: Contract, step: string, sizes: ExpectedSizes): ReadonlyMap<string, number> {
  const rows = new Map<string, number>();
  for (const { from, what } of psiEntries(contract, step)) {
    const [size] = parseForm(what).sizes;
    // Columns that it gives of matching rows are an entry of their own, of as many rows at most.
    rows.set(from, Math.max(rows.get(from) ?? 0, (size && sizeOf(size.word, contract, sizes)) ?? 0));
  }
  return rows;
}

export function psiRounds(contract: Contract, step: string, sizes: ExpectedSizes): number {
  const rows = Math.max(...psiRows(contract, step, sizes).values(), 1);
  return psiCost(expectedProtocol(rows), rows, rows, 0).rounds;
}

export function timesExpected(
  { times }: Pick<ContractEntry, 'times'>,
  contract: Contract,
  sizes: ExpectedSizes,
): number {
  const { most } = timesOf(times);
  return isWhole(most) ? Number(most) : (sizeOf(most, contract, sizes) ?? 1);
}

/**
 * Bytes that a party sends another in intersections, less those that are in the price: a rehearsal is small, and where
 * the expected tables are for another protocol, its straight line is that of the wrong one. 0 where it is the right
 * one. A job that names a protocol is not told from one that does not: a contract does not say it.
 */
export function psiBytesBeyond(contract: Contract, from: string, to: string, sizes: ExpectedSizes): number {
  const [low, high] = contract.rehearsed?.rows.slice(-2) ?? [];
  if (low === undefined || high === undefined || low === high) return 0;
  const steps = new Set(contract.discloses.filter(({ kind }) => kind === 'psi').map(({ step }) => step));
  let beyond = 0;
  for (const step of steps) {
    const rows = psiRows(contract, step, sizes);
    const [own = 0, peer = 0] = [rows.get(from), rows.get(to)];
    const said = (party: string): ContractEntry | undefined =>
      psiEntries(contract, step).find((entry) => entry.from === party && !isPayload(entry));
    const [entry, answer] = [said(from), said(to)];
    if (own === 0 || peer === 0 || entry === undefined || answer === undefined) continue;
    const [protocol, rehearsed] = [expectedProtocol(Math.max(own, peer)), expectedProtocol(high)];
    // To count is always of the protocol that can, and so are shares, which are told to neither.
    if (protocol === rehearsed || isCount(entry) || isCount(answer) || isHidden(entry, answer)) continue;
    const rank = [...rows.keys()].indexOf(from);
    const told = { receives: tells(answer), peerReceives: tells(entry) };
    const at = (size: number): number => psiCost(rehearsed, size, size, rank, told).bytes;
    const line = at(low) + ((at(high) - at(low)) / (high - low)) * (sizes.rows - low);
    const each = psiCost(protocol, own, peer, rank, told).bytes - line;
    beyond += each * timesExpected(entry, contract, sizes);
  }
  return beyond;
}

const psiEntries = ({ discloses }: Contract, step: string): readonly ContractEntry[] =>
  discloses.filter((entry) => entry.kind === 'psi' && entry.step === step);

// As src/psi/joins/words.ts says them.
const tells = ({ what }: ContractEntry): boolean => what.startsWith('intersection');
const isCount = ({ what }: ContractEntry): boolean => what.startsWith('size of the intersection');
const isHidden = (...both: readonly ContractEntry[]): boolean => !both.some(tells);
const isPayload = ({ what }: ContractEntry): boolean => /^(encrypted )?table\(/.test(what);
