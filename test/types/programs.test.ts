/** A user's program against `privity/control`, with the compilers that users have. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shareOf } from '../effort.ts';
import { compilers, diagnosticsOf, versionOf } from './compilers.ts';

const legal = `
import {
  type LocalEnd, local, type NodeClient, node, packJob, type PartyEnd, type RunEvent, type Running, run, type Verdict,
} from 'privity/control';

const stop = new AbortController();
const running: Running<LocalEnd> = local({
  job: 'job.ts',
  args: { times: 2, names: ['a'] },
  inputs: { alice: { table: 'a.csv' } },
  settings: { bob: { limit: 3 } },
  errorDetail: 'message',
  signal: stop.signal,
});
const named = (event: RunEvent): string => {
  switch (event.event) {
    case 'step.finished':
      return event.name + event.durationMs.toFixed(1);
    case 'verdict':
      return event.code ?? 'none';
    default:
      return event.event;
  }
};
for await (const event of running) console.log(named(event));
const end = await running.result;
const bob: PartyEnd | undefined = end.parties.bob;
const left: readonly string[] = bob?.report?.disclosures.map(({ name }) => name) ?? [];
const verdict: Verdict = (await run({ job: 'job.ts', config: 'alice.yaml', bounds: { lostAfterMs: 5_000 } }).result).verdict;
console.log(left, verdict.blame);

export async function decide(client: NodeClient): Promise<void> {
  const packed = await packJob('job.ts');
  const { id } = await client.proposals.propose({ ...packed, title: 't', purpose: 'p', validMs: 1 });
  for await (const { run: row, isOver } of client.follow(id, { signal: stop.signal, goneMs: 1 }))
    if (isOver) console.log(row?.state === 'completed', row?.endedAt);
  for await (const { topic, seq } of client.changes({ after: 3 })) console.log(topic === 'lost', seq);
  const { rows, next } = await client.runs.list({ state: 'failed', limit: 10 });
  console.log(rows[0]?.incident, next, (await client.status()).gate?.port);
  await client.grants.add({ dataset: 'd', partner: 'bob', purpose: 'p', minimumRows: 0, changedRowsMin: 0, refusalsMax: 0, until: 1 });
  const event: AsyncIterable<RunEvent> = client.runs.log(id);
  console.log(event, await client.runs.result(id));
}
await decide(await node({ url: 'http://127.0.0.1:1', token: 'x' }));
`;

/** One mistake each; the compiler says so. */
const mistakes: readonly string[] = [
  `run({ job: 'job.ts' });`,
  `local({ job: 'job.ts', inputs: { table: 'a.csv' } });`,
  `local({ job: 'job.ts', sandbox: 'maybe' });`,
  `run({ job: 'job.ts', config: 'a', bounds: { lostAfter: 1 } });`,
  `(await node()).proposals.list({ state: 'done' });`,
  `(await node()).runs.purge({ keep: 1, endedBefore: 1 });`,
  `(await node()).tokens.add({ name: 'a', role: 'king', validMs: 1 });`,
  `(await (await node()).status()).gate.port;`,
  `for await (const { name } of local({ job: 'job.ts' })) console.log(name);`,
];
const wrong = `import { local, node, run } from 'privity/control';\n${mistakes.join('\n')}\nvoid run;\nvoid local;\n`;

for (const compiler of shareOf(compilers, 1)) {
  describe(`programs with TypeScript ${versionOf(compiler)}`, () => {
    it('compile', () => {
      assert.deepEqual(diagnosticsOf(compiler, { 'program.ts': legal }), []);
    });

    it('do not compile with a mistake, for no other reason', () => {
      const found = diagnosticsOf(compiler, { 'wrong.ts': wrong });
      assert.deepEqual(
        [...new Set(found.map(({ line }) => line))],
        [...mistakes.keys()].map((nth) => nth + 2),
      );
      for (const { code, text } of found) assert.ok(code >= 2300 && code !== 2307 && code !== 2304, text);
    });
  });
}
