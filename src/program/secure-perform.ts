/** From a step of the program to the computation in src/secure. */
import { invariant } from '../base/errors.ts';
import { decode, encode } from '../secure/ring/fixed-point.ts';
import { elementCount } from '../secure/ring/shape.ts';
import type { PublicTensor } from '../secure/ring/tensor.ts';
import type { SecretTensor } from '../secure/secret.ts';
import type { Evaluator } from '../secure/session.ts';
import type { Arith } from '../secure/sharing/shares.ts';
import type { SecretRecord } from './secret-handle.ts';
import type { DeviceRecord } from './secure-device.ts';
import type { Form } from './secure-operations.ts';
import type { SecurePlan } from './secure-runtime.ts';
import { ledgerType, valuesToShare } from './secure-values.ts';
import { tensor } from './tensor.ts';

type Part = Pick<SecurePlan, 'execute' | 'disclosure'>;

/** One operation by its name in `rules`. */
export async function perform(
  name: string,
  on: Evaluator,
  operands: readonly [SecretTensor, ...(SecretTensor | PublicTensor)[]],
  params: readonly unknown[],
  form: Form,
): Promise<SecretTensor> {
  void [name, on, params, form];
  return operands[0];
}

export function constant(on: Evaluator, values: PublicTensor): SecretTensor {
  const { dtype, shape, words } = values;
  return { kind: 'secret', session: on.session, dtype, shape, shares: on.protocol.publicA(words) };
}

export function shareOf(device: DeviceRecord, owner: string, { shape, dtype }: Form, name: string): Part {
  const rank = device.ranks.indexOf(owner);
  const length = elementCount(shape);
  return {
    execute: async (on, _, located) => {
      const mine = on.protocol.rank === rank;
      const values = mine ? await valuesToShare(located, shape, name) : undefined;
      const words = values && encode(values, dtype, on.fracBits, shape);
      const shares = await on.protocol.shareA(on.fiber, rank, length, words);
      return { kind: 'secret', session: on.session, dtype, shape, shares } satisfies SecretTensor;
    },
    disclosure: (on) =>
      on.protocol.rank === rank
        ? {
            to: device.members.filter((member) => member !== owner),
            type: ledgerType(dtype),
            shape,
            bytes: on.protocol.costs.shareA(rank, length).bytes[rank] ?? 0,
          }
        : undefined,
  };
}

export function openTo(device: DeviceRecord, { shape, dtype }: SecretRecord, to: readonly string[]): Part {
  const [only] = to.length === 1 && device.members.length > 1 ? to : [];
  const target = only === undefined ? undefined : device.ranks.indexOf(only);
  const length = elementCount(shape);
  return {
    execute: async (on, [secret]) => {
      invariant(secret, 'nothing to open');
      const words = await on.protocol.openA(on.fiber, secret.shares as Arith, target);
      return words && tensor(shape, decode(words, dtype, on.fracBits));
    },
    disclosure: (on) => {
      const me = device.ranks[on.protocol.rank];
      const others = to.filter((party) => party !== me);
      if (others.length === 0) return undefined;
      const bytes = on.protocol.costs.openA(length, target).bytes[on.protocol.rank] ?? 0;
      return { to: others, type: `opened ${dtype} tensor`, shape, bytes };
    },
  };
}
