/**
 * Private set intersection whose result stays on a secure device: a step between two parties, which leaves bins at
 * both, and a step of the device, which makes a secret table of them and shuffles it before anything else can use it.
 */
import { Table } from '../../data/table.ts';
import { leftOutWords, sharesTold } from '../../psi/joins/words.ts';
import { acceptedOf, protocolsFor } from '../../psi/protocols/index.ts';
import type { BinParts, PreparedShares, SharedColumn, SharesPlan } from '../../psi/shares/join.ts';
import {
  type BinsForm,
  binsForm,
  columnOfBins,
  sharedPartsCost,
  tableOfBins,
  tableShape,
} from '../../psi/shares/table-of-bins.ts';
import type { Bound } from '../../secure/bounds/declare.ts';
import { bits, hull, interval } from '../../secure/bounds/interval.ts';
import { elementCount } from '../../secure/ring/shape.ts';
import type { SecretTensor } from '../../secure/secret.ts';
import { formName, plainForm } from '../../wire/value-form.ts';
import type { RunState } from '../state/run-state.ts';
import { type HandleRecord, kindOf, recordOf } from '../steps/handle.ts';
import { type DeviceStep, issueDevice } from './device.ts';
import { type CheckedInto, secretName } from './psi-into-options.ts';
import { invalid } from './psi-options.ts';
import { calledFrom } from './secure/called.ts';
import { made } from './secure/methods.ts';
import type { Located, SecretRecord, SecurePlan } from './secure/records.ts';
import type { RunContext } from './secure/run-context.ts';
import type { SecureRuntime } from './secure/runtime.ts';
import { ledgerType } from './secure/values.ts';

/** `members` and `inputs` by rank of the two parties. */
export function psiInto(
  { scheduler, secure }: RunContext,
  checked: CheckedInto,
  members: readonly string[],
  inputs: readonly HandleRecord[],
): object {
  const step = binsStep(scheduler.state, checked, members, inputs, !secure.plaintext);
  const located = issueDevice(scheduler, step).map((handle, rank) => ({
    record: recordOf(handle, undefined, 'psi'),
    owner: members[rank] ?? '',
  }));
  const { join } = checked;
  const sides = sidesOf(checked, members);
  const table = tableStep(secure, checked, sides, located);
  const column = (at: number, name: string, shared: Pick<SharedColumn, 'dtype' | 'bound'>): object =>
    columnStep(secure, checked, table, { ...shared, at, name });
  const own = sides.own.map((one, at) => [one.name, column(1 + at, secretName(sides.holder, one.name), one)]);
  const theirs = sides.theirs.map((one, at) => [
    one.name,
    column(1 + own.length + at, secretName(sides.other, one.name), one),
  ]);
  const named = (party: string): object =>
    Object.freeze(Object.fromEntries(party === sides.holder ? own : theirs));
  const given = members.filter((_, rank) => (join.columns[rank === 0 ? 0 : 1] ?? []).length > 0);
  return Object.freeze({
    ...Object.fromEntries(given.map((party) => [party, named(party)])),
    matches: column(0, 'matches', { dtype: 'boolean', bound: bits }),
  });
}

/** Who has the left table, whose rows bins are of, and which columns each gives. */
interface IntoSides {
  readonly holder: string;
  readonly other: string;
  readonly own: readonly SharedColumn[];
  readonly theirs: readonly SharedColumn[];
  readonly form: BinsForm;
}

function sidesOf({ device, join }: CheckedInto, members: readonly string[]): IntoSides {
  const { left } = join.plan;
  const [holder = '', other = ''] = left === 0 ? members : [...members].reverse();
  const [own, theirs] = left === 0 ? join.columns : [join.columns[1], join.columns[0]];
  const ranks = { holder: device.ranks.indexOf(holder), other: device.ranks.indexOf(other) };
  const form = binsForm({ ...ranks, own: own.length, theirs: theirs.length }, join.rows);
  return { holder, other, own, theirs, form };
}

/** The part of the two. */
function binsStep(
  { guard, options, party }: RunState,
  { join, keyText, device }: CheckedInto,
  members: readonly string[],
  inputs: readonly HandleRecord[],
  checked: boolean,
): DeviceStep {
  const rank = members.indexOf(party);
  // Loaded with the first psi: it brings the database.
  const room = () => import('../../psi/index.ts');
  let prepared: PreparedShares | undefined;
  return {
    kind: 'psi',
    name: `psi on ${keyText}`,
    members,
    inputs,
    source: `into ${device.key}\n${planText(join)}`,
    discloses: async (input, signal) => {
      if (!(input instanceof Table)) throw invalid(`an input is ${kindOf(input)} and no table`);
      const { prepareShares, idCount, refuseMinimum } = await room();
      refuseMinimum(options.minimumRows ?? 0);
      // Bins are of rr22's function, and rest on what it rests on.
      acceptedOf(protocolsFor('rr22'), options.psiProtocols);
      const context = { signal, random: options.random, madeUp: guard.rehearses, checked };
      prepared = await prepareShares(input, rank, join, context);
      const shape = [idCount(prepared)];
      const own = leftOutWords(join.plan, prepared);
      const words = sharesTold(rank === join.plan.left);
      return {
        type: own === undefined ? words : `${words}; ${own}`,
        shape,
        form: plainForm(words, shape),
      };
    },
    execute: async (channel, context) => {
      const { binParts } = await room();
      return binParts(channel, join, prepared as PreparedShares, context);
    },
  };
}

const planText = (join: SharesPlan): string =>
  JSON.stringify(join, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));

/** The part of the device: shares of what both have, and the table that it makes of them. */
function tableStep(
  secure: SecureRuntime,
  { device, join, keyText }: CheckedInto,
  { holder, other, own, theirs, form }: IntoSides,
  located: readonly Located[],
): SecretRecord {
  const plan: SecurePlan = {
    kind: 'share',
    operation: 'psi',
    name: `psi on ${keyText} as shares`,
    operands: [],
    called: calledFrom(psiInto),
    located,
    detail: planText(join),
    local: false,
    elements: elementCount(tableShape(form)),
    execute: (on, _, parts, leaving) => {
      leaving();
      return tableOfBins(on, form, parts as BinParts | undefined);
    },
    discloses: (member) => {
      if (member !== holder && member !== other) return undefined;
      const rank = device.ranks.indexOf(member);
      return {
        to: device.members.filter((one) => one !== member),
        type: sharedWords(member === holder ? own : theirs, device.fracBits),
        shape: [join.rows],
        bytes: ({ protocol: { costs } }) => sharedPartsCost(costs, form).bytes[rank] ?? 0,
      };
    },
  };
  const bound: Bound = { ...bits, assumed: false };
  return secure.compute(device, plan, { shape: tableShape(form), dtype: 'integer', bound });
}

/** In the words of ledgers and contracts. */
function sharedWords(columns: readonly SharedColumn[], fracBits: number): string {
  const each = columns.map(
    ({ name, dtype, bound }) => `${formName(name)}: ${ledgerType(dtype, bound, fracBits)}`,
  );
  return ['secret bins of an intersection', ...each].join('; ');
}

interface OneColumn extends Pick<SharedColumn, 'name' | 'dtype' | 'bound'> {
  readonly at: number;
}

/** One column of the table, as a secret that a job can have. */
function columnStep(
  secure: SecureRuntime,
  { device }: CheckedInto,
  table: SecretRecord,
  { at, name, dtype, bound }: OneColumn,
): object {
  const shape = [table.shape[1] ?? 0];
  const plan: SecurePlan = {
    kind: 'secure',
    operation: 'psi',
    name,
    operands: [table],
    called: calledFrom(psiInto),
    detail: `column ${at}, ${dtype}`,
    local: true,
    elements: shape[0] ?? 0,
    execute: async (on, [rows]) => columnOfBins(on, rows as SecretTensor, at, dtype),
  };
  const known: Bound = { ...hull(bound, interval(0n, 0n)), assumed: false };
  return made(device, plan, { shape, dtype, bound: known }, secure);
}
