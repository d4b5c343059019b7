import { createHash } from 'node:crypto';
import type { Random } from '../../contracts/random.ts';
import type { Fiber } from '../fiber.ts';
import { SEED_BYTES } from '../prg.ts';
import { MemberError } from '../violations.ts';

const DIGEST_BYTES = 32;

/** Seeds by rank of the other member; at the own rank one that nobody else has. */
export interface PairSeeds {
  /** Known to this member and that one. */
  readonly with: readonly Uint8Array[];
  /** Known to all: made from what the first member gave the others. */
  readonly common: Uint8Array;
}

/**
 * The first round of every protocol: members compare what they are about to do and agree on seeds. Both members of a
 * pair contribute to its seed. Cost: 64 bytes to each member, 1 round.
 * @throws {PeerError} PRIVITY_SECURE_MISMATCH
 */
export async function agree(
  fiber: Fiber,
  random: Random,
  agreement: string,
  binding: Uint8Array,
): Promise<PairSeeds> {
  const digest = createHash('sha256').update(JSON.stringify(agreement)).update(binding).digest();
  const ranks = Array.from({ length: fiber.size }, (_, rank) => rank);
  const isPeer = (rank: number): boolean => rank !== fiber.rank;
  const own = ranks.map(() => random.bytes(SEED_BYTES));
  const ownCommon = random.bytes(SEED_BYTES);
  const secrets = [...own, ownCommon];
  try {
    const received = await fiber.exchange({
      label: 'agree',
      outgoing: ranks.map((rank) =>
        isPeer(rank) ? [digest, own[rank] as Uint8Array, ownCommon] : undefined,
      ),
      incoming: ranks.map((rank) => (isPeer(rank) ? DIGEST_BYTES + 2 * SEED_BYTES : 0)),
    });
    secrets.push(...received);
    for (const rank of ranks.filter(isPeer)) {
      if (!digest.equals((received[rank] as Uint8Array).subarray(0, DIGEST_BYTES))) {
        throw new MemberError(rank, {
          code: 'PRIVITY_SECURE_MISMATCH',
          message: `a member of the secure device has other options, another protocol or another run than this one (${agreement})`,
        });
      }
    }
    const theirs = (rank: number): Uint8Array =>
      (received[rank] as Uint8Array).subarray(DIGEST_BYTES, DIGEST_BYTES + SEED_BYTES);
    const seeds = ranks.map((rank) => {
      const mine = own[rank] as Uint8Array;
      if (!isPeer(rank)) return join('own', mine);
      return rank < fiber.rank ? join('pair', theirs(rank), mine) : join('pair', mine, theirs(rank));
    });
    const common =
      fiber.rank === 0 ? ownCommon : (received[0] as Uint8Array).subarray(DIGEST_BYTES + SEED_BYTES);
    return { with: seeds, common: join('common', common) };
  } finally {
    // What was sent is a copy: rounds put pieces of this size together into one message.
    for (const secret of secrets) secret.fill(0);
  }
}

function join(purpose: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256').update(`privity ${purpose} seed`);
  for (const part of parts) hash.update(part);
  const digest = hash.digest();
  const seed = new Uint8Array(digest.subarray(0, SEED_BYTES));
  digest.fill(0);
  return seed;
}
