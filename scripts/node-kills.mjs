// `npm run test:node-kills [-- --kills 500 --seed N]`: nodes of three parties propose, decide and run while their
// processes are killed at moments that the seed draws; prints what was killed and done. It ends with an error where
// something acknowledged is lost, or something ran twice or unapproved. `npm test` tries fifty.
import { ensureInstalled } from './ensure-installed.mjs';
import { optionsOf } from './options.mjs';
import { build } from './test/checks.mjs';
import { Summary } from './test/summary.mjs';

const options = {
  kills: { type: 'string', default: '500' },
  seed: { type: 'string', default: '14' },
};
const values = optionsOf(import.meta.url, options, ['kills', 'seed']);
const [kills, seed] = [Number(values.kills), Number(values.seed)];

ensureInstalled();
const summary = new Summary({ verbose: false });
summary.check(await build());
if (summary.exitCode !== 0) {
  summary.print();
  process.exit(summary.exitCode);
}
const { killNodes } = await import('../dist/test/node/kills/plan.js');
const { byKind, byMoment, byCode, seconds, ...counts } = await killNodes(kills, seed);
const table = (title, rows) => {
  console.log(title);
  for (const [name, count] of Object.entries(rows).sort(([, a], [, b]) => b - a))
    console.log(`  ${String(count).padStart(6)}  ${name}`);
};
table('killed', byKind);
table('moments', byMoment);
table('done', counts);
table('how runs ended of which a supervisor was killed', byCode);
console.log(`0 lost, 0 ran twice, 0 ran unapproved; seed ${seed}, ${seconds} s`);
