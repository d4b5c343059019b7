/**
 * Handles: what a job holds in place of a located value. A handle has one method, `to`; everything else that a program
 * could do with a value throws, because at most parties the value does not exist.
 */
import { inspect } from 'node:util';
import { UsageError } from '../../base/errors.ts';
import type { Handle } from '../model/handle-types.ts';
import type { Branch } from '../state/branch.ts';
import type { Cell } from '../state/cell.ts';

/** A value that some step produced, wherever it is. Known to all parties; the cell only where the value is. */
export interface LocatedValue {
  /** Id of the value in the lockstep digest: the producing step, and the party if the step produced several. */
  readonly id: string;
  /** The name of the step, under which the ledger lists the value. */
  readonly name: string;
  /** Who has it, and since which branch of the program. */
  readonly copies: Map<string, Copy[]>;
}

export interface Copy {
  readonly branch: Branch;
  /** Present at the party itself. */
  readonly cell: Cell | undefined;
}

export interface HandleRecord {
  /** The runtime that made it. */
  readonly run: object;
  readonly value: LocatedValue;
  /** In federation order. */
  readonly owners: readonly string[];
  /** Where it was made: a value of a scope that has failed does not exist. */
  readonly branch: Branch;
  /** The value at this party, if this party is an owner. */
  readonly cell: Cell | undefined;
}

const records = new WeakMap<object, HandleRecord>();

export function makeHandle(record: HandleRecord, to: (...parties: readonly unknown[]) => Handle): Handle {
  // A literal, and the same traps for all handles: loops make a hundred thousand of them.
  const target = Object.freeze({
    __proto__: null,
    to,
    [inspect.custom]: describeHandle,
    [Symbol.toStringTag]: 'At',
  });
  const handle: Handle = new Proxy(target, traps) as unknown as Handle;
  records.set(handle, record);
  records.set(target, record);
  return handle;
}

function describeHandle(this: object): string {
  const record = records.get(this);
  return record ? `At<${record.owners.join(' | ')}> "${record.value.name}"` : 'At';
}

export function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && records.has(value);
}

/** @throws {UsageError} PRIVITY_HANDLE_EXPECTED, PRIVITY_HANDLE_FOREIGN */
export function recordOf(value: unknown, run: object | undefined, where: string): HandleRecord {
  const record = typeof value === 'object' && value !== null ? records.get(value) : undefined;
  if (record === undefined) {
    throw new UsageError(
      'PRIVITY_HANDLE_EXPECTED',
      `${where} needs a handle, as party.run(...) returns it, and was given ${kindOf(value)}. ` +
        'Public values can be used directly, also in the code of tasks.',
    );
  }
  if (run !== undefined && record.run !== run) {
    throw new UsageError(
      'PRIVITY_HANDLE_FOREIGN',
      `${where} was given a handle of another run ("${record.value.name}"). Keep handles inside the job function.`,
    );
  }
  return record;
}

/** The kind of a value without reading anything of it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof Promise) return 'a promise';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Printers and promises look for these on every object; there is nothing to find. */
const quiet: ReadonlySet<PropertyKey> = new Set([
  'then',
  'constructor',
  'catch',
  'finally',
  '$$typeof',
  'nodeType',
]);
const coercions: ReadonlySet<PropertyKey> = new Set([
  Symbol.toPrimitive,
  Symbol.iterator,
  Symbol.asyncIterator,
]);

function refuse(target: object, what: string): never {
  const { value, owners } = records.get(target) ?? { value: { name: '?' }, owners: ['?'] };
  throw new UsageError(
    'PRIVITY_HANDLE_COERCED',
    `The job ${what} a handle ("${value.name}", at ${owners.join(' and ')}) as if it were the value. ` +
      `Compute in a task at a party that has it: ${owners[0]}.run('name', { x }, ({ x }) => ...); ` +
      'or make it public first: await reveal(x).',
  );
}

const traps: ProxyHandler<object> = {
  get: (target, key) => {
    if (key === 'to') return Reflect.get(target, key);
    if (coercions.has(key)) return refuse(target, 'used');
    if (typeof key === 'symbol' || quiet.has(key)) return Reflect.get(target, key);
    return refuse(target, key === 'toJSON' ? 'printed' : 'read a property of');
  },
  ownKeys: (target) => refuse(target, 'listed the keys of'),
  has: (target) => refuse(target, 'looked for a property in'),
  set: (target) => refuse(target, 'wrote to'),
  defineProperty: (target) => refuse(target, 'wrote to'),
  deleteProperty: (target) => refuse(target, 'deleted from'),
};

/** A copy that the party certainly has at this point of the program, at whatever speed the branches run. */
export function copyAt(value: LocatedValue, party: string, branch: Branch): Copy | undefined {
  return value.copies.get(party)?.find((copy) => copy.branch.isBefore(branch));
}

export function addCopy(value: LocatedValue, party: string, copy: Copy): void {
  const copies = value.copies.get(party);
  if (copies) copies.push(copy);
  else value.copies.set(party, [copy]);
}
