/** Private set intersection as a step of the program; the protocol is in src/psi. */
import { DataError, UsageError } from '../../base/errors.ts';
import { Table } from '../../data/table.ts';
import { KEY_COLUMNS_MAX } from '../../psi/key-types.ts';
import { type PsiProtocolName, protocolsFor } from '../../psi/protocols/index.ts';
import type { PsiProtocol } from '../../psi/protocols/protocol.ts';
import { plainForm } from '../../wire/value-form.ts';
import type { At } from '../model/at.ts';
import type { Handle } from '../model/handle-types.ts';
import type { ContractGuard } from '../state/contract-guard.ts';
import { type HandleRecord, kindOf, recordOf } from '../steps/handle.ts';
import { type DeviceStep, issueDevice } from './device.ts';
import { contextOf } from './secure/run-context.ts';

/** Shown by the compiler where an intersection takes a table that several parties have. */
export interface NotAtOneParty {
  /** Pass the handle from before it was sent. */
  readonly 'Error: psi takes tables that exist at one party each': never;
}
/** Shown by the compiler where both tables of an intersection are at one party. */
export interface NotAtTwoParties {
  /** Within one party join with `table.query`. */
  readonly 'Error: psi takes tables of two different parties': never;
}

/** `unknown` for one party's name, else what the compiler says. */
export type SingleOwner<P extends string, All extends string = P> = P extends unknown
  ? [All] extends [P]
    ? unknown
    : NotAtOneParty
  : never;
/** `unknown` for two different parties, else what the compiler says. */
export type OtherOwner<P extends string, Q extends string> = [P & Q] extends [never]
  ? unknown
  : NotAtTwoParties;

/** By what rows are matched. */
export interface PsiOptions {
  /** The key column, or columns, by which rows belong together; the same names in both tables. */
  readonly on: string | readonly [string, ...string[]];
  /**
   * How: `dh`, Diffie-Hellman on Curve25519, or `rr22`, by oblivious transfer. Where none is named, the parties take
   * `rr22` from 50,000 rows of the larger table on.
   */
  readonly protocol?: PsiProtocolName;
}

/**
 * Aligns two tables on the rows that both parties have, by private set intersection: each party gets its own rows of
 * the intersection, both in the same order, which comes from neither table.
 *
 * Each side learns the intersection and the number of rows of the other side, nothing else (semi-honest; see
 * docs/psi.md). Listed in the ledger of both. Cost: about 90 bytes and two curve multiplications a row.
 * @throws {UsageError} PRIVITY_PSI_ARGUMENTS, PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN
 * @example const both = psi({ on: 'id' }, loans, clicks); // { alice: At<'alice', Table>, bob: At<'bob', Table> }
 */
export function psi<A extends string, B extends string>(
  options: PsiOptions,
  left: At<A, Table> & SingleOwner<A>,
  right: At<B, Table> & SingleOwner<B> & OtherOwner<A, B>,
): { readonly [K in A | B]: At<K, Table> } {
  const records = [left, right].map((handle) => recordOf(handle, undefined, 'psi'));
  const [first, second] = records as [HandleRecord, HandleRecord];
  const { scheduler, parties } = contextOf(first, second);
  const { on, protocols } = checkedOptions(options);
  for (const { owners } of records) {
    if (owners.length !== 1)
      throw invalid(
        `a table is at ${owners.join(' and ')}; send nothing before, psi takes each at one party`,
      );
  }
  const members = parties.filter((party) => records.some(({ owners }) => owners.includes(party)));
  if (members.length !== 2)
    throw invalid(`both tables are at ${members.join()}; they must be at two parties`);
  const inputs = members.flatMap((member) => records.filter(({ owners }) => owners.includes(member)));
  const { guard, options: own } = scheduler.state;
  const step = { on, protocols, members, inputs, minimumRows: own.minimumRows ?? 0 };
  const handles = issueDevice(scheduler, psiStep(guard, step));
  const entries = members.map((member, index): [string, Handle | undefined] => [member, handles[index]]);
  return Object.freeze(Object.fromEntries(entries)) as { readonly [K in A | B]: At<K, Table> };
}

interface Psi {
  readonly on: readonly string[];
  readonly protocols: readonly PsiProtocol[];
  readonly members: readonly string[];
  readonly inputs: readonly HandleRecord[];
  /** Of this party. */
  readonly minimumRows: number;
}

function psiStep(guard: ContractGuard, { on, protocols, members, inputs, minimumRows }: Psi): DeviceStep {
  const name = `psi on ${on.join(', ')}`;
  return {
    kind: 'psi',
    name,
    members,
    inputs,
    source: JSON.stringify([protocols.map(({ name }) => name).join(' or '), ...on]),
    execute: async (channel, context, input) => {
      if (!(input instanceof Table)) throw invalid(`an input is ${kindOf(input)} and no table`);
      // Loaded with the first psi: it brings the database.
      const { psiAlign } = await import('../../psi/index.ts');
      const rows = await psiAlign(channel, input, { on, protocols }, context);
      guard.shared(name, rows.rowCount);
      if (rows.rowCount < minimumRows)
        throw new DataError(
          'PRIVITY_ROWS_TOO_FEW',
          `Both have ${rows.rowCount} rows; this party asks for at least ${minimumRows}, and nothing more is made of them.`,
        );
      return rows;
    },
    discloses: async (input) => {
      const [first] = protocols;
      const discloses = first?.discloses ?? '';
      const instead = protocols.length === 1 ? await first?.instead?.() : undefined;
      const shape = input instanceof Table ? [input.rowCount] : undefined;
      return {
        type: instead === undefined ? discloses : `${discloses}; ${instead}`,
        ...(shape ? { shape } : {}),
        // Which library computes is the machine's matter, not the contract's.
        form: plainForm(discloses, shape),
      };
    },
  };
}

const optionNames: readonly string[] = ['on', 'protocol'];

function checkedOptions(options: PsiOptions): {
  readonly on: readonly string[];
  readonly protocols: readonly PsiProtocol[];
} {
  const given: Readonly<Record<string, unknown>> =
    typeof options === 'object' && options !== null ? { ...options } : {};
  const strange = Object.keys(given).find((name) => !optionNames.includes(name));
  if (strange !== undefined) throw invalid(`there is no option "${strange}"`);
  return { on: keyColumns(given.on), protocols: protocolsFor(given.protocol) };
}

function keyColumns(on: unknown): readonly string[] {
  const names: readonly unknown[] = Array.isArray(on) ? on : [on];
  if (names.length === 0 || names.length > KEY_COLUMNS_MAX)
    throw invalid(`"on" names ${names.length} columns; it takes 1 to ${KEY_COLUMNS_MAX}`);
  const columns = names.filter((name) => typeof name === 'string' && name !== '');
  if (columns.length !== names.length || new Set(columns).size !== columns.length)
    throw invalid('"on" is not the name of a column or a list of different names');
  return columns as readonly string[];
}

const invalid = (why: string): UsageError =>
  new UsageError('PRIVITY_PSI_ARGUMENTS', `psi was called with wrong arguments: ${why}.`);
