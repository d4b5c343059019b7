/**
 * The IPC channel of child_process, with a process at its other end that is not trusted: it runs code of a job, which
 * can write anything to it. Node would throw in this process at a line that is no JSON, at an answer to nothing, or at
 * a handle of an unknown kind, and would keep a line without an end for as long as there is memory. So lines are
 * bounded and read here, and Node is given nothing but the answers that it waits for.
 *
 * Node has no way to ask for this: the reader of the channel is replaced. Where a version of Node keeps it elsewhere,
 * nothing is started.
 */
import type { ChildProcess } from 'node:child_process';
import { InternalError } from '../../base/errors.ts';
import { CHANNEL_LINE_BYTES_MAX, parseLine } from '../seam/ipc-schema.ts';

const NEWLINE = 0x0a;

/** What the child answers when it is sent a socket. Nothing else of Node's own is let through. */
const ANSWERS: ReadonlySet<unknown> = new Set([
  'NODE_HANDLE_ACK',
  'NODE_HANDLE_NACK',
  'NODE_SOCKET_ALL_CLOSED',
  'NODE_SOCKET_COUNT',
]);

interface NodeChannel {
  onread(bytes?: ArrayBuffer): void;
  pendingHandle?: { close(): void } | null;
}

export interface ChannelHandlers {
  /** An object, of which nothing else is known. */
  onMessage(message: object): void;
  /** What came was not said by Privity; nothing more is read. */
  onViolation(): void;
}

/** @throws {InternalError} this version of Node.js does not let its channel be guarded */
export function guardChannel(
  child: ChildProcess,
  { onMessage, onViolation }: ChannelHandlers,
  lineBytesMax = CHANNEL_LINE_BYTES_MAX,
): void {
  const channel = channelOf(child);
  const node = channel.onread;
  let isOver = false;
  const parts: Uint8Array[] = [];
  let bytes = 0;

  const violate = (): void => {
    isOver = true;
    parts.splice(0);
    onViolation();
  };
  const line = (text: string, room: number): void => {
    const message: (object & { readonly cmd?: unknown }) | undefined = parseLine(text);
    if (message === undefined) return violate();
    const { cmd } = message;
    // Only a text is taken for one: to make a text of what is none may throw.
    if (typeof cmd !== 'string' || !cmd.startsWith('NODE_')) return onMessage(message);
    if (!ANSWERS.has(cmd) || !isExpected(child, cmd)) return violate();
    for (const piece of pieces(`${text}\n`, room)) node.call(channel, piece);
  };

  channel.onread = (read) => {
    if (read === undefined) return node.call(channel);
    const { pendingHandle } = channel;
    if (pendingHandle) {
      // Privity's programs send none.
      pendingHandle.close();
      channel.pendingHandle = null;
      if (!isOver) violate();
    }
    for (let rest = Buffer.from(read); rest.length > 0 && !isOver; ) {
      const end = rest.indexOf(NEWLINE);
      const part = end === -1 ? rest : rest.subarray(0, end);
      bytes += part.length;
      if (bytes > lineBytesMax) return violate();
      parts.push(part);
      if (end === -1) return;
      const whole = Buffer.concat(parts.splice(0)).toString('utf8');
      bytes = 0;
      rest = rest.subarray(end + 1);
      line(whole, read.byteLength);
    }
  };
}

function channelOf(child: ChildProcess): NodeChannel {
  const key = Object.getOwnPropertySymbols(child).find(({ description }) => description === 'kChannelHandle');
  const channel = key && (child as unknown as Record<symbol, NodeChannel | undefined>)[key];
  if (typeof channel?.onread === 'function') return channel;
  throw new InternalError(
    `Node.js ${process.version} keeps the channel to a child where it cannot be guarded`,
  );
}

/** An acknowledgement of nothing is an assertion that fails in Node. */
function isExpected(child: ChildProcess, cmd: string): boolean {
  if (cmd !== 'NODE_HANDLE_ACK' && cmd !== 'NODE_HANDLE_NACK') return true;
  return Array.isArray((child as { readonly _handleQueue?: unknown })._handleQueue);
}

/**
 * Node takes as many bytes as the system has given in this turn, whatever it is handed: what is short is filled up with
 * blanks.
 */
function* pieces(text: string, room: number): Generator<ArrayBuffer> {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += room) {
    const piece = Buffer.alloc(room, ' ');
    all.copy(piece, 0, at);
    yield piece.buffer.slice(piece.byteOffset, piece.byteOffset + room);
  }
}
