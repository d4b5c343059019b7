/**
 * What rooms need of each other, as types only: a clock and randomness that tests can replace, a channel between the
 * members of a protocol, links and transports between parties. Implementations are elsewhere, so a protocol runs in
 * memory as over mutual TLS.
 */
export type * from './channel.ts';
export type * from './clock.ts';
export type * from './link.ts';
export type * from './random.ts';
export type * from './transport.ts';
