import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { share } from '../../test/effort.ts';
import { PeerError } from '../base/errors.ts';
import { cut, digestOf, emptyBoard, failureFields, seal } from './board.ts';
import type { Failure } from './failure.ts';
import { TEXT_LENGTH_MAX } from './failure-wire.ts';
import { decodeMessage, encodeMessage } from './messages.ts';
import { CHAIN_LINKS_MAX, CHAIN_MESSAGE_CHARS_MAX, DETAIL_CHARS_MAX } from './public-details.ts';
import type { Message } from './types.ts';

const parties = ['alice', 'bob', 'carol'];
const failure: Failure = {
  code: 'TASK_FAILED',
  origin: 'bob',
  reporter: 'bob',
  stepId: '4/0/2',
  stepName: 'mean',
  incident: 'ab'.repeat(16),
};
/** With everything that its author and its party's policy let cross. */
const told: Failure = {
  ...failure,
  message: 'm',
  facts: 'f',
  details: { needed: 100, rows: 3, strict: true, table: 't' },
  chain: [
    { name: 'TypeError', message: 'outer' },
    { name: 'Error', message: '', code: 'ENOENT' },
  ],
};
const board = cut(seal(emptyBoard(3), 1, { failure, ready: true, nonce: 'n', signature: 's' }), 0, 2);
const scopes = [
  {
    scope: '3',
    members: [0, 1, 2],
    inside: true,
    over: false,
    votes: [null, { failure }, { failure: null }],
  },
  { scope: '2', members: [0, 2], inside: false, over: true, votes: [null, null, null] },
];
const left = seal(
  seal(emptyBoard(3), 1, {
    failure,
    ready: false,
    nonce: 'n',
    signature: 's',
    epoch: 2,
    leaving: true,
    scopes,
  }),
  2,
  { failure: null, ready: false, nonce: 'n', signature: 's', epoch: 2, scopes: null },
);
const reports = [null, { version: 3, digest: 'd', decided: true }, null];
const places = ['alice', 'bob'];
const entry = {
  branch: '4/0',
  position: 1,
  digest: 'x',
  stepId: '4/0/2',
  kind: 'psi',
  name: 'ids',
  places,
} as const;
const hello = {
  ...{
    protocol: 'p',
    version: 'v',
    federation: 'f',
    job: 'j',
    args: 'a',
    runId: '',
    nonce: 'n',
    programKey: 'k',
    contract: 'c',
  },
  facts: {
    files: {
      listed: [
        { name: '', digest: '0', also: '1' },
        { name: 'a.ts', digest: '2', also: '3' },
      ],
      more: 4,
    },
    args: { listed: [{ name: 'year', digest: '5', also: '2024' }], more: 0 },
    ...{ node: 'v20', duckdb: '1.5.6', lockfile: 'yarn.lock 7' },
  },
};

const messages: Message[] = [
  { type: 'hello', hello },
  { type: 'heartbeat', heads: [{ branch: '', position: 7, digest: 'd' }], answering: true },
  { type: 'heartbeat', heads: [], answering: false, busy: { stepId: '4/0/2', forMs: 25_000 } },
  { type: 'heartbeat', heads: [], answering: false, busy: { stepId: null, forMs: 1_000 } },
  { type: 'board', board, reports },
  { type: 'board', board: left, reports, epoch: 2 },
  { type: 'heartbeat', heads: [], answering: true, said: 7 },
  { type: 'textWanted', party: 1 },
  { type: 'textWanted', party: 2, epoch: 1 },
  { type: 'text', party: 1, text: { stepName: 's', facts: 'f', message: 'm', details: { a: 1 } } },
  { type: 'text', party: 2, text: { chain: [{ name: 'Error', message: 'x' }] }, epoch: 3 },
  { type: 'diverged', branch: '4/0', entries: [entry], ended: true },
  { type: 'vote', scope: '4/0', failure },
  { type: 'vote', scope: '4/0', failure: told },
  { type: 'vote', scope: '4/0', failure: null },
  { type: 'vote', scope: '4/0', failure: null, members: [0, 2], early: true },
  { type: 'conclaveEnd', conclave: '5', fin: { steps: 2, digest: 'd' } },
  { type: 'fin', fin: { steps: 9, digest: 'd' } },
  { type: 'fin', fin: { steps: 9, digest: 'd' }, number: 4 },
  { type: 'ready' },
  { type: 'closed' },
];

describe('control messages', () => {
  for (const message of messages) {
    it(`carries ${message.type} unchanged`, () => {
      assert.deepEqual(decodeMessage(encodeMessage(message, parties), parties), message);
    });
  }

  it('refuses what is out of range, one field at a time', () => {
    const strange: Message[] = [
      {
        type: 'board',
        board: seal(emptyBoard(4), 3, { failure: null, ready: false, nonce: 'n', signature: 's' }),
        reports,
      },
      {
        type: 'board',
        board: seal(emptyBoard(3), 0, {
          failure: { ...failure, origin: 'mallory' },
          ready: false,
          nonce: 'n',
          signature: 's',
        }),
        reports,
      },
      {
        type: 'board',
        board: seal(emptyBoard(3), 0, {
          failure: { ...failure, code: 'X' as never },
          ready: false,
          nonce: 'n',
          signature: 's',
        }),
        reports,
      },
      {
        type: 'board',
        board: seal(emptyBoard(3), 0, {
          failure: { ...failure, message: 'm'.repeat(TEXT_LENGTH_MAX + 1) },
          ready: false,
          nonce: 'n',
          signature: 's',
        }),
        reports,
      },
      { type: 'board', board: cut(emptyBoard(3), 1, 1), reports },
      { type: 'diverged', branch: '', entries: [{ ...entry, kind: 'x' as never }], ended: false },
      { type: 'diverged', branch: '', entries: [{ ...entry, places: ['mallory'] }], ended: false },
      { type: 'fin', fin: { steps: 1, digest: 'd'.repeat(300) } },
      { type: 'heartbeat', heads: [], answering: false, busy: { stepId: '1'.repeat(300), forMs: 1 } },
      { type: 'heartbeat', heads: Array(9).fill({ branch: '', position: 0, digest: '' }), answering: true },
    ];
    for (const message of strange) {
      const bytes = encodeMessage(message, [...parties, 'mallory']);
      assert.throws(() => decodeMessage(bytes, parties), { code: 'PRIVITY_CONTROL_MESSAGE_INVALID' });
    }
  });

  it('refuses details and chains that no author and no policy can have let cross', () => {
    const link = { name: 'Error', message: '' };
    const wrong: Partial<Failure>[] = [
      { details: { a: {} as never } },
      { details: [] as never },
      { details: 'x' as never },
      { details: { a: 'x'.repeat(DETAIL_CHARS_MAX + 2) } },
      { details: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`n${i}`, i])) },
      { details: JSON.parse('{"__proto__":1}') },
      { details: { a: 'x'.repeat(TEXT_LENGTH_MAX) } },
      { chain: Array(CHAIN_LINKS_MAX + 1).fill(link) },
      { chain: [{ ...link, name: 'n'.repeat(300) }] },
      { chain: [{ ...link, code: 'n'.repeat(300) }] },
      { chain: [{ ...link, message: 'n'.repeat(CHAIN_MESSAGE_CHARS_MAX + 2) }] },
    ];
    for (const part of wrong) {
      const bytes = encodeMessage({ type: 'vote', scope: '4', failure: { ...failure, ...part } }, parties);
      assert.throws(() => decodeMessage(bytes, parties), { code: 'PRIVITY_CONTROL_MESSAGE_INVALID' });
    }
  });

  it('signs all that a failure says, whatever the order in which it was put down', () => {
    const digest = (one: Failure) => digestOf(failureFields(one));
    const { details, chain = [] } = told;
    const reordered = Object.fromEntries(Object.entries(details ?? {}).reverse());
    assert.equal(digest({ ...told, details: reordered }), digest(told));
    const others: Failure[] = [
      { ...told, details: { ...details, rows: 4 } },
      { ...told, chain: chain.slice(0, 1) },
      { ...told, chain: [...chain, { name: 'Error', message: 'x' }] },
      failure,
    ];
    for (const other of others) assert.notEqual(digest(other), digest(told));
  });

  it('answers any bytes with a message or a PeerError', () => {
    const corpus = messages.map((message) => encodeMessage(message, parties));
    const mutated = fc
      .tuple(fc.constantFrom(...corpus), fc.array(fc.tuple(fc.nat(200), fc.nat(255))), fc.nat(200))
      .map(([bytes, edits, length]) => {
        const copy = Uint8Array.from(bytes.subarray(0, length));
        for (const [at, value] of edits) if (at < copy.length) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
        try {
          decodeMessage(bytes, parties);
        } catch (error) {
          assert.ok(error instanceof PeerError);
        }
      }),
      { numRuns: share(3_000) },
    );
  });
});
