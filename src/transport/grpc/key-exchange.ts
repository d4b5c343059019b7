/** The groups by which two ends of a connection agree on its keys. */
import { createSecureContext } from 'node:tls';

/**
 * X25519 alone is no protection against a quantum computer: a connection that is recorded today could be read when
 * there is one. The hybrid of X25519 and ML-KEM-768 stays secret as long as one of the two holds. OpenSSL has it from
 * 3.5 on (Node.js 24 and newer).
 */
export const HYBRID_GROUP = 'X25519MLKEM768';

const OTHERS = ['X25519', 'P-256', 'P-384'] as const;
/** A dialler sends shares for the two that are starred, so neither answer costs another round trip. */
const WITH_HYBRID = `*${HYBRID_GROUP}:*${OTHERS.join(':')}`;
const WITHOUT = OTHERS.join(':');

export interface KeyExchange {
  /** For OpenSSL, the preferred first. */
  readonly groups: string;
  readonly isHybrid: boolean;
}

/** What this OpenSSL can do. `accepts`: whether it takes a list of groups. */
export function keyExchangeFor(accepts: (groups: string) => boolean): KeyExchange {
  return accepts(WITH_HYBRID)
    ? { groups: WITH_HYBRID, isHybrid: true }
    : { groups: WITHOUT, isHybrid: false };
}

let probed: KeyExchange | undefined;

/** Looked at once in a process. */
export function keyExchange(): KeyExchange {
  probed ??= keyExchangeFor((groups) => {
    try {
      createSecureContext({ ecdhCurve: groups });
      return true;
    } catch {
      return false;
    }
  });
  return probed;
}

/** For the doctor. */
export function keyExchangeText({ isHybrid }: KeyExchange, openssl: string): string {
  return isHybrid
    ? `${HYBRID_GROUP} with peers that have it, too; X25519, which is not post-quantum, with others`
    : `X25519, which is not post-quantum: OpenSSL ${openssl} has no ${HYBRID_GROUP} (3.5 has it, which comes with Node.js 24)`;
}
