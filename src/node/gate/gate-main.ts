/** The process of the gate. It is told what to do by its argument, and says in one line whether it listens. */
import type { Socket } from 'node:net';
import { PrivityError } from '../../base/errors.ts';
import { systemClock } from '../../base/system.ts';
import { openDoor } from '../../transport/door/door.ts';
import { Alone } from './alone.ts';
import { GATE_ALONE_MS, type Gate, type GateOrder, gateDoorOf, openGate } from './gate.ts';

const order = JSON.parse(process.argv[2] ?? '{}') as GateOrder;
process.title = `privity-gate ${order.party}`;
// The node that has started this process may be gone.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/** Between two looks at whether a run still needs the port of a node that has given it up. */
const LEAVING_MS = 500;
/** The node has given the port up: it is closed when no run needs it. A node that begins takes it over again. */
let isLeaving = false;

async function leave(gate: Gate, end: () => void): Promise<void> {
  if (!isLeaving) return;
  if (!(await gate.isNeeded())) return end();
  systemClock.after(LEAVING_MS, () => void leave(gate, end));
}

/** Lines of its node: `status`, `end`. */
function answer(socket: Socket, gate: Gate, alone: Alone, end: () => void): void {
  alone.came();
  isLeaving = false;
  socket.once('close', () => alone.left());
  let text = '';
  socket.on('data', (part: Buffer) => {
    const lines = `${text}${part.toString('utf8')}`.slice(-1_000).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line === 'status') socket.write(`${JSON.stringify(gate.status())}\n`);
      if (line === 'end') {
        isLeaving = true;
        socket.end();
        void leave(gate, end);
      }
    }
  });
  socket.resume();
}

try {
  const gate = await openGate(order);
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    void Promise.all([gate.close(), door.close()]).finally(() => process.exit(0));
  };
  const alone = new Alone({
    clock: systemClock,
    aloneMs: GATE_ALONE_MS,
    connections: () => gate.status().connections,
    end,
  });
  const door = await openDoor(gateDoorOf(order.sockets), {
    onSocket: ({ socket }) => socket.destroy(),
    onNode: (socket, head) => {
      if (head.length > 0) socket.unshift(head);
      answer(socket, gate, alone, end);
    },
  });
  // A signal for the group of its node is not meant for the gate: runs go on.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  process.on('SIGTERM', () => {
    isLeaving = true;
    void leave(gate, end);
  });
  process.stdout.write(`${JSON.stringify({ listens: gate.listen })}\n`);
} catch (error) {
  const said =
    error instanceof PrivityError ? { code: error.code, message: error.message } : { message: String(error) };
  process.stdout.write(`${JSON.stringify(said)}\n`, () => process.exit(1));
}
