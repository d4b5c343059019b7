import { createHmac } from 'node:crypto';
import type { Plane } from '../../contracts/index.ts';

/** Hexadecimal digits: 128 bits, which nobody guesses. */
const PASS_CHARS = 32;

/**
 * By what a party in a run is told from a stranger before any TLS is spoken, whatever its address: a name that only the
 * parties of the run can compute, in the server name of the ClientHello. It lets nobody in, which takes the key; it
 * gives a place at the door. Anybody who reads it on the way could take such places, and could as well cut the
 * connection.
 */
export function passFor(binding: Uint8Array, plane: Plane, dialler: string, acceptor: string): string {
  const text = JSON.stringify(['privity pass 1', plane, dialler, acceptor]);
  return createHmac('sha256', binding).update(text).digest('hex').slice(0, PASS_CHARS);
}
