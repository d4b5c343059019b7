/**
 * What a run needs at least of each party's memory. Pure.
 *
 * Model, a lower bound: a program process with its database that has done nothing yet, and what it holds at one time:
 * - tables of the party, each row with the width of its columns (16 bytes of a text or of bytes, as the database has
 *   them, without their content);
 * - the largest intersection: ids of own rows; by Diffie-Hellman points of them and tags of both sides, too
 *   (docs/psi.md, cost);
 * - the largest secret: one share of 8 bytes an element.
 * What the job computes from them, copies, and what waits to be sent come on top: a real run takes between this and
 * four times as much.
 */
import { widthBytes } from '../../data/column-type.ts';
import type { Contract } from '../../observe/contract/contract.ts';
import { parseForm } from '../../observe/contract/form.ts';
import { expectedProtocol } from '../../psi/index.ts';
import { tagBytes } from '../../psi/tags.ts';
import { type ExpectedSizes, sizeOf } from './expected-sizes.ts';
import { psiRows } from './psi-steps.ts';

/** Of a program process with an open database; 77 to 92 MB were measured on Linux with Node.js 20 and 22. */
export const PROGRAM_BYTES = 64_000_000;
/** Of a text or bytes within a column of DuckDB: its length, and a pointer or the first bytes. */
const TEXT_BYTES = 16;
/** docs/psi.md: ids, and the same once more while they are shuffled. */
const ID_BYTES = 32;
const POINT_BYTES = 68;
const TAGS_HELD = 3;
const SHARE_BYTES = 8;

export interface MemoryNeed {
  readonly party: string;
  /** It cannot be less. */
  readonly bytesMin: number;
}

export function memoryNeeds(contract: Contract, sizes: ExpectedSizes): readonly MemoryNeed[] {
  return contract.parties.map((party) => ({
    party,
    bytesMin:
      PROGRAM_BYTES +
      tablesBytes(party, sizes) +
      Math.max(intersectionBytes(contract, party, sizes), secretBytes(contract, party, sizes)),
  }));
}

function tablesBytes(party: string, { tables, rows }: ExpectedSizes): number {
  return tables
    .filter((table) => table.party === party)
    .reduce((sum, table) => {
      const width = table.columns.reduce((bytes, { type }) => bytes + (widthBytes(type) || TEXT_BYTES), 0);
      return sum + width * (table.rows ?? rows);
    }, 0);
}

function intersectionBytes(contract: Contract, party: string, sizes: ExpectedSizes): number {
  const steps = new Set(contract.discloses.filter(({ kind }) => kind === 'psi').map(({ step }) => step));
  const each = [...steps].map((step) => {
    const rows = psiRows(contract, step, sizes);
    const own = rows.get(party);
    if (own === undefined) return 0;
    const all = [...rows.values()].reduce((sum, one) => sum + one, 0);
    if (expectedProtocol(Math.max(...rows.values())).name !== 'dh') return ID_BYTES * own;
    return POINT_BYTES * own + TAGS_HELD * tagBytes(own, all - own) * all;
  });
  return Math.max(0, ...each);
}

/** What a party shares, and what it takes of others: as one array at least. */
function secretBytes(contract: Contract, party: string, sizes: ExpectedSizes): number {
  const each = contract.discloses
    .filter(({ kind, from, to }) => kind === 'share' && (from === party || to.includes(party)))
    .map(({ what }) => {
      const dims = parseForm(what).sizes.map(({ word }) => sizeOf(word, contract, sizes) ?? 0);
      return SHARE_BYTES * dims.reduce((product, size) => product * size, 1);
    });
  return Math.max(0, ...each);
}
