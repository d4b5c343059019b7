/**
 * Every decoder of bytes that somebody else has written: the one list, for the test of their bounds and for the fuzzer.
 */
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { Decoder } from './decoder.ts';
import { deviceDecoders } from './device-decoders.ts';
import { fileDecoders } from './file-decoders.ts';
import { nodeDecoders } from './node-decoders.ts';
import { rr22Decoders } from './rr22-decoders.ts';
import { arrowDecoder, runDecoders, valueDecoder } from './run-decoders.ts';
import { sealedDecoders } from './sealed-decoders.ts';
import { transportDecoders } from './transport-decoders.ts';

const random = new SeededRandom(1, 'decoders');
const table = arrowDecoder(random);
const value = await valueDecoder(random, table.streams.slice(0, 10));

export const decoders: readonly Decoder[] = [
  ...transportDecoders,
  ...runDecoders,
  value,
  table,
  ...deviceDecoders,
  ...rr22Decoders,
  ...sealedDecoders,
  ...fileDecoders,
  ...nodeDecoders,
];
