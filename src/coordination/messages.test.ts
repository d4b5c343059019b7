import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../base/errors.ts';
import { cut, emptyBoard, seal } from './board.ts';
import type { Failure } from './failure.ts';
import { decodeMessage, encodeMessage, TEXT_LENGTH_MAX } from './messages.ts';
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
const hello = { protocol: 'p', version: 'v', federation: 'f', job: 'j', args: 'a', runId: '', nonce: 'n' };

const messages: Message[] = [
  { type: 'hello', hello },
  { type: 'heartbeat', heads: [{ branch: '', position: 7, digest: 'd' }], answering: true },
  { type: 'board', board, reports },
  { type: 'board', board: left, reports, epoch: 2 },
  { type: 'diverged', branch: '4/0', entries: [entry], ended: true },
  { type: 'vote', scope: '4/0', failure },
  { type: 'vote', scope: '4/0', failure: null },
  { type: 'vote', scope: '4/0', failure: null, members: [0, 2], early: true },
  { type: 'conclaveEnd', conclave: '5', fin: { steps: 2, digest: 'd' } },
  { type: 'fin', fin: { steps: 9, digest: 'd' } },
  { type: 'ready' },
  { type: 'closed' },
];

describe('control messages', () => {
  for (const message of messages) {
    it(`carries ${message.type} unchanged`, () => {
      assert.deepEqual(decodeMessage(encodeMessage(message), parties), message);
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
      { type: 'heartbeat', heads: Array(9).fill({ branch: '', position: 0, digest: '' }), answering: true },
    ];
    for (const message of strange) {
      const bytes = encodeMessage(message);
      assert.throws(() => decodeMessage(bytes, parties), { code: 'PRIVITY_CONTROL_MESSAGE_INVALID' });
    }
  });

  it('answers any bytes with a message or a PeerError', () => {
    const corpus = messages.map(encodeMessage);
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
      { numRuns: 3_000 },
    );
  });
});
