/**
 * The flows of illegal-flows.ts are checked by tsc with the rest. This sees to it that the check would notice, and that
 * users read
 * why: with the compiler that builds Privity, and with the one that they install today.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { shareOf } from '../effort.ts';
import { projectRoot } from '../tidy/project-files.ts';
import { compilers, type Diagnostic, diagnosticsOf, versionOf } from './compilers.ts';

const flows = readFileSync(join(projectRoot, 'test/types/illegal-flows.ts'), 'utf8').replace(
  "'../../src/index.ts'",
  "'privity'",
);
const markers = flows.match(/^\s*\/\/ @ts-expect-error$/gm) ?? [];
const bare = flows.replaceAll('@ts-expect-error', 'expected');

/** What is said of a flow, by the words in which the file names it. */
function saidOf(name: string, found: readonly Diagnostic[]): string {
  const lines = bare.split('\n');
  const from = lines.findIndex((line) => line.trim().endsWith(`: ${name}`));
  assert.notEqual(from, -1, name);
  const next = lines.findIndex((line, index) => index > from && /^\s*\/\/ \d+: /.test(line));
  const to = next === -1 ? lines.length : next;
  return found
    .filter(({ line }) => line > from && line <= to)
    .map(({ text }) => text)
    .join('\n');
}

/** Compilers differ in what they quote; these words are for the person who made the mistake. */
const explained: readonly (readonly [flow: string, words: string])[] = [
  ["another party's value", 'Error: the value is not at this party; send it there with .to(party)'],
  ["another party's value", 'NotAt<"bob", "alice">'],
  ['a party by name', 'Error: a value is sent to parties, or shared on one device'],
  ['sending a function', 'NotSendable<"a function">'],
  ['sending a Map', 'Error: this value cannot be sent; send scalars, strings, typed arrays'],
  ['sending a symbol, deep inside', 'NotSendable<"a symbol">'],
  ['revealing a function', 'NotSendable<"a function">'],
  ['a plain value as an input', 'NotAHandle'],
  ['psi of two tables at the same party', 'Error: psi takes tables of two different parties'],
  ['psi of a table at two parties', 'Error: psi takes tables that exist at one party each'],
  ['sending what compares keys, with keys of its own', 'NotSendable<"a function">'],
  ['profile of keys of two tables at the same party', 'Error: psi takes tables of two different parties'],
  ['psi into a device that a party is no member of', 'both parties are members of the device'],
  ['psi into a device with a receiver', 'Error: into is { device, rows }'],
  ['returning a handle from a conclave', 'NotSendable<"a handle">'],
  ['secrets of two devices', 'dave'],
  [
    'sharing what a party that is no member has',
    'Error: nobody who has this value is a member of the device',
  ],
  ['sharing text', 'Error: this value cannot be shared; share numbers'],
  ['sharing a list without saying its shape', 'Error: a shared value needs its shape'],
  ['data of the dealer', 'Error: nobody who has this value is a member of the device'],
  ['a promise in the value of an attempt', 'Error: the result holds a promise at deep[].x; write await'],
  ['in that of a retry', 'Error: the result holds a promise at x; write await before it'],
  ['in that of a deadline', 'Error: the result holds a promise at x; write await before it'],
  ['in that of a branch', 'Error: the result holds a promise at x; write await before it'],
  ["in that of a party's part", 'Error: the result holds a promise at []; write await before it'],
  ['a promise in the result of a job', 'Error: the result holds a promise at x; write await before it'],
  ['far down in it', 'Error: the result holds a promise at list[].x; write await before it'],
];

describe('illegal flows', () => {
  it('are more than thirty', () => {
    assert.ok(markers.length >= 30, `${markers.length}`);
  });
});

for (const compiler of shareOf(compilers, 1)) {
  describe(`with TypeScript ${versionOf(compiler)}`, () => {
    const found = diagnosticsOf(compiler, { 'flows.ts': bare });

    it('illegal flows are each an error of their own, for no other reason than the flow', () => {
      const lines = new Set(found.map(({ line }) => line));
      assert.ok(
        lines.size >= markers.length,
        `${lines.size} lines with errors for ${markers.length} markers`,
      );
      // Errors of loading or syntax would make every marker pass.
      for (const { code, text, file } of found) {
        assert.ok(file === 'flows.ts' && code >= 2300 && code !== 2307 && code !== 2304, `${file}: ${text}`);
      }
    });

    for (const [flow, words] of explained) {
      it(`${flow}: is explained by "${words}"`, () => {
        const said = saidOf(flow, found);
        assert.ok(said.includes(words), said);
      });
    }

    it('would notice an illegal flow that compiles', () => {
      const legal = flows.replace("bob.run('use', { x }", "alice.run('use', { x }");
      assert.deepEqual(
        diagnosticsOf(compiler, { 'flows.ts': legal }).map(({ code }) => code),
        [2578],
      );
    });

    it('every example compiles with the documented settings', () => {
      const examples = join(projectRoot, 'examples');
      const files = readdirSync(examples, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name): [string, string] => [name, readFileSync(join(examples, name), 'utf8')]);
      assert.ok(files.length > 4);
      assert.deepEqual(diagnosticsOf(compiler, Object.fromEntries(files)), []);
    });
  });
}

it('a major version each, so that no compiler is left out', () => {
  assert.deepEqual(
    compilers.map((compiler) => versionOf(compiler).split('.')[0]),
    ['6', '7'],
  );
});
