/**
 * Rows of a secret in an order that one member has outside of the device: a step with a value of its own, as sharing.
 */
import { DataError, UsageError } from '../../../base/errors.ts';
import { invalid } from '../../../secure/ops/forms.ts';
import { permuteBy, permuteByCost } from '../../../secure/ops/permute.ts';
import { isPermutation } from '../../../secure/protocols/permutation.ts';
import { elementCount, shapeMismatch } from '../../../secure/ring/shape.ts';
import { dtypeMismatch } from '../../../secure/ring/tensor.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import { type HandleRecord, kindOf } from '../../steps/handle.ts';
import { calledFrom } from './called.ts';
import type { SecretRecord, SecurePlan } from './records.ts';
import { numbersOf } from './values.ts';

/** @throws {UsageError} PRIVITY_SHAPE_MISMATCH, PRIVITY_SECURE_DTYPE, PRIVITY_DEVICE_MISMATCH, PRIVITY_SECURE_MEMBER */
export function orderBy(secret: SecretRecord, record: HandleRecord): SecurePlan {
  const { device, shape, dtype } = secret;
  const { name } = record.value;
  if (dtype === 'boolean') throw dtypeMismatch('permuteBy is defined for numbers, not for booleans');
  const [rows] = shape;
  if (rows === undefined) throw shapeMismatch('permuteBy: a single number has no rows');
  const owner = ownerOf(record, secret);
  const rank = device.ranks.indexOf(owner);
  return {
    kind: 'share',
    operation: 'permuteBy',
    name: 'permuteBy',
    operands: [secret],
    called: calledFrom(orderBy),
    located: [{ record, owner }],
    detail: `${dtype} [${shape}]`,
    local: false,
    elements: elementCount(shape),
    execute: async (on, [x], located, leaving) => {
      const own = on.protocol.rank === rank ? positionsOf(located, rows, name) : undefined;
      leaving();
      const moved = await permuteBy(on, x as SecretTensor, rank, own);
      own?.fill(0);
      return moved;
    },
    discloses: (member) => {
      if (member !== owner) return undefined;
      return {
        to: device.members.filter((other) => other !== owner),
        type: 'secret order, each position once',
        shape: [rows],
        bytes: ({ protocol: { costs } }) => permuteByCost(costs, rank, shape).bytes[rank] ?? 0,
      };
    },
  };
}

function ownerOf({ run, owners, value }: HandleRecord, { device }: SecretRecord): string {
  if (run !== device.run)
    throw new UsageError('PRIVITY_DEVICE_MISMATCH', `"${value.name}" and the secret belong to two runs.`);
  const owner = device.members.find((member) => owners.includes(member));
  if (owner !== undefined) return owner;
  throw new UsageError(
    'PRIVITY_SECURE_MEMBER',
    `"${value.name}" is at ${owners.join(' and ')}, and no member of the device: ${device.members.join(', ')}. Only a member can apply an order.`,
  );
}

/** A copy, for the device alone. @throws {DataError} PRIVITY_SECURE_ORDER */
function positionsOf(value: unknown, rows: number, name: string): Uint32Array {
  const numbers = numbersOf(value);
  if (numbers === undefined)
    throw invalid(`"${name}" is ${kindOf(value)}; permuteBy takes an order, a list of positions`);
  const { values } = numbers;
  const wrong = (why: string): DataError =>
    new DataError(
      'PRIVITY_SECURE_ORDER',
      `"${name}" is no order of ${rows} rows: ${why}. Nothing of it has left this party.`,
    );
  if (values.length !== rows) throw wrong(`it has ${values.length} positions`);
  const positions = new Uint32Array(rows);
  for (let i = 0; i < rows; i++) positions[i] = Number(values[i]);
  const whole = positions.every((position, i) => position === values[i]);
  if (whole && isPermutation(positions)) return positions;
  throw wrong(`it has not each position from 0 to ${rows - 1} once`);
}
