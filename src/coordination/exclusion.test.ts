import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Contribution, ScopeView } from './board.ts';
import { whoIsLeftOut } from './exclusion.ts';
import type { Failure } from './failure.ts';

const parties = ['alice', 'bob', 'carol', 'dave'];

function lossOf(origin: string, more: Partial<Failure> = {}): Failure {
  const reporter = origin === 'alice' ? 'bob' : 'alice';
  return { code: 'PEER_UNREACHABLE', origin, reporter, incident: `loss of ${origin}`, ...more };
}

function scope(more: Partial<ScopeView> = {}): ScopeView {
  const votes = parties.map(() => null);
  return { scope: '3', members: [0, 1, 2, 3], inside: true, over: false, votes, ...more };
}

function said(failure: Failure | null, more: Partial<Contribution> = {}): Contribution {
  return { failure, ready: false, nonce: 'n', signature: 's', scopes: [scope()], ...more };
}

const names = (contributions: readonly (Contribution | null)[], absent: readonly number[] = []): unknown =>
  whoIsLeftOut(
    parties,
    absent.map((party) => ({ party, failure: lossOf(parties[party] ?? ''), leaving: false })),
    contributions,
  )?.map(({ party, leaving, failure }) => [parties[party], failure.code, leaving]) ?? null;

describe('going on without a party', () => {
  const lost = lossOf('dave');

  it('is decided for those who have sealed nothing, or that they leave', () => {
    assert.deepEqual(names([said(lost), said(null), said(null), null]), [
      ['dave', 'PEER_UNREACHABLE', false],
    ]);
    const own = { ...lost, code: 'PROCESS_KILLED', reporter: 'dave' } as const;
    assert.deepEqual(names([said(null), said(null), said(null), said(own, { leaving: true })]), [
      ['dave', 'PROCESS_KILLED', true],
    ]);
  });

  it('needs a majority, or half with the first party', () => {
    assert.deepEqual(names([said(lost), said(null), null, null]), [
      ['carol', 'PEER_UNREACHABLE', false],
      ['dave', 'PEER_UNREACHABLE', false],
    ]);
    assert.equal(names([null, null, said(lossOf('alice')), said(null)]), null);
    assert.equal(names([said(lost), null, null, null]), null);
    // Of four with one left out before, two are no majority without the first, however few there are to begin with.
    assert.equal(names([null, said(lossOf('alice')), said(null), null], [3]), null);
  });

  it('does not count those who have said that they leave', () => {
    const own = { ...lossOf('carol'), code: 'PROCESS_KILLED', reporter: 'carol' } as const;
    const leaving = said(own, { leaving: true });
    assert.deepEqual(names([null, said(lossOf('alice')), leaving, said(null)]), [
      ['alice', 'PEER_UNREACHABLE', false],
      ['carol', 'PROCESS_KILLED', true],
    ]);
  });

  it('is refused when anything but a loss is wrong', () => {
    const task: Failure = { code: 'TASK_FAILED', origin: 'bob', reporter: 'bob', incident: 'i' };
    const broken: readonly (readonly (Contribution | null)[])[] = [
      [said(lost), said(task), said(null), null],
      [said(lost), said({ ...lost, code: 'AUTH_FAILED' }), said(null), null],
      [said(lost), said({ ...lost, code: 'DIVERGENCE' }), said(null), null],
      [said(lost), said({ ...task, code: 'CANCELLED' }), said(null), null],
      // Bob lives: the link between the two is down.
      [said(lossOf('bob')), said(null), said(null), null],
      [said(lost), said(null, { ready: true }), said(null), null],
      [said(lost), said(null, { scopes: null }), said(null), null],
      [said(lost), said(null), said(null), said(null)],
    ];
    for (const contributions of broken) assert.equal(names(contributions), null);
  });

  it('needs a scope that all who are left share with the lost party, and that it had not left', () => {
    const vote = parties.map((_, i) => (i === 3 ? { failure: null } : null));
    const inner = scope({ scope: '3/0/1' });
    const open: readonly (readonly ScopeView[])[] = [
      [],
      [scope({ inside: false })],
      [scope({ votes: vote })],
      [inner, scope({ votes: vote, inside: false })],
      [scope({ members: [0, 1, 3] })],
      [scope({ members: [0, 1, 2] })],
    ];
    for (const scopes of open) {
      assert.equal(
        names([said(lost, { scopes }), said(null, { scopes: [] }), said(null, { scopes: [] }), null]),
        null,
      );
    }
    // What one party knows counts for all.
    assert.equal(
      names([said(lost), said(null), said(null, { scopes: [scope({ votes: vote, over: true })] }), null]),
      null,
    );
    assert.deepEqual(
      names([said(lost, { scopes: [] }), said(null, { scopes: [inner] }), said(null, { scopes: [] }), null]),
      [['dave', 'PEER_UNREACHABLE', false]],
    );
  });
});
