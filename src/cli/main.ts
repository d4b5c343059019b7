#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runCli } from './cli.ts';
import { endProcess, processShell } from './process-shell.ts';

const shell = processShell({
  entry: fileURLToPath(import.meta.url),
  loadRunParty: async () => (await import('../supervisor/index.ts')).runParty,
  loadJobFacts: async (file) => {
    const { job } = await (await import('../program/load-job.ts')).loadJob(file);
    return { parties: job.parties };
  },
});

// Whatever is still open when a command is through must not keep the process: its work is done and its output written.
endProcess(await runCli(shell, process.argv.slice(2)));
