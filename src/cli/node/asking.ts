import type { Command } from 'commander';
import { NODE_FILE } from '../../node/client/file-names.ts';

/** Options that all commands have that ask a node. */
export function asking(command: Command): Command {
  return command
    .option('--config <file>', 'the node file', NODE_FILE)
    .option('--url <url>', 'where its API is, with --token-file, if there is no node file here')
    .option(
      '--token-file <file>',
      'a file with a token (default: that of the person who has installed the node)',
    )
    .option('--json', 'print one JSON object');
}
