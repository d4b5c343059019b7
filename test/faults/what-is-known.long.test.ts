/**
 * Where nobody can know why, every party says what it has seen itself, and of nobody else that he knows more. Real
 * processes.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { RunBoard } from '../../src/cli/output/run-board.ts';
import { summaryText } from '../../src/cli/output/summary.ts';
import { jobFile, joining, Parties, type Party, type Setup } from './parties.ts';

// Silence is no matter here, and a busy machine must not make it one.
const bounds = { graceMs: 1_000, suspectAfterMs: 2_000, lostAfterMs: 5_000 };
const job = jobFile('steady.ts');
const names = ['alice', 'bob', 'carol'];

/** What the party's operator is shown at the end, as one line. */
function summaryOf(party: Party): string {
  const board = new RunBoard([party.name], names);
  for (const event of party.events) board.apply(event);
  const input = { jobFile: job, own: [party.name], board, reports: new Map(), reportPaths: [] };
  return summaryText({ ...input, exitCode: 1, durationMs: 1 }, false).replace(/\s+/g, ' ');
}

async function withParties(
  more: Partial<Setup['parties']>,
  body: (parties: Parties, summary: (name: string) => string) => void,
  during: (parties: Parties) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const specs = { alice: { job }, bob: { job }, carol: { job }, ...more } as Setup['parties'];
  const parties = await Parties.start({
    parties: specs,
    args: { what: 'wait' },
    bounds: { ...bounds, ...joining(specs) },
  });
  try {
    await during(parties);
    await parties.ended();
    const summary = (name: string): string => summaryOf(parties.get(name));
    for (const party of parties.all) {
      const text = summaryOf(party);
      assert.doesNotMatch(text, /only \w+ knows/, text);
      // What was seen at a party is in its own output, and in no report, which is made to be shown.
      const path = join(parties.dir, 'reports', `${party.name}.json`);
      if (existsSync(path)) assert.doesNotMatch(readFileSync(path, 'utf8'), /seenHere|federation-\w+\.yaml/);
      for (const other of names.filter((name) => name !== party.name))
        assert.ok(!JSON.stringify(party.events).includes(`federation-${other}.yaml`), party.story());
    }
    body(parties, summary);
  } finally {
    parties.dispose();
  }
}

describe('what is said of a party that nobody has seen', () => {
  it('that never came: the address that was dialled, the last error and when, the file to look at', () =>
    withParties({ carol: { job, start: false } }, (parties, summary) => {
      for (const name of ['alice', 'bob']) {
        const text = summary(name);
        assert.match(text, /what JOIN_TIMEOUT/);
        assert.match(text, /no connection with carol ever came to stand/);
        assert.ok(text.includes(`this party dials carol at 127.0.0.1:${parties.ports.carol}, by `), text);
        assert.match(
          text,
          new RegExp(`federation-${name}\\.yaml; it failed \\d+ times, the last at [\\d:]+ UTC: `),
        );
        assert.match(text, /ECONNREFUSED \(nothing listens there/);
      }
    }));

  it('that was to dial this one: where this one listens, and that nobody came', () =>
    withParties({ alice: { job, start: false } }, (parties, summary) => {
      const text = summary('carol');
      assert.match(text, /no connection with alice ever came to stand; alice dials this party/);
      assert.ok(text.includes(`which listens at 127.0.0.1:${parties.ports.carol}`), text);
    }));

  it('whose port something else has: what answers there', () =>
    withParties({ carol: { job, portTaken: true } }, (parties, summary) => {
      const text = summary('alice');
      assert.ok(text.includes(`carol at 127.0.0.1:${parties.ports.carol}`), text);
      assert.match(text, /seen .*(cannot talk to|cannot reach|nothing there has answered or refused)/);
    }));

  it('whose key is not the listed one: both keys at the end that refuses, and no third party is blamed', () =>
    withParties({ bob: { job, certificate: 'unknown' } }, (parties, summary) => {
      const both = /the key presented for bob is sha256:[\w-]{43}, but the federation lists sha256:[\w-]{43}/;
      assert.match(summary('alice'), /what AUTH_FAILED[\s\S]*seen/);
      assert.match(summary('alice'), both);
      assert.match(summary('bob'), /(alice|carol) says so of this party|refused the identity of this party/);
      const bobs = JSON.stringify(parties.get('bob').events);
      assert.match(bobs, /refused the identity of this party, whose key is sha256:[\w-]{43}; the log of/);
      // A stranger is not told which key it would have to have.
      assert.doesNotMatch(bobs, both);
      // The one that refuses has it in its own log, too.
      assert.ok(parties.get('alice').events.some((e) => e.event === 'log' && both.test(e.message)));
      for (const party of parties.all) {
        assert.ok(!JSON.stringify(party.events).includes('PROTOCOL_VIOLATION'), party.story());
        for (const event of party.events)
          if (event.event === 'failure') assert.notEqual(event.origin, 'alice', party.story());
      }
    }));

  it('whose supervisor was killed: what is left of it has said so, to whom and when', () =>
    withParties(
      {},
      (_, summary) => {
        // The stand-in tells each; the first one that hears it tells the other, who may end before it comes.
        const told = /seen [\d:]+ UTC: .*(supervisor process of bob has ended|its supervisor has ended)/;
        assert.ok(
          ['alice', 'carol'].some((name) => told.test(summary(name))),
          summary('alice'),
        );
        for (const name of ['alice', 'carol']) {
          const text = summary(name);
          assert.match(text, /what PEER_CRASHED/);
          assert.match(
            text,
            /(its supervisor has ended|supervisor process of bob|the control connection with bob broke)/,
          );
          assert.match(text, /the connection with bob came to stand at/);
          assert.match(text, /bob itself may know nothing of it/);
        }
      },
      async (parties) => {
        await parties.get('bob').event('step.started', (event) => event.name === 'work');
        process.kill(await parties.get('bob').pid('supervisor'), 'SIGKILL');
      },
    ));
});
