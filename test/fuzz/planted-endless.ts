/** A decoder that does not always come to its end, so that the fuzzer is seen to give it up. */
import { PeerError } from '../../src/base/errors.ts';
import type { Decoder } from './decoder.ts';
import { deviceDecoders } from './device-decoders.ts';

const psi = deviceDecoders.filter(({ name }) => name === 'message of an intersection');

/** Does not step over a zero in a message of another kind. */
function decode(bytes: Uint8Array): never {
  for (let at = 8; at < bytes.length; at += bytes[at] === 0 && bytes[4] === 2 ? 0 : 1);
  throw new PeerError('PRIVITY_PSI_PROTOCOL', 'no');
}

export const decoders: readonly Decoder[] = psi.map((decoder) => ({ ...decoder, name: 'endless', decode }));
