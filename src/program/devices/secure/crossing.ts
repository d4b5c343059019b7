/** What the steps of a device do that go into it and out of it, and what others learn by them. */
import { invariant } from '../../../base/errors.ts';
import { checkBound, type Declared } from '../../../secure/bounds/check.ts';
import { fromPublic, reveal, revealCost, share, shareCost } from '../../../secure/ops/sharing.ts';
import { decode } from '../../../secure/ring/fixed-point.ts';
import { elementCount } from '../../../secure/ring/shape.ts';
import type { PublicTensor } from '../../../secure/ring/tensor.ts';
import type { SecretTensor } from '../../../secure/secret.ts';
import type { Evaluator } from '../../../secure/session.ts';
import { tensor } from '../../model/tensor.ts';
import type { DeviceRecord, SecretRecord, SecurePlan } from './records.ts';
import { ledgerType, valuesToShare } from './values.ts';

type Part = Pick<SecurePlan, 'execute' | 'discloses'>;

/** What is checked of keys that rest on an assumption, before comparisons of them are opened. */
export const KEYS_BIT = 'whether all keys are as assumed';

/** One bit that all members learn, of what is checked on the way. */
export function openedBit({ members }: DeviceRecord, what: string): Required<Pick<SecurePlan, 'discloses'>> {
  return {
    discloses: (member) => ({
      to: members.filter((other) => other !== member),
      type: `opened bit: ${what}`,
      shape: [],
      bytes: ({ protocol: { costs, rank } }) => costs.openB(1, 1).bytes[rank] ?? 0,
    }),
  };
}

export async function constant(on: Evaluator, values: PublicTensor): Promise<SecretTensor> {
  return fromPublic(on, values);
}

export function shareOf(device: DeviceRecord, owner: string, declared: Declared, name: string): Part {
  const { shape, dtype, bound } = declared;
  const rank = device.ranks.indexOf(owner);
  const length = elementCount(shape);
  return {
    execute: async (on, _, located, leaving) => {
      const own = on.protocol.rank === rank;
      const values = own ? await valuesToShare(located, shape, name) : undefined;
      if (values && declared.checked) checkBound(values, declared, on.fracBits, name);
      leaving();
      return share(on, { owner: rank, dtype, shape }, values);
    },
    discloses: (member) => {
      if (member !== owner) return undefined;
      const bytes = ({ protocol: { costs } }: Evaluator): number =>
        shareCost(costs, rank, length, dtype).bytes[rank] ?? 0;
      const to = device.members.filter((other) => other !== owner);
      return { to, type: ledgerType(dtype, bound, device.fracBits), shape, bytes };
    },
  };
}

export function openTo(device: DeviceRecord, { shape, dtype }: SecretRecord, to: readonly string[]): Part {
  const target = to.length === 1 ? device.ranks.indexOf(to[0] ?? '') : undefined;
  const length = elementCount(shape);
  return {
    execute: async (on, [secret], _, leaving) => {
      invariant(secret, 'nothing to open');
      const traces = secret.shares.kind === 'arith' && secret.shares.rounded === true;
      leaving(traces ? `opened ${dtype} tensor, with traces of dropped bits` : undefined);
      const opened = await reveal(on, secret, target);
      return opened && tensor(shape, decode(opened.words, dtype, on.fracBits));
    },
    discloses: (member) => {
      const others = to.filter((party) => party !== member);
      if (others.length === 0) return undefined;
      // Of a replicated share one holder sends it, and the other a hash, which says nothing else.
      const bytes = ({ protocol: { costs, rank } }: Evaluator): number => {
        if (target !== undefined && !costs.tells(rank, target)) return 0;
        return revealCost(costs, length, dtype, target).bytes[rank] ?? 0;
      };
      return { to: others, type: `opened ${dtype} tensor`, shape, bytes };
    },
  };
}
