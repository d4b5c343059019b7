/**
 * One party of OpenMined's PSI, which is a library of two sides without files or a network: this adds both. The server
 * answers, the client learns which of its ids match, and tells the server, so that both write their rows, in one order.
 *
 *     node party.cjs MODULES server|client PORT TABLE RESULT
 *
 * The last line on standard output says when, in milliseconds of wall clock, the sides were connected and the result
 * was written.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { connect, createServer } = require('node:net');
const { join } = require('node:path');

const [modules, side, port, table, result] = process.argv.slice(2);
const library = createRequire(join(modules, 'package.json'))('@openmined/psi.js');

/** How often a client that came up first tries again. */
const CONNECT_RETRY_MS = 50;
const CONNECT_RETRIES = 1_200;
const RETRY = new Int32Array(new SharedArrayBuffer(4));

/** Unused by the structure below, which has no false positives. */
const FALSE_POSITIVES = 1e-9;

/** Messages behind their length in four bytes. */
class Messages {
  #rest = Buffer.alloc(0);
  #parts = [];
  #wanted = null;

  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      this.#parts.push(data);
      this.#look();
    });
    socket.on('error', (error) => {
      console.error(error.message);
      process.exit(1);
    });
  }

  send(bytes) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.socket.write(Buffer.concat([length, bytes]));
  }

  receive() {
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#look();
    });
  }

  #look() {
    if (this.#wanted === null) return;
    this.#rest = Buffer.concat([this.#rest, ...this.#parts.splice(0)]);
    if (this.#rest.length < 4) return;
    const end = 4 + this.#rest.readUInt32LE(0);
    if (this.#rest.length < end) return;
    const message = this.#rest.subarray(4, end);
    this.#rest = this.#rest.subarray(end);
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted(message);
  }
}

function readRows() {
  const [head, ...lines] = readFileSync(table, 'utf8').trimEnd().split('\n');
  const ids = lines.map((line) => line.slice(0, line.indexOf(',')));
  return { head, lines, ids };
}

function writeRows(head, lines) {
  writeFileSync(result, `${[head, ...lines].join('\n')}\n`);
}

async function serve(psi, messages) {
  const { head, lines, ids } = readRows();
  const server = psi.server.createWithNewKey(true);
  const request = psi.request.deserializeBinary(await messages.receive());
  const count = request.getEncryptedElementsList().length;
  messages.send(
    server.createSetupMessage(FALSE_POSITIVES, count, ids, psi.dataStructure.Raw).serializeBinary(),
  );
  messages.send(server.processRequest(request).serializeBinary());
  const common = (await messages.receive()).toString('utf8').split('\n');
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  writeRows(
    head,
    common.map((id) => lines[rowOf.get(id)]),
  );
}

async function ask(psi, messages) {
  const { head, lines, ids } = readRows();
  const client = psi.client.createWithNewKey(true);
  messages.send(client.createRequest(ids).serializeBinary());
  const setup = psi.serverSetup.deserializeBinary(await messages.receive());
  const response = psi.response.deserializeBinary(await messages.receive());
  const rows = client.getIntersection(setup, response);
  messages.send(Buffer.from(rows.map((row) => ids[row]).join('\n')));
  writeRows(
    head,
    rows.map((row) => lines[row]),
  );
}

function listening() {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      server.close();
      resolve(socket);
    });
    server.listen(Number(port), '127.0.0.1');
  });
}

async function connected() {
  for (let tries = 0; tries < CONNECT_RETRIES; tries++) {
    const socket = await new Promise((resolve) => {
      const one = connect(Number(port), '127.0.0.1');
      one.once('connect', () => resolve(one));
      one.once('error', () => resolve(null));
    });
    if (socket !== null) return socket;
    Atomics.wait(RETRY, 0, 0, CONNECT_RETRY_MS);
  }
  throw new Error('nobody listens');
}

async function main() {
  const psi = await library();
  const socket = await (side === 'server' ? listening() : connected());
  const begin = Date.now();
  await (side === 'server' ? serve : ask)(psi, new Messages(socket));
  socket.end();
  console.log(JSON.stringify({ begin, end: Date.now() }));
}

void main();
