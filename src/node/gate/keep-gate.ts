/** A node and its gate: one that listens already is taken over, one that has ended is started again. */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { COLLECT_FLAG } from '../../base/collect.ts';
import { type ErrorCode, errorCatalogue } from '../../base/error-catalogue.ts';
import { EnvironmentError } from '../../base/errors.ts';
import type { Clock } from '../../contracts/index.ts';
import { knock } from '../../transport/door/door.ts';
import { prefaceLine } from '../../transport/door/preface.ts';
import { type GateOrder, type GateStatus, gateDoorOf } from './gate.ts';

/** A gate says within this time whether it listens. */
const GATE_START_MS = 15_000;
/** And answers within this time. */
const GATE_ANSWER_MS = 5_000;
/**
 * Pause before a gate is started again; doubled up to the maximum, which is short against the time in which runs
 * without a gate lose their peers. A try costs a tenth of a second of a core.
 */
const AGAIN_MS = 100;
const AGAIN_MS_MAX = 1_000;
/**
 * Tries of a node that begins: the gate of the node before may be about to listen, and one may be killed as it begins.
 */
const FIRST_TRIES_MAX = 6;
const FIRST_PAUSE_MS = 250;

export interface KeptGate {
  /** As it was last heard. */
  status(): Promise<GateStatus | undefined>;
  /** The node ends, and the gate goes on; `end`: until no run needs it any more. */
  close(end: boolean): void;
}

/** @throws {EnvironmentError} PRIVITY_PORT_IN_USE, PRIVITY_PORT_UNAVAILABLE, PRIVITY_NODE_SOCKET, PRIVITY_NODE_GATE */
export async function keepGate(
  order: GateOrder,
  clock: Clock,
  warn: (message: string) => void,
): Promise<KeptGate> {
  let line: GateLine | undefined;
  let closed = false;
  let pause = AGAIN_MS;

  const foundOrStarted = async (): Promise<GateLine> =>
    (await found(order, clock)) ?? (await started(order, clock));
  const first = async (triesLeft: number): Promise<GateLine> => {
    try {
      return await foundOrStarted();
    } catch (error) {
      if (triesLeft === 1) throw error;
    }
    await new Promise<void>((resolve) => clock.after(FIRST_PAUSE_MS, resolve));
    return first(triesLeft - 1);
  };
  const attach = async (lineOf: () => Promise<GateLine>): Promise<void> => {
    line = await lineOf();
    pause = AGAIN_MS;
    line.onClosed(() => {
      line = undefined;
      if (closed) return;
      warn('the gate has ended; it is started again');
      again();
    });
  };
  const again = (): void => {
    clock.after(pause, () => {
      if (closed) return;
      pause = Math.min(AGAIN_MS_MAX, pause * 2);
      attach(foundOrStarted).catch((error: Error) => {
        warn(`the gate cannot be started: ${error.message}`);
        again();
      });
    });
  };
  await attach(() => first(FIRST_TRIES_MAX));
  return {
    status: async () => line?.status(),
    close(end) {
      closed = true;
      if (end) line?.end();
      else line?.close();
    },
  };
}

/** A gate that listens already, if it is the one that is wanted; another one is ended. */
async function found(order: GateOrder, clock: Clock): Promise<GateLine | undefined> {
  const socket = await knock(gateDoorOf(order.sockets));
  if (socket === undefined) return undefined;
  const line = new GateLine(socket, clock);
  const status = await line.status();
  const { host, port } = order.listen;
  if (status?.listen.host === host && status.listen.port === port) return line;
  line.end();
  await line.closed;
  return undefined;
}

async function started(order: GateOrder, clock: Clock): Promise<GateLine> {
  const main = fileURLToPath(new URL('./gate-main.js', import.meta.url));
  const child = spawn(process.execPath, [COLLECT_FLAG, main, JSON.stringify(order)], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const said = await new Promise<string>((resolve) => {
    const timer = clock.after(GATE_START_MS, () => resolve('{"message":"it says nothing"}'));
    const lines = createInterface({ input: child.stdout });
    const finish = (text: string): void => {
      timer.cancel();
      resolve(text);
    };
    lines.once('line', finish);
    child.once('error', (error) => finish(JSON.stringify({ message: error.message })));
    child.once('exit', (code) => finish(JSON.stringify({ message: `it has ended with code ${code}` })));
  });
  child.stdout.destroy();
  child.unref();
  const { listens, code = '', message = said } = JSON.parse(said) as Record<string, string | undefined>;
  const socket = listens === undefined ? undefined : await knock(gateDoorOf(order.sockets));
  if (socket !== undefined) return new GateLine(socket, clock);
  const known = Object.hasOwn(errorCatalogue, code) ? (code as ErrorCode) : 'PRIVITY_NODE_GATE';
  throw new EnvironmentError(known, message);
}

/** The connection to a gate: questions and answers, one at a time. */
class GateLine {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #waiting: ((status: GateStatus | undefined) => void)[] = [];

  constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.write(prefaceLine({ kind: 'node' }));
    const lines = createInterface({ input: socket });
    // A gate that is killed resets the connection, which readline would throw.
    lines.on('error', () => undefined);
    lines.on('line', (line) => this.#waiting.shift()?.(JSON.parse(line) as GateStatus));
    socket.once('close', () => {
      for (const answer of this.#waiting.splice(0)) answer(undefined);
    });
  }

  status(): Promise<GateStatus | undefined> {
    if (this.#socket.destroyed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = this.#clock.after(GATE_ANSWER_MS, () => this.#socket.destroy());
      this.#waiting.push((status) => {
        timer.cancel();
        resolve(status);
      });
      this.#socket.write('status\n');
    });
  }

  end(): void {
    this.#socket.write('end\n');
  }

  close(): void {
    this.#socket.destroy();
  }

  onClosed(callback: () => void): void {
    this.#socket.once('close', callback);
    if (this.#socket.destroyed) callback();
  }
}
