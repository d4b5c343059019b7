import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { deferred } from '../../src/base/deferred.ts';
import { systemClock } from '../../src/base/system.ts';
import { freePorts } from '../../src/cli/local/ports.ts';
import type { Clock } from '../../src/contracts/index.ts';
import { doorOf, type Gate, gateDoorOf, openGate } from '../../src/node/gate/gate.ts';
import { keepGate } from '../../src/node/gate/keep-gate.ts';
import { knock, openDoor } from '../../src/transport/door/door.ts';
import { PREFACE_BYTES_MAX, prefaceLine, readPreface } from '../../src/transport/door/preface.ts';
import { type ArrivedSocket, runLabel, serverName } from '../../src/transport/index.ts';
import { clientHello } from '../parts/client-hello.ts';

/** Of a gate that cannot be started: more than it takes for the pause to stop growing. */
const TRIES = 8;

let sockets: string;
let gate: Gate;
before(async () => {
  sockets = await mkdtemp(join(tmpdir(), 'gate-'));
  gate = await openGate({ party: 'alice', listen: { host: '127.0.0.1', port: 0 }, sockets });
});
after(async () => {
  await gate.close();
  await rm(sockets, { recursive: true, force: true });
});

const helloFor = (runId: string): Promise<Buffer> =>
  clientHello(serverName({ plane: 'control', party: 'alice', run: runLabel(runId) }));

function dial(): Socket {
  const socket = connect(gate.listen.port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));

describe('the gate', () => {
  it('passes a connection on to the door of its run, from the first byte, in both directions', async () => {
    const hello = await helloFor('run-1');
    const coming = deferred<ArrivedSocket>();
    const door = await openDoor(doorOf(sockets, runLabel('run-1')), { onSocket: coming.resolve });
    const socket = dial();
    socket.write(hello);
    const { head, socket: inside, run } = await coming.promise;
    assert.equal(run, runLabel('run-1'));
    inside.resume();
    let first = head;
    while (first.length < hello.length)
      first = Buffer.concat([first, await new Promise<Buffer>((resolve) => inside.once('data', resolve))]);
    assert.deepEqual(first, hello);
    inside.write('back');
    assert.equal(String(await new Promise<Buffer>((resolve) => socket.once('data', resolve))), 'back');
    const gone = closed(inside);
    socket.destroy();
    await gone;
    await door.close();
  });

  it('closes what is for a run that is not here, and what names no run', async () => {
    for (const making of [
      helloFor('nowhere'),
      clientHello(serverName({ plane: 'control', party: 'alice' })),
    ]) {
      const socket = dial();
      socket.write(await making);
      await closed(socket);
    }
  });

  it('is found again by a node that starts, and started again when it is killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kept-'));
    const port = gate.listen.port;
    await gate.close();
    const order = { party: 'alice', listen: { host: '127.0.0.1', port }, sockets: folder };
    const told: string[] = [];
    const kept = await keepGate(order, systemClock, (text) => told.push(text));
    const first = (await kept.status()) ?? assert.fail();
    kept.close(false);
    const again = await keepGate(order, systemClock, (text) => told.push(text));
    assert.equal((await again.status())?.pid, first.pid);
    process.kill(first.pid, 'SIGKILL');
    let next = first.pid;
    while (next === first.pid) {
      await new Promise((resolve) => setImmediate(resolve));
      next = (await again.status())?.pid ?? first.pid;
    }
    assert.match(told.join(), /started again/);
    again.close(true);
    await rm(folder, { recursive: true, force: true });
  });
});

it('is tried again every second at the latest: runs that have no gate lose their peers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tried-'));
  const [port = 0] = await freePorts('127.0.0.1', 1, (below) => randomInt(below));
  const order = { party: 'alice', listen: { host: '127.0.0.1', port }, sockets: folder };
  const pauses: number[] = [];
  let isPausing = false;
  // A pause follows a warning, and is over at once here.
  const clock: Clock = {
    now: () => systemClock.now(),
    wallTime: () => systemClock.wallTime(),
    after(ms, callback) {
      if (!isPausing) return systemClock.after(ms, callback);
      isPausing = false;
      pauses.push(ms);
      return systemClock.after(0, callback);
    },
  };
  const tried = deferred<void>();
  const kept = await keepGate(order, clock, () => {
    isPausing = true;
    if (pauses.length >= TRIES) tried.resolve();
  });
  const { pid } = (await kept.status()) ?? assert.fail();
  // What is in the place of its local socket is in the way of the next gate.
  await rm(gateDoorOf(folder), { force: true });
  await mkdir(gateDoorOf(folder));
  // Timers of the clock hold no process.
  const holding = setInterval(() => undefined, 1_000);
  process.kill(pid, 'SIGKILL');
  await tried.promise;
  clearInterval(holding);
  kept.close(true);
  assert.ok(Math.max(...pauses) <= 1_000, `pauses of ${pauses.join(', ')} ms`);
  await rm(folder, { recursive: true, force: true });
});

it('a gate holds less than 80 MB, however much goes through it', async (t) => {
  if (process.platform !== 'linux') return t.diagnostic('left out: memory of a process is read as on Linux');
  const folder = await mkdtemp(join(tmpdir(), 'much-'));
  const [port = 0] = await freePorts('127.0.0.1', 1, (below) => randomInt(below));
  const order = { party: 'alice', listen: { host: '127.0.0.1', port }, sockets: folder };
  const kept = await keepGate(order, systemClock, () => undefined);
  const { pid } = (await kept.status()) ?? assert.fail();
  const all = deferred<void>();
  let missing = 512 * 1024 * 1024;
  const door = await openDoor(doorOf(folder, runLabel('run-3')), {
    onSocket: ({ socket }) => {
      socket.on('data', ({ length }: Buffer) => {
        missing -= length;
        if (missing <= 0) all.resolve();
      });
      socket.resume();
    },
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(await helloFor('run-3'));
  const part = Buffer.alloc(64 * 1024);
  const send = (): void => {
    if (missing <= 0) return;
    socket.write(part, send);
  };
  send();
  await all.promise;
  socket.destroy();
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mb = Number(/VmHWM:\s*(\d+)/.exec(text)?.[1]) / 1024;
  kept.close(true);
  await door.close();
  await rm(folder, { recursive: true, force: true });
  assert.ok(mb < 80, `${mb} MB`);
});

describe('a gate whose node has given the port up', () => {
  it('stays for the runs that need it, and ends with the last', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'left-'));
    const run = await openDoor(doorOf(folder, runLabel('run-2')), {
      onSocket: ({ socket }) => socket.destroy(),
    });
    const order = {
      party: 'alice',
      listen: {
        host: '127.0.0.1',
        port: (await freePorts('127.0.0.1', 1, (below) => randomInt(below)))[0] ?? 0,
      },
      sockets: folder,
    };
    const kept = await keepGate(order, systemClock, () => undefined);
    const { pid } = (await kept.status()) ?? assert.fail();
    kept.close(true);
    // The run can be dialled, and a node that comes back takes the gate over.
    const again = await keepGate(order, systemClock, () => undefined);
    assert.equal((await again.status())?.pid, pid);
    again.close(true);
    const line = (await knock(gateDoorOf(folder))) ?? assert.fail('the gate is gone, and a run needs it');
    line.destroy();
    await run.close();
    for (
      let there = await knock(gateDoorOf(folder));
      there !== undefined;
      there = await knock(gateDoorOf(folder))
    )
      there.destroy();
    await rm(folder, { recursive: true, force: true });
  });
});

describe('the door', () => {
  it('takes nobody who does not say why', async () => {
    const path = join(sockets, 'door.sock');
    const door = await openDoor(path, { onSocket: () => assert.fail('nobody was to come') });
    for (const words of ['hello\n', '{"kind":"passed-on"}\n', 'x'.repeat(PREFACE_BYTES_MAX + 1)]) {
      const socket = (await knock(path)) ?? assert.fail();
      socket.write(words);
      socket.resume();
      await closed(socket);
    }
    await door.close();
    assert.equal(await knock(path), undefined);
  });

  it('is one process only, and a socket that was left behind is in nobody’s way', async () => {
    const path = join(sockets, 'one.sock');
    const door = await openDoor(path, { onSocket: () => undefined });
    await assert.rejects(openDoor(path, { onSocket: () => undefined }), /PRIVITY|another process/);
    await door.close();
    await (await openDoor(path, { onSocket: () => undefined })).close();
    await assert.rejects(
      openDoor(join(sockets, 'x'.repeat(200)), { onSocket: () => undefined }),
      /shorter path/,
    );
  });

  it('reads a preface only when it is whole', () => {
    const line = Buffer.from(prefaceLine({ kind: 'node' }));
    for (let length = 0; length < line.length; length++)
      assert.equal(readPreface(line.subarray(0, length)), 'incomplete');
    assert.deepEqual(readPreface(Buffer.concat([line, Buffer.from('rest')])), {
      said: { kind: 'node' },
      bytes: line.length,
    });
  });
});
