/** The worst message of every kind, in a run of as many parties as there may be, against the bound of a message. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testBounds, testSigner } from '../../test/core/core-world.ts';
import { everyText, loudestFailure } from '../../test/core/planted.ts';
import { failureCodes } from '../base/failure-codes.ts';
import { type Board, type Contribution, cut, emptyBoard, type ScopeView, seal } from './board.ts';
import { fitsBoard } from './board-wire.ts';
import type { Failure } from './failure.ts';
import { bounded, cutBytes, split, textDigest, whole } from './failure-text.ts';
import { factsOf, HELLO_ITEMS_MAX, ITEM_NAME_CHARS_MAX } from './hello-facts.ts';
import {
  CONTROL_MESSAGE_BYTES_MAX,
  contributionBytesMax,
  ID_CHARS_MAX,
  PARTIES_MAX,
  PATH_CHARS_MAX,
  SEALED_SCOPES_MAX,
  SIGNATURE_CHARS_MAX,
} from './limits.ts';
import { initialState, step } from './machine.ts';
import { decodeMessage, encodeMessage } from './messages.ts';
import { HEADS_MAX, TRAIL_ENTRIES_MAX } from './trail.ts';
import type { CoreEvent, CoreState, Message } from './types.ts';

const numbers = Array.from({ length: PARTIES_MAX }, (_, i) => i);
const parties = numbers.map((i) => `party-${i}`.padEnd(64, 'x'));
const UINT32_MAX = 2 ** 32 - 1;
const id = 'f'.repeat(ID_CHARS_MAX);
const path = '9'.repeat(PATH_CHARS_MAX);
const word = '\u8a9e'.repeat(256);

const longestCode = (Object.keys(failureCodes) as Failure['code'][]).reduce((a, b) =>
  a.length >= b.length ? a : b,
);
const longest = (name: string): Failure => ({
  ...bounded({ ...loudestFailure(name), stepId: path, incident: id, code: longestCode }, PARTIES_MAX),
  origin: parties.at(-1) ?? '',
  reporter: parties.at(-1) ?? '',
});

function contribution(party: number, more: Partial<Contribution> = {}): Contribution {
  const failure = split(longest(parties[party] ?? '')).head;
  const signature = 's'.repeat(SIGNATURE_CHARS_MAX);
  return {
    failure,
    ready: true,
    nonce: id,
    signature,
    epoch: UINT32_MAX,
    leaving: true,
    scopes: null,
    ...more,
  };
}

/** As many scopes as still fit, each with as many votes as there may be. */
function fullScopes(party: number): readonly ScopeView[] {
  const votes = numbers.map(() => ({ failure: null }));
  const views: ScopeView[] = [];
  for (let i = 0; i < SEALED_SCOPES_MAX; i++) {
    const next = [...views, { scope: `${i}/0/1`, members: numbers, inside: true, over: true, votes }];
    if (!fitsBoard(contribution(party, { scopes: next }), parties)) break;
    views.splice(0, views.length, ...next);
  }
  return views;
}

function fullBoard(): Board {
  let board = emptyBoard(PARTIES_MAX);
  for (const from of numbers) {
    board = seal(board, from, contribution(from, { scopes: fullScopes(from) }));
    for (const to of numbers) if (to !== from) board = cut(board, from, to);
  }
  return board;
}

const longestWord = '\u8a9e'.repeat(ITEM_NAME_CHARS_MAX);
const items = Array.from({ length: 2 * HELLO_ITEMS_MAX }, (_, i) => ({
  name: `${i}${longestWord}`,
  digest: longestWord,
  also: longestWord,
}));
const fin = { steps: UINT32_MAX, digest: id };
const worst: Readonly<Record<Message['type'], Message>> = {
  hello: {
    type: 'hello',
    hello: {
      protocol: word,
      version: word,
      federation: word,
      job: word,
      args: word,
      runId: word,
      programKey: word,
      contract: word,
      nonce: word,
      facts: factsOf({ files: items, args: items, node: word, duckdb: word, lockfile: word }),
    },
  },
  heartbeat: {
    type: 'heartbeat',
    heads: Array.from({ length: HEADS_MAX }, () => ({ branch: path, position: UINT32_MAX, digest: id })),
    answering: true,
    busy: { stepId: path, forMs: UINT32_MAX },
    said: UINT32_MAX,
  },
  board: {
    type: 'board',
    board: fullBoard(),
    reports: numbers.map(() => ({ version: UINT32_MAX, digest: id.slice(0, 32), decided: true })),
    epoch: UINT32_MAX,
  },
  text: {
    type: 'text',
    party: PARTIES_MAX - 1,
    text: split(bounded({ ...loudestFailure('a'), ...everyText }, 2)).text ?? {},
    epoch: UINT32_MAX,
  },
  diverged: {
    type: 'diverged',
    branch: path,
    entries: Array.from({ length: TRAIL_ENTRIES_MAX }, () => ({
      branch: path,
      position: UINT32_MAX,
      digest: 'f'.repeat(32),
      stepId: path,
      kind: 'conclave' as const,
      name: cutBytes(word, 48),
      places: parties,
    })),
    ended: true,
    number: UINT32_MAX,
  },
  vote: {
    type: 'vote',
    scope: path,
    failure: bounded({ ...longest('a'), ...everyText }, 2),
    members: numbers,
    early: true,
    number: UINT32_MAX,
  },
  conclaveEnd: { type: 'conclaveEnd', conclave: path, fin },
  fin: { type: 'fin', fin, number: UINT32_MAX },
  textWanted: { type: 'textWanted', party: PARTIES_MAX - 1, epoch: UINT32_MAX },
  ready: { type: 'ready' },
  closed: { type: 'closed' },
};

describe('what the core says at most', () => {
  for (const [type, message] of Object.entries(worst)) {
    it(`fits a message: ${type}`, (t) => {
      const bytes = encodeMessage(message, parties);
      t.diagnostic(`${bytes.length} bytes`);
      assert.ok(bytes.length <= CONTROL_MESSAGE_BYTES_MAX, `${bytes.length} bytes`);
      assert.deepEqual(decodeMessage(bytes, parties), message);
    });
  }

  it('is, of one party, what there is room for in a board of any number of parties', () => {
    for (let size = 2; size <= PARTIES_MAX; size++) {
      const names = parties.slice(0, size);
      const own = {
        ...contribution(0),
        failure: { ...contribution(0).failure, origin: names[0], reporter: names[0] },
      };
      assert.ok(fitsBoard(own as Contribution, names), `a contribution without scopes, of ${size} parties`);
      assert.ok(size * (contributionBytesMax(size) + 64) < CONTROL_MESSAGE_BYTES_MAX);
    }
    const some = fullScopes(0).length;
    assert.ok(some >= 4, `in a run of ${PARTIES_MAX} there is room for ${some} scopes only`);
  });

  it('refuses a contribution that would leave no room for the others', () => {
    const votes = numbers.map(() => ({ failure: longest('a') }));
    const scopes = [{ scope: '1', members: numbers, inside: true, over: false, votes }];
    const board = seal(emptyBoard(PARTIES_MAX), 3, contribution(3, { scopes }));
    const bytes = encodeMessage({ type: 'board', board, reports: numbers.map(() => null) }, parties);
    assert.throws(() => decodeMessage(bytes, parties), { code: 'PRIVITY_CONTROL_MESSAGE_INVALID' });
  });
});

describe('the two halves of a failure', () => {
  it('are the whole together, and the one signs the other', () => {
    const failure = bounded({ ...loudestFailure('alice'), ...everyText }, 3);
    const { head, text } = split(failure);
    assert.ok(text);
    assert.equal(head.said, textDigest(text));
    assert.deepEqual(whole(head, text), failure);
    assert.equal(head.message ?? head.details ?? head.chain, undefined);
  });

  it('are one where there is no text', () => {
    const failure: Failure = {
      code: 'PROCESS_KILLED',
      origin: 'a',
      reporter: 'a',
      incident: 'i',
      facts: 'SIGKILL',
    };
    assert.deepEqual(split(bounded(failure, 3)), { head: failure, text: null });
  });

  it('cut text in whole characters', () => {
    const emoji = '\u{1f600}'.repeat(400);
    assert.equal(cutBytes(emoji, 10), '\u{1f600}'.repeat(2));
    assert.equal(cutBytes('\ud83d', 10), '\ufffd');
    assert.equal(cutBytes('ab', 10), 'ab');
    const half = bounded({ ...loudestFailure('a'), message: `${'x'.repeat(10)}\ud83d` }, 3).message ?? '';
    assert.equal(half, Buffer.from(half).toString());
  });

  it('a step that is too deep ends the run where it is issued', () => {
    const config = { self: 0, parties: ['a', 'b'], bounds: testBounds, nonce: 'n', signer: testSigner(0) };
    const entry = { branch: '', position: 0, digest: 'd', kind: 'task', name: 'n', places: ['a'] } as const;
    const event: CoreEvent = { type: 'steps', entries: [{ ...entry, stepId: `0${'/0'.repeat(80)}` }] };
    const running: CoreState = { ...initialState(config, 0), phase: 'running' };
    const { state } = step(running, event, 0);
    assert.equal(state.board.contributions[0]?.failure?.code, 'LIMIT_EXCEEDED');
  });
});
