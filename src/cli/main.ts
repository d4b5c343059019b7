#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runCli } from './cli.ts';
import { endProcess, processShell } from './process-shell.ts';

const shell = processShell({
  entry: fileURLToPath(import.meta.url),
  loadRunParty: async () => (await import('../supervisor/index.ts')).runParty,
  loadJobFacts: async (file, request) => {
    const { job, hash, path, files } = await (await import('../program/loading/load-job.ts')).loadJob(file);
    if (request === undefined) return { parties: job.parties };
    if (request.asks === 'local') {
      await (await import('./local/check-given.ts')).checkGiven(job, request);
      return { parties: job.parties };
    }
    if (request.asks === 'run') {
      await (await import('./local/check-given.ts')).checkOwn(job, request);
      return { parties: job.parties };
    }
    if (request.asks === 'propose') {
      await (await import('./local/check-given.ts')).checkProposed(job, request);
      return { parties: job.parties, code: { hash, path, files } };
    }
    const { checkJob } = await import('./doctor/job-checks.ts');
    return { parties: job.parties, checks: await checkJob(job, request) };
  },
});

// Whatever is still open when a command is through must not keep the process: its work is done and its output written.
endProcess(await runCli(shell, process.argv.slice(2)));
