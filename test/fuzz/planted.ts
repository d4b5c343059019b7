/** Decoders with a defect of each kind that the fuzzer is there for, so that it is seen to find them. */
import { PeerError } from '../../src/base/errors.ts';
import { decodeMessage, encodeMessage } from '../../src/psi/messages.ts';
import type { Decoder } from './decoder.ts';
import { deviceDecoders } from './device-decoders.ts';
import { runDecoders } from './run-decoders.ts';
import { readFields } from './wire-fields.ts';

const decoderOf = (name: string): Decoder => {
  const found = [...deviceDecoders, ...runDecoders].find((decoder) => decoder.name === name);
  if (found === undefined) throw new RangeError(name);
  return found;
};

const psi = decoderOf('message of an intersection');
const control = decoderOf('control message');
const refused = (): PeerError => new PeerError('PRIVITY_PSI_PROTOCOL', 'no');

/** Makes room for as many rows as a message of twelve bytes says. */
const trusting: Decoder = {
  ...psi,
  name: 'trusting',
  valid: () => encodeMessage({ kind: 'hello', rows: 3 }),
  decode: (bytes) => {
    const message = decodeMessage(bytes);
    return message.kind === 'hello' ? new Uint8Array(Math.min(message.rows, 2 ** 24)) : message;
  },
};

/** Compares each field with each other one, of messages that are fields within fields. */
const quadratic: Decoder = {
  ...control,
  name: 'quadratic',
  codes: ['PRIVITY_PSI_PROTOCOL'],
  bound: { ...control.bound, steps: { perByte: 100, once: 10_000 } },
  decode: (bytes) => {
    const fields = readFields(bytes) ?? [];
    let pairs = 0;
    for (const one of fields) for (const other of fields) if (one.number === other.number) pairs++;
    return pairs;
  },
};

/** Throws what no caller expects where a list within a list is empty. */
const careless: Decoder = {
  ...control,
  name: 'careless',
  codes: ['PRIVITY_PSI_PROTOCOL'],
  decode: (bytes) => {
    const fields = readFields(bytes);
    if (fields === undefined) throw refused();
    return fields.map(({ content }) => {
      if (typeof content === 'bigint') return content;
      if (content.length === 0) throw new TypeError('Cannot read properties of undefined');
      return content.length;
    });
  },
};

export const decoders: readonly Decoder[] = [trusting, quadratic, careless];
