/** What nodes say to each other, and what a gate says to the processes behind it. */
import { gzipSync } from 'node:zlib';
import { BUNDLE_BOUND, packBundle, unpackBundle } from '../../src/node/model/bundle.ts';
import { NODE_MESSAGE_BOUND, readEnvelope, writeEnvelope } from '../../src/node/partners/words.ts';
import { REHEARSAL_ANSWER_BOUND, readFromRehearsal } from '../../src/node/rehearsal/words.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { parseLine } from '../../src/supervisor/seam/ipc-schema.ts';
import { PREFACE_BOUND, prefaceLine, readPreface } from '../../src/transport/door/preface.ts';
import { type Decoder, repeated, someBytes } from './decoder.ts';

const hex = (random: SeededRandom, digits: number): string =>
  Buffer.from(someBytes(random, digits / 2)).toString('hex');

const document = (random: SeededRandom) => ({
  version: 1 as const,
  federation: 'study',
  proposer: 'alice',
  parties: ['alice', 'bob'],
  title: 'a study',
  purpose: 'research',
  job: { file: 'job.ts', hash: hex(random, 64), bundle: hex(random, 64), bundleBytes: 1_000 },
  args: { rounds: '3' },
  datasets: { alice: { table: 'patients' } },
  outputs: {},
  contract: { version: 1, parties: ['alice', 'bob'], steps: ['a'], discloses: [] },
  attemptsMax: 1,
  createdAt: 1,
  expiresAt: 2,
  nonce: hex(random, 32),
});

const inEnvelope = (said: string): Uint8Array => Buffer.from(`{"id":"m","said":${said}}`);
const lists = (bytes: number, wrap: (list: string) => string): readonly Uint8Array[] =>
  ['0,', '{},', '[],', '"ab",', '[[[[[[[[['].map((item) =>
    Buffer.from(wrap(Buffer.from(repeated(item, bytes, '[', '0]')).toString())),
  );

const envelope: Decoder = {
  name: 'message of a node',
  author: 'a peer',
  functions: ['node/partners/words.ts readEnvelope'],
  bound: NODE_MESSAGE_BOUND,
  format: 'text',
  codes: [],
  valid: (random) =>
    writeEnvelope({
      id: 'm1',
      said: random.chance(0.5)
        ? { kind: 'proposal', document: document(random), signature: hex(random, 64) }
        : { kind: 'start', word: 'hold', proposal: `p${hex(random, 30)}`, occurrence: 1, attempt: 1 },
    }),
  decode: (bytes) => readEnvelope(bytes),
  hostile: (bytes) => [
    ...lists(bytes, (list) => list),
    ...lists(bytes, (list) => `{"id":"m","said":{"kind":"published","datasets":${list}}}`),
    ...lists(bytes, (list) => `{"id":"m","said":{"kind":"proposal","document":{"contract":${list}}}}`),
    inEnvelope(
      `{"kind":"go",${Array.from({ length: bytes / 12 }, (_, index) => `"k${index}":0`).join(',')}}`,
    ),
  ],
};

const preface: Decoder = {
  name: 'preface at a door',
  author: 'a stranger',
  functions: ['transport/door/preface.ts readPreface'],
  bound: PREFACE_BOUND,
  format: 'text',
  codes: [],
  valid: (random) =>
    Buffer.from(
      prefaceLine({
        kind: 'passed-on',
        plane: 'data',
        party: 'alice',
        run: `r${hex(random, 30)}`,
        from: '::1',
      }),
    ),
  decode: (bytes) => readPreface(bytes),
  hostile: (bytes) => [
    ...lists(bytes, (list) => `${list}\n`),
    ...lists(bytes, (list) => `{"kind":"node","x":${list}}\n`),
  ],
};

const bundle: Decoder = {
  name: 'bundle of a job',
  author: 'a peer',
  functions: ['node/model/bundle.ts unpackBundle'],
  bound: BUNDLE_BOUND,
  format: 'bytes',
  codes: ['PRIVITY_PROPOSAL_BUNDLE'],
  valid: (random) =>
    packBundle(
      new Map([
        ['job.ts', someBytes(random, 200)],
        ['lib/a.ts', someBytes(random, 50)],
      ]),
    ),
  decode: (bytes) => unpackBundle(bytes),
  hostile: (bytes) => [
    // A thousand times as long when it is unpacked.
    gzipSync(Buffer.alloc(bytes * 1_000, ' ')),
    ...lists(bytes * 100, (list) => `{"version":1,"files":${list}}`).map((text) => gzipSync(text)),
    gzipSync(
      repeated(
        '{"path":"a","base64":""},',
        bytes * 50,
        '{"version":1,"files":[',
        '{"path":"b","base64":""}]}',
      ),
    ),
  ],
};

const rehearsed = (contract: string): Uint8Array =>
  Buffer.from(`{"type":"rehearsed","warnings":[],"contract":${contract}}`);
const contractWith = (key: string, list: string): string =>
  `{"version":1,"parties":["alice","bob"],"steps":["a"],"discloses":[],"${key}":${list}}`;
const ENTRY = '{"step":"a","kind":"reveal","from":"alice","to":["bob"],"what":"number","times":1},';

const rehearsal: Decoder = {
  name: 'answer of a rehearsal',
  author: "a partner's code",
  functions: ['node/rehearsal/words.ts readFromRehearsal'],
  bound: REHEARSAL_ANSWER_BOUND,
  format: 'text',
  codes: [],
  valid: (random) =>
    random.chance(0.5)
      ? rehearsed(
          contractWith('errors', '[]').replace('"discloses":[]', `"discloses":[${ENTRY.slice(0, -1)}]`),
        )
      : Buffer.from('{"type":"tried","what":"network"}'),
  decode: (bytes) => {
    const message = parseLine(Buffer.from(bytes).toString('utf8'));
    return message && readFromRehearsal(message);
  },
  hostile: (bytes) => [
    ...lists(bytes, (list) => `{"type":"rehearsed","contract":{},"warnings":${list}}`),
    ...['parties', 'steps', 'discloses', 'errors', 'symbols'].flatMap((key) =>
      lists(bytes, (list) => Buffer.from(rehearsed(contractWith(key, list))).toString()),
    ),
    repeated(
      ENTRY,
      bytes,
      '{"type":"rehearsed","warnings":[],"contract":{"version":1,"parties":["alice","bob"],"steps":["a"],"discloses":[',
      `${ENTRY.slice(0, -1)}]}}`,
    ),
    rehearsed(contractWith('symbols', `[{"name":"n","kind":"size","of":"${'x'.repeat(bytes)}"}]`)),
  ],
};

export const nodeDecoders: readonly Decoder[] = [envelope, preface, bundle, rehearsal];
