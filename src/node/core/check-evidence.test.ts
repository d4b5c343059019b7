import assert from 'node:assert/strict';
import { it } from 'node:test';
import { contradictions, type Evidence, evidenceOf } from './check-evidence.ts';

const RUN = 'p1-1-1';

/** What is looked at of a file whose run has ended so. */
function file(name: string, end: { digest?: string; code?: string; origin?: string; more?: object } = {}) {
  const { digest = 'ab', code = null, origin = 'bob', more } = end;
  const failure = code === null ? null : { origin };
  const report = {
    outcome: code === null ? 'completed' : 'failed',
    code,
    verdict: { digest, failure },
    ...more,
  };
  return { name, evidence: { document: { run: { runId: RUN }, report } } as unknown as Evidence };
}

it('files of one run with two verdicts contradict each other, and each is told', () => {
  const [alice, carl] = [file('alice.json'), file('carl.json')];
  assert.deepEqual(contradictions([alice, carl]), []);
  const bob = file('bob.json', { digest: 'cd', code: 'TASK_FAILED' });
  const { files, says } = contradictions([alice, bob, carl])[0] ?? assert.fail();
  assert.deepEqual(files, ['alice.json', 'carl.json', 'bob.json']);
  assert.equal(
    says,
    'alice.json, carl.json and bob.json tell of one run, p1-1-1, with two verdicts: ' +
      'alice.json, carl.json: completed (verdict ab); bob.json: failed: TASK_FAILED at bob (verdict cd)',
  );
  const others = [file('x.json', { code: 'TASK_FAILED', origin: 'alice' }), file('y.json', { digest: 'cd' })];
  for (const other of others) assert.equal(contradictions([alice, other]).length, 1);
});

it('a party that says that it could not find out contradicts nobody, unless it says that the run completed', () => {
  const more = { unconfirmed: true };
  assert.deepEqual(
    contradictions([file('alice.json'), file('bob.json', { code: 'PEER_CRASHED', more })]),
    [],
  );
  assert.equal(contradictions([file('alice.json'), file('bob.json', { digest: 'cd', more })]).length, 1);
});

it('what is no evidence is told by the name of its file', () => {
  for (const words of [{}, [], null, 'x', { document: { evidenceVersion: 2 }, signature: '' }])
    assert.throws(() => evidenceOf('bob.json', words), /bob\.json: this is no evidence file/);
});
