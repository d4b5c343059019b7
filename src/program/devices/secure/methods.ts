/**
 * The methods of secrets, and how a located value becomes one: everything is checked in the call, at every party alike.
 */
import { hash } from 'node:crypto';
import { UsageError } from '../../../base/errors.ts';
import { type Bound, declaredBound, fracBitsOf, type Range } from '../../../secure/bounds/declare.ts';
import { intervalOfWords, realOf } from '../../../secure/bounds/interval.ts';
import { checkRounding } from '../../../secure/bounds/rounding.ts';
import { catalogue, isLocal } from '../../../secure/ops/catalogue.ts';
import { checkDtypes, invalid } from '../../../secure/ops/forms.ts';
import type { Assumed, Form, Operation, Publicly } from '../../../secure/ops/operation.ts';
import { perform } from '../../../secure/ops/perform.ts';
import type { Dtype } from '../../../secure/ring/fixed-point.ts';
import { checkShape, elementCount, type Shape } from '../../../secure/ring/shape.ts';
import { type PublicTensor, publicNumbers, publicTensor, singleNumber } from '../../../secure/ring/tensor.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Handle } from '../../model/handle-types.ts';
import { stepNameProblem } from '../../model/step-name.ts';
import { type HandleRecord, kindOf, recordOf } from '../../steps/handle.ts';
import { boundOfResult, checkOpened, isAssumption, type NamedOperand } from './bounds.ts';
import { calledFrom } from './called.ts';
import { constant, KEYS_BIT, openedBit, openTo, shareOf } from './crossing.ts';
import { orderBy } from './order-by.ts';
import { floatingPoint, type Tried, tracedOpening, tracedResult, tried } from './plain.ts';
import type { DeviceRecord, Known, SecretRecord, SecurePlan } from './records.ts';
import { contexts, partyNames } from './run-context.ts';
import type { SecureRuntime } from './runtime.ts';
import { makeSecret, secretRecordOf } from './secret-handle.ts';
import { type Numbers, numbersOf } from './values.ts';

type Operand = SecretRecord | PublicTensor;
const isPublic = (operand: Operand): operand is PublicTensor => 'words' in operand;
const isSecret = (operand: Operand): operand is SecretRecord => !isPublic(operand);

const runtimeOf = ({ run }: { readonly run: object }): SecureRuntime => {
  const context = contexts.get(run);
  if (context === undefined)
    throw new UsageError('PRIVITY_STEP_OUTSIDE_RUN', 'A secret was used after its run.');
  return context.secure;
};

/** @throws {UsageError} PRIVITY_STEP_INVALID if a method was called on something else */
function self(secret: unknown, name: string): SecretRecord {
  const record = secretRecordOf(secret);
  if (record === undefined) throw invalid(`${name} was called on ${kindOf(secret)}, which is no secret`);
  return record;
}

const methods: Record<string, (this: unknown, ...args: readonly unknown[]) => unknown> = {
  to(party) {
    return open(self(this, 'to'), party);
  },
  as(name) {
    const record = self(this, 'as');
    if (typeof name !== 'string') throw invalid(`as() takes a name and was given ${kindOf(name)}`);
    const problem = stepNameProblem(name);
    if (problem !== undefined) throw invalid(`the name given to as() ${problem}`);
    return makeSecret({ ...record, name }, methods);
  },
  permuteBy(order) {
    const record = self(this, 'permuteBy');
    const plan = orderBy(record, recordOf(order, undefined, 'permuteBy'));
    const { device, shape, dtype, bound } = record;
    return made(device, plan, { shape, dtype, bound }, runtimeOf(record));
  },
};
for (const operation of catalogue) {
  methods[operation.name] = function (...args) {
    return compute(self(this, operation.name), operation, args);
  };
}
Object.setPrototypeOf(methods, null);
Object.freeze(methods);

function compute(secret: SecretRecord, operation: Operation, args: readonly unknown[]): object {
  const { device } = secret;
  const { fracBits } = device;
  const { name } = operation;
  const { operands, params } = operandsOf(secret, operation, args);
  const forms = operands.map((operand) => ({
    shape: operand.shape,
    dtype: operand.dtype,
    secret: !isPublic(operand),
    number: isPublic(operand) ? singleNumber(operand) : undefined,
  }));
  const { shape, dtype } = operation.result(forms, params, name);
  checkShape(shape, name);
  const ends = operation.ends?.(secret, params, fracBits);
  const given = ends ? [ends.min, ends.max] : params;
  const runtime = runtimeOf(secret);
  const known = forms.map((form, i) => ({ ...form, ...boundOf(operands[i] as Operand) }));
  const work = (): Bound => boundOfResult(operation, { operands: known, params: given, shape, fracBits });
  const result = boundIn(runtime, work, operands.filter(isSecret), { dtype, shape });
  const { bound } = result;
  const keysWithin = runtime.plaintext ? undefined : assumedKeys(operation, operands);
  const bit = keysWithin ? KEYS_BIT : operation.opens?.bit;
  const plan: SecurePlan = {
    kind: 'secure',
    operation: name,
    name,
    operands: operands.filter(isSecret),
    called: calledFrom(compute),
    detail: `${dtype} [${shape}] ${detailOf(operands, params)}`,
    local: isLocal(operation, { operands: forms, params: given, shape, fracBits }),
    elements: elementCount(shape),
    ...(isAssumption(operation, secret.bound, ends) && {
      assumption: { of: secret.name, shape, ...rangeOf(secret, bound) },
    }),
    execute: (on, tensors, _, leaving) => {
      if (bit !== undefined) leaving();
      const queue = [...tensors];
      const inputs = operands.map((operand) =>
        isPublic(operand) ? operand : (queue.shift() as SecretTensor),
      );
      return perform(on, operation, inputs, given, shape, keysWithin);
    },
    ...(bit !== undefined && openedBit(device, bit)),
  };
  const traced = runtime.plaintext
    ? tracedResult(plan, device, result, floatingPoint(operation, operands, given, shape, device))
    : plan;
  return makeSecret(runtime.compute(device, traced, { shape, dtype, bound }), methods);
}

/** What a call is given, checked: the secret and its further operands, and what is public beside them. */
function operandsOf(
  secret: SecretRecord,
  operation: Operation,
  args: readonly unknown[],
): { readonly operands: readonly Operand[]; readonly params: readonly unknown[] } {
  const { name, takes } = operation;
  const { operands: others, params } = argumentsOf(operation, args);
  const dtype =
    others.map(secretRecordOf).find(Boolean)?.dtype ?? (takes.others === 'values' ? 'fixed' : secret.dtype);
  const operands: readonly Operand[] = [
    secret,
    ...others.map((other, index) =>
      operandOf(other, `${name}, operand ${index + 2},`, secret.device, dtype, operation),
    ),
  ];
  if (takes.secretsOnly && operands.some(isPublic)) throw invalid(`${name} takes secrets only`);
  checkDtypes(operation, operands);
  if (
    takes.noZeros !== undefined &&
    operands.some((operand) => isPublic(operand) && publicNumbers(operand).includes(0))
  )
    throw invalid(takes.noZeros);
  return { operands, params };
}

/** In a run on plaintext a refusal is told, and the run goes on. */
function boundIn(
  { plaintext }: SecureRuntime,
  work: () => Bound,
  operands: readonly SecretRecord[],
  form: Form,
): Form & Tried {
  if (!plaintext) return { ...form, bound: work() };
  return {
    ...form,
    ...tried(
      work,
      operands.map(({ bound }) => bound),
      form.dtype,
    ),
  };
}

const rangeOf = ({ dtype, device }: SecretRecord, { min, max }: Bound): Required<Range> => {
  const places = fracBitsOf(dtype, device.fracBits);
  return { min: realOf(min, places), max: realOf(max, places) };
};

/** Comparisons of these are opened: what nobody has checked has to be checked before. */
function assumedKeys({ opens }: Operation, operands: readonly Operand[]): Assumed | undefined {
  const keys = opens?.keys === undefined ? undefined : operands[opens.keys];
  return keys && !isPublic(keys) && keys.bound.assumed ? { ...keys.bound, name: keys.name } : undefined;
}

/** The bound of an operand, and the words by which an error names it. */
function boundOf(
  operand: Operand,
): Pick<NamedOperand, 'bound' | 'assumed' | 'name'> & Partial<Pick<PublicTensor, 'words' | 'exact'>> {
  if (!isPublic(operand)) return { bound: operand.bound, assumed: operand.bound.assumed, name: operand.name };
  const { words, exact } = operand;
  return {
    bound: intervalOfWords(words),
    assumed: false,
    name: 'public',
    words,
    ...(exact && { exact }),
  };
}

function argumentsOf(
  { name, takes: { operands } }: Operation,
  args: readonly unknown[],
): { readonly operands: readonly unknown[]; readonly params: readonly unknown[] } {
  if (operands === 'list') {
    const [list, ...params] = args;
    if (!Array.isArray(list)) throw invalid(`${name} takes a list of secrets`);
    return { operands: list, params };
  }
  if (operands === 'if secret') {
    const count = secretRecordOf(args[0]) ? 1 : 0;
    return { operands: args.slice(0, count), params: args.slice(count) };
  }
  if (args.length < operands)
    throw invalid(`${name} takes ${operands} operands and was given ${args.length}`);
  return { operands: args.slice(0, operands), params: args.slice(operands) };
}

/** @throws {UsageError} PRIVITY_DEVICE_MISMATCH, PRIVITY_STEP_INVALID @throws {DataError} PRIVITY_SECURE_DOMAIN */
function operandOf(
  value: unknown,
  where: string,
  device: DeviceRecord,
  dtype: Dtype,
  { name, takes: { publicly } }: Operation,
): Operand {
  const secret = secretRecordOf(value);
  if (secret !== undefined) {
    if (secret.run === device.run && secret.device.key === device.key) return secret;
    throw new UsageError(
      'PRIVITY_DEVICE_MISMATCH',
      `${where} is a secret of ${secret.run === device.run ? secret.device.key : 'another run'}; this one is of ${device.key}.`,
    );
  }
  const numbers = numbersOf(value);
  if (numbers === undefined) {
    throw invalid(
      `${where} takes a secret of the same device or public numbers and was given ${kindOf(value)}; a located value is shared first, by .to(device)`,
    );
  }
  return publicOf(numbers, dtype, name, publicly, device);
}

/** @throws {UsageError} PRIVITY_SECURE_ROUNDING: fixed point makes other numbers of them */
function publicOf(
  { values, shape = [values.length] }: Numbers,
  dtype: Dtype,
  to: string,
  publicly: Publicly | undefined,
  { fracBits }: DeviceRecord,
): PublicTensor {
  const tensor = publicTensor(values, { dtype, shape, fracBits, exact: publicly === 'exact' });
  if (dtype === 'fixed') checkRounding({ to, values, shape, fracBits }, publicly);
  return tensor;
}

/**
 * Everything public that decides what is computed: in the digest of the step, so parties that differ in it find out.
 */
function detailOf(operands: readonly Operand[], params: readonly unknown[]): string {
  const words = operands.map((operand) =>
    isPublic(operand) ? `public [${operand.shape}] ${digest(operand.exact ?? operand.words)}` : '*',
  );
  const plain = params.map((param) => (ArrayBuffer.isView(param) ? digest(param) : JSON.stringify(param)));
  return [...words, ...plain].join(' ');
}

const digest = (view: ArrayBufferView): string =>
  hash('sha256', new Uint8Array(view.buffer, view.byteOffset, view.byteLength), 'hex');

/** What `handle.to(device, options)` does. */
export function share(record: HandleRecord, device: DeviceRecord, options: unknown): object {
  if (record.run !== device.run)
    throw new UsageError(
      'PRIVITY_DEVICE_MISMATCH',
      `"${record.value.name}" and the device belong to two runs.`,
    );
  const owner = device.members.find((member) => record.owners.includes(member));
  if (owner === undefined) {
    throw new UsageError(
      'PRIVITY_SECURE_MEMBER',
      `"${record.value.name}" is at ${record.owners.join(' and ')}, and no member of the device: ${device.members.join(', ')}. Only a member can share.`,
    );
  }
  const { shape, dtype, range } = shareOptions(options, record.value.name);
  const where = `"${record.value.name}".to(device, options)`;
  const bound = { ...declaredBound(dtype, device.fracBits, range, where), assumed: false };
  const plan: SecurePlan = {
    kind: 'share',
    operation: 'share',
    name: record.value.name,
    operands: [],
    called: calledFrom(share),
    located: [{ record, owner }],
    detail: `${dtype} [${shape}] ${bound.min} ${bound.max}`,
    local: false,
    elements: elementCount(shape),
    ...shareOf(
      device,
      owner,
      { shape, dtype, bound, declared: isDeclared(range), checked: !runtimeOf(record).plaintext },
      record.value.name,
    ),
  };
  return made(device, plan, { shape, dtype, bound }, runtimeOf(record));
}

const isDeclared = ({ min, max }: Range): boolean => min !== undefined || max !== undefined;

function shareOptions(options: unknown, name: string): Form & { readonly range: Range } {
  const wrong = (why: string): UsageError => invalid(`"${name}".to(device, options): ${why}`);
  if (options !== undefined && (typeof options !== 'object' || options === null))
    throw wrong('the options are { shape, dtype, min, max }');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const strange = Object.keys(given).find((key) => !['shape', 'dtype', 'min', 'max'].includes(key));
  if (strange !== undefined) throw wrong(`there is no option "${strange}"`);
  const { shape = [], dtype = 'fixed' } = given;
  if (!Array.isArray(shape)) throw wrong('shape is a list of whole numbers');
  if (dtype !== 'fixed' && dtype !== 'integer' && dtype !== 'boolean')
    throw wrong('dtype is fixed, integer or boolean');
  checkShape(shape as Shape, `"${name}"`);
  const { min, max } = given as Range;
  const range = { ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
  return { shape: Object.freeze([...shape]) as Shape, dtype, range };
}

/** What `secret.to(party)` does, and, without a party, the first half of `reveal`: all members have it then. */
export function open(secret: SecretRecord, party?: unknown): Handle {
  const { device, name, shape, dtype, bound } = secret;
  const runtime = runtimeOf(secret);
  const opened = (): Bound => checkOpened(name, dtype, bound, device.fracBits);
  const result = boundIn(runtime, opened, [secret], { dtype, shape });
  const to = party === undefined ? device.members : [memberOf(device, party)];
  const plan: SecurePlan = {
    kind: 'reveal',
    operation: 'reveal',
    name,
    operands: [secret],
    called: calledFrom(open),
    detail: to.join(),
    local: false,
    elements: elementCount(shape),
    ...openTo(device, secret, to),
  };
  return runtime.open(device, runtime.plaintext ? tracedOpening(plan, device, result) : plan, to);
}

function memberOf(device: DeviceRecord, party: unknown): string {
  const known = typeof party === 'object' && party !== null ? partyNames.get(party) : undefined;
  if (known?.run !== device.run) {
    throw new UsageError(
      'PRIVITY_STEP_PARTY_UNKNOWN',
      `.to() was given ${known ? 'a party of another run' : `${kindOf(party)} that is no party of this job`}. A secret goes to one party object.`,
    );
  }
  if (device.members.includes(known.name)) return known.name;
  throw new UsageError(
    'PRIVITY_SECURE_MEMBER',
    `${known.name} is no member of the device: ${device.members.join(', ')}. Open the secret to a member, or reveal it.`,
  );
}

/** What `device.constant(values, options)` does. */
export function constantOn(device: DeviceRecord, values: unknown, options: unknown): object {
  const numbers = numbersOf(values);
  if (numbers === undefined) throw invalid(`constant takes public numbers and was given ${kindOf(values)}`);
  const declared = numbers.shape ?? [numbers.values.length];
  const { shape, dtype, range } = shareOptions({ shape: declared, ...(options ?? {}) }, 'constant');
  if (isDeclared(range)) throw invalid('constant() takes no min and no max: everybody has the numbers');
  const tensor = publicOf({ ...numbers, shape }, dtype, 'constant', 'itself', device);
  const plan: SecurePlan = {
    kind: 'secure',
    operation: 'constant',
    name: 'constant',
    operands: [],
    called: calledFrom(constantOn),
    detail: `${dtype} [${shape}] ${digest(tensor.words)}`,
    local: true,
    elements: elementCount(shape),
    execute: (on) => constant(on, tensor),
  };
  const bound = { ...intervalOfWords(tensor.words), assumed: false };
  return made(device, plan, { shape, dtype, bound }, runtimeOf(device));
}

/** A secret that is computed from no other that a job has. */
export function made(device: DeviceRecord, plan: SecurePlan, known: Known, runtime: SecureRuntime): object {
  const traced = runtime.plaintext ? tracedResult(plan, device, known) : plan;
  return makeSecret(runtime.compute(device, traced, known), methods);
}
