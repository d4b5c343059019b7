/** An intersection of two lists of ids in one process, of which bob sends other messages than the protocol has. */
import assert from 'node:assert/strict';
import { PeerError } from '../../src/base/errors.ts';
import type { Channel } from '../../src/contracts/channel.ts';
import { HEADER_BYTES, PART_HEADER_BYTES } from '../../src/psi/messages.ts';
import type { PsiProtocol } from '../../src/psi/protocols/protocol.ts';
import { memoryChannels } from '../../src/testing/memory-channel.ts';
import { idBytes, type PlainOptions } from './plain-psi.ts';

/** What bob sends in place of one message; nothing is not among it, as alice waits for one that never comes. */
export type Change = (message: Uint8Array, before: readonly Uint8Array[]) => readonly Uint8Array[];

export interface Lists {
  readonly rows: readonly [number, number];
  /** The last of alice's ids are bob's first. */
  readonly overlap: number;
}

/** What the other one is told. */
export const ENDED = new Error('the other party failed');

export type End<T> = T | PeerError | typeof ENDED;

export type Run<T> = (
  channel: Channel,
  protocol: PsiProtocol,
  ids: Uint8Array,
  options?: PlainOptions,
) => Promise<T | undefined>;

/** A channel that sends something else in place of each message. */
export function deviating(channel: Channel, change: Change): Channel {
  const before: Uint8Array[] = [];
  return {
    ...channel,
    async send(to, message) {
      const bytes = new Uint8Array(message instanceof Uint8Array ? message : Buffer.concat(message));
      const instead = change(bytes.slice(), before);
      before.push(bytes);
      for (const each of instead) await channel.send(to, each);
    },
  };
}

/** Alice is honest; of what bob sends, `change` makes something else. One that fails ends the other, as a run would. */
export async function against<T extends object | number>(
  run: Run<T>,
  protocol: PsiProtocol,
  change: Change,
  { rows, overlap }: Lists,
): Promise<readonly [End<T>, End<T>]> {
  const stop = new AbortController();
  const { channels } = memoryChannels(2, { signal: stop.signal, queueMessages: 1000 });
  const [atAlice, atBob] = channels as [Channel, Channel];
  const runs = [
    run(atAlice, protocol, idBytes(0, rows[0])),
    run(deviating(atBob, change), protocol, idBytes(rows[0] - overlap, rows[1])),
  ].map(async (running): Promise<End<T>> => {
    try {
      const found = await running;
      assert.ok(found !== undefined);
      return found;
    } catch (error) {
      setImmediate(() => stop.abort(ENDED));
      if (error instanceof PeerError || error === ENDED) return error as End<T>;
      throw error;
    }
  });
  return (await Promise.all(runs)) as [End<T>, End<T>];
}

export const kindOf = (message: Uint8Array): number | undefined => message[4];

/** Changes the message of this kind that comes after so many others of it. */
export function spoilKind(kind: number, change: Change, after = 0): Change {
  let left = after;
  return (message, before) =>
    kindOf(message) === kind && left-- === 0 ? change(message, before) : [message];
}

export const edit =
  (at: number, ...values: readonly number[]): Change =>
  (message) => {
    message.set(values, at);
    return [message];
  };
export const number =
  (index: number): Change =>
  (message) => {
    new DataView(message.buffer).setUint32(HEADER_BYTES, index, true);
    return [message];
  };
/** The body's bytes from `at` on. */
export const body = (value: number, at = 0, bytes = Number.POSITIVE_INFINITY): Change => {
  const from = PART_HEADER_BYTES + at;
  return (message) => [message.fill(value, from, Math.min(message.byteLength, from + bytes))];
};
export const point = (hex: string, at = 0): Change =>
  edit(PART_HEADER_BYTES + 32 * at, ...Buffer.from(hex, 'hex'));
export const shorter: Change = (message) => [message.subarray(0, message.byteLength - 1)];
export const longer: Change = (message) => [Uint8Array.from([...message, 0])];
export const empty: Change = (message) => [message.subarray(0, PART_HEADER_BYTES)];
export const twice: Change = (message) => [message, message];
