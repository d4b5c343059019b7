/** The command line with a supervisor that only pretends: the same processes, pipes and signals. */
import { fileURLToPath } from 'node:url';
import { runCli } from '../../src/cli/cli.ts';
import { endProcess, processShell } from '../../src/cli/process-shell.ts';
import { fakeShellParts } from './fake-shell-parts.ts';

const shell = processShell({ ...fakeShellParts, entry: fileURLToPath(import.meta.url) });

endProcess(await runCli(shell, process.argv.slice(2)));
