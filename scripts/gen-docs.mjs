// Writes docs/errors.md from the catalogues in src/base. `renderErrors` is pure: the drift test calls it, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './ensure-installed.mjs';

const BLAME = {
  user: 'the author or operator of the job',
  data: "the party's data",
  peer: 'another party',
  environment: 'a machine or the network',
  bug: 'Privity itself',
};

const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');

/**
 * @param {Record<string, {failure: string, means: string, causes: string, remedy: string}>} catalogue
 * @param {Record<string, {blame: string, grpcStatus: number, exit: number, retryable: boolean, summary: string}>} codes
 * @returns {string} the page, ending with a newline
 */
export function renderErrors(catalogue, codes) {
  const failures = Object.entries(codes).map(
    ([code, info]) =>
      `| <a id="${code.toLowerCase()}"></a>\`${code}\` | ${cell(info.summary)} | ${BLAME[info.blame]} | ${info.exit} | ${info.grpcStatus} | ${info.retryable ? 'the whole run' : 'no'} |`,
  );
  const errors = Object.entries(catalogue)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, entry]) =>
      [
        `### ${code}`,
        '',
        entry.means,
        '',
        `- Ends a run as: [\`${entry.failure}\`](#${entry.failure.toLowerCase()})`,
        `- Causes: ${entry.causes}`,
        `- What to do: ${entry.remedy}`,
        '',
      ].join('\n'),
    );
  return `<!-- Generated from src/base by \`npm run gen\`; edits here are overwritten. -->
# Errors

There are two lists, for two readers.

- **Failure codes** are what parties tell each other. They are coarse on purpose: how a computation failed can depend on
  private data, so nothing finer crosses between organisations. A run's verdict is one of them, the same at every party,
  and it decides the exit code.
- **Error codes** (\`PRIVITY_…\`) are what one party sees on its own machine: in messages, in its log, and in \`error.code\`.
  \`privity explain CODE\` prints the same entry on the command line.

## Failure codes

| code | meaning | where to look first | exit code | gRPC status | may be retried |
| --- | --- | --- | --- | --- | --- |
${failures.join('\n')}

A run that a signal cancelled ends with 130 (SIGINT) or 143 (SIGTERM) at the party that received it.

## Error codes

${errors.join('\n').trimEnd()}
`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const base = (file) => import(pathToFileURL(join(root, 'dist/src/base', file)).href);
  const { errorCatalogue } = await base('error-catalogue.js');
  const { failureCodes } = await base('failure-codes.js');
  const page = join(root, 'docs/errors.md');
  const text = renderErrors(errorCatalogue, failureCodes);
  let before = '';
  try {
    before = readFileSync(page, 'utf8');
  } catch {
    // The first time there is no page.
  }
  if (before !== text) writeFileSync(page, text);
}
