/** What the command line and the party file take, against docs/cli.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { signalNumbers } from '../../src/cli/stop.ts';
import { partyFileKeys } from '../../src/config/party-file.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

const section = (text: string, heading: string): string =>
  text.split(`\n${heading}\n`)[1]?.split(/\n##+ /, 1)[0] ?? '';

/** First cells of the tables under a heading: what each names in code. */
const named = (text: string, heading: string): string[] =>
  [...section(text, heading).matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(-*[A-Za-z-]+)/g)].map(([, name = '']) => name),
  );

/** Options that the help of a command lists. */
async function optionsOf(...command: readonly string[]): Promise<string[]> {
  const written: string[] = [];
  const sink = { write: (text: string) => written.push(text), flush: async () => undefined, lost: undefined };
  const colour = { out: false, err: false };
  const shell = { out: sink, err: sink, colour, version: '0' } as unknown as Shell;
  assert.equal(await runCli(shell, [...command, '--help']), 0);
  return [...written.join('').matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option = '']) => option);
}

describe('docs/cli.md', () => {
  it('has every option of run and local in its table, and no others', async () => {
    const options = [...(await optionsOf('run')), ...(await optionsOf('local'))];
    const all = [...new Set(options)].filter((option) => option !== '--help').sort();
    assert.ok(all.length > 10, all.join());
    assert.deepEqual(named(page, '### Options of `run` and `local`').sort(), all);
  });

  it('names every option of every other command', async () => {
    const commands = [
      'init',
      'explore',
      'keygen',
      'federation create',
      'federation show',
      'federation verify',
    ];
    commands.push('doctor', 'explain', 'runs list', 'runs show', 'runs logs', 'runs purge');
    const listed = [...page.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    const missing: string[] = [];
    for (const command of commands) {
      const options = await optionsOf(...command.split(' '));
      assert.ok(options.includes('--json'), command);
      missing.push(...options.flatMap((option) => (listed.includes(option) ? [] : [`${command} ${option}`])));
    }
    assert.deepEqual(missing, []);
  });

  it('has every key of a party file in its table, and no others', () => {
    assert.deepEqual(named(page, '## The party file').sort(), [...partyFileKeys].sort());
  });

  it('has the exit codes of all signals that end a run', () => {
    const text = section(page, '## Errors and exit codes');
    for (const [signal, number] of Object.entries(signalNumbers))
      assert.match(text, new RegExp(`\\b${128 + number}\\b`), signal);
  });
});
