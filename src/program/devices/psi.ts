/** Private set intersection as a step of the program; the protocol is in src/psi. */
import type { Column } from '../../data/column-type.ts';
import { Table } from '../../data/table.ts';
import type { JoinIds } from '../../psi/joins/ids.ts';
import { type JoinPlan, receives, sealsPayload } from '../../psi/joins/plan.ts';
import { leftOutWords, toldWords } from '../../psi/joins/words.ts';
import { acceptedOf } from '../../psi/protocols/index.ts';
import type { PsiProtocol } from '../../psi/protocols/protocol.ts';
import { plainForm } from '../../wire/value-form.ts';
import type { At } from '../model/at.ts';
import type { AnyDevice } from '../model/device-types.ts';
import type { Handle } from '../model/handle-types.ts';
import type { RunState } from '../state/run-state.ts';
import { tableForm, tableWords } from '../state/table-adapter.ts';
import { type HandleRecord, kindOf, recordOf } from '../steps/handle.ts';
import { type DeviceStep, issueDevice } from './device.ts';
import { psiInto } from './psi-into.ts';
import {
  checkedInto,
  hasInto,
  type IsMember,
  type PsiIntoOptions,
  type SharedJoin,
  type SharedPayload,
} from './psi-into-options.ts';
import { type CheckedJoin, checkedJoin, invalid, type PsiOptions, type Sides } from './psi-options.ts';
import { contextOf, type RunContext } from './secure/run-context.ts';

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

/**
 * With `into`: matching rows as secret columns on a device, in an order that nobody knows. Nobody sees the
 * intersection, nor its size. There is a row for each bin of the left table's rows, some of them empty; columns are 0
 * where nothing matches. Each side learns the number of rows of the other, of the left one what `rows` says, and the
 * types of its keys; nothing else.
 * @throws {UsageError} PRIVITY_SECURE_MEMBER, PRIVITY_DEVICE_MISMATCH; at the owner, ending the run:
 *   PRIVITY_SHARE_MISMATCH (more rows)
 * @throws {DataError} at the owner, ending the run: PRIVITY_COLUMN_TYPE, PRIVITY_COLUMN_NULLS, PRIVITY_SECURE_DOMAIN
 * @example
 * const spu = secure([alice, bob, carol], { protocol: 'rep3' });
 * const region = { dtype: 'integer', min: 0, max: 15 } as const;
 * const payload = { alice: { region }, bob: { sales: { min: 0, max: 1000 } } };
 * const joined = psi({ on: 'id', into: { device: spu, rows: 20_000 }, payload }, loans, clicks);
 * const perRegion = joined.bob.sales.groupSum(joined.alice.region, 16); // nobody knows who is in both tables
 */
export function psi<
  A extends string,
  B extends string,
  D extends AnyDevice,
  const Y extends SharedPayload = Record<never, never>,
>(
  options: PsiIntoOptions<NoInfer<A | B>, D, Y>,
  left: At<A, Table> & SingleOwner<A> & IsMember<A, D>,
  right: At<B, Table> & SingleOwner<B> & OtherOwner<A, B> & IsMember<B, D>,
): SharedJoin<D, Y>;
/**
 * Aligns two tables on the rows that both parties have, by private set intersection: each party gets its own rows of
 * the intersection, both in the same order, which comes from neither table. Options make more of it: rows that the
 * other lacks, columns of the other side, a count, one receiver.
 *
 * Each receiver learns the intersection, or with `cardinality` its size; each side learns the number of rows of the
 * other side; nothing else (semi-honest; docs/psi.md has who learns what for each combination). Listed in the ledger of
 * both. Cost: about 90 bytes and two curve multiplications a row.
 * @throws {UsageError} PRIVITY_PSI_ARGUMENTS, PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN
 * @example const both = psi({ on: 'id' }, loans, clicks); // { alice: At<'alice', Table>, bob: At<'bob', Table> }
 */
export function psi<A extends string, B extends string, R extends A | B = A | B, C extends boolean = false>(
  options: PsiOptions<NoInfer<A | B>, R, C>,
  left: At<A, Table> & SingleOwner<A>,
  right: At<B, Table> & SingleOwner<B> & OtherOwner<A, B>,
): { readonly [K in R]: At<K, C extends true ? number : Table> };
export function psi(options: unknown, left: Handle, right: Handle): object {
  const { context, sides, inputs, run } = twoTables('psi', left, right);
  const { scheduler } = context;
  const { members } = sides;
  if (hasInto(options)) return psiInto(context, checkedInto(options, sides, run), members, inputs);
  const join = checkedJoin(options, sides);
  const handles = issueDevice(scheduler, psiStep(scheduler.state, join, members, inputs));
  const entries = members.flatMap((member, rank): (readonly [string, Handle | undefined])[] =>
    receives(join.plan, rank) ? [[member, handles[rank]]] : [],
  );
  return Object.freeze(Object.fromEntries(entries));
}

export interface TwoTables {
  readonly context: RunContext;
  readonly run: object;
  readonly sides: Sides;
  readonly inputs: readonly HandleRecord[];
}

/** @throws {UsageError} PRIVITY_PSI_ARGUMENTS, PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN */
export function twoTables(caller: string, left: unknown, right: unknown): TwoTables {
  const records = [left, right].map((handle) => recordOf(handle, undefined, caller));
  const [first, second] = records as [HandleRecord, HandleRecord];
  const context = contextOf(first, second);
  const { parties } = context;
  for (const { owners } of records) {
    if (owners.length !== 1)
      throw invalid(
        `a table is at ${owners.join(' and ')}; send nothing before, ${caller} takes each at one party`,
      );
  }
  const members = parties.filter((party) => records.some(({ owners }) => owners.includes(party)));
  if (members.length !== 2)
    throw invalid(`both tables are at ${members.join()}; they must be at two parties`);
  const inputs = members.flatMap((member) => records.filter(({ owners }) => owners.includes(member)));
  const [leftParty = '', rightParty = ''] = records.flatMap(({ owners }) => owners);
  return { context, run: first.run, sides: { left: leftParty, right: rightParty, members }, inputs };
}

function psiStep(
  { guard, options, party }: RunState,
  { protocols, plan, keyText }: CheckedJoin,
  members: readonly string[],
  inputs: readonly HandleRecord[],
): DeviceStep {
  const name = `psi on ${keyText}`;
  const rank = members.indexOf(party);
  const accepts = options.psiProtocols;
  // Loaded with the first psi: it brings the database.
  const room = () => import('../../psi/index.ts');
  let prepared: JoinIds | undefined;
  const leaving = { step: name, kind: 'psi', from: party, to: members.filter((to) => to !== party) } as const;
  const payloadForm = (table: Table, rows: number) => {
    const columns = payloadColumns(table, plan, rank);
    if (!sealsPayload(plan)) return tableForm(columns, rows);
    return plainForm(`encrypted ${tableWords(columns)}, which matching rows open`, [rows, columns.length]);
  };
  return {
    kind: 'psi',
    name,
    members,
    inputs,
    source: JSON.stringify([protocols.map(({ name }) => name).join(' or '), plan]),
    discloses: async (input, signal) => {
      if (!(input instanceof Table)) throw invalid(`an input is ${kindOf(input)} and no table`);
      const { prepareJoin, idCount } = await room();
      prepared = await prepareJoin(
        input,
        rank,
        { protocols, accepts, plan },
        { signal, madeUp: guard.rehearses },
      );
      const words = toldWords(protocols, plan, rank);
      const shape = [idCount(prepared)];
      const gives = payloadColumns(input, plan, rank);
      if (gives.length > 0) guard.foresees(leaving, payloadForm(input, 0));
      const all = sealsPayload(plan) ? ', encrypted in all rows' : '';
      const payload = gives.length > 0 ? `of matching rows ${tableWords(gives)}${all}` : undefined;
      // Which library computes, and what stays here, is not the contract's matter, nor how long a value is.
      const own = [
        await insteadWords(acceptedOf(protocols, accepts)),
        leftOutWords(plan, prepared),
        rowWords(prepared),
      ];
      const type = [words, ...[payload, ...own].filter((text) => text !== undefined)].join('; ');
      return { type, shape, form: plainForm(words, shape) };
    },
    execute: async (channel, context, input) => {
      const { psiJoin } = await room();
      // Its ids are gone when the join is over.
      const own = prepared;
      prepared = undefined;
      const { rows, count } = await psiJoin(
        channel,
        input as Table,
        {
          ...{ protocols, accepts, plan },
          ...(own === undefined ? {} : { prepared: own }),
          minimumRows: options.minimumRows ?? 0,
          madeUp: guard.rehearses,
          onMatched: (matched) => guard.shared(name, matched),
          onPayload: (rows) => void guard.take(leaving, payloadForm(input as Table, rows)),
        },
        context,
      );
      return plan.cardinality ? count : rows;
    },
  };
}

/** What does the arithmetic here, where it is not as usual: of each protocol that may run. */
async function insteadWords(protocols: readonly PsiProtocol[]): Promise<string | undefined> {
  const all = await Promise.all(protocols.map((protocol) => protocol.instead?.()));
  return all.find((text) => text !== undefined);
}

/** Of the own table what the other party gets. */
const payloadColumns = ({ columns }: Table, { payload }: JoinPlan, rank: number): readonly Column[] =>
  (payload[rank] ?? []).flatMap((name) => columns.find((column) => column.name === name) ?? []);

/** Of encrypted rows the length, which that of the longest decides. */
const rowWords = ({ rowBytes }: JoinIds): string | undefined =>
  rowBytes === undefined ? undefined : `each row padded to ${rowBytes} bytes`;
