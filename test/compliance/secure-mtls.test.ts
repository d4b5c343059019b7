/**
 * Secure devices over mutual TLS: the parties' programs in one process, with certificates, sockets and links of their
 * own.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { describe, it } from 'node:test';
import type { Link } from '../../src/contracts/index.ts';
import { Runtime } from '../../src/program/runtime.ts';
import { systemLoop } from '../../src/supervisor/machine/system-loop.ts';
import { createConnector } from '../../src/supervisor/planes/connector.ts';
import { shareOf } from '../effort.ts';
import { Recorder } from '../parts/program-world.ts';
import { join, leave, testParty } from '../transport/federation.ts';
import { operationsJob } from './jobs/operations.ts';
import {
  calledBy,
  checkSecureJob,
  type SecureJob,
  type Shown,
  secureJobsOf,
  shownOf,
} from './secure-jobs.ts';

/** Every party has a certificate, a port and a transport, and a link to each other one. */
async function runOverTls(secureJob: SecureJob): Promise<Map<string, Shown>> {
  const { parties: names, protocol, members } = secureJob;
  const tempDir = mkdtempSync(joinPath(tmpdir(), 'privity-mtls-'));
  const parties = await Promise.all(names.map((name) => testParty(name)));
  const links: Link[] = [];
  try {
    const runs = parties.map((party) => {
      const host = new Recorder();
      const runtime = new Runtime({
        party: party.name,
        parties: names,
        job: operationsJob(calledBy(secureJob), names, protocol, members),
        args: {},
        settings: {},
        clock: systemLoop.clock,
        random: systemLoop.random,
        tempDir,
        threads: 1,
        host,
        errorDetail: 'redacted',
      });
      const transport = join(
        party,
        parties.map(({ address }) => address),
      );
      const connect = createConnector({
        transport,
        plane: 'data',
        order: names,
        run: { runId: 'r', binding: 'ab'.repeat(32) },
        loop: systemLoop,
      });
      for (const peer of names.filter((name) => name !== party.name)) {
        const link = connect(peer, runtime.handlersFor(peer));
        links.push(link);
        runtime.attach(peer, link);
      }
      host.onFailed = ({ failure }) => {
        for (const { runtime } of runs) runtime.abort({ failure, digest: 'v' });
      };
      return { host, runtime };
    });
    const outcomes = await Promise.allSettled(runs.map(({ runtime }) => runtime.run()));
    for (const { host } of runs) assert.deepEqual(host.failures, []);
    const shown = outcomes.map((outcome, i) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return [names[i] ?? '', shownOf(outcome.value.result, runs[i]?.host.costs ?? [])] as const;
    });
    for (const { runtime } of runs) await runtime.close();
    return new Map(shown);
  } finally {
    for (const link of links) await link.close();
    await leave(...parties);
    rmSync(tempDir, { recursive: true, force: true });
  }
}

describe('compliance of secure devices over mutual TLS', () => {
  for (const job of secureJobsOf(shareOf)) {
    it(`${job.name}: results, accuracy and cost`, async () => checkSecureJob(job, await runOverTls(job)));
  }
});
