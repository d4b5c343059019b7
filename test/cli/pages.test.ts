/** What the command line and the party file take, against docs/cli.md. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runCli } from '../../src/cli/cli.ts';
import type { Shell } from '../../src/cli/shell.ts';
import { signalNumbers } from '../../src/cli/stop.ts';
import { nodeFileKeys } from '../../src/config/node-file.ts';
import { partyFileKeys } from '../../src/config/party-file.ts';
import { RIGHTS } from '../../src/node/api/route.ts';
import { NODE_LIMITS } from '../../src/node/model/limits.ts';

const read = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const page = read('cli.md');
const nodePage = read('node.md');

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

const OF_NODES: readonly string[] = [
  ...['node start', 'node status', 'node stop', 'partners', 'schedules', 'propose', 'demo nodes'],
  ...['approve', 'refuse', 'withdraw', 'evidence verify', 'runs follow', 'runs stop', 'runs evidence'],
  ...['datasets add', 'datasets list', 'datasets show', 'datasets schemas', 'datasets remove'],
  ...['grants add', 'grants list', 'grants revoke', 'proposals list', 'proposals show'],
  ...['audit list', 'audit verify', 'audit export', 'tokens add', 'tokens list', 'tokens revoke'],
];

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
    commands.push('doctor', 'explain', 'runs list', 'runs show', 'runs logs', 'runs purge', ...OF_NODES);
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

/** Cells of the rows of the table under a heading, by the name in the first one. */
const rowsOf = (text: string, heading: string): ReadonlyMap<string, readonly string[]> =>
  new Map(
    [...section(text, heading).matchAll(/^\| `([^`|]+)` \|(.+)\|$/gm)].map(([, name = '', cells = '']) => [
      name,
      cells.split('|').map((cell) => cell.trim()),
    ]),
  );

describe('docs/node.md', () => {
  it('has every key of a node file in its table, and no others', () => {
    assert.deepEqual(named(nodePage, '## The node file').sort(), [...nodeFileKeys].sort());
  });

  it('has every right with its roles', () => {
    const rows = [...rowsOf(nodePage, '## Tokens and roles')].map(([name, cells]) => [name, cells.at(-1)]);
    assert.deepEqual(
      Object.fromEntries(rows),
      Object.fromEntries(Object.entries(RIGHTS).map(([name, roles]) => [name, roles.join(', ')])),
    );
  });

  it('has every limit with its value', () => {
    const rows = [...rowsOf(nodePage, '## Limits')].map(([name, cells]) => [name, cells[0]]);
    assert.deepEqual(
      Object.fromEntries(rows),
      Object.fromEntries(
        Object.entries(NODE_LIMITS).map(([name, value]) => [name, value.toLocaleString('en')]),
      ),
    );
  });
});
