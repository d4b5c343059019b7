// `npm run mutate [-- --only TEXT --seeds N]`: plants the defects of scripts/mutate/mutants.mjs into the coordination
// core, one by one and each in a copy, and reports which checkers catch it: seeded schedules, exhaustive searches, and,
// counted apart, the unit tests. A defect that no checker catches fails the run.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { mutants } from './mutate/mutants.mjs';
import { optionsOf } from './options.mjs';

const SEEDS = 4_000;
/** For a defect that has passed these: how many times as many more. */
const DEEP_FACTOR = 5;
const WORKERS = 2;
/** A defect that makes the core spin or the search grow shows by not ending: that counts as caught. */
const TIMEOUT_MS = 600_000;
/** The core, its checkers, and what they import. */
const ROOMS = [
  ...['src/base', 'src/contracts', 'src/wire', 'src/transport', 'src/coordination', 'src/simulation'],
  'test/core',
];
/** What a guard prints once it has its checkers: before, nothing that goes wrong says anything of the defect. */
const LOADED = 'loaded';
const UNIT_TESTS = ['machine', 'scopes', 'messages', 'limits', 'lost-messages'];

const values = optionsOf(import.meta.url, {
  only: { type: 'string', default: '' },
  seeds: { type: 'string', default: String(SEEDS) },
  guard: { type: 'string' },
  deep: { type: 'boolean', default: false },
  // Only until something catches the defect, and no look at the sound core: what `npm test` does.
  first: { type: 'boolean', default: false },
  'no-unit-tests': { type: 'boolean', default: false },
});
if (values.guard !== undefined)
  await guard(values.guard, Number(values.seeds), { deep: values.deep, first: values.first });
else process.exit((await main()) ? 0 : 1);

async function main() {
  ensureInstalled();
  const sources = new Map();
  for (const { file, find, says } of mutants) {
    const source = sources.get(file) ?? readFileSync(join(root, 'src/coordination', file), 'utf8');
    sources.set(file, source);
    const times = source.split(find).length - 1;
    if (times !== 1) {
      console.error(
        `${file}: the text of "${says}" stands ${times} times in it, not once. The list has to follow the core.`,
      );
      process.exit(1);
    }
  }
  const wanted = mutants.filter(({ file, says }) => `${file} ${says}`.includes(values.only));
  if (wanted.length === 0) {
    console.error(`No defect is called so: ${values.only}`);
    process.exit(64);
  }
  const { default: ts } = await import('typescript');
  const folder = mkdtempSync(join(tmpdir(), 'privity-mutants-'));
  const results = [];
  try {
    const sound = values.first ? {} : await tryIn(folder, 'sound', null, ts);
    const broken = sound.schedules ?? sound.searches ?? (sound.tests ? 'a unit test' : null);
    if (broken) {
      console.error(`The core as it is breaks a checker: ${broken}`);
      return false;
    }
    const waiting = [...wanted];
    const one = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const result = await tryIn(
          folder,
          `m${mutants.indexOf(next)}`,
          { ...next, source: sources.get(next.file) },
          ts,
        );
        results.push({ ...next, ...result });
        print(next, result);
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, one));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return summarise(results);
}

function print({ file, says, equivalent }, { schedules, searches, tests }) {
  const caught = schedules || searches;
  const word = caught ? 'caught    ' : equivalent ? 'equivalent' : 'SURVIVED  ';
  console.log(`${word}  ${file}: ${says}`);
  if (schedules) console.log(`            schedules: ${schedules}`);
  if (searches) console.log(`            searches:  ${searches}`);
  if (tests) console.log(`            unit tests fail, too`);
}

function summarise(all) {
  const results = all.filter(({ equivalent }) => equivalent === undefined);
  const wrong = all.filter(
    ({ equivalent, schedules, searches }) => equivalent !== undefined && (schedules || searches),
  );
  for (const { file, says } of wrong) console.log(`  said to be equivalent, and is not: ${file}: ${says}`);
  const count = (of) => results.filter(of).length;
  const caught = count(({ schedules, searches }) => schedules || searches);
  console.log(
    `\n${caught} of ${results.length} defects are caught by the checkers: ${count((r) => r.schedules)} by seeded schedules, ${count((r) => r.searches)} by exhaustive searches.`,
  );
  if (!values['no-unit-tests']) {
    console.log(
      `The unit tests of the core catch ${count((r) => r.tests)} of them; ${count((r) => r.tests && !r.schedules && !r.searches)} only they.`,
    );
  }
  for (const { file, says, schedules, searches } of results)
    if (!schedules && !searches) console.log(`  survived: ${file}: ${says}`);
  if (all.length > results.length)
    console.log(
      `${all.length - results.length} more cannot be told from the core, for the reason given in the list.`,
    );
  return caught === results.length && wrong.length === 0;
}

/** Puts a copy of the compiled core with its checkers into a folder, the defect in it, and lets them run. */
async function tryIn(folder, name, mutant, ts) {
  const copy = join(folder, name);
  for (const room of ROOMS) {
    cpSync(join(root, 'dist', room), join(copy, room), { recursive: true });
  }
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  mkdirSync(copy, { recursive: true });
  if (mutant) {
    const source = mutant.source.replace(mutant.find, () => mutant.replace);
    const { outputText } = ts.transpileModule(source, {
      compilerOptions: {
        target: 'ES2023',
        module: 'ESNext',
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    });
    writeFileSync(join(copy, 'src/coordination', mutant.file.replace('.ts', '.js')), outputText);
  }
  const { status, output } = await run([
    import.meta.filename,
    '--guard',
    copy,
    '--seeds',
    values.seeds,
    ...(mutant ? ['--deep'] : []),
    ...(values.first ? ['--first'] : []),
  ]);
  if (!output.startsWith(LOADED))
    throw new Error(`The checkers of ${copy} cannot be loaded (${status ?? 'out of time'}).`);
  const told =
    status === 0
      ? JSON.parse(output.trim().split('\n').at(-1))
      : { schedules: `does not end as it has to (${status ?? 'out of time'})` };
  if (!values['no-unit-tests']) {
    const files = UNIT_TESTS.map((test) => join(copy, 'src/coordination', `${test}.test.js`));
    told.tests = (await run(['--test', ...files])).status !== 0;
  }
  rmSync(copy, { recursive: true, force: true });
  return told;
}

function run(args) {
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    child.on('error', reject).on('exit', (status) => {
      clearTimeout(timer);
      resolve({ status, output });
    });
  });
}

/** In a process of its own, with the modules of one copy: what the checkers say. */
async function guard(copy, seeds, { deep, first }) {
  const load = (name) => import(pathToFileURL(join(copy, 'test/core', `${name}.js`)).href);
  const { exploreSeeds, newTally } = await load('explore-core');
  const { search } = await load('search');
  const { deepSearches, quickSearches } = await load('search-scenarios');
  console.log(LOADED);
  const schedulesFrom = (first, count) => {
    const found = exploreSeeds(first, count, newTally());
    return found ? `seed ${found.seed}, ${found.checker}: ${found.says}` : null;
  };
  const searchesOf = (scenarios) => {
    for (const scenario of scenarios) {
      try {
        const { violation } = search(scenario);
        if (violation) return `${scenario.name}: ${violation.says}`;
      } catch (error) {
        return `${scenario.name}: no crash: ${error.message}`;
      }
    }
    return null;
  };
  const told = { schedules: schedulesFrom(1, seeds), searches: null };
  if (told.schedules === null || !first) told.searches = searchesOf(quickSearches);
  // What has passed all that is looked at for longer. The sound core is not: it would take as long as all defects
  // together.
  if (told.schedules === null && told.searches === null && deep) {
    told.schedules = schedulesFrom(seeds + 1, DEEP_FACTOR * seeds);
    told.searches = told.schedules === null ? searchesOf(deepSearches) : null;
  }
  console.log(JSON.stringify(told));
}
