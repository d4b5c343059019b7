/**
 * What a TLS peer is told that is not the one it has to be: the same bytes for everybody and whatever is wrong, so that
 * nobody learns from a refusal which keys are pinned or which parties there are. They make an HTTP/2 client or server
 * give up, without a session here; where TLS has agreed on no HTTP/2 they are one word.
 */
import { constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../contracts/index.ts';
import { BARE_PROTOCOL, BARE_REFUSED } from './bare-words.ts';

/** The debug data of the GOAWAY frame. */
const WORDS = 'privity: refused; the reason is in the log of the party that refuses';
const SETTINGS = 4;
const GOAWAY = 7;

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  return Buffer.concat([header, payload]);
}

function goaway(): Buffer {
  // The last stream that was taken: none.
  const fixed = Buffer.alloc(8);
  fixed.writeUInt32BE(constants.NGHTTP2_INADEQUATE_SECURITY, 4);
  return frame(GOAWAY, Buffer.concat([fixed, Buffer.from(WORDS)]));
}

const DIALLER_REFUSED = Buffer.concat([frame(SETTINGS, Buffer.alloc(0)), goaway()]);
/** The same behind the preface that begins an HTTP/2 conversation. */
const LISTENER_REFUSED = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), DIALLER_REFUSED]);

const isBare = ({ alpnProtocol }: TLSSocket): boolean => alpnProtocol === BARE_PROTOCOL;

/** To a dialler, in what was agreed on. */
export const diallerRefused = (socket: TLSSocket): Buffer =>
  isBare(socket) ? BARE_REFUSED : DIALLER_REFUSED;
/** To what listens where a peer should. */
export const listenerRefused = (socket: TLSSocket): Buffer =>
  isBare(socket) ? BARE_REFUSED : LISTENER_REFUSED;

/** Whether the GOAWAY of a party says that it does not accept the identity of this one. */
export const isRefusal = (code: number, data: Uint8Array | undefined): boolean =>
  code === constants.NGHTTP2_INADEQUATE_SECURITY &&
  data !== undefined &&
  WORDS === Buffer.from(data).toString();

/** Says it, and closes. What the other end sends is dropped unread: it is not trusted. */
export function turnAway(socket: TLSSocket, answer: Buffer, clock: Clock, closeTimeoutMs: number): void {
  const timer = clock.after(closeTimeoutMs, () => socket.destroy());
  socket.once('close', () => timer.cancel());
  socket.on('error', () => {});
  // Closing with unread bytes would reset the answer away.
  socket.resume();
  socket.end(answer);
}
