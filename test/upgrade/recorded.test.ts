/**
 * Released versions against this one: what a release said to a peer (recorded from its own supervisor by
 * scripts/record-hello.mjs) is said to a supervisor of today over mutual TLS, and what this one says is read as that
 * release reads it; the files that it wrote are read. `npm run upgrade` does the same with the release itself, where
 * its commit is there.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { describe, it } from 'node:test';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { deferred } from '../../src/base/deferred.ts';
import { readPartyFile } from '../../src/config/party-file.ts';
import { PROTOCOL_VERSION } from '../../src/coordination/handshake.ts';
import type { RunReport } from '../../src/observe/report.ts';
import { readReport } from '../../src/observe/report-schema.ts';
import { runParty } from '../../src/supervisor/index.ts';
import { decodeFrame } from '../../src/transport/link/frame.ts';
import { jobFile } from '../faults/parties.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { join, leave, testParty } from '../transport/federation.ts';

const RECORDED = path(projectRoot, 'test/upgrade/recorded');

interface Recording {
  readonly provenance: { readonly version: string };
  readonly frames: readonly { readonly kind: string; readonly base64: string }[];
  readonly answered: Readonly<Record<'code' | 'facts', string>>;
}

const framesOf = ({ frames }: Recording): readonly Buffer[] =>
  frames.map(({ base64 }) => Buffer.from(base64, 'base64'));

interface Met {
  readonly report: RunReport;
  /** The first message of this version. */
  readonly said: Uint8Array;
}

/** Alice runs this version; bob says what the release said. */
async function meet(recording: Recording): Promise<Met> {
  const [alice, bob] = await Promise.all([testParty('alice'), testParty('bob')]);
  await alice.port.close();
  const frames = framesOf(recording);
  const hello = frames.findIndex((frame) => decodeFrame([frame]).body.kind === 'chunk') + 1;
  const said = deferred<Uint8Array>();
  join(bob, [alice.address]).accept((connection) => {
    connection.start({
      onFrame(parts) {
        const { body } = decodeFrame(parts);
        if (body.kind !== 'chunk' || body.chunk.sequence !== 1) return undefined;
        said.resolve(body.chunk.header ?? new Uint8Array());
        // Behind its hello a release says what this version may not understand.
        for (const frame of frames.slice(hello)) connection.send([frame]);
        return undefined;
      },
      onClose: () => undefined,
    });
    for (const frame of frames.slice(0, hello)) connection.send([frame]);
  });
  try {
    const report = await runParty({
      party: 'alice',
      federation: [alice.address, bob.address],
      federationName: 'test',
      identity: alice.identity,
      listen: { host: '127.0.0.1', port: alice.address.port },
      jobFile: jobFile('fail-soon.ts'),
      ...{ args: {}, settings: {}, errorDetail: 'redacted', onEvent: () => undefined },
      bounds: { suspectAfterMs: 5_000, lostAfterMs: 10_000 },
    });
    return { report, said: await said.promise };
  } finally {
    await leave(bob);
  }
}

/** Fields of a message that are texts, by number: all that version 0.1 reads of a hello. */
function texts(bytes: Uint8Array): ReadonlyMap<number, string> {
  const reader = new BinaryReader(bytes);
  const found = new Map<number, string>();
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === 2 && number <= 7) found.set(number, Buffer.from(reader.bytes()).toString('utf8'));
    else reader.skip(type);
  }
  return found;
}

/** What the release's hello says of its protocol. */
function protocolIn(recording: Recording): string {
  for (const frame of framesOf(recording)) {
    const { body } = decodeFrame([frame]);
    if (body.kind !== 'chunk' || body.chunk.header === undefined) continue;
    const reader = new BinaryReader(body.chunk.header);
    reader.tag();
    return texts(reader.bytes()).get(1) ?? '';
  }
  return '';
}

for (const release of readdirSync(RECORDED)) {
  const file = (name: string): string => path(RECORDED, release, name);
  const recording = JSON.parse(readFileSync(file('hello.json'), 'utf8')) as Recording;
  const protocol = protocolIn(recording);

  describe(`release ${release} and this version`, () => {
    it(
      protocol === PROTOCOL_VERSION ? 'understand each other' : 'refuse each other, and both say why',
      async () => {
        const { report, said } = await meet(recording);
        assert.equal(report.code, 'PROGRAM_MISMATCH');
        assert.equal(report.exitCode, 78);
        assert.deepEqual(report.leftovers, []);
        assert.equal(report.job.file, 'fail-soon.ts', 'no folder of this machine');
        const facts =
          protocol === PROTOCOL_VERSION
            ? 'federation: '
            : `protocol version: alice has ${PROTOCOL_VERSION} (Privity ${report.privityVersion}), bob has ${protocol} (Privity ${release})`;
        assert.ok(report.verdict.failure?.facts?.startsWith(facts), report.verdict.failure?.facts);
        // The first message is a hello (field 1) that the release reads, and it compares the protocol (field 1 of it)
        // first.
        const reader = new BinaryReader(said);
        assert.equal(reader.tag()[0], 1);
        const hello = texts(reader.bytes());
        assert.equal(hello.get(1), PROTOCOL_VERSION);
        assert.deepEqual([...hello.keys()].sort(), [1, 2, 3, 4, 5, 7]);
        assert.ok([...hello.values()].every((word) => word.length <= 256));
        const { answered, provenance } = recording;
        assert.equal(provenance.version, release);
        assert.equal(answered.code, 'PROGRAM_MISMATCH');
        assert.match(answered.facts, /^protocol version: alice has privity\/other/);
      },
    );

    it('read the same party and federation files', async () => {
      const { party, federation } = await readPartyFile(file('alice.party.yaml'));
      assert.equal(party, 'alice');
      assert.deepEqual(
        federation.parties.map(({ name }) => name),
        ['alice', 'bob'],
      );
    });

    it('read the same reports', () => {
      const read = readReport(JSON.parse(readFileSync(file('alice.report.json'), 'utf8')));
      assert.equal(read.kind, 'report', JSON.stringify(read));
    });
  });
}
