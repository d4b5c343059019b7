/**
 * The port of a node. It reads which run a partner's connection is for, and passes the bytes on to the local socket of
 * that run, or of the node. It decrypts nothing, knows no run, and keeps nothing: it can be killed at any time, and the
 * links that went through it resume through the next one.
 */
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { collectEvery } from '../../base/collect.ts';
import { systemClock } from '../../base/system.ts';
import { knock } from '../../transport/door/door.ts';
import { prefaceLine } from '../../transport/door/preface.ts';
import { type ArrivedSocket, listenPort } from '../../transport/port/listen-port.ts';

/** Connections that are passed on at one time. A party has two with each partner and run; each takes some 100 KB. */
export const GATE_CONNECTIONS_MAX = 2_048;
/** Without a node, and without a connection, the gate ends after this time: a node that is upgraded is back by then. */
export const GATE_ALONE_MS = 10 * 60 * 1000;
/**
 * Bytes that are passed on before what they were read into is collected: by itself the engine waits until it holds tens
 * of megabytes. A collection of so little takes a millisecond.
 */
const COLLECT_BYTES = 8 * 1024 * 1024;
/** For the other end to take what is on its way, once one end has closed. */
const DRAIN_MS = 5_000;

export interface GateOrder {
  readonly party: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** The folder of the party's local sockets. */
  readonly sockets: string;
}

export interface GateStatus {
  readonly pid: number;
  readonly listen: GateOrder['listen'];
  readonly connections: number;
  readonly turnedAway: number;
}

export interface Gate {
  readonly listen: GateOrder['listen'];
  status(): GateStatus;
  /** Whether a connection goes through it, or somebody behind it may be dialled. */
  isNeeded(): Promise<boolean>;
  close(): Promise<void>;
}

/** The local socket of a run, or of the node, by the label in a server name. */
export const doorOf = (sockets: string, label: string): string => join(sockets, `${label}.sock`);
/** The local socket of a run or of the node, by its name in the folder. */
export const RUN_DOOR = /^(r[0-9a-f]{31})\.sock$/;
/** Where the gate itself answers its node. */
export const gateDoorOf = (sockets: string): string => join(sockets, 'gate.sock');

/** @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_PORT_UNAVAILABLE */
export async function openGate({ party, listen, sockets }: GateOrder): Promise<Gate> {
  const passed = new Set<Socket>();
  const onRead = collectEvery(COLLECT_BYTES);
  let turnedAway = 0;
  const port = await listenPort({
    ...listen,
    party,
    onSocket: (arrived) => {
      if (arrived.run === undefined || passed.size >= GATE_CONNECTIONS_MAX) {
        turnedAway += 1;
        return void arrived.socket.destroy();
      }
      passed.add(arrived.socket);
      arrived.socket.once('close', () => passed.delete(arrived.socket));
      passOn(arrived, doorOf(sockets, arrived.run), onRead, () => {
        turnedAway += 1;
      });
    },
  });
  const at = { host: listen.host, port: port.port };
  return {
    listen: at,
    status: () => ({ pid: process.pid, listen: at, connections: passed.size, turnedAway }),
    async isNeeded() {
      if (passed.size > 0) return true;
      for (const name of await readdir(sockets)) {
        if (!RUN_DOOR.test(name)) continue;
        const there = await knock(join(sockets, name));
        there?.destroy();
        if (there !== undefined) return true;
      }
      return false;
    },
    async close() {
      await port.close();
      for (const socket of passed) socket.destroy();
    },
  };
}

/** Nobody there is as if nothing listened: the connection closes, and the dialler comes again. */
function passOn(
  { socket, head, ...name }: ArrivedSocket,
  door: string,
  onRead: (bytes: number) => void,
  onNobody: () => void,
): void {
  const inside = connect({ path: door });
  const nobody = (): void => {
    onNobody();
    socket.destroy();
  };
  inside.once('error', nobody);
  socket.once('close', () => inside.destroy());
  inside.once('connect', () => {
    inside.removeListener('error', nobody);
    const { plane, party, run = '', pass } = name;
    const from = socket.remoteAddress ?? '';
    inside.write(prefaceLine({ kind: 'passed-on', plane, party, run, from, ...(pass ? { pass } : {}) }));
    inside.write(head);
    const over = (): void => {
      systemClock.after(DRAIN_MS, () => {
        socket.destroy();
        inside.destroy();
      });
    };
    for (const end of [socket, inside]) end.on('data', ({ length }: Buffer) => onRead(length));
    pipeline(socket, inside, over);
    pipeline(inside, socket, over);
  });
}
