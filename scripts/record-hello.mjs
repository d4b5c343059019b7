// `node scripts/record-hello.mjs [CLONE]`: records what a release says first to a peer, for
// test/upgrade/recorded/VERSION/hello.json.
// CLONE: a built clone of the release, this one by default.
//
// The release's own supervisor runs as bob, over mutual TLS; this script is alice, writes down bob's frames, answers
// with a hello of another protocol, and writes down what bob says to that and how bob ends.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answerHelp } from './options.mjs';

answerHelp(import.meta.url);
const root = resolve(process.argv[2] ?? '.');
const load = (path) => import(pathToFileURL(join(root, 'dist/src', path)).href);
const [{ systemClock, systemRandom }, transports, frames, { encodeMessage }] = await Promise.all([
  load('base/system.js'),
  load('transport/index.js'),
  load('transport/link/frame.js'),
  load('coordination/messages.js'),
]);

const JOB = `import { job } from 'privity';
export default job({ parties: ['alice', 'bob'] }, async ({ bob, reveal }) => reveal(bob.run('one', () => 1)));
`;

/** Of the answer. No release speaks it. */
const OTHER_PROTOCOL = 'privity/other';
/** Frames that are kept: the hello, a few heartbeats, the answer to a mismatch. */
const FRAMES_MAX = 40;
/** Time for bob to start, in milliseconds; a busy machine. */
const START_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'privity-record-'));
try {
  process.stdout.write(`${JSON.stringify(await record(), null, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function record() {
  const { createIdentity, fingerprint, listenPort, createGrpcTransport } = transports;
  const [alice, bob] = await Promise.all(
    ['alice', 'bob'].map(async (name) => {
      const identity = await createIdentity({ party: name, clock: systemClock });
      const free = await listenPort({ host: '127.0.0.1', port: 0, party: name, onSocket: () => undefined });
      await free.close();
      const host = '127.0.0.1';
      const pin = fingerprint(identity.certPem);
      return { identity, member: { name, host, port: free.port, fingerprint: pin } };
    }),
  );
  const federation = [alice.member, bob.member];
  const report = startBob({ federation, identity: bob.identity, port: bob.member.port });
  const transport = createGrpcTransport({
    self: 'alice',
    parties: federation,
    identity: alice.identity,
    clock: systemClock,
  });
  const heard = [];
  const connection = await dial(transport);
  const closed = new Promise((done) => {
    connection.start({
      onFrame(parts) {
        const frame = Buffer.concat(parts);
        const { body } = frames.decodeFrame([frame]);
        if (heard.length < FRAMES_MAX) heard.push({ kind: body.kind, base64: frame.toString('base64') });
        if (body.kind === 'hello') greet(connection);
        if (body.kind === 'chunk' && body.chunk.sequence === 1) answer(connection);
        return undefined;
      },
      onClose: () => done(),
    });
  });
  const { verdict, exitCode } = await report;
  await Promise.race([closed, new Promise((done) => setTimeout(done, 2_000))]);
  await transport.close();
  const git = (...words) => execFileSync('git', ['-C', root, ...words], { encoding: 'utf8' }).trim();
  return {
    provenance: {
      version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
      commit: git('rev-parse', 'HEAD'),
      committed: git('show', '-s', '--format=%cI', 'HEAD'),
      node: process.version,
      by: 'scripts/record-hello.mjs',
    },
    party: 'bob',
    peer: 'alice',
    frames: heard,
    answered: {
      protocol: OTHER_PROTOCOL,
      code: verdict.failure?.code,
      origin: verdict.failure?.origin,
      facts: verdict.failure?.facts,
      exitCode,
    },
  };

  function greet(connection) {
    connection.send(
      frames.encodeHello({
        protocol: transports.LINK_PROTOCOL_VERSION,
        party: 'alice',
        runId: '',
        session: systemRandom.bytes(16),
        resumes: new Uint8Array(0),
        received: 0,
      }),
    );
  }

  function answer(connection) {
    const words = {
      protocol: OTHER_PROTOCOL,
      version: '9.9.9',
      federation: '',
      job: '',
      args: '',
      runId: '',
      nonce: 'n',
    };
    const header = encodeMessage({ type: 'hello', hello: words });
    connection.send(
      frames.encodeChunk(
        { sequence: 1, message: 1, header, last: true, abandoned: false, parts: [], payloadBytes: 0 },
        1,
      ),
    );
  }
}

async function dial(transport) {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      return await transport.dial('bob', 'control', AbortSignal.timeout(START_MS));
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((again) => setTimeout(again, 100));
    }
  }
}

/** Resolves to bob's report. */
async function startBob({ federation, identity, port }) {
  const jobFile = join(folder, 'job.ts');
  writeFileSync(jobFile, JOB);
  const options = {
    party: 'bob',
    federation,
    identity: { certPem: identity.certPem, keyPem: identity.keyPem },
    listen: { host: '127.0.0.1', port },
    jobFile,
    args: {},
    settings: {},
    errorDetail: 'redacted',
    bounds: { lostAfterMs: 2_000 },
  };
  const code = `
    import { runParty } from ${JSON.stringify(pathToFileURL(join(root, 'dist/src/supervisor/index.js')).href)};
    const report = await runParty({ ...${JSON.stringify(options)}, onEvent: () => undefined });
    process.send(report);`;
  const file = join(folder, 'bob.mjs');
  writeFileSync(file, code);
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((done, failed) => {
    child.once('message', done);
    child.once('error', failed);
  });
}
