/**
 * The work of scripts/bench-peers.mjs: the same failures on both systems, in turn, in one run; a Markdown table on
 * standard output, progress on standard error.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { measure, type Outcome } from './measure.ts';
import { PrivitySystem } from './privity-system.ts';
import { RayFedSystem } from './rayfed-system.ts';
import { scenarios } from './scenarios.ts';
import type { System } from './system.ts';
import { head, row, tableOf } from './table.ts';

/** The options of the script, which has checked them, and where it has put RayFed. */
type Options = Readonly<
  Record<'systems' | 'privity' | 'rayfed' | 'limit' | 'exit-on-sending-failure' | 'timeout', string> &
    Partial<Record<'only' | 'raw' | 'table' | 'python', string>>
>;
const values = JSON.parse(process.argv[2] ?? '') as Options;

// The compiled file is in dist*/bench/peers/failures; programs that are not compiled stay in the source tree.
const built = new URL('../../../', import.meta.url);
const source = new URL('../bench/peers/failures/', built);
const available: Record<string, { system: System; repeats: number }> = {
  privity: {
    system: new PrivitySystem({
      cli: fileURLToPath(new URL('src/cli/main.js', built)),
      jobs: fileURLToPath(new URL('jobs/', source)),
    }),
    repeats: Number(values.privity),
  },
};
if (values.python !== undefined) {
  available.rayfed = {
    system: new RayFedSystem({
      python: values.python,
      program: fileURLToPath(new URL('rayfed/party.py', source)),
      exitOnSendingFailure: values['exit-on-sending-failure'] === 'yes',
      timeoutMs: Number(values.timeout) * 1_000,
    }),
    repeats: Number(values.rayfed),
  };
}

if (values.table !== undefined) {
  console.log(tableOf(readFileSync(values.table, 'utf8')));
  process.exit(0);
}

const only = values.only?.split(',');
const chosen = scenarios.filter(({ name }) => !only || only.includes(name));
const limitMs = Number(values.limit) * 1_000;

console.log(head);
let broken = 0;
for (const scenario of chosen) {
  for (const name of values.systems.split(',')) {
    const entry = available[name];
    if (!entry) continue;
    const outcomes: Outcome[] = [];
    for (let repeat = 0; repeat < entry.repeats; repeat++) {
      console.error(`${scenario.name}, ${entry.system.name}, ${repeat + 1} of ${entry.repeats}`);
      const outcome = await measure(entry.system, scenario, limitMs);
      if (outcome.broken) {
        broken += 1;
        console.error(outcome.broken);
      }
      if (values.raw) appendFileSync(values.raw, `${JSON.stringify(outcome)}\n`);
      outcomes.push(outcome);
    }
    console.log(row(scenario, entry.system.name, outcomes));
  }
}
process.exit(broken === 0 ? 0 : 1);
