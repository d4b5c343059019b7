/**
 * How long the network alone will hold up a run, on each measured link of this party. Pure.
 *
 * Model: rounds × half of the round trip + bytes / speed.
 * - A round is what members of a device, or both sides of an intersection, send at the same time: it takes one way.
 * - Steps that send something beside them take one way each, as if no two were under way at one time.
 * - Bytes are those that the rehearsal counted, on a straight line to the expected rows; both directions are used at
 *   one time, so the fuller one counts. Where the price does not tell links apart, all that a party sends. Bytes of
 *   intersections are those of the protocol that they will be, where the rehearsal had another.
 * What is not in it: arithmetic, the start of the run, links between two partners.
 */
import type { Contract, ContractEntry } from '../../observe/contract/contract.ts';
import type { LinkMeasure } from '../partners/link-gauge.ts';
import { type ExpectedSizes, growthAt } from './expected-sizes.ts';
import { psiBytesBeyond, psiRounds, timesExpected } from './psi-steps.ts';

export interface NetworkTime {
  readonly partner: string;
  /** One after the other. */
  readonly rounds: number;
  /** In the fuller direction. */
  readonly bytes: number;
  readonly roundTripMs: number | null;
  readonly bytesPerSecond: number | null;
  /** null: the link is not measured. */
  readonly ms: number | null;
}

/** @returns one for each other party; none where the contract has no price */
export function networkTimes(
  contract: Contract,
  self: string,
  sizes: ExpectedSizes,
  measureOf: (partner: string) => LinkMeasure | undefined,
): readonly NetworkTime[] {
  const { price, parties } = contract;
  if (price === undefined || !parties.includes(self)) return [];
  const bytesOf = (from: string, to: string): number => {
    const growth = price.links?.[from]?.[to] ?? price.bytes[from];
    if (growth === undefined) return 0;
    return Math.max(0, growthAt(growth, sizes.rows) + psiBytesBeyond(contract, from, to, sizes));
  };
  return parties
    .filter((party) => party !== self)
    .map((partner) => {
      const rounds = Math.round(
        growthAt(price.rounds, sizes.rows) + stepRounds(contract, self, partner, sizes),
      );
      const bytes = Math.round(Math.max(bytesOf(self, partner), bytesOf(partner, self)));
      const { roundTripMs = null, bytesPerSecond = null } = measureOf(partner) ?? {};
      return {
        partner,
        rounds,
        bytes,
        roundTripMs,
        bytesPerSecond,
        ms: msOf(rounds, bytes, roundTripMs, bytesPerSecond),
      };
    });
}

function msOf(
  rounds: number,
  bytes: number,
  roundTripMs: number | null,
  bytesPerSecond: number | null,
): number | null {
  if (roundTripMs === null || bytesPerSecond === null) return null;
  return rounds * (roundTripMs / 2) + (bytes / bytesPerSecond) * 1_000;
}

/** Of steps between the two beside secure devices, whose rounds the rehearsal has counted. */
function stepRounds(contract: Contract, self: string, partner: string, sizes: ExpectedSizes): number {
  const steps = new Map<string, number>();
  for (const entry of contract.discloses) {
    if (!connects(entry, self, partner) || isOfDevice(entry)) continue;
    const each = entry.kind === 'psi' ? psiRounds(contract, entry.step, sizes) : 1;
    const rounds = each * timesExpected(entry, contract, sizes);
    steps.set(entry.step, Math.max(steps.get(entry.step) ?? 0, rounds));
  }
  return [...steps.values()].reduce((sum, rounds) => sum + rounds, 0);
}

const connects = ({ from, to }: ContractEntry, a: string, b: string): boolean =>
  (from === a && to.includes(b)) || (from === b && to.includes(a));

const isOfDevice = ({ kind, what }: ContractEntry): boolean =>
  kind === 'share' || kind === 'secure' || kind === 'exchange' || what.startsWith('opened ');
