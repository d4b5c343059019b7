/** The jobs that are proposed to nodes which are killed. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packBundle } from '../../../src/node/model/bundle.ts';
import { type LoadedJob, loadJob } from '../../../src/program/loading/load-job.ts';

/** `name`: of a file in the folder `jobs`. */
export const loadNoted = (name: string): Promise<LoadedJob> =>
  loadJob(fileURLToPath(new URL(`../../../../test/node/kills/jobs/${name}`, import.meta.url)));

export interface NotedArgs {
  /** The folder in which each party notes the runs that have begun there. */
  readonly notes: string;
  readonly pauseMs: number;
}

/** A proposal of it, as the API takes it. */
export function bodyOf(job: LoadedJob, args: NotedArgs): object {
  const file = basename(job.path);
  const { parties } = job.job;
  const disclosed = (from: string): object => ({
    ...{ step: `value of ${from}`, kind: 'reveal', from, to: parties.filter((name) => name !== from) },
    ...{ what: 'number', times: 1 },
  });
  return {
    title: 'noted',
    purpose: 'to be killed',
    parties,
    job: { file, hash: job.hash },
    bundle: packBundle(new Map([[file, readFileSync(job.path)]])).toString('base64'),
    args,
    contract: {
      ...{ version: 1, parties, steps: parties.map((name) => `value of ${name}`) },
      discloses: parties.map(disclosed),
    },
    attemptsMax: 4,
    validMs: 3_600_000,
  };
}
