/**
 * One party of JIFF, or its server: runs the operations of ../operations.ts that JIFF has, and prints one JSON object
 * for each.
 *
 *   node party.cjs MODULES CELLS LIMIT_S RUNS REPEAT_S_MAX server PORT
 *   node party.cjs MODULES CELLS LIMIT_S RUNS REPEAT_S_MAX RANK ADDRESS SERVER_PID
 *
 * MODULES is the folder in which JIFF is installed. All messages go through the server, whose processor time party 0
 * reports with its own.
 */
const { createRequire } = require('node:module');
const { createServer } = require('node:http');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const [modules, cellsText, limitText, runsText, repeatText, role, address, serverPid] = process.argv.slice(2);
const load = createRequire(join(modules, 'package.json'));
const { JIFFClient, JIFFServer } = load('jiff-mpc');
const cells = cellsText.split(',').map((cell) => cell.split(':'));
const limitS = Number(limitText);
const runsMax = Number(runsText);
const repeatSecondsMax = Number(repeatText);
/** JIFF computes modulo a prime that JavaScript numbers can multiply. */
const ZP = 16_777_729;
/** Elements that are in the air at once: every one of them has messages and a callback of its own. */
const AT_ONCE = 200;

if (role === 'server') {
  const http = createServer();
  new JIFFServer(http, { logs: false });
  http.listen(Number(address), '127.0.0.1', () => console.log('listening'));
} else {
  const client = new JIFFClient(`http://${address}`, 'bench', {
    party_count: 3,
    party_id: Number(role) + 1,
    Zp: ZP,
    crypto_provider: true,
    onError: (...errors) => {
      console.error(...errors.map(String));
      process.exit(1);
    },
  });
  client.wait_for([1, 2, 3, 's1'], () => void main(client));
}

/** The numbers of ../operations.ts, brought into the small field: 0 to 1280. */
const wave = (n, k) => Array.from({ length: n }, (_, i) => (i * 7919 * k + 13 * k) % 1281);

const loopback = () =>
  Number(
    readFileSync('/proc/self/net/dev', 'utf8')
      .split('\n')
      .find((line) => line.trim().startsWith('lo:'))
      .trim()
      .split(/\s+/)[9],
  );

function cpu() {
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1e6;
  if (role !== '0') return own;
  const fields = readFileSync(`/proc/${serverPid}/stat`, 'utf8').split(') ')[1].split(' ');
  return own + (Number(fields[11]) + Number(fields[12])) / 100;
}

const settled = (share) => Promise.resolve(share.value);

async function each(n, work) {
  const results = [];
  for (let from = 0; from < n; from += AT_ONCE) {
    const shares = Array.from({ length: Math.min(AT_ONCE, n - from) }, (_, i) => work(from + i));
    await Promise.all(shares.map(settled));
    results.push(...shares);
  }
  return results;
}

const operations = {
  mul: {
    inputs: 2,
    run: (_, [x, y], n) => each(n, (i) => x[i].smult(y[i])),
    plain: ([x, y]) => x.map((v, i) => v * y[i]),
  },
  less: {
    inputs: 2,
    run: (_, [x, y], n) => each(n, (i) => x[i].slt(y[i])),
    plain: ([x, y]) => x.map((v, i) => Number(v < y[i])),
  },
};

async function main(client) {
  const took = new Map();
  for (const [op, size] of cells) {
    const n = Number(size);
    const operation = operations[op];
    const [lastS, lastN] = took.get(op) ?? [0, 1];
    if (operation === undefined || (lastS * n) / lastN > limitS) continue;
    const values = Array.from({ length: operation.inputs }, (_, k) => wave(n, k + 1));
    const shared = [];
    for (const list of values) {
      const ofAll = await Promise.all([client.share_array(role === '0' ? list : [], n, 2, [1, 2, 3], [1])]);
      shared.push(ofAll[0][1]);
    }
    for (const list of shared) await Promise.all(list.map(settled));
    const runs = [];
    let result;
    // All parties have to stop after the same run, and to leave an operation out at the same size.
    for (let spent = 0; runs.length < runsMax && spent < repeatSecondsMax; ) {
      await barrier(client);
      const before = [performance.now(), cpu(), loopback()];
      result = await operation.run(client, shared, n);
      await barrier(client);
      const after = [performance.now(), cpu(), loopback()];
      const seconds = await agree(client, (after[0] - before[0]) / 1000);
      spent += seconds;
      runs.push({ seconds, cpu: after[1] - before[1], bytes: after[2] - before[2] });
    }
    const best = runs.reduce((one, other) => (other.seconds < one.seconds ? other : one));
    took.set(op, [best.seconds, n]);
    const opened = await Promise.all(result.slice(0, 100).map((share) => client.open(share)));
    const wanted = operation.plain(values);
    const error = Math.max(...opened.map((value, i) => Math.abs(Number(value) - wanted[i])));
    console.log(JSON.stringify({ op, size: n, ...best, error }));
  }
  client.disconnect(true, true, () => process.exit(0));
}

/** Everybody has come so far. */
async function barrier(client) {
  await client.open(client.share(0)[1]);
}

/** The time of party 0, in milliseconds, known to all. */
async function agree(client, seconds) {
  const shares = client.share(Math.min(Math.round(seconds * 1000), ZP - 1), 2, [1, 2, 3], [1]);
  return Number(await client.open(shares[1])) / 1000;
}
